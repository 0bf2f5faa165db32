"""The end of a run in the terminal: its failures by their causes, in few lines, and where the rest is.

pytest's own tracebacks, forty lines for each scenario, are shown with -v, and are in the report log in any case.
"""

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest.terminal import TerminalReporter

from seatrials.evidence.folder import RunFolder
from seatrials.evidence.not_asked import BROKEN_PROMISE
from seatrials.evidence.redaction import redact, redact_nodeid
from seatrials.run.causes import Cause, Failure, Rank, causes_of
from seatrials.run.checked import FINDING, FINDING_KEY
from seatrials.run.reports import advice_of, line_in, reason_of, says_what_to_do

_LINES_MAX = 30
_CAUSES_SHOWN = 6
# How many failures of the first cause and of others are shown, and how many lines of what the first of them says.
_FAILURES_SHOWN = (3, 2)
_REASON_LINES = (7, 1)
# Of a line; more of one that ends with what to do.
_WIDTH, _ADVISING_WIDTH = 320, 1_000
_ROWS_WIDTH = 110
# pytest's own advice, which the last line of the summary gives for all.
_USE_V = "Use -v to get more diff"


class FailureSummary:
    """Collects the failures of a run in the process that reports them, and shows them at its end."""

    def __init__(self, config: pytest.Config, folder: Path) -> None:
        """*folder* is that of the run's evidence."""
        self._config = config
        self._folder = folder
        self._failures: list[Failure] = []
        self._broken_files = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a failure, of a scenario itself or of what was done for it before and after."""
        if report.failed:
            self._failures.append(_failure(report))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a file that cannot be collected, of which pytest itself says most."""
        self._broken_files += report.failed

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: TerminalReporter) -> Iterator[None]:
        """Show the failures in place of pytest's tracebacks, unless those are asked for."""
        if self._failures:
            if self._is_short():
                self._config.option.tbstyle = "no"
                terminalreporter.reportchars = re.sub("[fE]", "", terminalreporter.reportchars)
            self._show(terminalreporter)
        return (yield)

    def _is_short(self) -> bool:
        asked = self._config.option.verbose > 0 or self._config.option.tbstyle != "auto"
        return not asked and not self._broken_files

    def _show(self, terminal: TerminalReporter) -> None:
        causes = causes_of(self._failures)
        rows = len({failure.row for cause in causes for failure in cause.failures})
        unasked = sum(len(cause.not_asked) for cause in causes)
        beside = f", {unasked} more not asked" if unasked else ""
        terminal.section(f"{rows} failed of {_counted(len(causes), 'cause')}{beside}", sep="=", red=True, bold=True)
        for line in summary_lines(causes, self._folder):
            terminal.line(line)


def summary_lines(causes: list[Cause], folder: Path) -> list[str]:
    """Return *causes* as lines for a terminal, the first with most of what is known of it."""
    lines = []
    for number, cause in enumerate(causes[:_CAUSES_SHOWN]):
        lines += _cause_lines(cause, number + 1)
    left = [failure.row for cause in causes[_CAUSES_SHOWN:] for failure in cause.failures]
    ending = _wrapped(f"and {_counted(len(causes) - _CAUSES_SHOWN, 'further cause')}: ", left, "") if left else []
    first = causes[0].failures[0]
    ending += [
        *([redact(f"replay: {first.replay}")] if first.replay else []),
        f"timeline: seatrials timeline {folder} {first.row}",
        f"every traceback: {RunFolder(folder).report_log}, or again with -v",
    ]
    return [*lines[: _LINES_MAX - len(ending)], *ending]


def _cause_lines(cause: Cause, number: int) -> list[str]:
    is_first = number == 1
    shown, reason_lines = _FAILURES_SHOWN[not is_first], _REASON_LINES[not is_first]
    lines = [_cut(f"{number}. {cause.text}")] if cause.text else []
    for index, failure in enumerate(cause.failures[:shown]):
        lines += _failure_lines(failure, "   " if lines else f"{number}. ", 1 if index else reason_lines, cause)
    others = [failure.row for failure in cause.failures[shown:]]
    lines += _wrapped(f"   and so failed {len(others)} more: ", others, "   ") if others else []
    unasked = f"   and so {len(cause.not_asked)} were not asked: "
    return [*lines, *(_wrapped(unasked, cause.not_asked, "   ") if cause.not_asked else [])]


def _failure_lines(failure: Failure, head: str, reason_lines: int, cause: Cause) -> list[str]:
    """Return a failure with up to so many lines of what it says, and with what to do in any case."""
    reason, *more = failure.reason.splitlines() or [""]
    width = _ADVISING_WIDTH if failure.says_what_to_do else _WIDTH
    first = _cut(f"{head}FAILED {failure.row} {failure.place} {failure.name}: {reason}", width)
    # What its cause says already stands above it.
    said = [line for line in more if line.strip() not in ("", cause.text) and _USE_V not in line]
    if failure.says_what_to_do:
        reason_lines = max(_REASON_LINES)
    elif cause.rank is Rank.CRASH:
        reason_lines = 1
    return [first, *(_cut(f"     {line}", width) for line in [*said[: reason_lines - 1], *failure.advice.splitlines()])]


def _wrapped(head: str, rows: list[str], indent: str) -> list[str]:
    text = head + ", ".join(dict.fromkeys(rows))
    return textwrap.wrap(
        text, _ROWS_WIDTH, subsequent_indent=indent, max_lines=3, placeholder=" …", break_on_hyphens=False
    )


def _cut(line: str, width: int = _WIDTH) -> str:
    """Return a line that is not too long: what is left out is in its middle, for what to do stands at its end."""
    if len(line) <= width:
        return line
    end = width // 4
    return f"{line[: width - end - 3]} … {line[-end:]}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _failure(report: pytest.TestReport) -> Failure:
    properties = dict(report.user_properties)
    file, line, name = report.location
    when = "" if report.when == "call" else f"{report.when} of "
    return Failure(
        row=str(properties.get("scenario", report.nodeid)),
        place=f"{file}:{line_in(report, file) or (line or 0) + 1}",
        # By its own rule: "test_the_credentials_hold: a" names no secret that is "a".
        name=f"{when}{redact_nodeid(name)}",
        reason=redact(reason_of(report)),
        says_what_to_do=says_what_to_do(report),
        advice=redact(advice_of(report)),
        crash=redact(str(properties.get("crash", ""))),
        denied=redact(str(properties.get("denied", ""))),
        logged=redact(str(properties.get("logged", ""))),
        finding=redact(str(properties.get(FINDING, ""))),
        finding_key=str(properties.get(FINDING_KEY, "")),
        replay=dict(report.sections).get("replay", ""),
        broken_promise=str(properties.get(BROKEN_PROMISE, "")),
    )
