"""What whole programs cost: the suite beside its floor, the mutants, the served twin."""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryFile

from seatrials.catalogue import read_suites
from seatrials.environments.kinds import MOCK
from seatrials.environments.variables import read_variables
from seatrials.twin_server import running_server
from tests.bench.timing import Bench
from tests.support.project import PROJECT

_QUIETLY = ("-q", "-n", "0", "-p", "no:cacheprovider")
_SUITE = ("-m", "pytest", "--environment", "mock", *_QUIETLY)
_ROWS = PROJECT / "tests" / "integration"
# As many tests as there are rows, none of which does anything, with all that a row has around it.
_EMPTY = """
import pytest

@pytest.mark.scenario("COLD-01")
@pytest.mark.mock_only
@pytest.mark.parametrize("number", range(%d))
def test_nothing(platform, number):
    pass
"""
_MUTANTS = ("keepalive-not-stored", "updates-for-everyone", "hmr-port-closed", "pictures-not-told")


def run(*arguments: str) -> float:
    """Run a program of the project to its end and return its memory in MB; what it says is shown when it fails."""
    environment = {name: value for name, value in read_variables().items() if value is not None}
    with TemporaryFile() as said:
        process = subprocess.Popen(  # noqa: S603  # our own programs
            [sys.executable, *arguments], cwd=PROJECT, env=environment, stdout=said, stderr=said
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        assert process.returncode == 0, said.read().decode()
    return usage.ru_maxrss / 1024


def test_suite(bench: Bench, tmp_path: Path) -> None:
    """All rows on the mock, one after the other."""
    bench(lambda _: run(*_SUITE, "tests/integration", "--evidence", str(tmp_path)), unit="run", rounds=3)


def test_suite_floor(bench: Bench, tmp_path: Path) -> None:
    """As many rows that do nothing: what pytest, its plugins, moto and worlds cost by themselves."""
    rows = sum(MOCK.default_column in row.environments for suite in read_suites(_ROWS) for row in suite.rows)
    empty = tmp_path / "test_cold_start.py"
    empty.write_text(_EMPTY % rows, encoding="utf-8")
    settings = ("-c", str(PROJECT / "pyproject.toml"), "--rootdir", str(PROJECT))
    bench(lambda _: run(*_SUITE, str(empty), *settings, "--evidence", str(tmp_path)), unit="run", rounds=3)


def test_mutants(bench: Bench) -> None:
    """Some broken platforms, each until a row has found it."""
    only = [argument for name in _MUTANTS for argument in ("--only", name)]
    bench(lambda _: run("-m", "seatrials.cli", "mutants", *only), unit="mutant", times=len(_MUTANTS), rounds=3)


def test_server_started(bench: Bench) -> None:
    """A served platform, from nothing until it can be asked, and its end."""

    def start(_nothing: None) -> None:
        with running_server("--pace", "30", within_seconds=120.0):
            pass

    bench(start, unit="start and end", rounds=3)
