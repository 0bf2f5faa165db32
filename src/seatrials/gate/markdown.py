"""A decision as Markdown, for the summary of a CI job."""

from collections.abc import Iterable, Sequence

from seatrials.evidence.plain import plain
from seatrials.gate.decision import Criterion, Decision
from seatrials.gate.markdown_release import release_lines
from seatrials.gate.wording import (
    age,
    caution,
    compared,
    evidence,
    gravest_first,
    measured,
    percent,
    signatures,
    waiver_state,
)


def as_markdown(decision: Decision) -> str:
    """Return *decision* as a page of Markdown."""
    parts = [
        f"# {decision.verdict}",
        "",
        _text(decision.summary),
        "",
        *_facts(decision),
        *(
            line
            for notice in filter(None, (caution(decision), *decision.notices))
            for line in (f"> {_text(notice)}", "")
        ),
        *release_lines(decision, _text),
        *_section("Criteria", _CRITERIA, (_criterion_cells(each) for each in gravest_first(decision.criteria))),
        *_section("Runs", _RUNS, _run_cells(decision)),
        *_section("Not proven", _UNPROVEN, _unproven_cells(decision)),
        *_section("Against the baseline", _CHANGES, _change_cells(decision)),
        *_section("Waivers", _WAIVERS, _waiver_cells(decision)),
        *_section("Cost (an estimate)", _COSTS, _cost_cells(decision), decision.cost.note),
    ]
    return "\n".join(parts).rstrip() + "\n"


# A job's summary holds a megabyte; no sentence is as long as this.
_CHARACTERS_MAX = 4000
_CRITERIA = ("", "criterion", "what must hold", "value and bound", "rests on", "why")
_RUNS = ("environment", "run", "commit", "age", "passed", "failed", "not run", "cannot tell", "crashed", "retried")
_UNPROVEN = ("what", "where", "why")
_CHANGES = ("metric", "environment", "now", "baseline", "change", "why")
_WAIVERS = ("what", "why", "owner", "approved by", "last day", "state")
_COSTS = ("environment", "a run", "a session")


def _facts(decision: Decision) -> list[str]:
    dirty = " with uncommitted changes" if decision.dirty else ""
    mutants = decision.mutants
    return [
        f"- commit: `{decision.commit or 'none'}`{dirty}",
        f"- judged: {decision.judged_at}, by `{decision.criteria_file}`",
        f"- oldest evidence: {age(decision.age_seconds)}",
        f"- mutants killed: {f'{mutants.killed} of {mutants.total}' if mutants is not None else 'none ran'}",
        f"- signatures: {_text(signatures(decision))}",
        "",
    ]


def _section(title: str, head: Sequence[str], rows: Iterable[Sequence[str]], note: str = "") -> list[str]:
    lines = [f"| {' | '.join(_text(cell) for cell in row)} |" for row in rows]
    if not lines:
        return []
    table = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}", *lines, ""]
    return [f"## {title}", "", *table, *([note, ""] if note else [])]


def _criterion_cells(criterion: Criterion) -> list[str]:
    why = f"{criterion.reason}; waived: {criterion.waiver}" if criterion.waiver else criterion.reason
    return [str(criterion.outcome), criterion.id, criterion.sentence, compared(criterion), evidence(criterion), why]


def _run_cells(decision: Decision) -> list[list[str]]:
    outcomes = ("passed", "failed", "not run", "cannot tell", "crashed", "retried")
    return [
        [
            *(each.environment, each.id, (each.commit or "none")[:8], age(each.age_seconds)),
            *(str(each.counts.get(outcome, 0)) for outcome in outcomes),
        ]
        for each in decision.runs
    ]


def _unproven_cells(decision: Decision) -> list[list[str]]:
    return [[each.subject, each.environment or "everywhere", each.reason] for each in decision.unproven]


def _change_cells(decision: Decision) -> list[list[str]]:
    return [
        [
            *(each.metric, each.environment, measured(each.value, each.unit), measured(each.baseline, each.unit)),
            *(percent(each.change), f"{each.outcome}: {each.reason}"),
        ]
        for each in decision.regressions
    ]


def _waiver_cells(decision: Decision) -> list[list[str]]:
    return [
        [each.subject, each.reason, each.owner, each.approved_by or "nobody", each.last_day, waiver_state(each)]
        for each in decision.waivers
    ]


def _cost_cells(decision: Decision) -> list[list[str]]:
    sessions = decision.cost.session_dollars
    return [
        [name, measured(dollars, "dollars"), measured(sessions.get(name), "dollars")]
        for name, dollars in decision.cost.run_dollars.items()
    ]


def _text(text: str) -> str:
    """Return *text* so that nothing in it, whoever wrote it, is taken for Markdown or HTML."""
    text = plain(text, _CHARACTERS_MAX)
    for character, written in (("\\", r"\\"), ("&", "&amp;"), ("<", "&lt;"), ("|", r"\|")):
        text = text.replace(character, written)
    for character in "*_`[]":
        text = text.replace(character, f"\\{character}")
    return text
