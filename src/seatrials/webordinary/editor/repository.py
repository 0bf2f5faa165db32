"""The git repository of one client's user: a branch for each thread, one working tree for all.

The threads of a user share the working tree, so every use of it names its branch. When another branch is checked out,
its uncommitted work is committed there first, and then the working tree is switched: nothing is lost, nothing leaks.
Which branch is checked out is read from the disk each time, for another container may have switched it; commits and
switches hold git's own lock of it.

A repository within the working tree is not supported: while anything but the root's own is called `.git`, in any case
of its letters, the status, commits and switches are refused with an error that says where it is (`changes.py`).
"""

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pygit2
from pygit2.enums import CheckoutStrategy, FileMode, RepositoryState

from seatrials.webordinary.editor.changes import Change, changes_of, stage
from seatrials.webordinary.editor.git import Git
from seatrials.webordinary.editor.head import current_branch, head_locked

BRANCH_PREFIX = "thread-"
_ENDED_BY_A_COMMIT = {RepositoryState.MERGE, RepositoryState.CHERRYPICK, RepositoryState.REVERT}


@dataclass(frozen=True)
class Commit:
    """What a commit did; *id* is that of the existing head, or None, when there was nothing to commit."""

    id: str | None
    files: tuple[str, ...]


class Repository:
    """A working tree and its history."""

    def __init__(self, project: Path, git: Git, owner: str) -> None:
        self.project = project
        self._git = git
        self._owner = owner
        self._incoming_serial = itertools.count()
        # For containers on real threads. Nobody may wait on the clock inside it, so that actors of a mock world,
        # which share one thread and pass straight through it, are never in it together.
        self._lock = threading.RLock()
        self._held_branch = ""
        # Whose work it is that a command has done on no branch.
        self._last_branch = ""

    def exists(self) -> bool:
        """Whether the repository is there."""
        return (self.project / ".git" / "HEAD").is_file()

    def unfinished(self) -> dict[Path, int]:
        """Return the locks and uploads, with their sizes, of work that is in progress or was killed."""
        folder = self.project / ".git"
        found = [*folder.glob("*.lock"), *folder.glob("refs/heads/*.lock"), *folder.glob("incoming/*")]
        return {file: file.stat().st_size for file in sorted(found)}

    @contextmanager
    def on_branch(self, branch: str) -> Iterator[None]:
        """Hold the working tree on *branch*, in a repository that is made where there is none."""
        with self._lock:
            if not self.exists():
                self._git.create(self.project, branch)
            current = self._back_on_a_branch()
            if current != branch:
                self._save_before_switch(current)
                self._switch(current, branch)
            outer, self._held_branch = self._held_branch, branch
            self._last_branch = branch
            try:
                yield
            finally:
                self._held_branch = outer

    def current_branch(self) -> str:
        """Return the branch that is checked out; empty when none is."""
        return current_branch(self.project)

    def commit_all(self, message: str) -> Commit:
        """Commit everything that changed; the message is kept to the letter.

        Within `on_branch` it is a 409 when another container has switched the working tree to another branch.
        """
        with self._lock:
            return self._commit_on(self._held_branch or self.current_branch(), message)

    def commit_unsaved(self, branch: str) -> None:
        """Commit the uncommitted work of *branch*, which has some only while it is checked out."""
        with self._lock:
            if self.current_branch() == branch:
                self._commit_on(branch, _unsaved_message(branch))

    def status(self, *, with_ignored: bool = False) -> list[Change]:
        """Return what differs from the last commit, by path."""
        with self._git.opened(self.project, "status") as repository:
            return [change.shown() for change in changes_of(repository, with_ignored=with_ignored)]

    def log(self) -> list[dict[str, object]]:
        """Return the commits of the checked-out branch, newest first."""
        with self._git.opened(self.project, "log") as repository:
            if repository.head_is_unborn:
                return []
            return [_entry_of(commit) for commit in repository.walk(repository.head.target)]

    def incoming(self) -> Path:
        """Return a new path, on this file system but outside the working tree, for a file that is being received."""
        folder = self.project / ".git" / "incoming"
        folder.mkdir(exist_ok=True)
        return folder / f"{self._owner}-{next(self._incoming_serial)}"

    def _back_on_a_branch(self) -> str:
        """Return the branch that is checked out; where none is, that of the thread that was here last, as it was."""
        current = self.current_branch()
        if current or not self._last_branch:
            return current
        self._switch(current, self._last_branch)
        return self._last_branch

    def _save_before_switch(self, current: str) -> None:
        """Commit all that the next branch must not see; ignored files too, for switching would leave them lying."""
        if current:
            self._commit_on(current, _unsaved_message(current), with_ignored=True)

    def _switch(self, current: str, branch: str) -> None:
        """Leave *current* for *branch*, which has no commit and no file where it is new.

        What a session's command has done on no branch is left as it is, for *branch* to commit.
        """
        with self._git.opened(self.project, "switch") as repository, head_locked(self.project, current) as point_to:
            _check_switchable(repository)
            if current:
                self._switch_files(repository, branch)
            point_to(branch)

    def _switch_files(self, repository: pygit2.Repository, branch: str) -> None:
        reference = repository.references.get(f"refs/heads/{branch}")
        target = None if reference is None else reference.peel(pygit2.Commit)
        files = repository[repository.TreeBuilder().write()] if target is None else target
        repository.checkout_tree(files, strategy=CheckoutStrategy.SAFE)  # type: ignore[no-untyped-call]

    def _commit_on(self, branch: str, message: str, *, with_ignored: bool = False) -> Commit:
        """Commit everything that changed on *branch*, and ignored files too if asked."""
        with self._git.opened(self.project, "commit") as repository, head_locked(self.project, branch):
            staged = self._commit(repository, changes_of(repository, with_ignored=with_ignored), message)
            last = _last_commit(repository)
        return Commit(None if last is None else str(last), tuple(change.shown().path for change in staged))

    def _commit(self, repository: pygit2.Repository, changes: list[Change], message: str) -> list[Change]:
        """Commit *changes* and what was staged, which ends a merge that a session's command has begun."""
        staged, merged = stage(repository, changes), repository.listall_mergeheads()
        if staged or merged:  # a merge may have come to what was there already
            self._write_commit(repository, message, merged)
        if repository.state() in _ENDED_BY_A_COMMIT:
            repository.state_cleanup()
        return staged

    def _write_commit(self, repository: pygit2.Repository, message: str, merged: list[pygit2.Oid]) -> None:
        who, text = self._git.signature(), f"{message}\n"
        tree, last = repository.index.write_tree(), _last_commit(repository)
        parents = [*merged] if last is None else [last, *merged]
        # The branch moves, for which libgit2 takes the branch's lock and not HEAD's.
        repository.create_commit("HEAD", who, who, text, tree, parents)


