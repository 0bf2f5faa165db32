"""The last GO that is still on disk is found, whatever else lies there."""

import json
from dataclasses import replace
from pathlib import Path

from seatrials.gate.decision import Decision, Verdict
from seatrials.gate.kept import last_kept_go
from tests.support.project import PROJECT

SAMPLE = replace(
    Decision.read(PROJECT / "tests/unit/gate/decision.json"),
    verdict=Verdict.GO,
    commit="a" * 40,
    criteria_file="gate.toml",
)


def keep(out: Path, name: str, decision: Decision | str) -> None:
    """Put a decision, or a text, where the gate writes them."""
    (out / name).mkdir(parents=True)
    text = decision if isinstance(decision, str) else json.dumps(decision.as_json())
    (out / name / "decision.json").write_text(text)


def test_the_newest_go_of_another_commit_is_found(tmp_path: Path) -> None:
    """By the same criteria; other verdicts, other criteria and what is no decision are passed over."""
    keep(tmp_path, "20261120T100000Z-1", replace(SAMPLE, commit="b" * 40))
    keep(tmp_path, "20261121T100000Z-1", SAMPLE)
    keep(tmp_path, "20261122T100000Z-1", replace(SAMPLE, verdict=Verdict.NO_GO))
    keep(tmp_path, "20261123T100000Z-1", replace(SAMPLE, criteria_file="gate-rehearsal.toml"))
    keep(tmp_path, "20261124T100000Z-1", "{")
    keep(tmp_path, "20261125T100000Z-1", replace(SAMPLE, commit="c" * 40))
    (tmp_path / "20261126T100000Z-1").mkdir()

    found = last_kept_go(tmp_path, "elsewhere/gate.toml", "c" * 7)
    assert found is not None
    assert found.commit == "a" * 40


def test_where_nothing_was_kept_there_is_none(tmp_path: Path) -> None:
    """A first decision has nothing before it."""
    assert last_kept_go(tmp_path / "gate", "gate.toml", None) is None
