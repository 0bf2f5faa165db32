"""Every file that ran is named with its content: by true runs of pytest, and by modules that were really imported."""

import importlib.util
import json
import os
import py_compile
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import pygit2
import pytest

from seatrials.evidence.provenance import CHANGED, blob_id, commit_of, comparison
from seatrials.run.sources import Collector, library_folders, merged, unlisted
from seatrials.seams.clock import wall_epoch_seconds

TELL = """
import json
from pathlib import Path

import pytest

from seatrials.run.sources import RunSources


class Writer:
    def __init__(self, sources):
        self._sources = sources

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session):
        if not hasattr(session.config, "workerinput"):
            Path("told.json").write_text(json.dumps(self._sources.sources()))


def pytest_configure(config):
    sources = RunSources(config, [Path("environments.toml")])
    config.pluginmanager.register(sources)
    config.pluginmanager.register(Writer(sources))
"""
CONFIGURATION = '[tool.pytest]\naddopts = ["--import-mode=importlib"]\n'

Run = Callable[..., dict[str, str] | None]


@pytest.fixture(name="root")
def _root(tmp_path: Path) -> Path:
    root = tmp_path.resolve() / "project"
    _write(root / "pyproject.toml", CONFIGURATION)
    _write(root / "environments.toml", "[mock]\n")
    _write(root / "uv.lock", "")
    _write(root / "tell.py", TELL)
    _write(root / "tests" / "conftest.py", "")
    _write(root / "tests" / "test_rows.py", "def test_row(): pass\ndef test_other(): pass\n")
    return root


@pytest.fixture(name="run")
def _run(root: Path) -> Run:
    """Return what runs pytest in the project and returns what ran of it; other files have absolute paths."""

    def run(
        *arguments: str,
        python_path: tuple[Path, ...] = (),
        program: tuple[str, ...] = (sys.executable, "-m", "pytest"),
    ) -> dict[str, str] | None:
        # Only what a process needs: a variable of this one's tests is none of the run's.
        variables = {"PATH": os.defpath, "PYTHONPATH": os.pathsep.join(str(each) for each in (*python_path, root))}
        options = ("-q", "-p", "tell", "-p", "no:cacheprovider", *arguments)
        subprocess.run(  # noqa: S603  # this Python, and arguments of our own
            [*program, *options], cwd=root, env=variables, check=False, capture_output=True
        )
        told: dict[str, str] | None = json.loads((root / "told.json").read_text())
        return told

    return run


@pytest.fixture(name="load")
def _load() -> Callable[[Path], ModuleType]:
    """Return what imports a file as a module, by its path."""

    def load(path: Path) -> ModuleType:
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.mark.parametrize("workers", ["0", "2"])
def test_all_that_pytest_imports_collects_and_reads_is_named(run: Run, root: Path, workers: str) -> None:
    """Configuration, plugins, conftest files, tests and their helpers are named, with what git calls them."""
    _write(root / "tests" / "helper.py", "")
    _write(root / "tests" / "test_rows.py", "def test_row():\n    import tests.helper\n")

    told = run("-n", workers)

    read = ["environments.toml", "pyproject.toml", "uv.lock"]
    imported = ["tell.py", "tests/conftest.py", "tests/helper.py", "tests/test_rows.py"]
    assert told is not None
    assert _below(told) == {path: blob_id((root / path).read_bytes()) for path in (*read, *imported)}


def test_a_conftest_that_lets_every_test_pass_is_told_from_the_commit(run: Run, root: Path) -> None:
    """From the files that ran, and from the commit alone, it is told which of them was never committed."""
    _write(root / ".gitignore", "__pycache__/\ntold.json\n")
    commit = _committed(root)
    compare = comparison(root)

    honest = run()
    assert honest is not None
    assert commit_of(root) == (commit, False)
    assert compare(_below(honest), commit) == []

    _write(root / "conftest.py", "def pytest_pyfunc_call(): return True\n")
    _write(root / ".git" / "info" / "exclude", "conftest.py\n")
    faked = run()
    assert faked is not None
    assert commit_of(root) == (commit, True)
    assert compare(_below(faked), commit) == [f"conftest.py ran and is not in commit {commit[:8]}"]


