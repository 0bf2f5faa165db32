"""Folders that go with their process, however it ends; the next one removes what a killed one has left.

Every folder has a file that its owner holds a lock on for as long as it lives; the system takes the lock from a process
that ends, however it ends. A process id would not do, for the system gives it to another process later.
"""

import atexit
import fcntl
import os
import secrets  # noqa: TID251  # a name that no other process has; no trace shows it
import shutil
import signal
import stat
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

# Folders of in-memory files, where the system has them.
MEMORY = Path("/dev/shm")  # noqa: S108  # below it, mkdtemp makes a folder that is ours alone
# What tells a program that runs as a container where its own files are, in the folder of its world.
TASK_ROOT = "TASK_ROOT"
_PREFIX = "seatrials-"
_OWNER = ".owner"
_ROOM_BYTES = 256 * 1024 * 1024
# Of this process, from before they are made until they are gone: a signal may come between any two lines.
_own_scratch: set[Path] = set()
os.register_at_fork(after_in_child=_own_scratch.clear)


class OwnedFolder:
    """A folder of this process, there until `remove`, or until a later process finds its owner dead."""

    def __init__(self, path: Path) -> None:
        """Own the folder at *path*, which is there already."""
        self.path = path
        # Locked before it has its name, so that nobody ever sees the file of a living owner without a lock.
        unnamed = path / f"{_OWNER}.new"
        self._lock = os.open(unnamed, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        unnamed.rename(path / _OWNER)

    def remove(self) -> None:
        """Remove the folder with all that is in it."""
        _remove(self.path)
        os.close(self._lock)
        _own_scratch.discard(self.path)


def scratch_folder() -> OwnedFolder:
    """Return a new folder: in memory where the system has room for that, for git makes many files."""
    has_room = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > _ROOM_BYTES
    parent = MEMORY if has_room and os.access(MEMORY, os.W_OK) else Path(tempfile.gettempdir())
    # Why not mkdtemp: it tells the name when the folder is there, and a signal may come first.
    path = parent / f"{_PREFIX}{secrets.token_hex(8)}"
    _own_scratch.add(path)
    path.mkdir(mode=0o700)
    return OwnedFolder(path)


@atexit.register
def remove_own_scratch() -> None:
    """Remove what an interrupted owner has left, of this process alone."""
    for path in list(_own_scratch):
        _remove(path)
        _own_scratch.discard(path)


def remove_abandoned(parents: Iterable[Path] | None = None) -> list[Path]:
    """Remove the folders of this user's whose owner is dead, and return them; *parents* are where folders are made.

    Programs that the owner had started as containers are killed: they would go on, and keep their ports, for ever.
    A folder without an owner's file is left alone: nothing tells whose it is.
    """
    places = {MEMORY, Path(tempfile.gettempdir())} if parents is None else set(parents)
    folders = [folder for place in sorted(places) for folder in sorted(place.glob(f"{_PREFIX}*")) if _is_own(folder)]
    removed = [folder for folder in folders if _remove_if_abandoned(folder)]
    # Those too whose folder a person has removed.
    _kill_containers(lambda folder: folder.parent in places and not folder.exists())
    return removed


def _is_own(folder: Path) -> bool:
    """Whether it is a folder, not a link to one, of this user: others may write in those places as well."""
    try:
        status = folder.lstat()
    except FileNotFoundError:  # its owner was faster
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid()


def _remove_if_abandoned(folder: Path) -> bool:
    try:
        lock = os.open(folder / _OWNER, os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:  # the owner lives
        return False
    else:
        _kill_containers(folder.__eq__)
        _remove(folder)
        return True
    finally:
        os.close(lock)


def _kill_containers(is_dead: Callable[[Path], bool]) -> None:
    """Kill the programs of containers whose world's folder *is dead*, with what they have started.

    They are known by the variable that all of them inherit.
    """
    begins = f"{TASK_ROOT}=".encode()
    for variables in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):  # it has ended meanwhile, or is another user's
            told = [each for each in variables.read_bytes().split(b"\0") if each.startswith(begins)]
            roots = [Path(os.fsdecode(each.removeprefix(begins))) for each in told]
            worlds = [each for root in roots for each in root.parents if each.name.startswith(_PREFIX)]
            if any(is_dead(each) for each in worlds):
                os.kill(int(variables.parent.name), signal.SIGKILL)


def _remove(folder: Path) -> None:
    """Remove *folder*, the owner's file last: who is killed meanwhile leaves it to the next process."""
    for each in folder.iterdir() if folder.is_dir() else ():
        if each.is_dir() and not each.is_symlink():
            shutil.rmtree(each, ignore_errors=True)
        elif each.name != _OWNER:
            each.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
