"""What a repository tells of commits: who wrote what and when, what lies between two of them, what files they hold.

Whatever is missing, for the clone is shallow or damaged, is not known: None, and never an error.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import pygit2
from pygit2.enums import DescribeStrategy, SortMode

from seatrials.evidence.checkout import UNREADABLE, open_repository
from seatrials.evidence.commit import Commit
from seatrials.evidence.plain import plain
from seatrials.evidence.provenance import top_of
from seatrials.evidence.redaction import redact
from seatrials.seams.clock import iso_timestamp

_HASH_CHARACTERS = 8
_NAME_CHARACTERS_MAX = 80
# Two releases are seldom so far apart, and a walk over a million commits takes seconds.
_WALKED_MAX = 5000


@dataclass(frozen=True, kw_only=True)
class Between:
    """The commits of one side that the other does not have, the newest first."""

    commits: Sequence[Commit]
    # All of them, where `commits` are the first only; when `is_cut` there are more still, which nobody counted.
    total: int
    is_cut: bool


class Commits:
    """The commits of one repository."""

    def __init__(self, repository: pygit2.Repository, top: Path) -> None:
        self._repository = repository
        self.top = top

    @classmethod
    def of(cls, directory: Path) -> "Commits | None":
        """Return the commits of the repository whose work tree holds *directory*; None without one."""
        top = top_of(directory)
        try:
            return cls(open_repository(top), top) if top is not None else None
        except UNREADABLE:
            return None

    @property
    def is_shallow(self) -> bool:
        """Whether the clone has only the newest commits."""
        return bool(self._repository.is_shallow)

    def find(self, commit: str) -> Commit | None:
        """Return a commit, which may be named in short, with its nearest tag; None when it is not there."""
        try:
            found = self._commit(commit)
            return replace(_told(found), tag=self._tag(found))
        except UNREADABLE:
            return None

    def between(self, old: str, new: str, shown_max: int) -> Between | None:
        """Return what *new* has and *old* has not; None where that cannot be told."""
        try:
            walker = self._repository.walk(self._commit(new).id, SortMode.TOPOLOGICAL | SortMode.TIME)
            walker.hide(self._commit(old).id)
            found = list(islice(walker, _WALKED_MAX))
            shown = tuple(_told(each) for each in found[:shown_max])
            return Between(commits=shown, total=len(found), is_cut=len(found) == _WALKED_MAX)
        except UNREADABLE:
            return None

    def read(self, commit: str, path: str) -> bytes | None:
        """Return the content of a file of *commit*; None when it is not there."""
        try:
            found = self._commit(commit).tree[path]
            return bytes(found.data) if isinstance(found, pygit2.Blob) else None
        except UNREADABLE:
            return None

    def read_folder(self, commit: str, folder: str) -> dict[str, bytes] | None:
        """Return the files that stand directly in a folder of *commit*, by name; None when it cannot be read."""
        try:
            found = self._commit(commit).tree[folder]
            return dict(_files(found)) if isinstance(found, pygit2.Tree) else None
        except UNREADABLE:
            return None

    def _commit(self, commit: str) -> pygit2.Commit:
        found = self._repository[commit]
        if not isinstance(found, pygit2.Commit):
            msg = f"{commit} is no commit"
            raise KeyError(msg)
        return found

    def _tag(self, commit: pygit2.Commit) -> str | None:
        try:
            described = commit_description(self._repository, commit)
        except UNREADABLE:
            return None
        return plain(described, _NAME_CHARACTERS_MAX) or None


def commit_description(repository: pygit2.Repository, commit: pygit2.Commit) -> str:
    """Return what `git describe --tags` says of *commit*; raises `KeyError` where no tag leads to it."""
    return str(repository.describe(commit, describe_strategy=DescribeStrategy.TAGS, abbreviated_size=_HASH_CHARACTERS))


def _told(commit: pygit2.Commit) -> Commit:
    subject = commit.raw_message.decode("utf-8", "replace").lstrip().partition("\n")[0]
    author = commit.author
    return Commit(
        id=str(commit.id),
        subject=redact(plain(subject)) or "(no subject)",
        author=redact(plain(author.raw_name.decode("utf-8", "replace"), _NAME_CHARACTERS_MAX)) or "(no name)",
        date=_date(author.time),
    )


def _date(seconds: int) -> str | None:
    try:
        return iso_timestamp(seconds)
    except (OverflowError, ValueError, OSError):
        return None


def _files(tree: pygit2.Tree) -> Iterator[tuple[str, bytes]]:
    for each in tree:
        if isinstance(each, pygit2.Blob) and each.raw_name is not None:
            yield os.fsdecode(each.raw_name), bytes(each.data)