def _check_switchable(repository: pygit2.Repository) -> None:
    """Refuse to leave a branch where a command has left what a commit cannot hold."""
    if repository.state() != RepositoryState.NONE:
        msg = f"{repository.state().name} is in progress"
        raise pygit2.GitError(msg)
    for entry in repository.index:
        # A command's own `git add` of another repository: what is in its folder is seen by nobody.
        if entry.mode == FileMode.COMMIT:
            msg = f"{entry.path!r} is committed as a repository of its own: `git rm --cached` makes it a folder"
            raise pygit2.GitError(msg)


def _last_commit(repository: pygit2.Repository) -> pygit2.Oid | None:
    return None if repository.head_is_unborn else repository.head.peel(pygit2.Commit).id


def _unsaved_message(branch: str) -> str:
    return f"Thread {branch.removeprefix(BRANCH_PREFIX)}: uncommitted work"


def _entry_of(commit: pygit2.Commit) -> dict[str, object]:
    author = commit.author
    date = datetime.fromtimestamp(author.time, timezone(timedelta(minutes=author.offset)))
    # Not `commit.message`, which leaves out empty lines at its beginning.
    message = commit.read_raw().partition(b"\n\n")[2].decode(errors="replace")
    return {
        "id": str(commit.id),
        "author": (author.raw_name + b" <" + author.raw_email + b">").decode(errors="replace"),
        "message": message.removesuffix("\n"),
        "date": date.isoformat(),
        "parents": [str(parent) for parent in commit.parent_ids],
    }
