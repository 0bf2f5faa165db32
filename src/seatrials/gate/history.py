"""The runs that were judged before, one line of JSON each.

A history is only ever appended to. A run that is judged again has a second line when something about it has changed,
and its last line counts.
"""

import fcntl
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pydantic import TypeAdapter, ValidationError

from seatrials.errors import EvidenceError


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


class History(Protocol):
    """Where the judged runs are kept."""

    @property
    def name(self) -> str:
        """What to call it in messages."""

    def read(self) -> list[Entry]:
        """Return all runs, oldest first; raises `EvidenceError` when it cannot be read."""

    def append(self, entries: Sequence[Entry]) -> None:
        """Add runs; raises `EvidenceError` when they cannot be kept."""


class FileHistory:
    """A history in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.name = str(path)

    def read(self) -> list[Entry]:
        """Return all runs, oldest first; a file that does not exist has none."""
        try:
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as error:
            msg = f"the history {self._path} cannot be read: {error}"
            raise EvidenceError(msg) from error
        return parse(text, self.name)

    def append(self, entries: Sequence[Entry]) -> None:
        """Add what is new, with the file locked, so that two gates lose nothing of one another."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a+", encoding="utf-8") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                file.seek(0)
                file.write(addition(file.read(), entries, self.name))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            msg = f"the history {self._path} cannot be written: {error.strerror}"
            raise EvidenceError(msg) from error


def parse(text: str, name: str) -> list[Entry]:
    """Return the runs in *text*, the last line of each; raises `EvidenceError` that names the first wrong line."""
    newest: dict[tuple[str, str], Entry] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            entry = _ADAPTER.validate_json(line)
        except ValidationError as error:
            msg = f"the history {name} is damaged at line {number}: restore it, or remove the line"
            raise EvidenceError(msg) from error
        newest[entry.environment, entry.run] = entry
    return sorted(newest.values(), key=lambda entry: (entry.started, entry.run))


def addition(text: str, entries: Sequence[Entry], name: str) -> str:
    """Return what to write behind the history *text*, so that it tells of *entries* too."""
    told = {(each.environment, each.run): _content(each) for each in parse(text, name)}
    new = [each for each in entries if told.get((each.environment, each.run)) != _content(each)]
    lines = [json.dumps(_ADAPTER.dump_python(each, mode="json"), sort_keys=True, separators=(",", ":")) for each in new]
    separator = "\n" if new and text and not text.endswith("\n") else ""
    return separator + "".join(f"{line}\n" for line in lines)


def _content(entry: Entry) -> tuple[object, ...]:
    return entry.good, entry.accepted, dict(entry.figures), entry.verdict, entry.criteria


_ADAPTER: TypeAdapter[Entry] = TypeAdapter(Entry)
