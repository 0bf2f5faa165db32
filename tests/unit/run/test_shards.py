"""A run of a part of the rows: which it has, and what it says of itself."""

import json
from typing import Any

import pytest

from seatrials.evidence.reader import read_runs
from tests.support.scenario_run import ENVIRONMENTS, PLAIN
from tests.support.shards import ROWS, SECONDS, Run, durations, newest, rows, shard

pytest_plugins = ["pytester"]


@pytest.fixture(autouse=True)
def _durations(pytester: pytest.Pytester) -> None:
    (pytester.path / "durations.json").write_text(durations(SECONDS))


def ran(pytester: pytest.Pytester, number: int, of: str = "mock") -> dict[str, Any]:
    """Return what the run of a shard says of itself."""
    told: dict[str, Any] = json.loads((newest(pytester.path / f"s{number}", of) / "run.json").read_text())
    return told


def test_each_row_is_in_one_shard_and_shards_take_equally_long(run: Run, pytester: pytest.Pytester) -> None:
    """The row that takes as long as all others is alone."""
    for number in (1, 2):
        assert shard(run, number).ret == pytest.ExitCode.OK

    assert [sorted(ran(pytester, number)["rows"]) for number in (1, 2)] == [["COLD-01"], [*ROWS[1:]]]


def test_first_is_chosen_and_then_divided(run: Run, pytester: pytest.Pytester) -> None:
    """What `-k` leaves out takes no time: two of the four rows that are left are in each shard."""
    for number in (1, 2):
        shard(run, number, "-k", "not cold_01 and not cold_02")

    found = [sorted(ran(pytester, number)["rows"]) for number in (1, 2)]
    assert [len(each) for each in found] == [2, 2]
    assert sorted(found[0] + found[1]) == [*ROWS[2:]]


def test_a_row_of_no_known_duration_is_taken_for_average(run: Run, pytester: pytest.Pytester) -> None:
    """Where nothing else is known, a division is by number."""
    (pytester.path / "durations.json").write_text(durations({"COLD-19": 60.0}))
    for number in (1, 2):
        shard(run, number)

    assert [len(ran(pytester, number)["rows"]) for number in (1, 2)] == [3, 3]


def test_a_shard_says_which_it_is_and_is_no_whole_run(run: Run, pytester: pytest.Pytester) -> None:
    """In its evidence stands what was divided and by which options; no gate takes it for whole."""
    result = shard(run, 2, "--seed", "7", "-k", "not cold_06")

    result.stdout.fnmatch_lines(["shard 2/2, so it decides nothing before `seatrials merge` has all 2"])
    told = ran(pytester, 2)["shard"]
    assert (told["number"], told["of"], len(told["chosen"]), len(told["tests"])) == (2, 2, 5, 4)
    assert {name: each for name, each in told["options"].items() if each} == {
        "--seed": "7",
        "--steps": "30",
        "--users": "6",
        "--load-seconds": "120.0",
        "--world": "default",
        "-k": "not cold_06",
    }
    assert read_runs(pytester.path / "s2", "mock")[-1].problems == (
        "it is shard 2/2 of a run, and no whole one: put all shards together with `seatrials merge`",
    )


def test_a_whole_run_says_nothing_of_shards(run: Run, pytester: pytest.Pytester) -> None:
    """It needs no durations either."""
    (pytester.path / "durations.json").unlink()
    run(rows(), "-n", "0", "--evidence", "s1")

    assert (ran(pytester, 1)["shard"], ran(pytester, 1)["parts"]) == (None, None)


@pytest.mark.parametrize("written", ["0/4", "5/4", "x"])
def test_what_is_no_shard_is_told_at_once(run: Run, pytester: pytest.Pytester, written: str) -> None:
    """No run begins, and the exit code is that of a wrong option."""
    result = run(rows(), "-n", "0", "--shard", written)

    assert result.ret == 64
    assert not (pytester.path / "evidence").exists()


@pytest.mark.parametrize("workers", ["0", "2"])
def test_more_shards_than_rows_are_refused(pytester: pytest.Pytester, workers: str) -> None:
    """Of those that were chosen, in every shard, with workers and without."""
    pytester.makeini("[pytest]")
    (pytester.path / "environments.toml").write_text(ENVIRONMENTS)
    (pytester.path / "stack.yaml").write_text("Resources:\n  Logs:\n    Type: AWS::Logs::LogGroup\n")
    pytester.makepyfile(test_cold_start=rows())
    result = pytester.runpytest_subprocess(
        *PLAIN, "--environment", "mock", "-n", workers, "--shard", "1/4", "-k", "cold_01 or cold_02", "-q"
    )

    assert result.ret == 64
    told = "*seatrials: --shard: 1/4 is of more parts than there are rows: 2 of them are chosen*"
    result.stdout.fnmatch_lines([told])


def test_without_durations_nothing_is_divided(run: Run, pytester: pytest.Pytester) -> None:
    """The text says how to come by them."""
    (pytester.path / "durations.json").unlink()
    result = shard(run, 1)

    assert result.ret == 64
    assert "durations.json is not there: run the mock, and write it with" in str(result.stderr)


def test_the_durations_are_among_the_files_of_the_run(run: Run, pytester: pytest.Pytester) -> None:
    """So a shard that was divided by others is of another tree."""
    shard(run, 1)

    assert any(path.endswith("durations.json") for path in ran(pytester, 1)["sources"])
