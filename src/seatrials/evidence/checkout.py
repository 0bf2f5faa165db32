"""A work tree and the commit that it is of, compared file by file: no index, no configuration, no filter.

`git status` compares with the index, whose flags say of a file that it need not be looked at, and leaves out what any
of four places says to ignore. Here every file is read, which takes a thousand of them some 50 ms.
"""

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pygit2
from pygit2.enums import ConfigLevel, FileMode, RepositoryOpenFlag

from seatrials.evidence.provenance import blob_id

_IGNORE_FILE = ".gitignore"
# What libgit2 raises for objects that are missing or are not what their name says, and Python for files.
UNREADABLE = (pygit2.GitError, KeyError, ValueError, OSError)


class Entry(NamedTuple):
    """A file, symbolic link or submodule of a commit."""

    mode: FileMode
    # Of a link the blob holds where it leads; a submodule has its commit in place of a blob.
    blob: str


def state(top: Path) -> tuple[str | None, bool | None]:
    """Return the commit of the work tree at *top*, and whether a file differs from it; None for what is unreadable."""
    commit = None
    try:
        repository = open_repository(top)
        found = repository.head.peel(pygit2.Commit)
        commit = str(found.id)
        return commit, _is_dirty(top, repository, found.tree)
    except UNREADABLE:
        return commit, None


def entries(top: Path, commit: str) -> Mapping[str, Entry] | None:
    """Return what *commit* holds, by path; None when the repository of *top* does not have it whole."""
    try:
        repository = open_repository(top)
        found = repository[commit]
        return dict(_walk(repository, found.tree)) if isinstance(found, pygit2.Commit) else None
    except UNREADABLE:
        return None


def open_repository(top: Path) -> pygit2.Repository:
    """Open the repository, whoever owns it: nothing of its configuration is carried out here."""
    # libgit2 has one set of these for the whole process, and reads them whenever a repository is opened.
    for level in (ConfigLevel.PROGRAMDATA, ConfigLevel.SYSTEM, ConfigLevel.XDG, ConfigLevel.GLOBAL):
        pygit2.settings.search_path[level] = ""
    pygit2.settings.owner_validation = False
    return pygit2.Repository(str(top), RepositoryOpenFlag.NO_SEARCH)


def _walk(repository: pygit2.Repository, tree: pygit2.Tree, prefix: str = "") -> Iterator[tuple[str, Entry]]:
    for each in tree:
        assert each.raw_name is not None, "whatever is in a tree has a name"
        path = f"{prefix}{os.fsdecode(each.raw_name)}"
        if each.filemode == FileMode.TREE:
            yield from _walk(repository, repository[each.id].peel(pygit2.Tree), f"{path}/")
        else:
            yield path, Entry(FileMode(each.filemode), str(each.id))


def _is_dirty(top: Path, repository: pygit2.Repository, tree: pygit2.Tree) -> bool:
    known = dict(_walk(repository, tree))
    if not all(_is_as_committed(top / path, entry) for path, entry in known.items()):
        return True
    with TemporaryDirectory(prefix="seatrials-") as scratch:
        is_ignored = _ignored(Path(scratch), repository, known)
        return any(path not in known for path in _files_below(top, known, is_ignored))


def _is_as_committed(path: Path, entry: Entry) -> bool:
    if entry.mode == FileMode.COMMIT:
        return _is_submodule_as_committed(path, entry)
    try:
        found = path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    if entry.mode == FileMode.LINK:
        return stat.S_ISLNK(found) and blob_id(os.fsencode(path.readlink())) == entry.blob
    if not stat.S_ISREG(found) or bool(found & stat.S_IXUSR) != (entry.mode == FileMode.BLOB_EXECUTABLE):
        return False
    return blob_id(path.read_bytes()) == entry.blob


def _is_submodule_as_committed(path: Path, entry: Entry) -> bool:
    """Whether a submodule is at its commit without changes, or not checked out: then nothing of it can run."""
    if path.is_symlink() or not path.is_dir():
        return False
    return state(path) == (entry.blob, False) if (path / ".git").exists() else not any(path.iterdir())


def _ignored(scratch: Path, repository: pygit2.Repository, known: Mapping[str, Entry]) -> Callable[[str], bool]:
    """Return whether the commit's own `.gitignore` files name a path, a folder's with a slash at its end.

    They are laid out in an empty repository, for in the real one libgit2 would read the configuration, the file
    `info/exclude`, and a new `.gitignore` that may hide itself.
    """
    for path, entry in known.items():
        if path.rpartition("/")[2] == _IGNORE_FILE and entry.mode in {FileMode.BLOB, FileMode.BLOB_EXECUTABLE}:
            (scratch / path).parent.mkdir(parents=True, exist_ok=True)
            (scratch / path).write_bytes(repository[entry.blob].peel(pygit2.Blob).data)
    return pygit2.init_repository(str(scratch)).path_is_ignored


def _files_below(
    folder: Path, known: Mapping[str, Entry], is_ignored: Callable[[str], bool], prefix: str = ""
) -> Iterator[str]:
    """Return the files below *folder* that are not ignored, by path; a link to a folder is a file as git sees it."""
    with os.scandir(folder) as found:
        for each in found:
            path = f"{prefix}{each.name}"
            is_folder = each.is_dir(follow_symlinks=False)
            if path == ".git" or (is_folder and path in known):  # the repository itself, and submodules
                continue
            if is_folder and not is_ignored(f"{path}/"):
                yield from _files_below(Path(each.path), known, is_ignored, f"{path}/")
            elif not is_folder and (path in known or not is_ignored(path)):
                yield path


def work_tree(top: Path) -> Mapping[str, str] | None:
    """Return the blob ids of the files at *top* as they are now, by path; None when the commit is unreadable."""
    try:
        repository = open_repository(top)
        known = dict(_walk(repository, repository.head.peel(pygit2.Commit).tree))
        with TemporaryDirectory(prefix="seatrials-") as scratch:
            is_ignored = _ignored(Path(scratch), repository, known)
            return {path: _blob_of(top / path) for path in _files_below(top, known, is_ignored)}
    except UNREADABLE:
        return None


def _blob_of(path: Path) -> str:
    return blob_id(os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes())


def resolved(top: Path, revision: str) -> str | None:
    """Return the commit that a branch, tag, hash or other *revision* of git names; None when there is none."""
    try:
        return str(open_repository(top).revparse_single(revision).peel(pygit2.Commit).id)
    except UNREADABLE:
        return None


def content(top: Path, blob: str) -> bytes:
    """Return the content of a *blob* that a commit names."""
    return open_repository(top)[blob].peel(pygit2.Blob).data
