"""What became of each test of a run, told from pytest's report log.

The log is written line by line while the run goes on, so it tells of a worker that ended in the middle of a test, of a
test that has no result, and, by the line `SessionFinish` that it lacks, of a run that was killed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, FiniteFloat, Strict, TypeAdapter, ValidationError

from seatrials.evidence.activity import idleness
from seatrials.evidence.not_asked import BROKEN_PROMISE, not_asked
from seatrials.evidence.outcome import CellOutcome
from seatrials.evidence.ranges import problems_of_value
from seatrials.evidence.record import Record, Sample

_REASON_CHARACTERS_MAX = 240
# What a report says of itself: how late its platform was, in seconds of platform time, and why nobody can tell what its
# failure means.
LATE_SECONDS = "late_seconds"
CANNOT_TELL = "cannot_tell"
# How pytest-xdist marks the report of a test whose worker has ended.
_CRASHED = "???"
_NO_REASON = "no reason is told"


@dataclass(frozen=True, kw_only=True)
class RowResult:
    """What became of one test."""

    outcome: CellOutcome
    reason: str = ""
    seconds: float | None = None
    # Whether a failure was seen, whatever came after it.
    failed: bool = False
    # Whether the environment said itself that it cannot run it.
    declared: bool = False
    # Whether it passed, and a part of its sentence was not asked.
    in_part: bool = False


@dataclass(frozen=True, kw_only=True)
class LogSummary:
    """What the record of a run sums up, as the log tells it; by scenario of the catalogue, as reports name it."""

    # pytest's outcome; a failure of set-up or tear-down outweighs a pass.
    outcomes: Mapping[str, str] = field(default_factory=dict)
    not_run: frozenset[str] = frozenset()
    # By row that was not asked, the row that tells why.
    not_asked: Mapping[str, str] = field(default_factory=dict)
    trace_sha256: Mapping[str, str] = field(default_factory=dict)
    # Tests whose process ended with them.
    crashed: frozenset[str] = frozenset()
    platform_seconds: float = 0.0
    # At worst; None where no row tells it.
    late_seconds: float | None = None
    exit_status: int | None = None
    # Of the first test and of the last, in seconds since the epoch.
    began_seconds: float | None = None
    ended_seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class ReportLog:
    """A report log as it was read."""

    results: Mapping[str, RowResult]
    samples: tuple[Sample, ...]
    problems: tuple[str, ...]
    # By test that failed: why, in full.
    messages: Mapping[str, str] = field(default_factory=dict)
    summary: LogSummary = LogSummary()


class _Line(Record):
    """What is read of a line."""

    report_type: str = Field(alias="$report_type")
    nodeid: str = ""
    when: str = ""
    outcome: str = ""
    longrepr: Any = None
    duration: float = 0.0
    start: float | None = None
    stop: float | None = None
    exitstatus: int | None = None
    wasxfail: str | None = None
    user_properties: tuple[tuple[str, Any], ...] = ()

    def told(self, name: str) -> Any:  # noqa: ANN401  # any JSON value
        """Return what the test says of itself under *name*."""
        return dict(self.user_properties).get(name)

    @property
    def scenario(self) -> str:
        """The row that it is about; a report of a worker that ended names the test alone."""
        return str(self.told("scenario") or self.nodeid)


@dataclass
class _Seen:
    lines: list[_Line] = field(default_factory=list)

    def phase(self, when: str) -> list[_Line]:
        return [line for line in self.lines if line.when == when]

    def failures(self) -> list[_Line]:
        return [line for line in self.lines if line.outcome == "failed"]


def parse_report_log(content: bytes, name: str) -> ReportLog:
    """Return the results by test, the samples, and what keeps the log from being whole, a sentence each."""
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        return ReportLog(results={}, samples=(), problems=(f"{name} cannot be read: {error}",))
    lines, problems = _parse(text, name)
    tests: dict[str, _Seen] = {}
    for line in lines:
        if line.report_type == "TestReport":
            tests.setdefault(line.nodeid, _Seen()).lines.append(line)
    samples = tuple(sample for line in lines if line.when == "call" for sample in _samples(line))
    summary = _summary(lines)
    problems += _problems(lines, name)
    problems += [each for sample in samples for each in problems_of_value(sample.name, sample.value, sample.unit)]
    return ReportLog(
        results=_told_once({test: _result(seen) for test, seen in tests.items()}, tests, summary.not_asked),
        samples=samples,
        problems=tuple(problems),
        messages={test: _whole_message(failed[0]) for test, seen in tests.items() if (failed := seen.failures())},
        summary=summary,
    )


def _told_once(
    results: Mapping[str, RowResult], tests: Mapping[str, "_Seen"], excused: Mapping[str, str]
) -> dict[str, RowResult]:
    """Return *results*, of which those that met another row's broken promise have that row's reason."""
    by_row = {seen.lines[0].scenario: results[test] for test, seen in tests.items()}
    told = {}
    for test, result in results.items():
        own = excused.get(tests[test].lines[0].scenario)
        if own is None or result.outcome is not CellOutcome.FAILED or by_row[own].outcome is not CellOutcome.FAILED:
            told[test] = result
        else:
            reason = _short(f"{by_row[own].reason.removeprefix('AssertionError: ')} ({own})")
            told[test] = replace(result, outcome=CellOutcome.NOT_ASKED, reason=reason, failed=False)
    return told


def _parse(text: str, name: str) -> tuple[list[_Line], list[str]]:
    lines: list[_Line] = []
    problems: list[str] = []
    for number, written in enumerate(text.splitlines(), start=1):
        try:
            line = _Line.model_validate_json(written)
            _samples(line)
            _seconds(line)
            _calls(line)
            _late_seconds(line)
        except ValidationError:
            problems.append(f"{name} is cut off or damaged at line {number}")
        else:
            lines.append(line)
    return lines, problems


def _summary(lines: Iterable[_Line]) -> LogSummary:
    """Return what the reporter of a run keeps of the same reports, by its rules."""
    reports = [line for line in lines if line.report_type == "TestReport"]
    outcomes: dict[str, str] = {}
    for line in reports:
        if line.when == "call" or line.outcome != "passed":
            outcomes[line.scenario] = "failed" if outcomes.get(line.scenario) == "failed" else line.outcome
    calls = {line.scenario: line for line in reports if line.when == "call"}
    traces = ((scenario, line.told("trace_sha256")) for scenario, line in calls.items())
    late = [_late_seconds(line) for line in reports]
    promises = ((line.scenario, line.told(BROKEN_PROMISE)) for line in reports if line.outcome == "failed")
    return LogSummary(
        outcomes=outcomes,
        not_asked=not_asked(outcomes, {row: str(own) for row, own in promises if own is not None}),
        not_run=frozenset(line.scenario for line in reports if line.outcome == "skipped"),
        trace_sha256={scenario: str(trace) for scenario, trace in traces if trace is not None},
        crashed=frozenset(line.nodeid for line in reports if line.when == _CRASHED),
        platform_seconds=sum(_seconds(line) for line in calls.values() if line.told("platform_seconds") is not None),
        late_seconds=max((each for each in late if each is not None), default=None),
        exit_status=next((line.exitstatus for line in lines if line.report_type == "SessionFinish"), None),
        # pytest-xdist reports a crash without a time, and has to give one.
        began_seconds=min((each.start for each in reports if each.start and each.when != _CRASHED), default=None),
        ended_seconds=max((each.stop for each in reports if each.stop and each.when != _CRASHED), default=None),
    )


def _problems(lines: list[_Line], name: str) -> list[str]:
    kinds = [line.report_type for line in lines]
    starts, ends = kinds.count("SessionStart"), kinds.count("SessionFinish")
    problems = [
        f"{line.nodeid} could not be collected: {_message(line)}"
        for line in lines
        if line.report_type == "CollectReport" and line.outcome == "failed"
    ]
    if starts != 1:
        problems.append(f"{name} has {starts} beginnings of a run, not one")
    if ends > 1:
        problems.append(f"{name} has {ends} ends of a run, so two runs are mixed in it")
    if ends == 0:
        problems.append(f"{name} has no end: pytest was killed, or the file is cut off")
    return problems


def _result(seen: _Seen) -> RowResult:
    failures = seen.failures()
    calls = seen.phase("call")
    seconds = _seconds(calls[-1]) if calls else None
    if seen.phase(_CRASHED):
        return RowResult(outcome=CellOutcome.CRASHED, reason=_message(seen.phase(_CRASHED)[0]), seconds=seconds)
    again = any(line.outcome == "rerun" for line in seen.lines)
    if again or len(seen.phase("setup")) > 1 or len(calls) > 1:
        story = ", then ".join(line.outcome for line in calls or seen.lines)
        failed = bool(failures) or again
        return RowResult(outcome=CellOutcome.RETRIED, reason=f"ran again: {story}", seconds=seconds, failed=failed)
    if failures:
        return RowResult(outcome=CellOutcome.FAILED, reason=_message(failures[0]), seconds=seconds, failed=True)
    skips = [line for line in seen.lines if line.outcome == "skipped"]
    if skips:
        return _not_run(skips[0])
    if [line.outcome for line in (*calls, *seen.phase("teardown"))] != ["passed", "passed"]:
        return RowResult(outcome=CellOutcome.CRASHED, reason="has a beginning and no end", seconds=seconds)
    return _passed(calls[-1], seconds)


def _passed(line: _Line, seconds: float | None) -> RowResult:
    idle = idleness(_calls(line), line.told("platform_seconds"))
    if idle is not None:
        return RowResult(outcome=CellOutcome.NOT_RUN, reason=idle, seconds=seconds)
    left_out = line.told("left_out")
    reason = "" if left_out is None else _short(f"passed in part, and not asked {left_out}")
    return RowResult(outcome=CellOutcome.PASSED, reason=reason, seconds=seconds, in_part=left_out is not None)


def _not_run(line: _Line) -> RowResult:
    in_doubt = line.told(CANNOT_TELL)
    if in_doubt is not None:
        return RowResult(outcome=CellOutcome.CANNOT_TELL, reason=_short(str(in_doubt)))
    declared = line.told("not_run")
    if declared is not None:
        return RowResult(outcome=CellOutcome.NOT_RUN, reason=_short(str(declared)), declared=True)
    if line.wasxfail is not None:
        return RowResult(outcome=CellOutcome.NOT_RUN, reason=_short(f"expected to fail: {line.wasxfail}"))
    return RowResult(outcome=CellOutcome.NOT_RUN, reason=f"skipped: {_message(line)}")


def _seconds(line: _Line) -> float:
    """Return how long a test took, in seconds of platform time where it tells them."""
    told = line.told("platform_seconds")
    return line.duration if told is None else _SECONDS.validate_python(told)


def _late_seconds(line: _Line) -> float | None:
    """Return how late the platform was; None where a test does not tell."""
    told = line.told(LATE_SECONDS)
    return None if told is None else _SECONDS.validate_python(told)


def _calls(line: _Line) -> int | None:
    """Return how many calls a test made to the platform; None when it does not tell."""
    told = line.told("calls")
    return None if told is None else _COUNT.validate_python(told)


def _samples(line: _Line) -> list[Sample]:
    return [_SAMPLE.validate_python(value) for name, value in line.user_properties if name == "sample"]


def _whole_message(line: _Line) -> str:
    """Return why a report is a failure, and where it was raised."""
    crash = _crash(line)
    if "message" not in crash:
        return str(line.longrepr or _NO_REASON)
    where = f"\nat {Path(str(crash['path'])).name}:{crash.get('lineno')}" if crash.get("path") else ""
    return f"{crash['message']}{where}"


def _crash(line: _Line) -> Mapping[str, Any]:
    """Return what pytest says of an exception; nothing where a report tells otherwise."""
    crash = line.longrepr.get("reprcrash") if isinstance(line.longrepr, dict) else None
    return crash if isinstance(crash, dict) else {}


def _message(line: _Line) -> str:
    """Return why a report is not a pass, in short."""
    long = line.longrepr
    if isinstance(long, dict):
        return _short(str(_crash(line).get("message") or _NO_REASON))
    if isinstance(long, list) and long:
        return _short(str(long[-1]).removeprefix("Skipped: "))
    # Of a traceback in text pytest marks the lines of the error itself, and the last of them names it.
    marked = [line.removeprefix("E").strip() for line in str(long or "").splitlines() if line.startswith("E ")]
    return _short(marked[-1] if marked else str(long or _NO_REASON))


def _short(text: str) -> str:
    first = text.strip().partition("\n")[0]
    return first if len(first) <= _REASON_CHARACTERS_MAX else f"{first[:_REASON_CHARACTERS_MAX]}..."


_SAMPLE: TypeAdapter[Sample] = TypeAdapter(Sample)
_SECONDS: TypeAdapter[float] = TypeAdapter(Annotated[FiniteFloat, Strict()])
_COUNT: TypeAdapter[int] = TypeAdapter(Annotated[int, Strict()])
