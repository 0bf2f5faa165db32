"""Tests of the files that go with a wheel, and of what needs others; `nox -s package` asks the wheel itself."""

from pathlib import Path

import pytest

from seatrials.errors import ConfigurationError
from seatrials.mutants.run import run_pytest
from seatrials.shipped import SHIPPED, here_or_shipped


def test_ones_own_file_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the working folder has the file it is taken, and otherwise what seatrials comes with."""
    monkeypatch.chdir(tmp_path)
    before = here_or_shipped("environments.toml")
    Path("environments.toml").touch()

    assert (before, here_or_shipped("environments.toml")) == (SHIPPED / "environments.toml", Path("environments.toml"))


def test_mutants_want_a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are no scenarios the message says where they were looked for, and what has them."""
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ConfigurationError, match=r"has no tests/integration.*at the top of a checkout"):
        run_pytest(["true"])
