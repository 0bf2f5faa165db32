"""The git repository of one client's user: a branch for each thread, one working tree for all.

The threads of a user share the working tree, so every use of it names its branch. When another branch is checked out,
its uncommitted work is committed there first, and then the working tree is switched: nothing is lost, nothing leaks.
Which branch is checked out is read from the disk each time, for another container may have switched it.
"""

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from seatrials.webordinary.editor.answers import RequestError
from seatrials.webordinary.editor.git import Git

_BRANCH_REFERENCE = "ref: refs/heads/"
BRANCH_PREFIX = "thread-"
_FIELD = "\x1f"
_LOG_FORMAT = f"%H{_FIELD}%an <%ae>{_FIELD}%aI{_FIELD}%P{_FIELD}%B"


@dataclass(frozen=True)
class Change:
    """A file that differs from the last commit; *status* is git's two letters (`git status`, short format)."""

    path: str
    status: str


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

    def exists(self) -> bool:
        """Whether the repository is there."""
        return (self.project / ".git" / "HEAD").is_file()

    def create(self, branch: str) -> None:
        """Make the repository, with nothing in it, on *branch*."""
        self.project.mkdir(parents=True, exist_ok=True)
        self._git.run(self.project, "init", "--quiet", "--template=", f"--initial-branch={branch}")

    def add_remote(self, address: str) -> None:
        """Record where the site's repository is; the mock editor never fetches from it."""
        self._git.run(self.project, "config", "remote.origin.url", address)

    def unfinished(self) -> dict[Path, int]:
        """Return the locks and uploads, with their sizes, of work that is in progress or was killed."""
        folder = self.project / ".git"
        found = [*folder.glob("*.lock"), *folder.glob("refs/heads/*.lock"), *folder.glob("incoming/*")]
        return {file: file.stat().st_size for file in sorted(found)}

    @contextmanager
    def on_branch(self, branch: str) -> Iterator[None]:
        """Hold the working tree on *branch*."""
        with self._lock:
            if not self.exists():
                raise RequestError(500, "the repository of this workspace is gone")
            current = self.current_branch()
            if current != branch:
                self._save_before_switch(current)
                self._switch(branch)
            yield

    def current_branch(self) -> str:
        """Return the branch that is checked out; empty when none is."""
        head = (self.project / ".git" / "HEAD").read_text(encoding="utf-8").strip()
        return head.removeprefix(_BRANCH_REFERENCE) if head.startswith(_BRANCH_REFERENCE) else ""

    def head(self) -> str | None:
        """Return the id of the last commit of the checked-out branch, or None before the first."""
        branch = self.current_branch()
        reference = self.project / ".git" / "refs" / "heads" / branch
        if branch and reference.is_file():
            return reference.read_text(encoding="ascii").strip()
        if not self._git.succeeds(self.project, "rev-parse", "--quiet", "--verify", "HEAD"):
            return None
        return self._git.run(self.project, "rev-parse", "HEAD").strip()

    def commit_all(self, message: str, *, with_ignored: bool = False) -> Commit:
        """Commit everything that changed, and ignored files too if asked; the message is kept to the letter."""
        changes = self.status(with_ignored=with_ignored)
        if not changes:
            return Commit(self.head(), ())
        self._git.run(self.project, "add", "--all", *(["--force"] if with_ignored else []))
        self._git.run(self.project, "commit", "--quiet", "--cleanup=verbatim", "--message", message)
        return Commit(self.head(), tuple(change.path for change in changes))

    def commit_unsaved(self, branch: str) -> Commit | None:
        """Commit the uncommitted work of *branch*, which has some only while it is checked out."""
        with self._lock:
            if self.current_branch() != branch:
                return None
            return self.commit_all(_unsaved_message(branch))

    def status(self, *, with_ignored: bool = False) -> list[Change]:
        """Return what differs from the last commit, by path."""
        ignored = ["--ignored=traditional"] if with_ignored else []
        arguments = ("--porcelain=v1", "-z", "--untracked-files=all", "--no-renames", *ignored)
        lines = self._git.run(self.project, "status", *arguments).split("\0")
        return sorted((Change(line[3:], line[:2]) for line in lines if line), key=lambda change: change.path)

    def log(self) -> list[dict[str, object]]:
        """Return the commits of the checked-out branch, newest first."""
        if self.head() is None:
            return []
        records = self._git.run(self.project, "log", "-z", f"--format={_LOG_FORMAT}").split("\0")
        return [_commit_of(record) for record in records if record]

    def incoming(self) -> Path:
        """Return a new path, on this file system but outside the working tree, for a file that is being received."""
        folder = self.project / ".git" / "incoming"
        folder.mkdir(exist_ok=True)
        return folder / f"{self._owner}-{next(self._incoming_serial)}"

    def _save_before_switch(self, current: str) -> None:
        """Commit all that the next branch must not see; ignored files too, for switching would leave them lying."""
        self.commit_all(_unsaved_message(current), with_ignored=True)

    def _switch(self, branch: str) -> None:
        if self._git.succeeds(self.project, "show-ref", "--quiet", "--verify", f"refs/heads/{branch}"):
            self._git.run(self.project, "switch", "--quiet", branch)
        else:
            self._git.run(self.project, "switch", "--quiet", "--orphan", branch)


def _unsaved_message(branch: str) -> str:
    return f"Thread {branch.removeprefix(BRANCH_PREFIX)}: uncommitted work"


def _commit_of(record: str) -> dict[str, object]:
    identity, author, date, parents, message = record.split(_FIELD, 4)
    return {
        "id": identity,
        "author": author,
        "message": message.removesuffix("\n"),
        "date": date,
        "parents": parents.split(),
    }
