"""What lies behind the failures of a run: many scenarios fail of one cause, and few of them name it.

A container that crashed, a role that lacks a right, a network that lets nothing through, or a check of the
infrastructure that failed, says what is wrong. A service that answered with an error has logged why. A wait that was
over says what AWS told meanwhile, and then that is the cause; a wait of which nothing is known merely starved. Rows
during which the contract was broken alike have that in common, whatever each of them says itself.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from seatrials.evidence.not_asked import not_asked


class Rank(IntEnum):
    """How much a cause tells, the most first."""

    CRASH = 0
    DENIAL = 1
    INFRASTRUCTURE = 2
    SERVICE = 3
    AWS = 4
    CONTRACT = 5
    DIRECT = 6
    STARVED = 7


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A scenario that failed, or could not be set up or cleaned up after."""

    row: str
    # File and line of the scenario.
    place: str
    name: str
    # What it said, of as many lines as it said.
    reason: str
    # Whether that ends with what to do, and what else is to be done; empty when nothing is known of it.
    says_what_to_do: bool = False
    advice: str = ""
    # What the platform's timeline tells of a container that crashed meanwhile; empty without one.
    crash: str = ""
    # What a role, or the network, did not allow meanwhile; empty when all was allowed.
    denied: str = ""
    # What a service logged last of something that it could not do; empty without such a line.
    logged: str = ""
    # What the checkers found first: the promise that does not hold, and what findings of one cause have in common.
    finding: str = ""
    finding_key: str = ""
    # The command that repeats it, where there is one.
    replay: str = ""
    # The row of a promise that it has found broken; empty without one.
    broken_promise: str = ""

    @property
    def first_line(self) -> str:
        """The first line of its reason."""
        return self.reason.partition("\n")[0]


@dataclass
class Cause:
    """Failures that have one cause."""

    rank: Rank
    # What is wrong, where that is not what the failures themselves say; else empty.
    text: str
    failures: list[Failure] = field(default_factory=list)
    # Rows that could not be asked, for one of these failures tells of a promise that they build on.
    not_asked: list[str] = field(default_factory=list)


# An unhealthy target as ECS tells it in an event, and as a diagnosis lists it.
_UNHEALTHY = re.compile(
    r"\(port (?P<port>\d+)\) is unhealthy in \(target-group (?P<group>\S+)\) due to \(reason (?P<why>.+)\)"
)
_TARGET = re.compile(
    r"^target group (?P<group>\S+): .*?:(?P<port>\d+) is unhealthy \((?:Target\.\w+: )?(?P<why>[^)]+)\)", re.MULTILINE
)
_NO_START = re.compile(r"stopped: \w+: (?P<why>TaskFailedToStart: .+)")
# An answer of a service itself, as a scenario shows it, that says no more than that something went wrong.
_SERVER_ERROR = re.compile(r"→ 5\d\d from (?P<service>hermes|edit)\b")
_WAITED = re.compile(r"(waited [\d.]+ s|gave up waiting) for ")
# What differs between failures of one cause: ids of sessions, tasks and clients, and numbers.
_OWN = re.compile(r"session-[0-9a-f-]{36}|TEST_\S+|[0-9a-f]{16,}|\d+(\.\d+)?")


def causes_of(failures: Iterable[Failure]) -> list[Cause]:
    """Return *failures* by their causes: the most telling cause first, of equals that of the most rows.

    What met a promise that another row has seen broken is no failure of its own, and stands with that row.
    """
    causes: dict[tuple[Rank, str], Cause] = {}
    seen = sorted(failures, key=lambda failure: failure.row)
    broken = {failure.row: failure.broken_promise for failure in seen if failure.broken_promise}
    excused = not_asked({failure.row: "failed" for failure in seen}, broken)
    for failure in (each for each in seen if each.row not in excused):
        rank, key, text = _cause(failure)
        cause = causes.setdefault((rank, key), Cause(rank, text))
        cause.failures.append(failure)
        cause.not_asked += [row for row, own in excused.items() if own == failure.row]
    for cause in causes.values():
        # What fails in other suites as well is no finding about the infrastructure.
        if cause.rank is Rank.DIRECT and all(failure.row.startswith("INFRA-") for failure in cause.failures):
            cause.rank = Rank.INFRASTRUCTURE
    return sorted(causes.values(), key=lambda cause: (cause.rank, -len(cause.failures) - len(cause.not_asked)))


