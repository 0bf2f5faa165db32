"""What differs between a working tree, git's index and the last commit, and how it gets into the index.

Only the root may have something that is called `.git`, in any case of its letters. libgit2 does not look into a folder
of that name, so what is in one would be committed nowhere and lie about in the next thread, and a link of that name
makes it crash. Whatever is called so below the root is therefore refused before anything else is done.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pygit2
from pygit2.enums import DeltaStatus, DiffOption

_UNKNOWN_FILES = DiffOption.INCLUDE_TYPECHANGE | DiffOption.INCLUDE_UNTRACKED | DiffOption.RECURSE_UNTRACKED_DIRS
_IGNORED_FILES = DiffOption.INCLUDE_IGNORED | DiffOption.RECURSE_IGNORED_DIRS
_UNKNOWN = {DeltaStatus.UNTRACKED: "??", DeltaStatus.IGNORED: "!!"}
_LETTERS = {
    DeltaStatus.ADDED: "A",
    DeltaStatus.DELETED: "D",
    DeltaStatus.MODIFIED: "M",
    DeltaStatus.TYPECHANGE: "T",
}
# By whether the file is in the common ancestor, on our side and on theirs (git-status(1), "Short Format").
_UNMERGED = {
    (True, True, True): "UU",
    (False, True, True): "AA",
    (True, False, True): "DU",
    (True, True, False): "UD",
    (False, True, False): "AU",
    (False, False, True): "UA",
    (True, False, False): "DD",
}


@dataclass(frozen=True)
class Change:
    """A file that differs from the last commit.

    *status* is git's two letters (`git status`, short format), but for `git add --intent-to-add`, which is shown as
    `AM` and not as ` A`.
    """

    path: str
    status: str

    def shown(self) -> "Change":
        """Return the change with a path that can be encoded, whatever bytes the file's name has."""
        return Change(self.path.encode(errors="surrogateescape").decode(errors="replace"), self.status)


def check_names(repository: pygit2.Repository) -> None:
    """Refuse a working tree that has something called `.git` below its root; links are not followed."""
    root = repository.workdir
    if repository.is_bare:
        msg = "the repository says that it has no working tree (core.bare)"
        raise pygit2.GitError(msg)
    for folder, folders, files in os.walk(root):
        if folder == root:
            folders[:] = [name for name in folders if name != ".git"]
        for name in [*folders, *files]:
            if name.casefold() == ".git":
                path = os.fsencode(Path(folder, name).relative_to(root)).decode(errors="replace")
                msg = f"{path!r} has a name that only the workspace's own repository may have: "
                raise pygit2.GitError(msg + "remove it or move it out of the workspace")


def changes_of(repository: pygit2.Repository, *, with_ignored: bool = False) -> list[Change]:
    """Return what differs from the last commit, by path; ignored files too if asked."""
    check_names(repository)
    options = _UNKNOWN_FILES | (_IGNORED_FILES if with_ignored else DiffOption.NORMAL)
    found = list(repository.index.diff_to_workdir(options).deltas)
    staged, work = _staged(repository), _letters(found)
    unmerged = _unmerged(repository.index)
    known = {path: staged.get(path, " ") + work.get(path, " ") for path in {**staged, **work}} | unmerged
    unknown = [Change(delta.new_file.path, _UNKNOWN[delta.status]) for delta in found if delta.status in _UNKNOWN]
    return sorted([*(Change(*each) for each in known.items()), *unknown], key=lambda change: change.path)


def stage(repository: pygit2.Repository, changes: list[Change]) -> list[Change]:
    """Put *changes* into the index, ignored or not, and return what a commit of it would change, by path."""
    index = repository.index
    index.read(force=False)  # another process may have staged something since *changes* were found
    for change in changes:
        file = Path(repository.workdir, change.path)
        if file.is_symlink() or file.is_file():
            index.add(change.path)
        elif index.conflicts is not None and change.path in index.conflicts:
            # Not `remove_all`, which takes the path for a pattern.
            del index.conflicts[change.path]
        elif change.path in index:
            index.remove(change.path)
    index.write()
    return [Change(path, f"{letter} ") for path, letter in sorted(_staged(repository).items())]


def _staged(repository: pygit2.Repository) -> dict[str, str]:
    if repository.head_is_unborn:  # libgit2 compares with nothing but a tree, and to write an empty one is no reading
        return {os.fspath(entry.path): "A" for entry in repository.index}
    last = repository.head.peel(pygit2.Tree)
    return _letters(repository.index.diff_to_tree(last, DiffOption.INCLUDE_TYPECHANGE).deltas)


def _letters(deltas: Iterable[pygit2.DiffDelta]) -> dict[str, str]:
    return {delta.new_file.path: _LETTERS[delta.status] for delta in deltas if delta.status in _LETTERS}


def _unmerged(index: pygit2.index.Index) -> dict[str, str]:
    """Return the letters of what a merge has left to be settled."""
    found = {}
    for sides in index.conflicts or ():
        ancestor, ours, theirs = (side is not None for side in sides)
        path = next(side.path for side in sides if side is not None)
        found[os.fspath(path)] = _UNMERGED[ancestor, ours, theirs]
    return found
