"""Late is not broken: a row that failed while its world or its own process was late is in doubt, and has not failed.

On a machine that is too busy, a served world runs behind the time that its clients live in: an answer that was due
after two seconds comes after ten. A failure may then be the machine's, so it proves nothing, as a row that was not run
proves nothing. A pass stays one: waiting longer than was due makes a row's upper limits harder to keep, and what must
not happen before a moment has, by the world's own clock, at most the delay less to be seen in, which the run tells.
"""

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

import pytest

from seatrials.errors import BrokenPromiseError, FatalStateError, SeatrialsError, WaitTimeoutError
from seatrials.evidence.report_log import CANNOT_TELL, LATE_SECONDS
from seatrials.run.credentials import advice_on

if TYPE_CHECKING:  # what a stack is made of, which the process that hands out scenarios does not need
    from seatrials.stacks import Stacks

# Of platform time: waits that have no number in the catalogue allow at least five.
LATE_SECONDS_MAX = 5.0
# Requests take the machine's own time at any pace, and the shortest time that a row allows them is half a second: of
# that a tenth of a second matters. No row names less than a second of platform time.
_LATE_REQUEST_SECONDS_MAX = 0.1
_LATE_SECONDS_MIN = 1.0
_LATENESS_KEY = pytest.StashKey[Callable[[], float] | None]()
_LATE_SECONDS_MAX_KEY = pytest.StashKey[float]()
# By which a row says that it has waited in vain; any other error of ours has another reason than time, and so has one
# that we know what to advise on.
_WAITED = (BrokenPromiseError, FatalStateError, WaitTimeoutError)


def late_seconds_max(pace: float) -> float:
    """Return up to how many seconds of platform time, of which *pace* are a second, lateness harms no row."""
    return min(LATE_SECONDS_MAX, max(_LATE_SECONDS_MIN, _LATE_REQUEST_SECONDS_MAX * pace))


def watch_lateness(item: pytest.Item, stacks: "Stacks", pace: float) -> None:
    """Note how late it is from now on, for the judgement on *item*, whose platform has that *pace*."""
    item.stash[_LATENESS_KEY] = stacks.lateness()
    item.stash[_LATE_SECONDS_MAX_KEY] = late_seconds_max(pace)


def late_seconds_of(item: pytest.Item) -> float:
    """Return how late it was at most while *item* ran; 0 where nothing can be late."""
    lateness = item.stash.get(_LATENESS_KEY, None)
    return 0.0 if lateness is None else lateness()


def is_in_doubt(report: pytest.TestReport) -> bool:
    """Whether a row failed in this report, and cannot be blamed for it."""
    return CANNOT_TELL in dict(report.user_properties)


class LateRows:
    """Notes how late it was while a row ran, and puts the failure of a late row in doubt."""

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Judge before any other plugin reads the report."""
        report = yield
        lateness = item.stash.get(_LATENESS_KEY, None)
        if lateness is None or not (report.failed or call.when == "call"):
            return report
        late_seconds = round(lateness(), 3)
        report.user_properties.append((LATE_SECONDS, late_seconds))
        if (
            report.failed
            and late_seconds > item.stash[_LATE_SECONDS_MAX_KEY]
            and call.excinfo is not None
            and _may_be_late(call.excinfo)
        ):
            _put_in_doubt(item, report, call.excinfo, late_seconds)
        return report


def _may_be_late(excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
    error = excinfo.value
    has_another_reason = isinstance(error, SeatrialsError) or advice_on(error) is not None
    return isinstance(error, _WAITED) or not has_another_reason


def _put_in_doubt(
    item: pytest.Item, report: pytest.TestReport, excinfo: pytest.ExceptionInfo[BaseException], late_seconds: float
) -> None:
    """Make of a failure something that proves nothing, with all that was told about it."""
    first = excinfo.exconly(tryshort=True).partition("\n")[0]
    reason = f"failed while it was {late_seconds:.1f} s late, so nobody can tell: {first}"
    as_skipped(item, report, reason)
    report.user_properties.append((CANNOT_TELL, reason))


def as_skipped(item: pytest.Item, report: pytest.TestReport, reason: str) -> None:
    """Make of a failure what pytest calls skipped, and keep what was told about it."""
    report.sections.append(("the failure", report.longreprtext))
    path, line, _ = item.location
    report.outcome = "skipped"
    report.longrepr = (path, (line or 0) + 1, reason)
