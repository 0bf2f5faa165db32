"""Files that a reader sees whole or not at all, whoever is killed while writing them, and whatever stands there."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# What a reader takes into memory; nothing that a run or a gate writes comes near it.
BYTES_MAX = 64 * 1024 * 1024
# The largest key in PEM has some 13,000.
KEY_BYTES_MAX = 100_000


def read_regular(path: Path) -> bytes:
    """Return what the file *path* holds.

    Raises `OSError` that names it for all that is no file of at most `BYTES_MAX` bytes: a folder, a loop of links, a
    pipe that nobody writes to, for which a plain read would wait.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is no file", str(path))
        with open(descriptor, "rb", closefd=False) as file:
            # Room is made for all that a read asks for, so the bound itself is asked for where a file has grown alone.
            content = file.read(min(status.st_size, BYTES_MAX) + 1)
            if len(content) > status.st_size:
                content += file.read(BYTES_MAX + 1 - len(content))
    finally:
        os.close(descriptor)
    if len(content) > BYTES_MAX:
        raise OSError(errno.EFBIG, f"it is larger than {BYTES_MAX // 1024**2} MB", str(path))
    return content


def read_beginning(path: Path, bytes_max: int) -> bytes:
    """Return the first *bytes_max* bytes of *path*, which may be a pipe, or a device without an end."""
    with path.open("rb") as file:
        return file.read(bytes_max)


def is_folder(path: Path) -> bool:
    """Whether there is a folder, as far as one may see; `Path.is_dir` raises below a folder that nobody may enter."""
    return os.path.isdir(path)  # noqa: PTH112


def write_whole(path: Path, text: str) -> None:
    """Write *path* so that a reader sees the file of before or the new one."""
    with _written(path, text) as written:
        written.replace(path)


def write_once(path: Path, text: str) -> bool:
    """Write *path* whole unless it is there already; return whether this caller, of several at once, wrote it."""
    with _written(path, text) as written:
        try:
            # A link is made whole or not at all, and by one of several callers only.
            path.hardlink_to(written)
        except FileExistsError:
            return False
    return True


@contextmanager
def _written(path: Path, text: str) -> Iterator[Path]:
    """Yield a file of this process beside *path* that holds *text*; it is gone at the end."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8")
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)
