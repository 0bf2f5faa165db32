"""What a run on mutants says while it goes on, and what it keeps."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from seatrials.run.matrix_reporter import MatrixReporter

pytest_plugins = ["pytester"]


@pytest.mark.parametrize(
    ("ids", "sentence"),
    [
        (["test_x.py::test_x"], "1 run on 1 platform\n"),
        (["test_x.py::test_x[deaf]", "test_x.py::test_y[deaf]"], "2 runs on 1 platform\n"),
        (["test_x.py::test_x", "test_x.py::test_x[deaf]"], "2 runs on 2 platforms\n"),
    ],
)
def test_what_will_run_is_counted(tmp_path: Path, ids: list[str], sentence: str) -> None:
    """In words that fit the numbers."""
    shown = io.StringIO()
    MatrixReporter([], tmp_path, Console(file=shown)).pytest_xdist_node_collection_finished(ids)

    assert shown.getvalue() == sentence


APPLICATION = """
    def status():
        return {"status": "up"}
"""
MUTANTS = """
    import application
    from seatrials.mutants import Mutants

    MUTANTS = Mutants()

    @MUTANTS.replacing(application.status, "down", breaks="COLD-01")
    def _(original):
        '''It says that it is down.'''
        return {**original(), "status": "down"}

    @MUTANTS.replacing(application.status, "speechless", breaks="COLD-01")
    def _(original):
        '''It says nothing.'''
        return {}

    @MUTANTS.replacing(application.status, "mistaken", breaks="COLD-01")
    def _(original):
        '''Its own code is wrong.'''
        return original()["no such field"]
"""
EXAMINATION = """
    import application
    import pytest

    @pytest.mark.scenario("COLD-01")
    @pytest.mark.staging
    def test_is_up(platform):
        assert application.status()["status"] == "up"
"""


def test_a_mutant_is_killed_by_what_a_scenario_says(
    run: Callable[..., pytest.RunResult], pytester: pytest.Pytester
) -> None:
    """A mistake of the mutant is no kill, an error that the scenario stumbles over is told, and messages are kept."""
    pytester.makepyfile(application=APPLICATION, mutants=MUTANTS)
    pytester.syspathinsert()

    only = [option for name in ("down", "speechless", "mistaken") for option in ("--only", name)]
    result = run(EXAMINATION, "--on-mutants", "--mutants", "mutants.py", *only)

    matrix = json.loads((pytester.path / "evidence/mutants/latest/kill-matrix.json").read_text())
    mistake, bare = matrix["problems"]
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert "2 of 3 mutants killed; nothing ran on the healthy platform; " in " ".join(result.outlines)
    assert {name: each["killed_by"] for name, each in matrix["mutants"].items()} == {
        "down": ["COLD-01"],
        "speechless": ["COLD-01"],
        "mistaken": [],
    }
    assert "assert 'down' == 'up'" in matrix["mutants"]["down"]["messages"]["COLD-01"]
    assert "mutant mistaken proves nothing, for its own code is wrong: COLD-01 met KeyError: 'no such field'" in mistake
    assert bare.startswith("scenario COLD-01 notices speechless by a bare KeyError")