def _cause(failure: Failure) -> tuple[Rank, str, str]:
    """Return how much a failure tells, what makes its cause the same as another's, and the cause in words."""
    if failure.crash:
        # A crash at one place is one cause, whatever the ids in its paths; what was not allowed may be why.
        place, _, error = failure.crash.partition(": ")
        text = f"{failure.denied}; and {failure.crash}" if failure.denied else failure.crash
        return Rank.CRASH, f"{place}: {_alike(error)} {_alike(failure.denied)}", text
    if failure.denied:
        return Rank.DENIAL, _alike(failure.denied), failure.denied
    answered = _SERVER_ERROR.search(failure.first_line)
    if answered is not None and failure.logged.startswith(f"{answered['service']} logged"):
        return Rank.SERVICE, _complaint_key(failure.logged), failure.logged
    if not _WAITED.match(failure.first_line):
        found: tuple[Rank, str, str] = Rank.DIRECT, _alike(failure.first_line), ""
    else:
        found = _cause_of_wait(failure)
    if failure.finding and found[0] >= Rank.DIRECT:
        # What the platform did against its contract says more than what a row missed by it.
        return Rank.CONTRACT, failure.finding_key, failure.finding
    return found


def _cause_of_wait(failure: Failure) -> tuple[Rank, str, str]:
    unhealthy = _UNHEALTHY.search(failure.reason) or _TARGET.search(failure.reason)
    if unhealthy is not None:
        port, why = unhealthy["port"], unhealthy["why"]
        text = f"(port {port}) is unhealthy in (target-group {_group_name(unhealthy['group'])}) due to (reason {why})"
        return Rank.AWS, f"{port} {why}", text
    no_start = _NO_START.search(failure.reason)
    if no_start is not None:
        return Rank.AWS, _alike(no_start["why"]), no_start["why"]
    if failure.logged:
        return Rank.SERVICE, _complaint_key(failure.logged), failure.logged
    return Rank.STARVED, _alike(failure.first_line), ""


def _alike(text: str) -> str:
    return _OWN.sub("#", text)


def _complaint_key(logged: str) -> str:
    """Return what two complaints of one cause have in common: AWS's error, whichever call met it, or all the words."""
    service, _, words = logged.partition(" logged")
    refusal = _REFUSAL.search(words)
    return f"{service} {refusal[0]}" if refusal else _alike(logged)


def _group_name(arn: str) -> str:
    return arn.split("/")[1] if "/" in arn else arn


def crash_in(timeline: Sequence[str]) -> str:
    """Return what a timeline of JSON lines tells of the first container that crashed, empty when none did.

    A mock's timeline has an event of it; on AWS the log of the stopped task has the traceback.
    """
    events = [json.loads(line) for line in timeline if '"container_crash"' in line or '"log"' in line]
    for event in events:
        if event.get("kind") == "container_crash":
            name = str(event["subject"]).rpartition("-")[0]
            return f"container {name} crashed at {event['place']}: {event['error']}"
    return _crash_in_logs(event for event in events if event.get("kind") == "log")


_LOGGED = re.compile(r"(?P<group>[^/ ]+)/(?P<container>[^/ ]+)/[^/ ]+: (?P<line>.*)")
_FRAME = re.compile(r'  File "(?P<file>.+)", line (?P<line>\d+), in (?P<function>.+)')


_COMPLAINT = re.compile(r".* (?:answered 5\d\d|put off|failed|now|not published|not recorded): .+")
# Hermes tries again within 10 s what it could not do, so a complaint that is older is over.
_COMPLAINT_HOLDS_US = 30_000_000
_REFUSAL = re.compile(r"\(\w+\) when calling")


def complaint_in(notes: Sequence[str], at_us: int) -> str:
    """Return the last line of a log, of a mock's notes in JSON, in which a service says what it could not do, and why.

    It is empty when none did shortly before *at_us*, in platform microseconds: a task that starts makes steps fail that
    soon succeed. A request that a service answered with an error says more than work that it tries again.
    """
    lines = [note for note in map(json.loads, (note for note in notes if '"log"' in note)) if note.get("kind") == "log"]
    recent = [note for note in lines if note["at_us"] >= at_us - _COMPLAINT_HOLDS_US]
    complaints = [
        f"{_service_of(note)} logged: {note['line']}" for note in recent if _COMPLAINT.fullmatch(note["line"])
    ]
    answers = [complaint for complaint in complaints if " answered 5" in complaint]
    return next(reversed(answers or complaints), "")


def _service_of(note: dict[str, Any]) -> str:
    return str(note["subject"]).rpartition("-")[0]


def _crash_in_logs(events: Iterable[dict[str, Any]]) -> str:
    """Return the last frame and the error of the first traceback in the logs."""
    place = ""
    for event in events:
        logged = _LOGGED.fullmatch(str(event.get("subject")))
        if logged is None:
            continue
        frame = _FRAME.fullmatch(logged["line"])
        if frame is not None and "site-packages" not in frame["file"]:
            place = f"{frame['file']}:{frame['line']} in {frame['function']}"
        elif place and logged["line"].strip() and not logged["line"].startswith(" "):
            return f"container {logged['container']} crashed at {place}: {logged['line']}"
    return ""
