"""Many seeds: progress, interruption, going on, and what is told."""

import shlex
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from seatrials.environments.environment import Environment
from seatrials.environments.file import load_environment
from seatrials.explore import command
from seatrials.explore.command import Exploration, explore, told
from seatrials.explore.hunt import Hunted
from seatrials.explore.schedule import Step, parse
from seatrials.mutants.mutant import Mutant
from seatrials.stacks import Stacks
from tests.support.project import PROJECT

# By Ctrl-C.
INTERRUPTED_AT = 4
MET = {("active", "task killed", "begins")}


@pytest.fixture(name="asked")
def _asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let seed 2 fail, and each fourth hunt be interrupted; return the seeds that are hunted."""
    asked: list[int] = []

    def hunted(_stacks: Stacks, number: int, _mutant: Mutant | None) -> Hunted:
        asked.append(number)
        if len(asked) == INTERRUPTED_AT:
            raise KeyboardInterrupt
        return Hunted(number, "task killed 20 1", "it fails" if number == 2 else "", "abc", set(MET), 600.0)

    monkeypatch.setattr(command, "hunt", hunted)
    monkeypatch.setattr(command, "_opened", lambda _environment: nullcontext())
    return asked


def in_world(name: str) -> Environment:
    """Return the mock in a world."""
    return load_environment("mock", PROJECT / "environments.toml", {}).model_copy(update={"world": name})


def exploration(folder: Path, *, resume: bool = False) -> Exploration:
    """Return one of six seeds in this process."""
    return Exploration(
        environment=in_world("default"), seeds=tuple(range(1, 7)), folder=folder, workers=0, resume=resume
    )


def test_an_interrupted_exploration_keeps_what_it_found_and_goes_on(tmp_path: Path, asked: list[int]) -> None:
    """What was done is not done again, and what it found is among the whole."""
    lines: list[str] = []
    first = explore(exploration(tmp_path), lines.append)
    second = explore(exploration(tmp_path, resume=True), lines.append)

    assert (first.was_interrupted, sorted(first.done)) == (True, [1, 2, 3])
    assert (second.was_interrupted, sorted(second.done)) == (False, [1, 2, 3, 4, 5, 6])
    assert asked == [1, 2, 3, 4, 4, 5, 6]
    assert [[each.seed for each in explored.found] for explored in (first, second)] == [[2], [2]]
    assert second.newly() == [1, 0, 0, 0, 0, 0]
    assert "3 of 6 seeds were done before" in lines
    assert "| task killed | begins |  | 6 |  |  |  |" in (tmp_path / "coverage.md").read_text()


def test_a_mutant_is_found_once(tmp_path: Path, asked: list[int]) -> None:
    """The seeds behind the one that finds it are not taken."""
    explored = explore(replace(exploration(tmp_path), mutant="session-moves-once"), list[str]().append)

    assert ([each.seed for each in explored.found], asked) == ([2], [1, 2])


def test_a_journal_of_other_sources_is_of_no_use(
    tmp_path: Path, asked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another tree or world has done is done anew, and a line that was cut off counts for nothing."""
    explore(exploration(tmp_path), lambda _line: None)
    journal = tmp_path / "journal.jsonl"
    journal.write_text(journal.read_text()[:-20])
    cut = explore(exploration(tmp_path, resume=True), lambda _line: None)
    hard = replace(exploration(tmp_path, resume=True), environment=in_world("hard"))
    elsewhere = explore(hard, lambda _line: None)
    monkeypatch.setattr(command, "_tree", lambda: "another")
    other = explore(exploration(tmp_path, resume=True), lambda _line: None)

    assert [sorted(each.done) for each in (cut, elsewhere, other)] == [[1, 2, 3, 4, 5, 6]] * 3
    assert asked[4:] == [3, 4, 5, 6, *range(1, 7), *range(1, 7)]


def test_what_fails_is_told_with_the_command_that_replays_it() -> None:
    """A shell gives the command the very steps."""
    steps = (Step("task killed", 20, 1, arrives=True, hastes=True), Step("table away", 5, 3))
    hunted = Hunted(9, "; ".join(map(str, steps)), "it fails", "abc")
    lines = told(hunted, "some-mutant", "hard").splitlines()
    words = shlex.split(next(line for line in lines if line.startswith("replay: ")).removeprefix("replay: "))

    assert lines[0] == "seed 9 fails after 2 steps: it fails"
    assert words[:-1] == [
        "seatrials",
        "explore",
        "--mutant",
        "some-mutant",
        "--world",
        "hard",
        "--seed",
        "9",
        "--steps",
    ]
    assert parse(words[-1]) == steps
