"""The shards of a run on mutants, and the matrix that is made of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from seatrials.errors import ConfigurationError
from seatrials.evidence.reader import read_mutants
from seatrials.gate.signers import Signers
from seatrials.merging.command import merge_shards
from seatrials.output.output import Output
from tests.support.scenario_run import scenario
from tests.support.shards import Run, durations, newest

pytest_plugins = ["pytester"]

APPLICATION = """
    def status():
        return {"status": "up"}
"""
MUTANTS = """
    import application
    from seatrials.mutants import Mutants

    MUTANTS = Mutants()

    for row in ("COLD-01", "COLD-02"):
        @MUTANTS.replacing(application.status, f"down-{row}", breaks=row)
        def _(original):
            '''It says that it is down.'''
            return {**original(), "status": "down"}

        @MUTANTS.replacing(application.status, f"polite-{row}", breaks=row)
        def _(original):
            '''It says more than it must.'''
            return {**original(), "please": "up"}
"""
BODY = 'import application\nassert application.status()["status"] == "up"'
ROWS = "\n".join(scenario(row, f"test_{row[-2:]}", body=BODY) for row in ("COLD-01", "COLD-02"))


@pytest.fixture(name="folder")
def _folder(pytester: pytest.Pytester) -> Path:
    (pytester.path / "durations.json").write_text(durations({"COLD-01": 1000.0, "COLD-02": 1000.0}))
    pytester.makepyfile(application=APPLICATION, mutants=MUTANTS)
    pytester.syspathinsert()
    return pytester.path


def ran(run: Run, *options: str) -> pytest.RunResult:
    """Run on all mutants, the catalogue's too."""
    return run(ROWS, "--on-mutants", "--mutants", "mutants.py", "-n", "0", "-k", "down or polite or healthy", *options)


def matrix(folder: Path) -> dict[str, Any]:
    """Return a kill matrix."""
    told: dict[str, Any] = json.loads((newest(folder, "mutants") / "kill-matrix.json").read_text())
    return told


def merge(*folders: Path) -> int:
    """Put shards together in `whole`."""
    return merge_shards(folders, Path("whole"), Signers(), None, Output(as_json=False))


def test_shards_are_the_matrix_of_one_run(run: Run, folder: Path) -> None:
    """Survivors, kills and problems are those of one run, with its exit code."""
    codes = {ran(run, "--shard", f"{number}/3", "--evidence", f"s{number}").ret for number in (1, 2, 3)}
    whole_ret = ran(run, "--evidence", "one").ret

    assert merge(*(folder / f"s{number}" for number in (1, 2, 3))) == whole_ret == 1
    assert 1 in codes
    merged, one = matrix(folder / "whole"), matrix(folder / "one")
    assert merged["problems"] == one["problems"] != []
    assert merged["scenarios"] == one["scenarios"]
    assert {name: each["killed_by"] for name, each in merged["mutants"].items()} == {
        name: each["killed_by"] for name, each in one["mutants"].items()
    }
    assert (merged["notes"], merged["run"]["shard"]) == (None, None)
    assert merged["run"]["is_partial"] == one["run"]["is_partial"] is True


def test_each_mutant_is_in_one_shard(run: Run, folder: Path) -> None:
    """The matrix of a shard is about its own mutants alone."""
    for number in (1, 2, 3):
        ran(run, "--shard", f"{number}/3", "--evidence", f"s{number}")

    found = [sorted(matrix(folder / f"s{number}")["mutants"]) for number in (1, 2, 3)]
    assert sorted(name for each in found for name in each) == sorted(
        f"{what}-{row}" for what in ("down", "polite") for row in ("COLD-01", "COLD-02")
    )


def test_a_shard_is_no_proof(run: Run, folder: Path) -> None:
    """Whatever it killed, others may survive."""
    ran(run, "--shard", "1/3", "--evidence", "s1")

    evidence = read_mutants(folder / "s1")
    assert evidence is not None
    assert evidence.is_partial
    assert "it is shard 1/3: put all shards together with `seatrials merge`" in evidence.problems


def test_a_missing_shard_is_named(run: Run, folder: Path) -> None:
    """As of a run on an environment."""
    for number in (1, 3):
        ran(run, "--shard", f"{number}/3", "--evidence", f"s{number}")

    with pytest.raises(ConfigurationError, match=r"^mutants: shard 2/3 is missing$"):
        merge(folder / "s1", folder / "s3")
