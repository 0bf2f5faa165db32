"""The wheel that `nox -s package` has built, installed in an environment of its own outside of any checkout."""

import subprocess

import pytest

from releasing.built import Built, built_in
from tests.package.outside import Outside, add_option
from tests.support.project import PROJECT

DIST = PROJECT / "dist"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the Python that it is installed for."""
    add_option(parser)


@pytest.fixture(scope="session")
def built() -> Built:
    """Return what stands in dist/."""
    return built_in(DIST)


@pytest.fixture(scope="session")
def outside(built: Built, pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Outside:
    """Install the wheel, and what uv.lock says that it needs; return the folder for its user, which is empty."""
    folder = tmp_path_factory.mktemp("outside")
    locked, environment = folder / "locked.txt", folder / "environment"
    only_runtime = ("--locked", "--no-default-groups", "--no-emit-project")
    _uv("export", *only_runtime, "--format", "requirements.txt", "--output-file", str(locked))
    _uv("venv", "--no-project", "--python", pytestconfig.getoption("--python"), str(environment))
    install = ("pip", "install", "--python", str(environment))
    _uv(*install, "--require-hashes", "--requirements", str(locked))
    _uv(*install, "--no-deps", str(built.wheel))
    (folder / "home").mkdir()
    return Outside(environment=environment, home=folder / "home")


def _uv(*arguments: str) -> None:
    done = subprocess.run(["uv", *arguments], cwd=PROJECT, capture_output=True, text=True, check=False)  # noqa: S603, S607  # this session's own
    assert done.returncode == 0, f"uv {arguments} ended with {done.returncode}: {done.stderr}"
