"""Which files ran: what this process has imported, collected and read, with what git would call each.

Nothing of the project is below the root when it is imported from an installed wheel: then its version stands for it,
as for every library (`seatrials.evidence.provenance.versions`). Libraries are the files in the folders that this
interpreter has for them, and no others: whatever else was imported is named, whether git ignores it or not, and with
its absolute path when it lies outside of the root, where no commit can hold it.
"""

import importlib.util
import os
import site
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType

import pytest

from seatrials.evidence.provenance import CHANGED, Sources, blob_id, top_of
from seatrials.seams.clock import wall_epoch_seconds

_LOCK_FILE = "uv.lock"
# What Python's `site` imports by these names, whoever put them there.
_OF_SITE = ("sitecustomize", "usercustomize")
_NANOSECONDS = 1_000_000_000
# Magic number, flags, and by the flags either the source's time and size or its hash (PEP 552).
_HEADER_BYTES = 16
_UNCHECKED_HASH = 0b01


class Collector:
    """What runs in this process of the files below *root*, each read once, when the process ends.

    A file that is changed after *began_seconds* of the epoch has no content of which it could be said that it ran.
    """

    def __init__(self, root: Path, began_seconds: float) -> None:
        self._root = root.resolve()
        self._began_ns = int(began_seconds * _NANOSECONDS)
        self._noted: set[Path] = set()
        # As text, for there are thousands of modules, and paths take ten times as long.
        self._libraries = tuple(f"{each}{os.sep}" for each in library_folders())
        self._standard = {sysconfig.get_path(each) for each in ("stdlib", "platstdlib")}
        self._led_to = _LedTo()

    def note(self, path: Path) -> None:
        """Note a file that was collected, or read as configuration or template, wherever it lies."""
        self._noted.add(path.absolute())

    def collected(self, modules: Iterable[ModuleType] | None = None) -> dict[str, str]:
        """Return the blob ids of what was noted and of *modules* (None: all that are imported), by path."""
        found = list(sys.modules.values()) if modules is None else modules
        self._led_to = _LedTo()
        told = {each for module in found for each in _origins(module)}
        ran = {each for path, how in told if not self._is_library(path) for each in _files(Path(path), how)}
        paths = dict.fromkeys(each for path in sorted(self._noted | ran) for each in self._trail(path))
        return {self._name(path): self._content(path) for path in paths}

    def _is_library(self, path: str) -> bool:
        """Whether a module lies in a folder of libraries, by the path that it was imported by.

        A link below the root that leads into such a folder is no library: a commit does not hold what it leads to.
        What stands in the standard library is one wherever it leads: Debian's module sitecustomize leads to /etc.
        """
        if path.rpartition(os.sep)[0] in self._standard:
            return True
        is_below = path.startswith(f"{self._root}{os.sep}")
        return (path if is_below else self._led_to.by(path)).startswith(self._libraries)

    def _trail(self, path: Path) -> Iterator[Path]:
        """Yield each symbolic link below the root on the way to a file, and the file where the way ends."""
        if not path.is_relative_to(self._root):
            yield Path(self._led_to.by(str(path)))
            return
        for each in (*reversed(path.relative_to(self._root).parents), path.relative_to(self._root)):
            link = self._root / each
            if link.is_symlink():
                yield link
                leads_to = Path(os.path.normpath(link.parent / link.readlink()))
                yield from self._trail(leads_to / path.relative_to(link))
                return
        yield path

    def _name(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix() if path.is_relative_to(self._root) else path.as_posix()

    def _content(self, path: Path) -> str:
        if path.is_symlink():
            return blob_id(os.fsencode(path.readlink()))
        try:
            content, status = path.read_bytes(), path.stat()
        except OSError:  # it was there when it was imported
            return CHANGED
        # The time of the last change of content or name, which no program can set back.
        return CHANGED if status.st_ctime_ns > self._began_ns else blob_id(content)


class _LedTo:
    """Where absolute paths lead to, as `os.path.realpath` has it; each folder, which modules share, is asked once."""

    def __init__(self) -> None:
        self._folders: dict[str, str] = {}

    def by(self, path: str) -> str:
        """Return the path without any link in it."""
        folder, name = os.path.split(path)
        if folder not in self._folders:
            self._folders[folder] = os.path.realpath(folder)
        found = os.path.join(self._folders[folder], name)  # noqa: PTH118  # text, as above
        return os.path.realpath(found) if os.path.islink(found) else found  # noqa: PTH114


def library_folders() -> tuple[Path, ...]:
    """Return the folders of the standard library and of installed packages of this interpreter."""
    paths = sysconfig.get_paths()
    told = [*(paths[each] for each in ("stdlib", "platstdlib", "purelib", "platlib")), *site.getsitepackages()]
    return tuple(dict.fromkeys(path for each in told for path in (Path(each).absolute(), Path(each).resolve())))


def unlisted(modules: Iterable[ModuleType]) -> list[Path]:
    """Return the files of *modules* that lie among installed packages and that none of these lists as its own.

    A plugin that somebody put there by hand changes what a test says, and no lock file knows of it.
    """
    folders = [Path(each).resolve() for each in site.getsitepackages()]
    # As one text for a folder: to look for some seventy names in it is quicker than to take ten thousand lines apart.
    records = {
        folder: "\n".join(["", *(each.read_text(encoding="utf-8") for each in folder.glob("*.dist-info/RECORD"))])
        for folder in folders
    }
    files = {Path(path) for module in modules for path, _ in _origins(module)}
    return sorted(path for path in files if any(_is_unlisted(path, *each) for each in records.items()))


def _is_unlisted(path: Path, folder: Path, records: str) -> bool:
    resolved = path.resolve()
    if not resolved.is_relative_to(folder):
        return False
    return f"\n{resolved.relative_to(folder).as_posix()}," not in records


def merged(parts: Iterable[Mapping[str, str] | None]) -> Sources | None:
    """Return what ran in all processes of a run; None when one of them has not told, or none has.

    A file that is not the same in two of them was changed in between.
    """
    whole: dict[str, str] = {}
    told = list(parts)
    for part in told:
        if part is None:
            return None
        for path, blob in part.items():
            whole[path] = blob if whole.setdefault(path, blob) == blob else CHANGED
    return whole if told else None


class RunSources:
    """A plugin of pytest: gathers the sources of the controller and of all workers of pytest-xdist.

    It takes part from the beginning of each process. *read* are the files that the process reads as configuration or
    template; pytest's own, and the lock file that its environment was made from, are known here.
    """

    def __init__(self, config: pytest.Config, read: Iterable[Path] = ()) -> None:
        self._config = config
        root = top_of(config.rootpath) or config.rootpath
        self._collector = Collector(root, wall_epoch_seconds())
        self._workers: dict[str, Mapping[str, str] | None] = {}
        known = (config.inipath, root / _LOCK_FILE if (root / _LOCK_FILE).is_file() else None)
        for each in (*read, *(path for path in known if path is not None)):
            self._collector.note(each)

    def sources(self) -> Sources | None:
        """Return what ran in all processes so far; None while a worker has not told, as one that crashed never does."""
        return merged([*self._workers.values(), self._collected()])

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: object) -> None:
        """Expect a worker to tell what ran in it."""
        self._workers[_worker_id(node)] = None

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object) -> None:
        """Take what a worker tells at its end."""
        told = getattr(node, "workeroutput", {}).get("seatrials_sources")
        self._workers[_worker_id(node)] = told

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note the files of the tests, of whatever kind."""
        for item in session.items:
            self._collector.note(item.path)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Tell the controller what ran in this worker."""
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            output["seatrials_sources"] = self._collected()

    def _collected(self) -> dict[str, str]:
        """Return what ran in this process; plugins stay known when their modules were removed.

        pytest calls a conftest.py by its path, which holds whatever the file says of itself.
        """
        plugins = self._config.pluginmanager.list_name_plugin()
        for name, _ in plugins:
            if Path(name).name == "conftest.py":
                self._collector.note(Path(name))
        modules = [plugin for _, plugin in plugins if isinstance(plugin, ModuleType)]
        customizing = [sys.modules[name] for name in _OF_SITE if name in sys.modules]
        for path in unlisted([*modules, *customizing]):
            self._collector.note(path)
        return self._collector.collected([*sys.modules.values(), *modules])


