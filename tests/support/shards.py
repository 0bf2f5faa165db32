"""Shards of a small run, on a stack that does nothing, and what puts them together."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.support.scenario_run import scenario

ROWS = ("COLD-01", "COLD-02", "COLD-03", "COLD-04", "COLD-05", "COLD-06")
# Of two shards the first row takes as long as all others.
SECONDS = {"COLD-01": 5000.0, **dict.fromkeys(ROWS[1:], 1000.0)}
_ROW = {"calls": 0, "waited": 0.0, "tasks": 0, "task_seconds": 0.0}
Run = Callable[..., pytest.RunResult]


def durations(seconds: dict[str, float]) -> str:
    """Return a `durations.json` in which rows take so long."""
    about = {"environment": "mock", "kind": "mock", "started": "2026-11-25", "vcpu": 1.0, "memory_gb": 4.0}
    return json.dumps({**about, "rows": {row: {**_ROW, "seconds": each} for row, each in seconds.items()}})


def rows(*names: str, failing: str = "") -> str:
    """Return a file with a scenario for each row."""
    waits = "clock.sleep(1)"
    sources = [
        scenario(row, f"test_{row.lower().replace('-', '_')}", body=f"{waits}\nassert {row != failing}")
        for row in names or ROWS
    ]
    return "\n".join(sources)


def shard(run: Run, number: int, *options: str, of: int = 2, source: str = "") -> pytest.RunResult:
    """Run a shard, whose evidence is in `s1`, `s2` and so on."""
    return run(source or rows(), "-n", "0", "--shard", f"{number}/{of}", "--evidence", f"s{number}", *options)


def newest(folder: Path, of: str = "mock") -> Path:
    """Return the folder of the newest run in evidence."""
    return (folder / of / "latest").resolve()


def files(folders: Sequence[Path]) -> dict[str, bytes]:
    """Return all that is in *folders*, by path."""
    return {str(path): path.read_bytes() for each in folders for path in sorted(each.rglob("*")) if path.is_file()}
