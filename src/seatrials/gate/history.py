"""The runs that were judged before, one line of JSON each.

A history is only ever appended to. A run that is judged again has a second line when something about it has changed,
and its last line counts.

Each line has the SHA-256 of all lines before it and of its own content, so one that was edited, moved, put in or
removed is noticed, by its number. That the last lines were cut off no line can tell: each decision has the `Head` of
the history that it left, and a later gate that is given this decision does. Lines of a version that wrote no hashes
are read, and are covered by the first hash behind them.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from seatrials.errors import EvidenceError
from seatrials.whole_file import read_regular

_SHA256 = "sha256"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A judged run."""

    environment: str
    run: str
    started: str
    # measured, rehearsed or modelled; figures of different kinds are never compared.
    kind: str
    commit: str | None
    judged_at: str
    # Whether all that its environment had to show held, so that it may be part of a baseline.
    good: bool
    # Regressions that a waiver let pass: the metric's baseline begins anew after this run.
    accepted: tuple[str, ...]
    # The verdict on the release that it is a run of, and the criteria; None in lines that are older than the fields.
    verdict: str | None = None
    criteria: str | None = None
    # When its release was last a GO; it is remembered though the same run is judged again, when its evidence is old.
    go_at: str | None = None
    # `Hermes 1.4.2` and the like: what ran.
    services: tuple[str, ...] = ()
    # `cold_start_seconds.p50` and the like, `success_percent`, `run_dollars`.
    figures: Mapping[str, float]
    # The SHA-256 of the seal of the run; None for one without a seal, and in an entry of a version that kept none.
    seal_sha256: str | None = None


@dataclass(frozen=True, kw_only=True)
class Head:
    """How far a history went when somebody looked."""

    name: str
    lines: int
    # Of all of them.
    sha256: str
    # Of the object, where S3 keeps versions.
    version: str | None = None


@dataclass(frozen=True, kw_only=True)
class Remembered:
    """A history as it was read."""

    # The last line of each run, oldest run first.
    entries: list[Entry]
    name: str
    # After no line, after the first, and so on: the SHA-256 of all lines so far.
    digests: tuple[str, ...]
    # How many lines, from the first on, have no hash.
    unhashed: int = 0
    version: str | None = None
    # What could not be looked at, a sentence each.
    notices: tuple[str, ...] = ()

    @property
    def head(self) -> Head:
        """How far it goes."""
        return Head(name=self.name, lines=len(self.digests) - 1, sha256=self.digests[-1], version=self.version)

    def told(self) -> list[str]:
        """Return what keeps it from being known whole, a sentence each."""
        old = f"lines 1 to {self.unhashed} of the history {self.name} are of a version that wrote no hashes"
        return [*([f"{old}: what was changed in them before cannot be seen"] if self.unhashed else []), *self.notices]

    def check_after(self, earlier: Head, where: str) -> None:
        """Raise `EvidenceError` unless it goes on where *earlier*, the head that *where* knows, ended."""
        lines = len(self.digests) - 1
        if lines < earlier.lines:
            msg = f"the history {self.name} has {lines} lines, and {where} knows {earlier.lines}: lines were cut off"
        elif self.digests[earlier.lines] != earlier.sha256:
            msg = f"the first {earlier.lines} lines of the history {self.name} are others than {where} knows"
        else:
            return
        version = f", from its version {earlier.version}" if earlier.version is not None else ""
        raise EvidenceError(f"{msg}; restore it{version}")  # noqa: TRY003, EM102  # two causes with one cure


class History(Protocol):
    """Where the judged runs are kept."""

    @property
    def name(self) -> str:
        """What to call it in messages."""

    def read(self) -> Remembered:
        """Return what is kept; raises `EvidenceError` when it cannot be read, or was changed."""

    def append(self, entries: Sequence[Entry]) -> Head:
        """Add runs, and return how far it goes then; raises `EvidenceError` when they cannot be kept."""


class FileHistory:
    """A history in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.name = str(path)

    def read(self) -> Remembered:
        """Return what is kept; a file that does not exist has nothing."""
        try:
            content = read_regular(self._path)
        except FileNotFoundError:
            content = b""
        except (OSError, ValueError) as error:
            msg = f"the history {self._path} cannot be read: {getattr(error, 'strerror', None) or error}"
            raise EvidenceError(msg) from error
        return parse(decoded(content, self.name), self.name)

    def append(self, entries: Sequence[Entry]) -> Head:
        """Add what is new, with the file locked, so that two gates lose nothing of one another."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a+", encoding="utf-8") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                file.seek(0)
                text = file.read()
                added = addition(text, entries, self.name)
                file.write(added)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            msg = f"the history {self._path} cannot be written: {error.strerror}"
            raise EvidenceError(msg) from error
        return parse(text + added, self.name).head


def decoded(content: bytes, name: str) -> str:
    """Return a history as text; raises `EvidenceError` when it is none."""
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        msg = f"the history {name} is no text of UTF-8: {error}; restore it"
        raise EvidenceError(msg) from error


def parse(text: str, name: str) -> Remembered:
    """Return the runs in *text*, the last line of each; raises `EvidenceError` that names the first wrong line."""
    newest: dict[tuple[str, str], Entry] = {}
    running, digests, unhashed = hashlib.sha256(), [hashlib.sha256().hexdigest()], 0
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            entry, document = _ADAPTER.validate_json(line), from_json(line)
        except (ValidationError, ValueError) as error:
            msg = f"the history {name} is damaged at line {number}: restore it, or give another one with --history"
            raise EvidenceError(msg) from error
        told = document.pop(_SHA256, None)
        if told is None and unhashed == number - 1:
            unhashed = number
        elif told != _hash(running.copy(), document):
            msg = (
                f"the history {name} is not as it was written at line {number}: it, or a line before it, was edited, "
                "moved, put in or removed; restore it, or give another one with --history"
            )
            raise EvidenceError(msg)
        newest[entry.environment, entry.run] = entry
        running.update(f"{line}\n".encode())
        digests.append(running.hexdigest())
    entries = sorted(newest.values(), key=lambda entry: (entry.started, entry.run))
    return Remembered(entries=entries, name=name, digests=tuple(digests), unhashed=unhashed)


def addition(text: str, entries: Sequence[Entry], name: str) -> str:
    """Return what to write behind the history *text*, so that it tells of *entries* too."""
    told = {(each.environment, each.run): _content(each) for each in parse(text, name).entries}
    running, added = hashlib.sha256("".join(f"{line}\n" for line in text.splitlines()).encode()), ""
    for each in entries:
        if told.get((each.environment, each.run)) != _content(each):
            document = _ADAPTER.dump_python(each, mode="json")
            line = f"{_canonical({**document, _SHA256: _hash(running.copy(), document)})}\n"
            running.update(line.encode())
            added += line
    return f"\n{added}" if added and text and not text.endswith("\n") else added


def _hash(before: "hashlib._Hash", document: Mapping[str, Any]) -> str:
    before.update(_canonical(document).encode())
    return before.hexdigest()


def _canonical(document: Mapping[str, Any]) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def _content(entry: Entry) -> tuple[object, ...]:
    return entry.good, entry.accepted, dict(entry.figures), entry.verdict, entry.criteria, entry.seal_sha256


_ADAPTER: TypeAdapter[Entry] = TypeAdapter(Entry)
