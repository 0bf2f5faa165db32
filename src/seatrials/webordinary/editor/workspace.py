"""The files of one session, and the wall around them: no path leads out, whatever it is spelled like."""

import os
from dataclasses import dataclass
from pathlib import Path

from seatrials.seams.clock import Clock
from seatrials.webordinary.editor.answers import RequestError, is_plain
from seatrials.webordinary.editor.repository import Repository

_SEGMENT_BYTES_MAX = 255
_PATH_BYTES_MAX = 1024
_WRITE_CHUNK_BYTES = 262_144
# Source: Amazon EFS User Guide, performance: about 100 MiB/s for one client.
_WRITE_BYTES_PER_SECOND = 100 * 1024 * 1024


@dataclass(frozen=True)
class FileEntry:
    """A file of a workspace, by its path from the project's root."""

    path: str
    size: int


class Workspace:
    """The working tree of one thread."""

    def __init__(self, repository: Repository, branch: str, clock: Clock) -> None:
        self.repository = repository
        self.branch = branch
        self._clock = clock
        # Once and for all: whoever puts a link in the place of a directory on the way here moves no wall.
        self._root = Path(os.path.realpath(repository.project))

    def files(self) -> list[FileEntry]:
        """Return every file, by path; git's own are not among them, nor links that lead out."""
        with self.repository.on_branch(self.branch):
            found = []
            for folder, folders, names in os.walk(self.repository.project):
                folders[:] = [name for name in folders if not _is_git(name)]
                found += [entry for name in names if (entry := self._entry(Path(folder, name))) is not None]
            return sorted(found, key=lambda entry: entry.path)

    def exists(self, path: str) -> bool:
        """Whether there is a file at *path*."""
        with self.repository.on_branch(self.branch):
            return self._locate(path).is_file()

    def read(self, path: str) -> bytes:
        """Return a file's content; 404 when there is none."""
        with self.repository.on_branch(self.branch):
            target = self._locate(path)
            if not target.is_file():
                raise RequestError(404, f"no file {path!r} in this workspace")
            return target.read_bytes()

    def receive(self, path: str, content: bytes) -> None:
        """Write a file at the pace of the file system, all of it or nothing: it takes its place when it is complete."""
        with self.repository.on_branch(self.branch):
            incoming = self.repository.incoming()
        with incoming.open("wb") as stream:
            for start in range(0, len(content), _WRITE_CHUNK_BYTES):
                chunk = content[start : start + _WRITE_CHUNK_BYTES]
                stream.write(chunk)
                self._clock.sleep(len(chunk) / _WRITE_BYTES_PER_SECOND)
        with self.repository.on_branch(self.branch):
            self._place(incoming, path)

    def write(self, path: str, content: bytes) -> None:
        """Write a small file at once, all of it or nothing."""
        with self.repository.on_branch(self.branch):
            incoming = self.repository.incoming()
            incoming.write_bytes(content)
            self._place(incoming, path)

    def _place(self, incoming: Path, path: str) -> None:
        try:
            target = self._locate(path)
            target.parent.mkdir(parents=True, exist_ok=True)
            incoming.replace(target)
        except (FileExistsError, NotADirectoryError, IsADirectoryError, PermissionError) as error:
            raise RequestError(400, f"{path!r} cannot be written: {error.strerror}", "path") from error
        finally:
            incoming.unlink(missing_ok=True)

    def _locate(self, path: str) -> Path:
        """Return where *path* is on this machine; 400 when that is not inside the workspace."""
        check_spelling(path)
        # Links are followed to their end, so one that leads out is found out however long the chain is.
        target = Path(os.path.realpath(f"{self._root}/{path}"))
        if not target.is_relative_to(self._root) or target == self._root:
            raise _outside()
        if any(_is_git(part) for part in target.relative_to(self._root).parts):
            raise _outside()
        return target

    def _entry(self, file: Path) -> FileEntry | None:
        path = file.relative_to(self.repository.project).as_posix()
        if not is_plain(path):
            return None
        if file.is_symlink():
            try:
                file = self._locate(path)
            except RequestError:  # it leads out, so it is not of this workspace
                return None
        return FileEntry(path, file.stat().st_size) if file.is_file() else None


def check_spelling(path: str) -> None:
    """Refuse a path that could not name a file inside any workspace; 400."""
    if not is_plain(path) or not path or path.startswith("/"):
        raise _outside()
    if is_too_long(path):
        raise RequestError(400, "the path is longer than a file system takes", "path")


def is_too_long(path: str) -> bool:
    """Whether no file can have a name so long."""
    segments = path.split("/")
    return len(path.encode()) > _PATH_BYTES_MAX or any(len(each.encode()) > _SEGMENT_BYTES_MAX for each in segments)


def _is_git(name: str) -> bool:
    return name.casefold() == ".git"


def _outside() -> RequestError:
    return RequestError(400, "the path is not one inside the workspace", "path")