def test_a_project_below_the_top_of_its_repository_is_named_from_the_top(run: Run, root: Path) -> None:
    """Paths are those of the commit, wherever in the repository pytest has its root."""
    _committed(root.parent)

    told = run()

    assert told is not None
    assert "project/tests/test_rows.py" in told


def test_the_command_of_an_installed_package_is_not_named(run: Run) -> None:
    """A run that `pytest` began is of the same files as one that `python -m pytest` began."""
    assert run(program=(str(Path(sys.executable).with_name("pytest")),)) == run()


def test_a_module_that_shadows_a_library_is_named_though_git_ignores_its_folder(run: Run, root: Path) -> None:
    """No folder but those of this interpreter's libraries is left out, whatever it is called."""
    _write(root / ".nox" / "site-packages" / "colorsys.py", "")
    _write(root / "tests" / "test_rows.py", "import colorsys\ndef test_row(): pass\n")

    told = run(python_path=(root / ".nox" / "site-packages",))

    assert told is not None
    assert ".nox/site-packages/colorsys.py" in told


def test_a_module_outside_of_the_root_is_named_by_its_whole_path(run: Run, root: Path) -> None:
    """What Python imports before everything else, from a folder that a variable names, is seen as well."""
    outside = root.parent / "outside"
    _write(outside / "sitecustomize.py", "")

    told = run(python_path=(outside,))

    assert told is not None
    assert told[str(outside / "sitecustomize.py")] == blob_id(b"")


def test_a_conftest_above_the_root_is_named(run: Run, root: Path) -> None:
    """With another `--confcutdir` pytest reads a conftest.py that no commit of the project can hold."""
    _write(root.parent / "conftest.py", "")

    told = run("--confcutdir", str(root.parent), "tests")

    assert told is not None
    assert str(root.parent / "conftest.py") in told


def test_another_configuration_file_is_named(run: Run, root: Path) -> None:
    """A pytest.ini takes the place of pyproject.toml, so it is what was read."""
    _write(root / "pytest.ini", "[pytest]\naddopts = --import-mode=importlib\n")

    told = run()

    assert told is not None
    assert "pytest.ini" in told
    assert "pyproject.toml" not in told


@pytest.mark.parametrize(
    "body",
    [
        "import sys\nsys.modules = {k: v for k, v in sys.modules.items() if v.__name__ != __name__}\n",
        "import os\n__file__ = os.__file__\n",
        "import os\n__file__ = os.__file__\ndel __spec__, __cached__, __loader__\n",
    ],
)
def test_a_conftest_cannot_hide_itself(run: Run, root: Path, body: str) -> None:
    """A conftest.py that takes itself out of what Python tells of it is named by what else knows it."""
    _write(root / "tests" / "conftest.py", body)

    told = run()

    assert told is not None
    assert told["tests/conftest.py"] == blob_id(body.encode())


def test_a_worker_that_crashed_leaves_it_unknown(run: Run, root: Path) -> None:
    """What ran in a process that told nothing is not known, so nothing is said of the run."""
    _write(root / "tests" / "test_rows.py", "import os\ndef test_row(): os._exit(1)\n")

    assert run("-n", "1", "--max-worker-restart", "0") is None


def test_the_libraries_are_those_of_this_interpreter() -> None:
    """Installed packages and the standard library are left out, and nothing of this project is among them."""
    folders = library_folders()

    assert any(Path(pytest.__file__).is_relative_to(each) for each in folders)
    assert any(Path(json.__file__).is_relative_to(each) for each in folders)
    assert not any(Path(__file__).is_relative_to(each) for each in folders)


def test_a_link_is_named_and_where_it_leads(root: Path, load: Callable[[Path], ModuleType]) -> None:
    """A conftest.py that is a link is named as the commit has links, and so is each file on its way."""
    outside = root.parent / "outside.py"
    _write(outside, "")
    (root / "second.py").symlink_to(outside)
    (root / "first.py").symlink_to("second.py")

    assert _collector(root).collected([load(root / "first.py")]) == {
        "first.py": blob_id(b"second.py"),
        "second.py": blob_id(str(outside).encode()),
        str(outside): blob_id(b""),
    }


