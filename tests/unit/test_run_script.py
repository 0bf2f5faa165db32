"""The script `run`: what it installs, from where, and what it does with an environment that is not whole."""

import base64
import hashlib
import importlib.machinery
import importlib.util
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.support.project import PROJECT

PAGE = "https://index.example.org/simple/pip/"
CONTENT = b"a wheel"
PIP = {
    "name": "pip",
    "version": "26.3",
    "wheels": [
        {
            "url": "https://files.example.org/ab/pip-26.3-py3-none-any.whl",
            "hash": f"sha256:{hashlib.sha256(CONTENT).hexdigest()}",
        }
    ],
}
NOX = {"name": "nox", "version": "2026.10", "wheels": [{"hash": "sha256:aa"}], "dependencies": [{"name": "attrs"}]}
ATTRS = {"name": "attrs", "version": "26.1", "wheels": [{"hash": "sha256:bb"}, {"hash": "sha256:cc"}]}
PACKAGES: dict[str, Any] = {"nox": NOX, "attrs": ATTRS, "pip": PIP}


@pytest.fixture(name="script", scope="module")
def _script() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("run_script", str(PROJECT / "run"))
    spec = importlib.util.spec_from_loader("run_script", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.fixture(name="made")
def _made(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Keep what each environment is made of, and make it without pip."""
    made: list[str] = []

    def make(folder: Path, listed: str, _pip: object, _variables: object) -> None:
        made.append(listed)
        (folder / "bin").mkdir(parents=True, exist_ok=True)
        (folder / "bin/python").touch()
        (folder / "installed.txt").write_text(listed, encoding="utf-8")

    monkeypatch.setattr(script, "make", make)
    return made


def answers(pages: dict[str, bytes]) -> Callable[[str], bytes]:
    """Return an index that has these pages."""
    return lambda url: pages[url]


def test_requirements_are_whole_and_pinned(script: ModuleType) -> None:
    """A package and all that it needs stand there once, with version and every hash."""
    assert script.requirements(PACKAGES, "nox") == [
        "nox==2026.10 --hash=sha256:aa",
        "attrs==26.1 --hash=sha256:bb --hash=sha256:cc",
    ]


def test_the_lock_has_one_version_of_what_is_installed(script: ModuleType) -> None:
    """No package that nox needs, nor pip, stands twice in uv.lock: the script would take either."""
    listed = [each["name"] for each in tomllib.loads((PROJECT / "uv.lock").read_text(encoding="utf-8"))["package"]]
    lines = script.requirements(script.read_lock(PROJECT / "uv.lock"), "nox")
    names = [*(line.partition("==")[0] for line in lines), "pip"]

    assert {name: listed.count(name) for name in names} == dict.fromkeys(names, 1)


@pytest.mark.parametrize(
    "link",
    [
        "https://files.example.org/ab/pip-26.3-py3-none-any.whl#sha256=0123",
        "../../ab/pip-26.3-py3-none-any.whl",
    ],
)
def test_the_index_leads_to_the_wheel(script: ModuleType, link: str) -> None:
    """The wheel of uv.lock's name is fetched from where the index's page says, absolute or relative."""
    page = f'<a href="pip-26.3.tar.gz">sdist</a> <a href="{link}">wheel</a>'.encode()
    places = {
        "https://files.example.org/ab/pip-26.3-py3-none-any.whl",
        "https://index.example.org/ab/pip-26.3-py3-none-any.whl",
    }
    read = answers({PAGE: page, **dict.fromkeys(places, CONTENT)})

    assert script.wheel(PIP, PAGE, read) == ("pip-26.3-py3-none-any.whl", CONTENT)


def test_another_wheel_is_refused(script: ModuleType) -> None:
    """Bytes with another hash than uv.lock's are not used."""
    page = b'<a href="pip-26.3-py3-none-any.whl">wheel</a>'
    read = answers({PAGE: page, f"{PAGE}pip-26.3-py3-none-any.whl": b"something else"})

    with pytest.raises(ValueError, match=r"pip-26\.3-py3-none-any\.whl has sha256:.*, and uv\.lock says sha256:"):
        script.wheel(PIP, PAGE, read)


def test_an_index_without_the_wheel_is_told(script: ModuleType) -> None:
    """A mirror that lacks the version is an error that names it."""
    with pytest.raises(LookupError, match=r"its page has no pip-26\.3-py3-none-any\.whl"):
        script.wheel(PIP, PAGE, answers({PAGE: b'<a href="pip-26.2-py3-none-any.whl">wheel</a>'}))


def test_the_index_is_pips(script: ModuleType, tmp_path: Path) -> None:
    """A variable of pip or uv says which index is used, then pip's own files, and otherwise it is PyPI."""
    (tmp_path / "pip.conf").write_text("[global]\nindex-url = https://file.example.org/simple\n", encoding="utf-8")
    home = {"HOME": str(tmp_path)}
    file = {**home, "PIP_CONFIG_FILE": str(tmp_path / "pip.conf")}

    assert script.index({**file, "PIP_INDEX_URL": "https://pip.example.org"}) == "https://pip.example.org"
    assert script.index({**file, "UV_DEFAULT_INDEX": "https://uv.example.org"}) == "https://uv.example.org"
    assert script.index(file) == "https://file.example.org/simple"


def test_a_users_file_of_pip_is_read(script: ModuleType, tmp_path: Path) -> None:
    """The file in the user's configuration folder has the last word but that of PIP_CONFIG_FILE."""
    folder = tmp_path / ".config/pip"
    folder.mkdir(parents=True)
    (folder / "pip.conf").write_text("[global]\nindex-url = https://user.example.org/simple\n", encoding="utf-8")

    assert script.index({"HOME": str(tmp_path)}) == "https://user.example.org/simple"


def test_a_password_goes_into_a_header(script: ModuleType) -> None:
    """An index's name and password are sent as such, not as a part of its host."""
    made = script.request("https://aws:s%40cret@index.example.org/simple/pip/")

    assert made.full_url == "https://index.example.org/simple/pip/"
    assert base64.b64decode(made.get_header("Authorization").removeprefix("Basic ")) == b"aws:s@cret"


def test_an_environment_is_made_once(script: ModuleType, made: list[str], tmp_path: Path) -> None:
    """A whole environment is taken as it is."""
    folder = tmp_path / "of tests" / ".run"

    pythons = [script.environment(folder, PACKAGES, {}) for _ in range(2)]

    assert pythons == [folder / "bin/python"] * 2
    assert len(made) == 1


@pytest.mark.parametrize("lost", ["installed.txt", "bin/python"])
def test_an_interrupted_environment_is_made_anew(
    script: ModuleType, made: list[str], tmp_path: Path, lost: str
) -> None:
    """Without its list, which is written last, or without its Python, an environment is made again."""
    script.environment(tmp_path / ".run", PACKAGES, {})
    (tmp_path / ".run" / lost).unlink()

    script.environment(tmp_path / ".run", PACKAGES, {})

    assert len(made) == 2


def test_a_new_lock_makes_a_new_environment(script: ModuleType, made: list[str], tmp_path: Path) -> None:
    """Another version in uv.lock is installed at the next start."""
    script.environment(tmp_path / ".run", PACKAGES, {})

    script.environment(tmp_path / ".run", {**PACKAGES, "attrs": {**ATTRS, "version": "27.0"}}, {})

    assert ["attrs==27.0" in listed for listed in made] == [False, True]


def test_caches_need_no_home(script: ModuleType, tmp_path: Path) -> None:
    """What pip and uv fetch is kept beside the environments where no home can be written, and at home otherwise."""
    caches = {"XDG_CACHE_HOME": str(tmp_path / ".cache")}

    assert script.cache_variables(tmp_path, {}) == caches
    assert script.cache_variables(tmp_path, {"HOME": "/nonexistent"}) == caches
    assert script.cache_variables(tmp_path, {"HOME": str(tmp_path)}) == {}


def test_an_old_python_is_told_so() -> None:
    """A Python without tomllib, which is one before 3.11, ends with a sentence that says what is needed."""
    hidden = "import runpy, sys; sys.modules['tomllib'] = None; runpy.run_path('run', run_name='__main__')"

    done = subprocess.run(  # noqa: S603  # this Python, and arguments of our own
        [sys.executable, "-c", hidden], cwd=PROJECT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert done.stderr.startswith("./run: Python 3.11 or newer is needed, and ")
