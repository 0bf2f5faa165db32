"""A run on disk whose row failed, as a mock leaves it: Hermes has crashed, and a wait was in vain."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from seatrials.evidence.folder import RunFolder

Json = dict[str, Any]

ROW = "COLD-05"
TEST = "tests/integration/test_cold_start.py::test_the_status_never_runs_ahead"
GOOD_ROW = "COLD-06"
GOOD_TEST = "tests/integration/test_cold_start.py::test_the_preview_answers"
TASK = "0123456789abcdef0123456789abcdef"
SESSION = "session-1a7bd7b0-e03d-46c0-9da1-72956cb19d49"
TARGET = "webordinary-hermes 10.0.1.10:3000"
MESSAGE = f"AssertionError: expected JSON of <GET /hermes/api/sessions/{SESSION}/status → 503>\nedit service: desired 1"
# What would be markup, a command or the end of a script, if anything took it for that.
HOSTILE = "</script><script>window.broken = 1</script><img src=x onerror='window.broken = 1'>\u2028\u2029&amp;\ud800"
BEGAN_SECONDS = 1_772_442_020.0

EVENTS: tuple[Json, ...] = (
    {"at_us": 5_000_000, "kind": "task", "service": "webordinary-hermes", "state": "running", "subject": TASK},
    {"at_us": 5_500_000, "kind": "target_health", "reason": None, "state": "healthy", "subject": TARGET},
    {"at_us": 10_050_000, "kind": "metric", "subject": "ActiveSessionCount", "value": 1},
    {"at_us": 11_000_000, "kind": "alarm", "state": "ALARM", "subject": "webordinary-edit-sessions-high", "value": 1},
    {"at_us": 20_000_000, "error": "NameError: name 'sesion'", "kind": "container_crash", "subject": f"hermes-{TASK}"},
    {"at_us": 20_000_000, "code": "EssentialContainerExited", "kind": "task_stop", "reason": "exited", "subject": TASK},
    {"at_us": 20_000_000, "kind": "task", "service": "webordinary-hermes", "state": "stopping", "subject": TASK},
    {"at_us": 20_000_000, "kind": "target_health", "reason": "draining", "state": "draining", "subject": TARGET},
    {
        "at_us": 21_000_000,
        "kind": "request",
        "listener": 443,
        "rule": "5",
        "status": 503,
        "subject": f"GET /hermes/api/sessions/{SESSION}/status",
        "target_group": "webordinary-hermes",
        "task": "-",
    },
    {"at_us": 21_000_001, "kind": "a_kind_of_tomorrow", "subject": HOSTILE, "anything": [HOSTILE]},
)
NOTES: tuple[Json, ...] = (
    {"of": 0, "address": "10.0.1.10"},
    {
        "after": 2,
        "at_us": 10_040_000,
        "kind": "table",
        "operation": "PutItem",
        "sessionId": SESSION,
        "status": "initializing",
    },
    {"of": 3, "metric": "ActiveSessionCount", "threshold": 1.0, "reason": "the newest value is 1"},
    {"after": 4, "at_us": 19_999_000, "kind": "log", "line": "about to place a session", "subject": f"hermes-{TASK}"},
    {"after": 4, "at_us": 12_000_000, "kind": "fault", "state": "begun", "subject": "one slow disk"},
    {"after": 5, "at_us": 15_000_000, "kind": "fault", "state": "ended", "subject": "one slow disk"},
)
STEPS: tuple[Json, ...] = (
    {
        "at_seconds": 0.1,
        "title": "POST /hermes/api/sessions/activate → 201",
        "details": {},
        "wall": "2026-11-27T00:00:01+00:00",
    },
    {
        "at_seconds": 11.001,
        "title": "waited for the session to be active",
        "details": {"seconds": 10.5, "failed": "AssertionError"},
        "wall": "2026-11-27T00:00:03+00:00",
    },
    {
        "at_seconds": 11.0,
        "title": f"GET /hermes/api/sessions/{SESSION}/status → 503",
        "details": {"seconds": 0.01, "answer": HOSTILE},
        "wall": "2026-11-27T00:00:03+00:00",
    },
)
CLOCK: Json = {
    "began_seconds": BEGAN_SECONDS,
    "began_wall": "2026-11-27T00:00:00+00:00",
    "ended_seconds": BEGAN_SECONDS + 11.001,
    "ended_wall": "2026-11-27T00:00:03+00:00",
    "timeline_seconds": BEGAN_SECONDS - 10,
}


def write_run(
    evidence: Path,
    *,
    message: str = MESSAGE,
    events: Sequence[Json] = EVENTS,
    record: Mapping[str, object] | None = None,
) -> RunFolder:
    """Write a run of two rows, of which ROW failed, and return its folder."""
    folder = RunFolder.create(evidence, "mock", "2026-11-27T00:00:00.000+00:00")
    told = {
        "environment": "mock",
        "kind": "mock",
        "commit": "c" * 40,
        "seed": 1,
        "started": "2026-11-27T00:00:00.000+00:00",
        "ended": "2026-11-27T00:01:00.000+00:00",
        "exit_status": 1,
        "rows": {GOOD_ROW: GOOD_TEST, ROW: TEST},
        **(record or {}),
    }
    folder.record.write_text(json.dumps(told))
    folder.report_log.write_text(lines([{"$report_type": "SessionStart"}, *_reports(message), _FINISH]))
    for row in (ROW, GOOD_ROW):
        folder.timeline_of(row).write_text(lines(events if row == ROW else EVENTS[:4]))
        folder.notes_of(row).write_text(lines(NOTES if row == ROW else NOTES[:3]))
        folder.steps_of(row).write_text(
            json.dumps({"clock": CLOCK, "steps": list(STEPS if row == ROW else STEPS[:1]), "samples": []})
        )
    folder.allure_results.mkdir()
    result = {"description": "The status never runs\nahead.", "labels": [{"name": "as_id", "value": ROW}]}
    (folder.allure_results / "a-result.json").write_text(json.dumps(result))
    return folder


def lines(values: Sequence[Json]) -> str:
    """Return *values* as lines of JSON."""
    return "".join(f"{json.dumps(value)}\n" for value in values)


_FINISH = {"$report_type": "SessionFinish", "exitstatus": 1}


def _reports(message: str) -> list[Json]:
    reports = []
    for row, test in ((ROW, TEST), (GOOD_ROW, GOOD_TEST)):
        for when in ("setup", "call", "teardown"):
            has_failed = (row, when) == (ROW, "call")
            crash = {"reprcrash": {"path": "/x/calls.py", "lineno": 35, "message": message}} if has_failed else None
            reports.append(
                {
                    "$report_type": "TestReport",
                    "nodeid": test,
                    "when": when,
                    "outcome": "failed" if has_failed else "passed",
                    "longrepr": crash,
                    "duration": 0.1,
                    "user_properties": [["scenario", row], ["platform_seconds", 11.0], ["calls", 3]],
                }
            )
    return reports
