"""Where the code of a run comes from: its commit, and the versions of what it stands on."""

import platform as machine
import subprocess
from importlib.metadata import version
from pathlib import Path

_LIBRARIES = ("seatrials", "boto3", "botocore", "moto", "httpx", "pytest", "pytest-xdist", "allure-pytest")


def commit_of(directory: Path) -> tuple[str | None, bool | None]:
    """Return the commit checked out in *directory* and whether the tree differs from it; None outside a repository."""
    commit = _git(directory, "rev-parse", "HEAD")
    if commit is None:
        return None, None
    return commit, bool(_git(directory, "status", "--porcelain"))


def versions() -> dict[str, str]:
    """Return the versions that a run depends on."""
    return {"python": machine.python_version(), **{name: version(name) for name in _LIBRARIES}}


def _git(directory: Path, *arguments: str) -> str | None:
    command = ["git", "-C", str(directory), *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # fixed arguments
    return result.stdout.strip() if result.returncode == 0 else None
