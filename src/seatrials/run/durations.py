"""How long each row takes, as a run has told it: what a plan is made of, kept in `durations.json`.

A run on the mock tells it best: on virtual time no load of a machine adds to a row, and each row begins at zero.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from seatrials.errors import ConfigurationError
from seatrials.evidence.folder import RunFolder
from seatrials.evidence.record import USAGE, RunRecord
from seatrials.run.items import TASKS_MAX
from seatrials.whole_file import write_whole

DURATIONS = Path("durations.json")
_Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
_Count = Annotated[int, Field(ge=0)]


class RowDuration(BaseModel):
    """What one row takes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # Of platform time, from a service at zero, without what comes before and after it.
    seconds: _Seconds
    # How much of it was waiting for sessions, which is over soon where a task is warm.
    waited: _Seconds
    # To the platform and to AWS: each takes real time, which at a fast pace is much platform time.
    calls: _Count
    # How many edit tasks it has at its peak: 0, 1 or 3; and how long they are there, each counted.
    tasks: _Count
    task_seconds: _Seconds


class Durations(BaseModel):
    """What the rows of a run took, and what a task of it reserved."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # Of which run: its environment, its kind, and when it began.
    environment: str
    kind: str
    started: str
    vcpu: _Seconds
    memory_gb: _Seconds
    rows: dict[str, RowDuration]


def read_durations(path: Path) -> Durations:
    """Return what *path* holds; raises `ConfigurationError` where nothing was recorded, or something else."""
    try:
        return Durations.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        msg = f"{path} is not there: run the mock, and write it with `seatrials durations --write`"
        raise ConfigurationError(msg) from error
    except OSError as error:
        msg = f"{path} cannot be read ({error.strerror}): it must be a file that this user may read"
        raise ConfigurationError(msg) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        told = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        msg = f"{path} has no durations of rows ({told}): write it anew with `seatrials durations --write`"
        raise ConfigurationError(msg) from error


def write_durations(path: Path, durations: Durations) -> None:
    """Write durations so that a difference shows row by row."""
    write_whole(path, json.dumps(durations.model_dump(), indent=2, sort_keys=True) + "\n")


def durations_of(folder: RunFolder) -> Durations:
    """Return what the rows of a run took that passed; raises `ConfigurationError` for a run that tells of none."""
    if not (folder.record.is_file() and folder.report_log.is_file()):
        msg = f"{folder.path} is no run's evidence: name the folder of one, such as evidence/mock/latest"
        raise ConfigurationError(msg)
    record = RunRecord.model_validate_json(folder.record.read_bytes())
    if record.shard is not None:
        msg = f"{folder.path} is {record.shard.told}, which does not have all rows: name what all shards were merged to"
        raise ConfigurationError(msg)
    usages = {row: _usage(folder, row) for row in record.rows or {}}
    rows = {row: _duration(told, usages[row]) for row, told in _told(folder) if usages.get(row)}
    paid = sum(each.get("task_seconds", 0.0) for each in usages.values())
    if not rows or not paid:
        msg = f"no row of {folder.path} passed and told of its tasks: name a whole run on the mock"
        raise ConfigurationError(msg)
    reserved = [
        round(sum(each.get(name, 0.0) for each in usages.values()) / paid, 3)
        for name in ("fargate_vcpu_seconds", "fargate_memory_gb_seconds")
    ]
    return Durations(
        environment=str(record.environment),
        kind=str(record.kind),
        started=str(record.started),
        vcpu=reserved[0],
        memory_gb=reserved[1],
        rows=dict(sorted(rows.items())),
    )


def _duration(told: Mapping[str, Any], usage: Mapping[str, float]) -> RowDuration:
    return RowDuration(
        seconds=round(told["platform_seconds"], 1),
        waited=round(told["waited_seconds"], 1),
        calls=int(told["calls"]),
        tasks=_peak(usage.get("tasks")),
        task_seconds=round(usage.get("task_seconds", 0.0), 1),
    )


def _peak(tasks: float | None) -> int:
    """Return how many tasks a row had at once: one that has lost its only one has had two, one after the other."""
    return TASKS_MAX if (tasks or 0) >= TASKS_MAX else int(bool(tasks))


def _usage(folder: RunFolder, row: str) -> Mapping[str, float]:
    path = folder.usage_of(row)
    return USAGE.validate_json(path.read_bytes()) if path.is_file() else {}


def _told(folder: RunFolder) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each row that passed with what its report tells."""
    with folder.report_log.open(encoding="utf-8") as lines:
        for line in map(json.loads, lines):
            if line.get("when") == "call" and line.get("outcome") == "passed":
                told = dict(line["user_properties"])
                yield str(told["scenario"]), told
