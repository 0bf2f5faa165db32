"""HEAD of a repository: which branch is checked out, and git's own lock for changing that."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pygit2

from seatrials.webordinary.editor.answers import RequestError

_BRANCH_REFERENCE = "ref: refs/heads/"


def current_branch(project: Path) -> str:
    """Return the branch that is checked out, empty when none is; raises `OSError` when there is no repository."""
    head = Path(f"{project}/.git/HEAD").read_bytes().decode(errors="replace").strip()
    return head.removeprefix(_BRANCH_REFERENCE) if head.startswith(_BRANCH_REFERENCE) else ""


class HeadLock:
    """HEAD while no other process can change it; made by `head_locked`."""

    def __init__(self, git_folder: Path) -> None:
        self._head = git_folder / "HEAD"
        self._file = git_folder / "HEAD.lock"
        self._is_held = False

    def take(self) -> None:
        """Take the lock, as git does: by a file that only one process can make."""
        try:
            self._file.touch(exist_ok=False)
        except FileExistsError as error:
            msg = f"HEAD is locked by another process, or by one that was killed: {self._file.name} exists"
            raise pygit2.GitError(msg) from error
        self._is_held = True

    def release(self) -> None:
        """Give the lock back; once HEAD was pointed elsewhere, it may be another process's already."""
        if self._is_held:
            self._is_held = False
            self._file.unlink(missing_ok=True)

    def point_to_branch(self, branch: str) -> None:
        """Check out *branch*, whose files are there already, and release the lock."""
        self._replace(f"{_BRANCH_REFERENCE}{branch}\n")

    def point_to_commit(self, identity: pygit2.Oid) -> None:
        """Check out a commit and no branch, and release the lock."""
        self._replace(f"{identity}\n")

    def _replace(self, content: str) -> None:
        self._file.write_text(content, encoding="utf-8")
        self._file.replace(self._head)
        self._is_held = False


@contextmanager
def head_locked(project: Path, branch: str) -> Iterator[HeadLock]:
    """Keep every other process from committing and from switching; 409 when one has left *branch* before."""
    lock = HeadLock(project / ".git")
    lock.take()
    try:
        current = current_branch(project)
        if current != branch:
            msg = f"another container has switched this workspace from {branch!r} to {current!r}: try again"
            raise RequestError(409, msg)
        yield lock
    finally:
        lock.release()
