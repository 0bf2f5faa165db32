"""A decision in the terminal: the verdict, and what it hangs on."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from seatrials.evidence.plain import plain
from seatrials.gate.decision import Decision, Outcome, Verdict
from seatrials.gate.release import Failure, Release
from seatrials.gate.wording import (
    age,
    caution,
    commit_in_words,
    compared,
    place_of,
    services_in_words,
    signatures,
    since_in_words,
)

# An assertion's message is whatever the platform answered.
_CHARACTERS_MAX = 1000

_STYLES = {
    Verdict.GO: "bold white on green",
    Verdict.NO_GO: "bold white on red",
    Verdict.CANNOT_TELL: "bold black on yellow",
}
_OUTCOMES = {Outcome.FAIL: "red", Outcome.UNKNOWN: "yellow", Outcome.WAIVED: "cyan"}


def show(decision: Decision, console: Console) -> None:
    """Print *decision* in short: every criterion that does not simply hold, and what was read."""
    commit = (decision.commit or "no commit")[:8]
    console.print(Text.assemble((f" {decision.verdict} ", _STYLES[decision.verdict]), f" {decision.summary}"))
    console.print(
        f"commit {commit}{' with uncommitted changes' if decision.dirty else ''}, "
        f"oldest evidence {age(decision.age_seconds)}, criteria {decision.criteria_file}",
        highlight=False,
        markup=False,
    )
    console.print(Text(f"signatures: {signatures(decision)}"), soft_wrap=True)
    for notice in filter(None, (caution(decision), *decision.notices)):
        console.print(_line(notice, "yellow"))
    _show_release(decision.release, console)
    absent = set(decision.environments) - {run.environment for run in decision.runs}
    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in ("", "criterion", "value and bound", "why"):
        # A path that is longer than its column goes on below, for cut off it leads nowhere.
        table.add_column(header, overflow="fold")
    # Where nothing ran one line says so; that no criterion can be told there follows.
    shown = [each for each in decision.criteria if each.environment not in absent or each.id.startswith("run.")]
    for outcome, style in _OUTCOMES.items():
        for each in shown:
            if each.outcome is outcome:
                table.add_row(Text(outcome, style), Text(each.id), Text(compared(each)), _line(each.reason))
    if table.row_count:
        console.print(table)
    holding = sum(each.outcome is Outcome.PASS for each in decision.criteria)
    silent = len(decision.criteria) - len(shown)
    rest = f"; {silent} more are about {' and '.join(sorted(absent))}, where nothing ran" if silent else ""
    console.print(f"{holding} of {len(decision.criteria)} criteria hold{rest}", highlight=False)


def _show_release(release: Release | None, console: Console) -> None:
    """Say which release it is, what failed and whose it is, and what to do."""
    if release is None:
        return
    commit = release.commit
    console.print(_line(f"{commit.subject} ({commit_in_words(commit)})" if commit else release.commit_unknown))
    for each in services_in_words(release.services):
        console.print(_line(f"ran {each}"))
    console.print(_line(f"since the last GO: {since_in_words(release)}"))
    for failure in release.failures:
        console.print(_failure(failure))
    for number, step in enumerate(release.steps, 1):
        console.print(_line(f"{number}. {step}", "bold"))


def _failure(failure: Failure) -> Text:
    style = "red" if failure.not_counted is None else "cyan"
    owners = f" (owner: {', '.join(failure.owners)})" if failure.owners else " (nobody is named as its owner)"
    waived = f" It does not count: {failure.not_counted}." if failure.not_counted else ""
    said = _line(f" {failure.sentence} {failure.reason}{owners}{waived}")
    return Text.assemble(_line(f"{failure.outcome} {place_of(failure)}:", style), " ", said)


def _line(words: str, style: str = "") -> Text:
    """Return *words* of whomever as a line that moves no cursor."""
    return Text(plain(words, _CHARACTERS_MAX), style)
