"""A decision in the terminal: the verdict, and what it hangs on."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from seatrials.gate.decision import Decision, Outcome, Verdict
from seatrials.gate.wording import age, compared, signatures

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
    for notice in decision.notices:
        console.print(Text(notice, "yellow"))
    absent = set(decision.environments) - {run.environment for run in decision.runs}
    table = Table("", "criterion", "value and bound", "why", box=None, pad_edge=False, header_style="bold")
    for outcome, style in _OUTCOMES.items():
        for each in decision.criteria:
            # Where nothing ran one line says so; that no criterion can be told there follows.
            if each.outcome is outcome and (each.environment not in absent or each.id.startswith("run.")):
                table.add_row(Text(outcome, style), Text(each.id), Text(compared(each)), Text(each.reason))
    if table.row_count:
        console.print(table)
    holding = sum(each.outcome is Outcome.PASS for each in decision.criteria)
    console.print(f"{holding} of {len(decision.criteria)} criteria hold", highlight=False)
