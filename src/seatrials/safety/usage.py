"""What a run uses of AWS, counted as it goes: calls, read and write units, and how long tasks ran."""

import json
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from seatrials.whole_file import write_whole

# The units that DynamoDB counts a call in, by the operations that have them.
READS = frozenset({"GetItem", "Query", "Scan", "BatchGetItem"})
WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"})


class Usage:
    """The counts of one process; safe to add to from any thread."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def add(self, name: str, amount: float = 1) -> None:
        """Add to the count of *name*, such as `aws_requests`."""
        with self._lock:
            self._counts[name] += amount  # type: ignore[assignment]  # a Counter counts in fractions too

    def add_capacity(self, operation: str, answer: Mapping[str, Any]) -> None:
        """Add the capacity units that DynamoDB says a call has consumed."""
        consumed = answer.get("ConsumedCapacity", [])
        kind = "read" if operation in READS else "write"
        for each in consumed if isinstance(consumed, list) else [consumed]:
            self.add(f"dynamodb_{kind}_units", float(each["CapacityUnits"]))

    def counts(self) -> dict[str, float]:
        """Return all counts by name, sorted."""
        with self._lock:
            return dict(sorted(self._counts.items()))

    def write(self, path: Path) -> None:
        """Write the counts where other processes of the run read them."""
        write_counts(path, self.counts())


def write_counts(path: Path, counts: Mapping[str, float]) -> None:
    """Write counts as JSON, whole, where `read_folder` reads them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps(dict(counts), indent=1) + "\n")


def difference(after: Mapping[str, float], before: Mapping[str, float]) -> dict[str, float]:
    """Return what was added between two readings."""
    added = {name: round(value - before.get(name, 0), 6) for name, value in after.items()}
    return {name: value for name, value in added.items() if value}


def total(usages: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Return the sum of several processes' counts."""
    counts: dict[str, float] = {}
    for usage in usages:
        for name, value in usage.items():
            counts[name] = counts.get(name, 0) + value
    return counts


def read_folder(folder: Path) -> list[dict[str, float]]:
    """Return the counts that the processes of a run have written to *folder*."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
