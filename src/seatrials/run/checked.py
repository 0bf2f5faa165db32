"""The checkers of a run: every scenario is judged by all of them when it ends, beside its own assertions."""

from collections.abc import Iterator

import pytest
from _pytest.terminal import TerminalReporter

from seatrials.evidence.redaction import redact
from seatrials.run.items import RECORDER_KEY
from seatrials.run.late import late_seconds_of

# What a report says of the checkers: the promise that their first finding is about, what it has in common with others
# of its cause, and what they could not ask.
FINDING, FINDING_KEY, NOT_ASKED = "finding", "finding_key", "invariants_not_asked"


def check(item: pytest.Item) -> str:
    """Judge what happened while a scenario ran; return what was found, in words, and put it into its report."""
    from seatrials.checkers.judge import judge  # noqa: PLC0415  # the process that hands out the scenarios needs none of it

    history = item.stash[RECORDER_KEY].history
    history.late_seconds = late_seconds_of(item)
    judgement = judge(history)
    item.user_properties.append((NOT_ASKED, list(judgement.not_asked)))
    words = redact(judgement.in_words())
    if words:
        item.user_properties.append((FINDING, judgement.headline()))
        item.user_properties.append((FINDING_KEY, " ".join(judgement.findings[0].cause)))
        item.add_report_section("call", "checkers", words)
    return words


class CheckersSummary:
    """Says at the end of a run which invariants no scenario could be asked about."""

    def __init__(self) -> None:
        # Those that no scenario so far could be asked about, in the order of the contract.
        self._not_asked: list[str] | None = None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what the checkers of a scenario could not ask."""
        not_asked = dict(report.user_properties).get(NOT_ASKED)
        if report.when == "call" and isinstance(not_asked, list):
            known = not_asked if self._not_asked is None else self._not_asked
            self._not_asked = [each for each in known if each in not_asked]

    @pytest.hookimpl(wrapper=True)
    def pytest_terminal_summary(self, terminalreporter: TerminalReporter) -> Iterator[None]:
        """Say it, below what the run itself tells."""
        result = yield
        if self._not_asked:
            terminalreporter.line(f"invariants not asked here, so not proven: {', '.join(self._not_asked)}")
        return result
