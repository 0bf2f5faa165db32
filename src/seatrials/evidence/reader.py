"""The evidence of runs, read from disk with everything that keeps it from being whole."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from seatrials.configuration import describe_problems
from seatrials.environments.kinds import KINDS
from seatrials.evidence.outcome import CellOutcome
from seatrials.evidence.report_log import ReportLog, RowResult, Sample, read_report_log

_FINISHED = (0, 1)
_RUN_NAME = re.compile(r"\d{8}T\d{6}Z-")
# More runs of one commit say nothing that these do not.
_RUNS_MAX = 20
_RUNS_LOOKED_AT_MAX = 100


class _Record(BaseModel):
    """What the gate reads of a `run.json`; a run that was killed may lack all but its head."""

    model_config = ConfigDict(extra="allow")

    environment: str
    kind: str | None = None
    account: str | None = None
    commit: str | None = None
    dirty: bool | None = None
    started: str | None = None
    ended: str | None = None
    exit_status: int | None = None
    seed: int | None = None
    workers: int | None = None
    wall_seconds: float | None = None
    platform_seconds: float | None = None
    rows: dict[str, str] = {}
    leftovers: list[str] | None = None
    usage: dict[str, float] = {}
    files: dict[str, str] | None = None


class _Killers(BaseModel):
    killed_by: list[str]


class _MatrixRun(BaseModel):
    commit: str | None = None
    dirty: bool | None = None
    is_partial: bool = False


class _Matrix(BaseModel):
    """What the gate reads of a `kill-matrix.json`."""

    run: _MatrixRun = _MatrixRun()
    mutants: dict[str, _Killers]
    problems: list[str] = []


@dataclass(frozen=True, kw_only=True)
class RunEvidence:
    """One run: what it says of itself, and what its files prove."""

    environment: str
    id: str
    path: Path
    record: Mapping[str, Any]
    # By row of the catalogue.
    results: Mapping[str, RowResult]
    samples: tuple[Sample, ...]
    # What keeps it from being whole, a sentence each.
    problems: tuple[str, ...]

    @property
    def kind(self) -> str | None:
        """What its results are: measured, rehearsed or modelled."""
        kind = KINDS.get(str(self.record.get("kind")))
        return None if kind is None else kind.sample_kind

    @property
    def commit(self) -> str | None:
        """The commit that ran."""
        commit = self.record.get("commit")
        return str(commit) if commit else None

    @property
    def started_seconds(self) -> float | None:
        """When it began, in seconds since the epoch; None when it does not say."""
        return epoch_seconds(self.record.get("started"))

    @property
    def success_percent(self) -> float | None:
        """How many of its rows passed, of those that passed or failed; None when none did."""
        passed = sum(each.outcome is CellOutcome.PASSED for each in self.results.values())
        failed = sum(each.failed for each in self.results.values())
        return 100 * passed / (passed + failed) if passed + failed else None

    @property
    def usage(self) -> Mapping[str, float]:
        """What it used of what costs money."""
        usage: dict[str, float] = self.record.get("usage", {})
        return usage


@dataclass(frozen=True, kw_only=True)
class MutantEvidence:
    """A kill matrix as it was read."""

    path: Path
    commit: str | None
    dirty: bool | None
    # Whether some scenarios or mutants were left out.
    is_partial: bool
    killed_by: Mapping[str, tuple[str, ...]]
    problems: tuple[str, ...]


def read_runs(evidence: Path, environment: str) -> list[RunEvidence]:
    """Return the newest run of *environment* and, before it, the earlier ones of the same commit, oldest first.

    What is wrong with the folder of the environment is a problem of its newest run.
    """
    folder = evidence / environment
    paths = _oldest_first(folder)
    if not paths:
        return []
    newest = _read_run(paths[-1], environment, _problems_of_latest(folder, paths[-1]))
    commit = newest.commit
    candidates = paths[-_RUNS_LOOKED_AT_MAX:-1]
    earlier = [path for path in candidates if commit and _record(path)[0].get("commit") == commit]
    return [*(_read_run(path, environment, []) for path in earlier[1 - _RUNS_MAX :]), newest]


def read_mutants(evidence: Path) -> MutantEvidence | None:
    """Return the newest kill matrix; None when mutants never ran."""
    paths = _oldest_first(evidence / "mutants")
    if not paths:
        return None
    path = paths[-1] / "kill-matrix.json"
    matrix, problems = _validated(path, _Matrix)
    run = matrix.get("run", {})
    return MutantEvidence(
        path=path,
        commit=run.get("commit"),
        dirty=run.get("dirty"),
        is_partial=bool(run.get("is_partial")),
        killed_by={name: tuple(each["killed_by"]) for name, each in matrix.get("mutants", {}).items()},
        problems=(*problems, *matrix.get("problems", [])),
    )


def epoch_seconds(timestamp: object) -> float | None:
    """Return an ISO 8601 timestamp as seconds since the epoch; None for anything else."""
    try:
        moment = datetime.fromisoformat(str(timestamp))
    except ValueError:
        return None
    return moment.timestamp() if moment.tzinfo is not None else None


def _read_run(path: Path, environment: str, problems: Sequence[str]) -> RunEvidence:
    record, of_record = _record(path)
    log = read_report_log(path / "report-log.jsonl")
    results = _by_row(record, log)
    return RunEvidence(
        environment=environment,
        id=path.name,
        path=path,
        record=record,
        results=results,
        samples=log.samples,
        problems=(
            *problems,
            *of_record,
            *log.problems,
            *(_problems_of_record(record, environment) if record else ()),
            *_problems_of_files(path, record),
            *_problems_of_results(record, log, results),
        ),
    )


def _record(path: Path) -> tuple[dict[str, Any], list[str]]:
    return _validated(path / "run.json", _Record)


def _validated(path: Path, model: type[BaseModel]) -> tuple[dict[str, Any], list[str]]:
    """Return what stands in a file, or nothing and what is wrong with it."""
    try:
        return model.model_validate(json.loads(path.read_text(encoding="utf-8"))).model_dump(), []
    except OSError as error:
        return {}, [f"{path.name} cannot be read: {error.strerror}"]
    except ValidationError as error:
        return {}, describe_problems(error, model, path.name, "")
    except ValueError as error:
        return {}, [f"{path.name} is cut off or damaged: {error}"]


def _problems_of_record(record: Mapping[str, Any], environment: str) -> Iterable[str]:
    if record.get("environment") != environment:
        yield f"it says that it ran on {record.get('environment')}, and stands in the folder of {environment}"
    if record.get("ended") is None:
        yield "it has no end: it still runs, or was killed"
    elif record.get("exit_status") not in _FINISHED:
        yield f"pytest ended with status {record.get('exit_status')}, so not every test was tried"
    if epoch_seconds(record.get("started")) is None:
        yield "it does not say when it began"
    if not record.get("rows"):
        yield "it does not say which rows it set out to run"
    if str(record.get("kind")) not in KINDS:
        yield f"its kind is {record.get('kind')!r}, not one of {', '.join(KINDS)}"


def _problems_of_files(path: Path, record: Mapping[str, Any]) -> Iterable[str]:
    """Compare the files with the checksums that the run wrote at its end."""
    written = record.get("files")
    if written is None:
        if record.get("ended") is not None:
            yield "it has no checksums of its files"
        return
    present = {str(each.relative_to(path)): each for each in _judged_files(path)}
    for name in sorted(set(written) - set(present)):
        yield f"{name} is missing"
    for name in sorted(set(present) - set(written)):
        yield f"{name} is not of this run"
    for name in sorted(set(present) & set(written)):
        if hashlib.sha256(present[name].read_bytes()).hexdigest() != written[name]:
            yield f"{name} was changed after the run"


def _judged_files(path: Path) -> Iterable[Path]:
    found = [*path.glob("*.json"), *path.glob("*.jsonl"), *path.glob("timeline/*")]
    return (each for each in found if each.is_file() and each.name != "run.json")


def _problems_of_results(record: Mapping[str, Any], log: ReportLog, results: Mapping[str, RowResult]) -> Iterable[str]:
    known = set(_rows(record).values())
    strangers = sorted(test for test in log.results if test not in known)
    if known and strangers:
        yield f"{len(strangers)} tests have results and are not of this run, {strangers[0]} among them"
    failed = any(each.failed or each.outcome is CellOutcome.CRASHED for each in results.values())
    if record.get("exit_status") == 1 and not failed:
        yield "pytest ended with status 1, and no row has failed"
    if record.get("exit_status") == 0 and failed:
        yield "pytest ended with status 0, and a row has failed"
    crashed = sorted(row for row, each in results.items() if each.outcome is CellOutcome.CRASHED)
    if crashed:
        yield f"these ended with the process that ran them: {', '.join(crashed)}"


def _by_row(record: Mapping[str, Any], log: ReportLog) -> dict[str, RowResult]:
    missing = RowResult(outcome=CellOutcome.NOT_RUN, reason="the run has no result of it")
    if record.get("ended") is None:
        missing = RowResult(outcome=CellOutcome.CRASHED, reason="the run ended before it did")
    return {row: log.results.get(test, missing) for row, test in _rows(record).items()}


def _rows(record: Mapping[str, Any]) -> dict[str, str]:
    rows: dict[str, str] = record.get("rows", {})
    return rows


def _oldest_first(parent: Path) -> list[Path]:
    """Return the folders of runs by when they began: their names tell it to the second, their records more exactly."""
    found = [each for each in parent.iterdir() if each.is_dir() and each.name != "latest"] if parent.is_dir() else []
    seconds = {path: path.name[:16] if _RUN_NAME.match(path.name) else "" for path in found}
    shared = [second for second, count in Counter(seconds.values()).items() if count > 1]
    exact = {path: str(_record(path)[0].get("started")) if seconds[path] in shared else "" for path in found}
    return sorted(found, key=lambda path: (seconds[path], exact[path], path.name))


def _problems_of_latest(folder: Path, newest: Path) -> list[str]:
    """Return whether `latest` is another run; where a link is lost on the way, it may be a copy, or be gone."""
    latest = folder / "latest"
    if latest.is_symlink():
        target = latest.resolve()
        if target != newest.resolve():
            return [f"latest leads to {target.name}, and {newest.name} is newer"]
    elif latest.is_dir() and _record(latest)[0] != _record(newest)[0]:
        return [f"latest is no copy of {newest.name}, the newest run"]
    return []
