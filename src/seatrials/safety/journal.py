"""What a run changes, written down before it is changed, so that whoever finds a dead run can undo it.

Each entry is appended to a file of the evidence and stored beside the lease, both before the call that it announces.
An entry may stand for something that was never done, for the run died between: undoing it must then do no harm.
The table takes an entry only while the run has its lease, in one transaction: a process that was stopped, and is
continued after others have taken the stack, can announce nothing any more, and so does nothing that it must announce.
"""

import json
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seatrials.errors import LeaseLostError
from seatrials.safety.store import KEY_PREFIX, Check, Store
from seatrials.seams.clock import Clock, iso_timestamp

_KIND = "journal"


@dataclass(frozen=True)
class Entry:
    """Something that a run was about to do."""

    # In the table: `<run>/<process>/<serial>`.
    name: str
    run: str
    # sessions: clients with a prefix; client: one of them that is asked a session for; service: values before a change;
    # targets: taken out of a group; task: stopped.
    kind: str
    details: Mapping[str, Any]


class Journal:
    """The journal of one process of a run."""

    def __init__(self, store: Store, clock: Clock, run_id: str, path: Path, check: Callable[[], Check]) -> None:
        """*path* is the file of this process; its name is the process's within the run. *check* is the lease's."""
        self._store = store
        self._clock = clock
        self._run_id = run_id
        self._path = path
        self._check = check
        self._lock = threading.Lock()
        self._serial = 0

    def note(self, kind: str, **details: Any) -> Entry:  # noqa: ANN401  # any JSON value
        """Write down what is about to be done; it may be done once this has returned.

        Raises `LeaseLostError` when the run no longer has the lease; nothing is in the table then.
        """
        with self._lock:
            self._serial += 1
            entry = Entry(f"{self._run_id}/{self._path.stem}/{self._serial:05}", self._run_id, kind, details)
            self._append(entry)
            item = {"run_id": entry.run, "entry_kind": kind, "details": json.dumps(details)}
            if not self._store.put_while(_KIND, entry.name, item, "attribute_not_exists(run_id)", self._check()):
                msg = f"{entry.name} was not written down, for the run no longer has its lease: it is not done either"
                raise LeaseLostError(msg)
        return entry

    def _append(self, entry: Entry) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        line = {"at": iso_timestamp(self._clock.now()), "name": entry.name, "kind": entry.kind, **entry.details}
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())


def entries(store: Store, run_id: str | None = None) -> list[Entry]:
    """Return what runs, or one of them, have written down and nobody has undone, oldest first within a process.

    An item that no run wrote like this is passed over: `unreadable` tells of it.
    """
    found = [_entry(name, item) for name, item in store.all(_KIND).items()]
    return [entry for entry in found if entry is not None and run_id in {None, entry.run}]


def runs_with_entries(store: Store, but_not: str | None) -> list[str]:
    """Return the runs whose changes stand in the table and are undone by nobody, sorted, without *but_not*."""
    return sorted({entry.run for entry in entries(store)} - {but_not})


def clients(store: Store, run_id: str | None = None) -> set[str]:
    """Return the clients that runs, or one of them, have asked sessions for."""
    return {str(entry.details["client"]) for entry in entries(store, run_id) if entry.kind == "client"}


def unreadable(store: Store) -> list[str]:
    """Return the keys of items that stand among the entries and are none."""
    return [f"{KEY_PREFIX}{_KIND}/{name}" for name, item in store.all(_KIND).items() if _entry(name, item) is None]


def _entry(name: str, item: Mapping[str, Any]) -> Entry | None:
    """Return the entry that an item is, or None if its fields are not what `Journal` writes."""
    run, kind, text = (item.get(key) for key in ("run_id", "entry_kind", "details"))
    if not (isinstance(run, str) and run and isinstance(kind, str) and isinstance(text, str)):
        return None
    try:
        details = json.loads(text)
    # What is nested too deep for Python's stack is no entry either.
    except (ValueError, RecursionError):
        return None
    return Entry(name, run, kind, details) if _is_of_kind(kind, details) else None


def _is_of_kind(kind: str, details: object) -> bool:
    """Whether details are those of a kind, so that they can be undone."""
    if not isinstance(details, dict):
        return False
    if kind == "service":
        types = {"desiredCount": int, "taskDefinition": str}
        found = details.get("found")
        return (
            isinstance(details.get("service"), str)
            and isinstance(found, dict)
            and all(type(value) is types.get(key) for key, value in found.items())
        )
    if kind == "targets":
        targets = details.get("targets")
        return (
            isinstance(details.get("group"), str)
            and isinstance(targets, list)
            and all(isinstance(each, dict) and isinstance(each.get("Id"), str) for each in targets)
        )
    if kind == "client":
        return isinstance(details.get("client"), str)
    return kind in {"sessions", "task"}


def forget(store: Store, entry: Entry, check: Check) -> None:
    """Take an entry out of the table, for it is undone; the file of the evidence keeps it.

    Raises `LeaseLostError` when *check*, of the lease of whoever has undone it, does not hold any more.
    """
    if not store.delete_while(_KIND, entry.name, check):
        msg = f"{entry.name} was not taken out of the journal, for the lease is no longer held by who has undone it"
        raise LeaseLostError(msg)


def process_name() -> str:
    """Return a name of this process that no other one of its run has."""
    return f"process-{os.getpid()}"