def test_a_folder_that_is_a_link_is_named(root: Path, load: Callable[[Path], ModuleType]) -> None:
    """What lies behind a linked folder is named by the link, and by where it is."""
    _write(root / "real" / "module.py", "")
    (root / "linked").symlink_to("real")

    assert set(_collector(root).collected([load(root / "linked" / "module.py")])) == {"linked", "real/module.py"}


def test_a_plugin_that_no_package_lists_is_named(tmp_path: Path, load: Callable[[Path], ModuleType]) -> None:
    """A file put among the installed packages by hand is none of theirs; a plugin that a package brings is."""
    libraries = tmp_path / "site-packages"
    by_hand, brought = libraries / "evil.py", libraries / "good.py"
    _write(by_hand, "def pytest_pyfunc_call(): return True\n")
    _write(brought, "")
    _write(libraries / "good-1.0.dist-info/RECORD", "good.py,sha256=abc,0\ngood-1.0.dist-info/RECORD,,\n")

    with patch("site.getsitepackages", lambda: [str(libraries)]):
        found = unlisted([load(by_hand), load(brought), json])

    assert found == [by_hand]


def test_a_link_into_the_libraries_is_no_library(root: Path, load: Callable[[Path], ModuleType]) -> None:
    """A file of the project that leads into an installed package is named with both."""
    (root / "module.py").symlink_to(pytest.__file__)

    assert set(_collector(root).collected([load(root / "module.py")])) == {"module.py", pytest.__file__}


def test_a_test_in_a_folder_of_libraries_is_named(root: Path) -> None:
    """What is collected or read is named wherever it lies."""
    collector = _collector(root)
    collector.note(Path(pytest.__file__))

    assert set(collector.collected([])) == {pytest.__file__}


def test_a_module_without_a_source_is_named_by_its_compiled_file(
    root: Path, load: Callable[[Path], ModuleType]
) -> None:
    """What no source is there for was run as it is."""
    _write(root / "module.py", "")
    py_compile.compile(str(root / "module.py"), cfile=str(root / "hidden.pyc"))

    assert set(_collector(root).collected([load(root / "hidden.pyc")])) == {"hidden.pyc"}


