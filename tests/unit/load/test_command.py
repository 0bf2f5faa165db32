"""Tests of how a run starts locust."""

import sys
from pathlib import Path

import pytest

from seatrials.environments.variables import read_variables
from seatrials.errors import EvidenceError
from seatrials.load import Load, LoadOptions
from seatrials.load.options import Part


def load(folder: Path, options: LoadOptions, told: list[str] | None = None) -> Load:
    """Return a load of an environment that does not exist."""
    part = Part(environment="nowhere", environments=folder / "environments.toml", run_folder=folder, confirm="yes")
    return Load(part, options, read_variables(), (told if told is not None else []).append)


def test_a_load_whose_users_cannot_join_says_why(tmp_path: Path) -> None:
    """Processes of users that end before there is a load end it, with the end of what locust said."""
    (tmp_path / "environments.toml").write_text("", encoding="utf-8")

    with pytest.raises(EvidenceError, match=r"(?s)no user came to ask for anything.*could not join the run: .*nowhere"):
        load(tmp_path, LoadOptions(users=1, processes=1, seconds=1)).run()


def test_other_machines_are_told_what_to_run(tmp_path: Path) -> None:
    """The command of a process elsewhere has the master's address, the run, and how many there are."""
    command = load(tmp_path, LoadOptions(elsewhere=2, address="10.0.0.12")).worker_command(5557)

    assert command[:4] == [Path(sys.executable).name, "-m", "locust", "-f"]
    assert command[5:] == [
        *("--worker", "--master-host", "10.0.0.12", "--master-port", "5557"),
        *("--environment", "nowhere", "--environments", str(tmp_path / "environments.toml")),
        *("--run-folder", str(tmp_path), "--members", "2", "--confirm", "yes"),
    ]
