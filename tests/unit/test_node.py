"""Tests of Node.js from PyPI; a folder stands for the wheel, and a shell script for its Node."""

import json
from pathlib import Path

import pytest

from seatrials.errors import MissingProgramError, ReportError
from seatrials.node import find_node, install_packages, run_node


@pytest.fixture
def node(tmp_path: Path) -> Path:
    """Return a wheel whose Node notes its arguments and makes node_modules, as `npm ci` does."""
    wheel = tmp_path / "wheel"
    program = wheel / "bin" / "node"
    npm = wheel / "lib/node_modules/npm/bin/npm-cli.js"
    npm.parent.mkdir(parents=True)
    npm.touch()
    program.parent.mkdir(parents=True)
    program.write_text(
        '#!/bin/sh\necho "$@" >> calls\ntest -f broken && echo no network >&2 && exit 3\nmkdir -p node_modules\n'
    )
    program.chmod(0o755)
    return wheel


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """Return a folder with a lock."""
    folder = tmp_path / "tools"
    folder.mkdir()
    (folder / "package-lock.json").write_text(json.dumps({"lockfileVersion": 3}))
    return folder


def test_packages_are_installed_as_the_lock_says(node: Path, tools: Path) -> None:
    """The installation takes what is locked, runs no script of a package and asks for no audit."""
    done = install_packages(tools, node, {})

    assert done
    assert "ci --ignore-scripts --no-audit --no-fund" in (tools / "calls").read_text()


def test_packages_that_match_the_lock_are_left_alone(node: Path, tools: Path) -> None:
    """A second call starts no program."""
    install_packages(tools, node, {})

    assert not install_packages(tools, node, {})
    assert len((tools / "calls").read_text().splitlines()) == 1


def test_a_changed_lock_is_installed(node: Path, tools: Path) -> None:
    """Packages of another lock are replaced."""
    install_packages(tools, node, {})
    (tools / "package-lock.json").write_text(json.dumps({"lockfileVersion": 3, "packages": {}}))

    assert install_packages(tools, node, {})


def test_a_failed_installation_is_not_taken_for_done(node: Path, tools: Path) -> None:
    """After npm failed, the next call installs again."""
    (tools / "broken").touch()

    with pytest.raises(ReportError, match="no network"):
        install_packages(tools, node, {})
    (tools / "broken").unlink()
    assert install_packages(tools, node, {})


def test_a_folder_without_a_lock_is_refused(node: Path, tmp_path: Path) -> None:
    """The error names the file that is missing."""
    with pytest.raises(MissingProgramError, match=r"package-lock\.json is missing"):
        install_packages(tmp_path, node, {})


def test_a_program_finds_this_node_first(node: Path, tools: Path) -> None:
    """Whatever a script starts by the name of node is the wheel's Node."""
    (node / "bin" / "node").write_text('#!/bin/sh\necho "$PATH" > path\n')

    run_node(node, ["x.js"], tools, {"PATH": "/usr/bin:/bin"})

    assert (tools / "path").read_text().strip() == f"{node / 'bin'}:/usr/bin:/bin"


def test_without_the_wheel_the_session_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has no Node learns which command installs it."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)

    with pytest.raises(MissingProgramError, match="nox -s report"):
        find_node()
