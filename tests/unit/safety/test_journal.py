"""Tests of the journal: written before, on disk and in the table, until it is undone."""

import json
from pathlib import Path

import pytest

from seatrials.errors import AwsError, LeaseLostError
from seatrials.safety.journal import Journal, entries, forget, unreadable
from seatrials.safety.lease import LEASE_SECONDS, MARGIN_SECONDS, Lease
from seatrials.safety.store import Store
from seatrials.seams.clock import Clock
from tests.support.lease_world import MakeLease


@pytest.fixture
def lease(store: Store, clock: Clock) -> Lease:
    """Return the lease of the run, which has it."""
    lease = Lease(store, clock, run_id="run-1", owner="anna", member="worker")
    lease.acquire()
    return lease


def test_an_entry_is_on_disk_and_in_the_table(store: Store, clock: Clock, lease: Lease, tmp_path: Path) -> None:
    """What is about to be done is in both when `note` has returned."""
    Journal(store, clock, "run-1", tmp_path / "journal/worker.jsonl", lease.check).note(
        "sessions", prefix="TEST_run-1_COLD-01"
    )
    (line,) = (tmp_path / "journal/worker.jsonl").read_text().splitlines()
    (entry,) = entries(store)

    assert json.loads(line)["prefix"] == entry.details["prefix"] == "TEST_run-1_COLD-01"
    assert (entry.run, entry.kind) == ("run-1", "sessions")


def test_entries_are_in_order(store: Store, clock: Clock, lease: Lease, tmp_path: Path) -> None:
    """Changes are undone in the order in which they were announced."""
    journal = Journal(store, clock, "run-1", tmp_path / "worker.jsonl", lease.check)
    for number in range(12):
        journal.note("task", task=number)

    assert [entry.details["task"] for entry in entries(store)] == list(range(12))


def test_runs_and_processes_do_not_meet(store: Store, clock: Clock, lease: Lease, tmp_path: Path) -> None:
    """Each process of each run has its own entries."""
    for run in ("run-1", "run-2"):
        for process in ("a", "b"):
            Journal(store, clock, run, tmp_path / run / f"{process}.jsonl", lease.check).note("task", task=process)

    assert len(entries(store)) == 4
    assert [entry.name for entry in entries(store, "run-2")] == ["run-2/a/00001", "run-2/b/00001"]


def test_what_is_undone_is_forgotten(store: Store, clock: Clock, lease: Lease, tmp_path: Path) -> None:
    """An entry leaves the table, and stays in the evidence."""
    journal = Journal(store, clock, "run-1", tmp_path / "worker.jsonl", lease.check)
    forget(store, journal.note("task", task=1), lease.check())

    assert entries(store) == []
    assert len((tmp_path / "worker.jsonl").read_text().splitlines()) == 1


def test_what_cannot_be_written_down_is_not_done(
    store: Store, clock: Clock, lease: Lease, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`note` fails when the table does not take the entry, so that the change is not made."""

    def refuse(*_arguments: object) -> None:
        msg = "the table is away"
        raise AwsError(msg)

    monkeypatch.setattr(Store, "put_while", refuse)
    with pytest.raises(AwsError):
        Journal(store, clock, "run-1", tmp_path / "worker.jsonl", lease.check).note("task", task=1)


def test_a_process_that_was_stopped_announces_nothing(store: Store, clock: Clock, lease: Lease, tmp_path: Path) -> None:
    """What is announced after others have taken the stack is refused, though the process does not know that yet."""
    other = Lease(store, clock, run_id="run-2", owner="bert", member="worker")
    other.acquire(wait_seconds=LEASE_SECONDS + MARGIN_SECONDS)

    with pytest.raises(LeaseLostError, match="run-1/worker/00001 was not written down, for the run no longer has"):
        Journal(store, clock, "run-1", tmp_path / "worker.jsonl", lease.check).note("task", task=1)
    assert entries(store) == []


def test_nothing_is_forgotten_without_the_lease(
    store: Store, clock: Clock, lease: Lease, make_lease: MakeLease, tmp_path: Path
) -> None:
    """A sweep that was stopped, and continued after others took the stack, takes nothing out of their journal."""
    journal = Journal(store, clock, "run-1", tmp_path / "worker.jsonl", lease.check)
    entry, late = journal.note("task", task=1), lease.check()
    lease.release(is_last=True)
    make_lease("run-2").acquire()

    with pytest.raises(LeaseLostError, match="was not taken out of the journal"):
        forget(store, entry, late)
    assert [each.name for each in entries(store)] == [entry.name]


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"run_id": 7, "entry_kind": "task", "details": "{}"}, id="run-is-a-number"),
        pytest.param({"run_id": "r", "entry_kind": "task"}, id="no-details"),
        pytest.param({"run_id": "r", "entry_kind": "task", "details": "{"}, id="no-json"),
        pytest.param({"run_id": "r", "entry_kind": "task", "details": "[]"}, id="no-object"),
        pytest.param({"run_id": "r", "entry_kind": "task", "details": "[" * 100_000}, id="too-deep"),
        pytest.param({"run_id": "r", "entry_kind": "dance", "details": "{}"}, id="unknown-kind"),
        pytest.param({"run_id": "r", "entry_kind": "service", "details": '{"service": "a"}'}, id="nothing-found"),
        pytest.param(
            {"run_id": "r", "entry_kind": "service", "details": '{"service": "a", "found": {"desiredCount": true}}'},
            id="count-is-no-number",
        ),
        pytest.param(
            {"run_id": "r", "entry_kind": "targets", "details": '{"group": "a", "targets": [1]}'}, id="target"
        ),
    ],
)
def test_what_no_run_wrote_is_passed_over(fields: dict[str, object], store: Store) -> None:
    """An item that is no entry is told by its key, and hides none of those that are."""
    good = {"run_id": "run-1", "entry_kind": "task", "details": '{"task": "a"}'}
    store.put("journal", "run-1/a/00001", good, "attribute_not_exists(run_id)")
    store.put("journal", "x", fields, "attribute_not_exists(run_id)")

    assert [entry.name for entry in entries(store)] == ["run-1/a/00001"]
    assert unreadable(store) == ["seatrials#journal/x"]
