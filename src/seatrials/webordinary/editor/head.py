"""HEAD of a repository: which branch is checked out, and git's own lock for changing that."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from seatrials.webordinary.editor.answers import RequestError

_BRANCH_REFERENCE = "ref: refs/heads/"


def current_branch(project: Path) -> str:
    """Return the branch that is checked out, empty when none is; raises `OSError` when there is no repository."""
    head = Path(f"{project}/.git/HEAD").read_bytes().decode(errors="replace").strip()
    return head.partition(_BRANCH_REFERENCE)[2]


@contextmanager
def head_locked(project: Path, branch: str) -> Iterator[Callable[[str], object]]:
    """Keep every other process from committing and from switching; 409 when one has left *branch* before.

    Yields what checks out another branch at the end, whose files must be there by then; raises `OSError` when another
    process holds the lock, or was killed while it did.
    """
    head, lock = project / ".git" / "HEAD", project / ".git" / "HEAD.lock"
    # As git takes it: only one process can make the file, which becomes HEAD when there is something in it.
    lock.touch(exist_ok=False)
    try:
        current = current_branch(project)
        if current != branch:
            msg = f"another container has switched this workspace from {branch!r} to {current!r}: try again"
            raise RequestError(409, msg)
        yield lambda other: lock.write_text(f"{_BRANCH_REFERENCE}{other}\n", encoding="utf-8")
    finally:
        if lock.stat().st_size:
            lock.replace(head)
        else:
            lock.unlink()
