"""A decision in the terminal: the verdict, and everything that does not hold."""

import io
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from seatrials.gate.decision import Decision, Outcome
from seatrials.gate.terminal import show


def shown(width: int = 200) -> str:
    """Return the sample as a terminal of *width* columns shows it."""
    text = io.StringIO()
    show(Decision.read(Path(__file__).with_name("decision.json")), Console(file=text, width=width))
    return text.getvalue()


def test_the_verdict_is_the_first_word() -> None:
    """Who looks at one word has the answer."""
    assert shown().split()[0] == "NO-GO"


def test_what_does_not_hold_is_listed() -> None:
    """Every failed, unknown or waived criterion has a line, except where nothing ran at all."""
    text = shown()
    decision = Decision.read(Path(__file__).with_name("decision.json"))

    bad = [each for each in decision.criteria if each.outcome is not Outcome.PASS]
    assert [each.id for each in bad if each.id not in text and each.environment != "production"] == []
    hidden = [each for each in bad if each.environment == "production" and not each.id.startswith("run.")]
    assert f"6 of 12 criteria hold; {len(hidden)} more are about production, where nothing ran" in text


def test_it_says_when_nothing_was_seen_on_aws() -> None:
    """A GO on the terminal says as well as its page that it lets nothing out."""
    decision = Decision.read(Path(__file__).with_name("decision.json"))
    text = io.StringIO()
    show(replace(decision, runs=()), Console(file=text, width=200))

    assert "No evidence here is from AWS" in text.getvalue()
    assert "No evidence here is from AWS" not in shown()


def test_a_path_is_whole_however_narrow_the_terminal_is() -> None:
    """In a file or a pipe a line has 80 columns, and a path that was cut off led nowhere."""
    path = "tests/integration/test_a_suite_of_a_name_that_is_longer_than_its_column_is_wide.py"
    decision = Decision.read(Path(__file__).with_name("decision.json"))
    criteria = tuple(
        replace(each, reason=f"{path} ran with other content") if each.outcome is not Outcome.PASS else each
        for each in decision.criteria
    )
    text = io.StringIO()
    show(replace(decision, criteria=criteria), Console(file=text, width=80))

    assert "\N{HORIZONTAL ELLIPSIS}" not in text.getvalue()


def test_text_from_the_evidence_is_no_markup() -> None:
    """A reason in square brackets is shown as it is."""
    assert "<script>" not in shown().split("criterion")[0]
