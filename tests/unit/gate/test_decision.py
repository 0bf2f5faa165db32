"""A decision is plain data that JSON can hold."""

import json
from pathlib import Path

import pytest

from seatrials.errors import EvidenceError
from seatrials.gate.decision import Decision, Verdict

SAMPLE = Path(__file__).with_name("decision.json")


def test_a_decision_survives_json_unchanged() -> None:
    """What is written is what is read."""
    decision = Decision.read(SAMPLE)

    assert decision == Decision.from_json(json.loads(json.dumps(decision.as_json())))


def test_the_verdict_is_its_own_word() -> None:
    """A program that reads the JSON compares one of three strings."""
    verdicts = [str(each) for each in Verdict]

    assert verdicts == ["GO", "NO-GO", "CANNOT TELL"]


def test_what_is_no_decision_is_refused(tmp_path: Path) -> None:
    """A file with other contents is named in the error."""
    other = tmp_path / "decision.json"
    other.write_text('{"verdict": "MAYBE"}')

    with pytest.raises(EvidenceError, match=r"decision\.json holds no decision"):
        Decision.read(other)


def test_json_that_is_no_decision_is_refused() -> None:
    """A decision that lacks its parts is none."""
    with pytest.raises(EvidenceError, match="no decision"):
        Decision.from_json({"verdict": "GO"})