def test_a_module_in_an_archive_is_named_by_the_archive(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit may hold the archive, and nothing in it."""
    with zipfile.ZipFile(root / "modules.zip", "w") as archive:
        archive.writestr("archived_module.py", "")
    monkeypatch.syspath_prepend(str(root / "modules.zip"))

    module = importlib.import_module("archived_module")
    monkeypatch.delitem(sys.modules, "archived_module")

    assert set(_collector(root).collected([module])) == {"modules.zip"}


def test_a_compiled_file_that_python_does_not_check_is_named(root: Path, load: Callable[[Path], ModuleType]) -> None:
    """With an unchecked hash, what ran may be of any source."""
    _write(root / "module.py", "VALUE = 1\n")
    compiled = py_compile.compile(
        str(root / "module.py"), invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH
    )
    _write(root / "module.py", "VALUE = 2\n")

    module = load(root / "module.py")

    assert vars(module)["VALUE"] == 1
    assert str(Path(str(compiled)).relative_to(root)) in _collector(root).collected([module])


def test_a_compiled_file_of_an_older_source_is_named(root: Path, load: Callable[[Path], ModuleType]) -> None:
    """A change that keeps size and time is not noticed by Python, which runs what it compiled before."""
    source = root / "module.py"
    _write(source, "VALUE = 1\n")
    compiled = py_compile.compile(str(source), invalidation_mode=py_compile.PycInvalidationMode.TIMESTAMP)
    before = source.stat()
    _wait_for_another_time_of_files(root, before.st_ctime_ns)
    _write(source, "VALUE = 2\n")
    os.utime(source, ns=(before.st_atime_ns, before.st_mtime_ns))

    module = load(source)

    assert vars(module)["VALUE"] == 1
    assert str(Path(str(compiled)).relative_to(root)) in _collector(root).collected([module])


def test_a_compiled_file_of_this_source_is_not_named(root: Path, load: Callable[[Path], ModuleType]) -> None:
    """Usually what ran is what the source says, and the source is named alone."""
    _write(root / "module.py", "VALUE = 1\n")
    load(root / "module.py")

    assert set(_collector(root).collected([load(root / "module.py")])) == {"module.py"}


def test_a_file_that_changes_during_a_run_has_no_content(root: Path, load: Callable[[Path], ModuleType]) -> None:
    """What ran may be what it was before, so neither content is told."""
    _write(root / "changed.py", "")
    _write(root / "removed.py", "")
    _write(root / "kept.py", "")
    modules = [load(root / each) for each in ("changed.py", "removed.py", "kept.py")]
    shutil.rmtree(root / "__pycache__")
    (root / "removed.py").unlink()
    began_ns = (root / "kept.py").stat().st_ctime_ns
    _wait_for_another_time_of_files(root, began_ns)
    _write(root / "changed.py", "VALUE = 2\n")

    told = Collector(root, began_ns / 1e9 + 1e-6).collected(modules)

    assert told == {"changed.py": CHANGED, "removed.py": CHANGED, "kept.py": blob_id(b"")}


def test_a_link_in_the_standard_library_is_a_library(
    root: Path, tmp_path: Path, load: Callable[[Path], ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Debian's own `sitecustomize.py` leads to a file below /etc; a run there is still one of its commit."""
    folders = {name: tmp_path / name for name in ("stdlib", "platstdlib", "purelib", "platlib", "etc")}
    for each in folders.values():
        each.mkdir()
    _write(folders["etc"] / "customized.py", "")
    (folders["stdlib"] / "customized.py").symlink_to(folders["etc"] / "customized.py")
    paths = {name: str(each) for name, each in folders.items()}
    monkeypatch.setattr(sysconfig, "get_paths", lambda: paths)
    monkeypatch.setattr(sysconfig, "get_path", paths.__getitem__)

    assert _collector(root).collected([load(folders["stdlib"] / "customized.py")]) == {}


def test_odd_modules_are_passed_over(root: Path) -> None:
    """What stands among the modules may be no module, or have no file: then nothing of it can be named."""
    odd: list[Any] = [object(), ModuleType("without_file"), None, sys.modules["sys"]]

    assert _collector(root).collected(odd) == {}


def test_processes_are_merged() -> None:
    """A run is what ran in all of its processes; a file that differs between two was changed."""
    assert merged([{"a": "1"}, {"b": "2"}, {"a": "1"}]) == {"a": "1", "b": "2"}
    assert merged([{"a": "1"}, {"a": "2"}, {"a": "1"}]) == {"a": CHANGED}
    assert merged([{"a": "1"}, None]) is None
    assert merged([]) is None


def _collector(root: Path) -> Collector:
    """Return a collector for which the files of a test, made a moment ago, are as they were."""
    return Collector(root, wall_epoch_seconds() + 1)


def _committed(root: Path) -> str:
    """Make a repository of a folder, and one commit of all that is in it; return the commit's id."""
    repository = pygit2.init_repository(str(root))
    repository.index.add_all()
    author = pygit2.Signature("A", "a@example.com", 1_700_000_000, 0)
    return str(repository.create_commit("HEAD", author, author, "as it is", repository.index.write_tree(), []))


def _below(told: dict[str, str]) -> dict[str, str]:
    return {path: blob for path, blob in told.items() if not Path(path).is_absolute()}


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _wait_for_another_time_of_files(folder: Path, than_ns: int) -> None:
    """Write until the kernel, which tells files the time in steps of some milliseconds, tells another one."""
    clock = folder / "clock"
    clock.write_text("")
    while clock.stat().st_ctime_ns <= than_ns:
        clock.write_text("")
