"""Places that the actors of a process can read and not write, as a read-only mount, or somebody else's directory, is.

All containers of a world are one process of this machine, often root's, so neither permissions nor mounts of the
machine can tell them apart. Python asks its audit hooks before it opens, makes, moves or removes a file (PEP 578), and
a hook knows whose turn it is. What libraries in C write by themselves is not seen; libgit2 does that only after Python
has made a file, a folder or a lock in the same place.
"""

import errno
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakSet

if TYPE_CHECKING:  # a process has guards
    from seatrials.twin.physics.clock import Process

# Which arguments of an audit event are paths that it changes.
_CHANGED = {
    "os.chmod": (0,),
    "os.chown": (0,),
    "os.link": (1,),
    "os.mkdir": (0,),
    "os.remove": (0,),
    "os.rename": (0, 1),
    "os.rmdir": (0,),
    "os.symlink": (1,),
    "os.truncate": (0,),
    "os.utime": (0,),
}
# What the kernel says first of a folder that is there already.
_MAKING = {"os.mkdir", "os.symlink", "os.link"}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


@dataclass(frozen=True)
class Guard:
    """What may not be written, and the error of the system that says so: a place with all that is below it."""

    # A real path of this machine, or the link of a mount.
    place: Path
    code: int = errno.EROFS

    def stops(self, named: Path, real: Path) -> bool:
        """Whether a path may not be written; of a mount's link all counts that is named through it, wherever it leads.

        *real* is the path without links but for its last part.
        """
        return real.is_relative_to(self.place) or (named.is_relative_to(self.place) and self.place.is_symlink())


class WriteGuard:
    """Refuses what the guards of the process whose turn it is stop."""

    def __init__(self, whose_turn: Callable[[], "Process"]) -> None:
        self._whose_turn = whose_turn

    def begin(self) -> None:
        """Watch the writes of this interpreter for as long as the guard is kept by somebody."""
        if not _guards:
            _install()
        _guards.add(self)

    def check(self, path: object) -> None:
        """Raise `OSError` with the code of a guard that stops a write of *path*."""
        guards = self._whose_turn().guards
        if guards and isinstance(path, str | bytes | os.PathLike):
            named = Path(os.fsdecode(path))
            # A link that is itself changed, and not what it leads to, is in the folder that it stands in.
            real = named.parent.resolve() / named.name
            for guard in guards:
                if guard.stops(named, real):
                    raise OSError(guard.code, os.strerror(guard.code), path)


_guards: WeakSet[WriteGuard] = WeakSet()
_installed: list[bool] = []


def _install() -> None:
    """Add the hook, once: an interpreter keeps its hooks for life."""
    if not _installed:
        _installed.append(True)
        sys.addaudithook(_audit)


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open":
        flags = arguments[2]
        changed = arguments[:1] if isinstance(flags, int) and flags & _WRITING else ()
    else:
        changed = tuple(arguments[place] for place in _CHANGED.get(event, ()))
    if not changed or (event in _MAKING and os.path.lexists(changed[0])):  # type: ignore[arg-type]
        return
    for guard in list(_guards):
        for path in changed:
            guard.check(path)