def _worker_id(node: object) -> str:
    """Return the name that pytest-xdist gives to a worker; it has no public type for its node."""
    return str(vars(node)["gateway"].id)


def _origins(module: object) -> Iterator[tuple[str, bool]]:
    """Yield the file of a module, as it says and as the import system does, and whether pytest compiled it."""
    told = getattr(module, "__dict__", {})
    if _is_console_script(told):
        return
    spec = told.get("__spec__")
    located = getattr(spec, "origin", None) if getattr(spec, "has_location", False) else None
    # pytest compiles tests and plugins anew, for the messages of their assertions.
    is_rewritten = type(getattr(spec, "loader", None)).__module__.startswith("_pytest.")
    for origin in {told.get("__file__"), located}:
        if isinstance(origin, str):
            yield os.path.abspath(origin), is_rewritten  # noqa: PTH100  # without `..`, and with its links


def _is_console_script(told: Mapping[str, object]) -> bool:
    """Whether a module is the few lines that an installer wrote for a command, as `pytest` is one, to begin it."""
    if told.get("__name__") != "__main__":
        return False
    return Path(str(told.get("__file__"))).absolute().parent == Path(sysconfig.get_path("scripts"))


def _files(path: Path, is_rewritten: bool) -> Iterator[Path]:  # noqa: FBT001  # a pair, taken apart
    """Yield the file of a module, an archive where one holds it, and the compiled file that is no proof of it."""
    archives = (each for each in path.parents if each.is_file())
    yield path if path.exists() else next(archives, path)
    yield from _unproven(path, is_rewritten=is_rewritten)


def _unproven(path: Path, *, is_rewritten: bool) -> Iterator[Path]:
    """Yield the compiled file of a source when Python would take it, and it may be of another source.

    Python compares time and size alone, in seconds, or with an unchecked hash nothing at all; a program can set both.
    """
    if path.suffix != ".py":
        return
    compiled = Path(importlib.util.cache_from_source(str(path)))
    if is_rewritten:
        compiled = compiled.with_name(f"{path.stem}.{sys.implementation.cache_tag}-pytest-{pytest.__version__}.pyc")
    try:
        with compiled.open("rb") as stream:
            header = stream.read(_HEADER_BYTES)
        source, result = path.stat(), compiled.stat()
    except OSError:  # then it was compiled in memory, from its source
        return
    flags, seconds, size = (int.from_bytes(header[each : each + 4], "little") for each in (4, 8, 12))
    if flags == _UNCHECKED_HASH:
        yield compiled
    is_taken = not flags and (seconds, size) == (int(source.st_mtime) & 0xFFFFFFFF, source.st_size & 0xFFFFFFFF)
    if is_taken and source.st_ctime_ns > result.st_ctime_ns:
        yield compiled
