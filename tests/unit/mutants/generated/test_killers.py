"""Who killed which mutant is kept, without what is over."""

import json
from pathlib import Path

import pytest

from seatrials.errors import ConfigurationError
from seatrials.mutants.generated.killers import Killers, read_killers, write_killers


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    """What is written is read again, by the scenario in the file, and says nothing of other mutants."""
    file = tmp_path / "killers.json"
    killed = {"a: x -> y": "COLD-02", "b: x -> y": "COLD-01", "c: x -> y": "COLD-02"}
    write_killers(Killers({}).with_news(killed, [], killed), file)
    found = read_killers(file)

    assert {mutant: found.of(mutant) for mutant in (*killed, "d: x -> y")} == {**killed, "d: x -> y": None}
    assert [(scenario, len(kept)) for scenario, kept in json.loads(file.read_text()).items()] == [
        ("COLD-01", 1),
        ("COLD-02", 2),
    ]


def test_news_take_the_place_of_what_was_known() -> None:
    """A new killer takes the old one's place, and nothing stays of mutants that survive or are made no longer."""
    before = Killers({}).with_news(dict.fromkeys(("new", "same", "survives", "gone"), "OLD-1"), [], ["new"])
    after = before.with_news({"new": "NEW-1"}, ["survives"], ["new", "same", "survives"])

    found = {mutant: after.of(mutant) for mutant in ("new", "same", "survives", "gone")}
    assert found == {"new": "NEW-1", "same": "OLD-1", "survives": None, "gone": None}


@pytest.mark.parametrize("content", ["", "[]", '{"COLD-01": "abc"}'])
def test_what_holds_no_killers_is_refused(tmp_path: Path, content: str) -> None:
    """What holds no killers is refused, with the file's name and how it is written anew."""
    file = tmp_path / "killers.json"
    file.write_text(content)

    with pytest.raises(ConfigurationError, match=r"killers\.json .*--keep-killers"):
        read_killers(file)
