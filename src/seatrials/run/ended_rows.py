"""What ends a run is no row's failure: the row that meets it, and each one after it, was not run, for that reason.

The run goes on through its rows, each of which meets it again before it begins, so that the evidence has a reason for
every one of them. Rows of other workers that have begun go on to their own end.
"""

from collections.abc import Generator, Iterator

import pytest

from seatrials.errors import BudgetExceededError, LeaseLostError, SeatrialsError
from seatrials.run.ending import RunEnding
from seatrials.run.late import as_skipped

# This process may change the stack no longer, or the run has spent enough.
_ENDING = (BudgetExceededError, LeaseLostError)


class EndedRows:
    """Takes a row that the end of its run has met for one that was not run."""

    def __init__(self, ending: RunEnding) -> None:
        self._ending = ending

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Judge before any other plugin reads the report."""
        report = yield
        ended = None if call.excinfo is None else ended_by(call.excinfo.value)
        if report.failed and ended is not None:
            self._ending.note(ended)
            reason = str(ended) if call.when == "setup" else f"did not come to its end: {ended}"
            as_skipped(item, report, reason)
            report.user_properties.append(("not_run", reason))
        return report


def ended_by(error: BaseException) -> SeatrialsError | None:
    """Return what ended the run when *error* is that, or was raised because of it; None for any other."""
    return next((each for each in _chain(error, set()) if isinstance(each, _ENDING)), None)


def _chain(error: BaseException, seen: set[int]) -> Iterator[BaseException]:
    """Yield an error, those that it groups, and those that it came of."""
    if id(error) in seen:
        return
    seen.add(id(error))
    yield error
    grouped = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    for each in (*grouped, error.__cause__, error.__context__):
        if each is not None:
            yield from _chain(each, seen)
