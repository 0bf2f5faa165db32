"""What differs between a working tree, git's index and the last commit, and how it gets into the index."""

from collections.abc import Iterable
from dataclasses import dataclass

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
    DeltaStatus.CONFLICTED: "U",
}


@dataclass(frozen=True)
class Change:
    """A file that differs from the last commit; *status* is git's two letters (`git status`, short format)."""

    path: str
    status: str

    def shown(self) -> "Change":
        """Return the change with a path that can be encoded, whatever bytes the file's name has."""
        return Change(self.path.encode(errors="surrogateescape").decode(errors="replace"), self.status)


def changes_of(repository: pygit2.Repository, *, with_ignored: bool = False) -> list[Change]:
    """Return what differs from the last commit, by path; ignored files too if asked."""
    options = _UNKNOWN_FILES | (_IGNORED_FILES if with_ignored else DiffOption.NORMAL)
    found = list(repository.index.diff_to_workdir(options).deltas)
    staged, work = _staged(repository), _letters(delta for delta in found if delta.status not in _UNKNOWN)
    known = [Change(path, staged.get(path, " ") + work.get(path, " ")) for path in {**staged, **work}]
    unknown = [Change(delta.new_file.path, _UNKNOWN[delta.status]) for delta in found if delta.status in _UNKNOWN]
    return sorted([*known, *unknown], key=lambda change: change.path)


def stage(repository: pygit2.Repository, changes: list[Change]) -> list[Change]:
    """Put *changes* into the index, ignored or not, and return what a commit of it would change, by path."""
    index = repository.index
    index.read(force=False)  # another process may have committed since *changes* were found
    for change in changes:
        if not change.status.rstrip().endswith("D"):
            # A repository within this one ends with a slash, and is known by its last commit.
            index.add(change.path.removesuffix("/"))
        elif change.path in index:
            index.remove(change.path)
    index.write()
    return [Change(path, f"{letter} ") for path, letter in sorted(_staged(repository).items())]


def _staged(repository: pygit2.Repository) -> dict[str, str]:
    difference = repository.index.diff_to_tree(_last_tree(repository), DiffOption.INCLUDE_TYPECHANGE)
    return _letters(difference.deltas)


def _letters(deltas: Iterable[pygit2.DiffDelta]) -> dict[str, str]:
    return {delta.new_file.path: _LETTERS[delta.status] for delta in deltas}


def _last_tree(repository: pygit2.Repository) -> pygit2.Tree:
    """Return the tree of the last commit; before the first it is the empty one."""
    if repository.head_is_unborn:
        return repository[repository.TreeBuilder().write()].peel(pygit2.Tree)
    return repository.head.peel(pygit2.Tree)
