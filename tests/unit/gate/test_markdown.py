"""A decision as Markdown says what the decision says, and lets nobody write into the page."""

from dataclasses import replace
from pathlib import Path

import pytest

from seatrials.gate.decision import Decision
from seatrials.gate.markdown import as_markdown
from seatrials.gate.wording import age, measured


@pytest.fixture
def decision() -> Decision:
    """Return the sample."""
    return Decision.read(Path(__file__).with_name("decision.json"))


def table(text: str, title: str) -> list[str]:
    """Return the rows of the table below a title."""
    lines = text.partition(f"## {title}\n")[2].partition("\n## ")[0].splitlines()
    return [line for line in lines if line.startswith("|")][2:]


def test_the_verdict_is_the_title(decision: Decision) -> None:
    """Verdict and reason come first."""
    assert ["# NO-GO", "", decision.summary] == as_markdown(decision).splitlines()[:3]


def test_it_says_when_nothing_was_seen_on_aws(decision: Decision) -> None:
    """Whoever reads the summary of a job alone must not take a rehearsal's GO for a release's."""
    words = "> No evidence here is from AWS, so this says nothing about a release on it."
    rehearsed = replace(decision, runs=tuple(replace(run, kind="rehearsed") for run in decision.runs))

    assert words in as_markdown(rehearsed).splitlines()
    assert words not in as_markdown(decision).splitlines()


def test_every_criterion_is_there_the_worst_first(decision: Decision) -> None:
    """What fails comes before what cannot be told, and that before what is waived or holds."""
    outcomes = [row.split(" | ")[0].removeprefix("| ") for row in table(as_markdown(decision), "Criteria")]

    assert len(decision.criteria) == len(outcomes)
    assert outcomes == sorted(outcomes, key=["fail", "unknown", "waived", "pass"].index)


def test_value_and_bound_have_their_unit(decision: Decision) -> None:
    """A number says of what it is."""
    row = next(each for each in table(as_markdown(decision), "Criteria") if "session-creation" in each)

    assert "0.41 seconds, must be below 2 seconds" in row
    assert "40 measured" in row


@pytest.mark.parametrize(("value", "told"), [(1, "1 row"), (2, "2 rows"), (1.5, "1.5 rows"), (21, "21 rows")])
def test_one_is_told_as_one(value: float, told: str) -> None:
    """The gate said that a run had passed 1 rows, of evidence that was 1 seconds old."""
    assert measured(value, "rows") == told
    assert age(value).partition(" ")[2] == ("second" if value == 1 else "seconds")


def test_what_is_not_proven_is_told(decision: Decision) -> None:
    """Each unproven row and criterion has a line with its reason."""
    assert len(decision.unproven) == len(table(as_markdown(decision), "Not proven"))


def test_nothing_in_the_evidence_is_taken_for_markup(decision: Decision) -> None:
    """A reason with HTML, a pipe, a link or a newline stays text in its cell."""
    hostile = "<img src=x>|a\n[b](http://example.com) `c` *d*"
    text = as_markdown(replace(decision, unproven=(replace(decision.unproven[0], reason=hostile),)))

    row = table(text, "Not proven")[0]
    assert r"&lt;img src=x>\|a \[b\](http://example.com) \`c\` \*d\*" in row


def test_a_decision_without_anything_has_no_empty_tables(decision: Decision) -> None:
    """A section without rows is left out."""
    bare = replace(decision, criteria=(), runs=(), unproven=(), regressions=(), waivers=(), mutants=None)

    text = as_markdown(replace(bare, cost=replace(bare.cost, run_dollars={})))
    assert "##" not in text
    assert "mutants killed: none ran" in text
