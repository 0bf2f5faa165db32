"""Files that a reader sees whole or not at all, whoever is killed while writing them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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
