"""The evidence of runs, read from disk with everything that keeps it from being whole.

The gate, the Allure report and the publisher all read runs here. A damaged file is a problem in a sentence, never an
error, and what it would have told is not told.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from seatrials.configuration import describe_problems
from seatrials.environments.kinds import KINDS
from seatrials.evidence.folder import DatedFolders, EvidenceFolder, MatrixFolder, RunFolder, second_of, sha256_of
from seatrials.evidence.outcome import CellOutcome
from seatrials.evidence.provenance import Sources
from seatrials.evidence.record import ROWS, MatrixRecord, Record, RunRecord, Sample
from seatrials.evidence.report_log import ReportLog, RowResult, read_report_log

# How pytest ends when all it ran has passed, and when something failed.
_ORDERLY = (0, 1)
# More runs of one commit say nothing that these do not.
_RUNS_MAX = 20
_SECOND_END = 0.999_999

AnyRecord = TypeVar("AnyRecord", bound=Record)


@dataclass(frozen=True, kw_only=True)
class RunEvidence:
    """One run: what it says of itself, and what its files prove."""

    environment: str
    path: Path
    # One that cannot be read tells nothing.
    record: RunRecord
    # By row of the catalogue: the test that examines it, and what became of it.
    rows: Mapping[str, str]
    results: Mapping[str, RowResult]
    # By test.
    log: ReportLog
    # What keeps it from being whole, a sentence each.
    problems: tuple[str, ...]

    @property
    def id(self) -> str:
        """The name of the run within its environment."""
        return self.path.name

    @property
    def folder(self) -> RunFolder:
        """Where the files of the run are."""
        return RunFolder(self.path)

    @property
    def samples(self) -> tuple[Sample, ...]:
        """What was measured."""
        return self.log.samples

    @property
    def kind(self) -> str | None:
        """What its results are: measured, rehearsed or modelled."""
        kind = KINDS.get(self.record.kind or "")
        return None if kind is None else kind.sample_kind

    @property
    def commit(self) -> str | None:
        """The commit that ran."""
        return self.record.commit or None

    @property
    def started_seconds(self) -> float | None:
        """When it began, in seconds since the epoch; None when it does not say."""
        return epoch_seconds(self.record.started)

    @property
    def success_percent(self) -> float | None:
        """How many of its rows passed, of those that passed or failed; None when none did."""
        passed = sum(each.outcome is CellOutcome.PASSED for each in self.results.values())
        failed = sum(each.failed for each in self.results.values())
        return 100 * passed / (passed + failed) if passed + failed else None

    @property
    def usage(self) -> Mapping[str, float]:
        """What it used of what costs money."""
        return self.record.usage or {}


@dataclass(frozen=True, kw_only=True)
class MutantEvidence:
    """A kill matrix as it was read."""

    path: Path
    commit: str | None
    dirty: bool | None
    sources: Sources | None
    # Whether some scenarios or mutants were left out.
    is_partial: bool
    killed_by: Mapping[str, tuple[str, ...]]
    problems: tuple[str, ...]


@dataclass(frozen=True)
class _Found:
    """The folder of a run, and its record as it was read."""

    path: Path
    record: RunRecord | None
    problems: Sequence[str]

    @property
    def told(self) -> RunRecord:
        """The record; one that cannot be read tells nothing."""
        return self.record or RunRecord()


def read_newest(evidence: Path, environment: str) -> RunEvidence | None:
    """Return the newest run of *environment*; what is wrong with the folder of the environment is a problem of it."""
    runs = _found_runs(evidence, environment)
    return _newest(evidence, environment, runs) if runs else None


def read_runs(evidence: Path, environment: str) -> list[RunEvidence]:
    """Return the newest run of *environment* and, before it, the earlier ones of the same commit, oldest first."""
    runs = _found_runs(evidence, environment)
    if not runs:
        return []
    newest = _newest(evidence, environment, runs)
    earlier = [each for each in runs[:-1] if newest.commit is not None and each.told.commit == newest.commit]
    return [*(_read_run(each, environment, []) for each in earlier[1 - _RUNS_MAX :]), newest]


def read_mutants(evidence: Path) -> MutantEvidence | None:
    """Return the newest kill matrix; None when mutants never ran."""
    found = []
    for path in EvidenceFolder(evidence).mutants.all():
        matrix, problems = read_matrix(MatrixFolder(path).record)
        told = matrix or MatrixRecord(mutants={})
        found.append((_moment(path, told.run.started), path, told, problems))
    if not found:
        return None
    _, path, told, problems = max(found, key=lambda each: each[:2])
    return MutantEvidence(
        path=MatrixFolder(path).record,
        commit=told.run.commit,
        dirty=told.run.dirty,
        sources=told.run.sources,
        is_partial=bool(told.run.is_partial),
        killed_by={name: each.killed_by for name, each in told.mutants.items()},
        problems=(*problems, *(told.problems or ())),
    )


def read_matrix(path: Path) -> tuple[MatrixRecord | None, list[str]]:
    """Return the kill matrix in *path*, or None and what is wrong with it."""
    return _validated(path, MatrixRecord)


def epoch_seconds(timestamp: str | None) -> float | None:
    """Return an ISO 8601 timestamp as seconds since the epoch; None for anything else."""
    try:
        moment = datetime.fromisoformat(timestamp or "")
    except ValueError:
        return None
    return moment.timestamp() if moment.tzinfo is not None else None


def _newest(evidence: Path, environment: str, runs: Sequence[_Found]) -> RunEvidence:
    return _read_run(runs[-1], environment, _problems_of_latest(EvidenceFolder(evidence).runs(environment), runs[-1]))


def _read_run(found: _Found, environment: str, problems: Sequence[str]) -> RunEvidence:
    folder, told = RunFolder(found.path), found.told
    log = read_report_log(folder.report_log)
    rows, of_rows = (told.rows, []) if told.rows is not None else _rows_beside(folder)
    results = _by_row(told, rows, log)
    return RunEvidence(
        environment=environment,
        path=found.path,
        record=told,
        rows=rows,
        results=results,
        log=log,
        problems=(
            *problems,
            *found.problems,
            *of_rows,
            *log.problems,
            *(_problems_of_record(found.record, environment) if found.record is not None else ()),
            *_problems_of_files(folder, told),
            *_problems_of_results(told, log, results),
        ),
    )


def _rows_beside(folder: RunFolder) -> tuple[dict[str, str], list[str]]:
    """Return the tests by row that `rows.json` tells, where the record does not; not every run came to write it."""
    if not folder.rows.is_file():
        return {}, []
    try:
        rows = ROWS.validate_json(folder.rows.read_bytes())
    except (OSError, ValidationError):
        return {}, [f"{folder.rows.name} is cut off or damaged"]
    return {row: each.nodeid for row, each in rows.items()}, []


def _validated(path: Path, model: type[AnyRecord]) -> tuple[AnyRecord | None, list[str]]:
    """Return what stands in a file, or None and what is wrong with it."""
    try:
        return model.model_validate_json(path.read_bytes()), []
    except OSError as error:
        return None, [f"{path.name} cannot be read: {error.strerror}"]
    except ValidationError as error:
        if any(each["type"] == "json_invalid" for each in error.errors(include_url=False)):
            return None, [f"{path.name} is cut off or damaged"]
        return None, describe_problems(error, model, path.name, "")


def _problems_of_record(record: RunRecord, environment: str) -> Iterable[str]:
    if record.environment != environment:
        yield f"it says that it ran on {record.environment}, and stands in the folder of {environment}"
    if record.ended is None:
        yield "it has no end: it still runs, or was killed"
    elif record.exit_status not in _ORDERLY:
        yield f"pytest ended with status {record.exit_status}, so not every test was tried"
    if epoch_seconds(record.started) is None:
        yield "it does not say when it began"
    if not record.rows:
        yield "it does not say which rows it set out to run"
    if record.kind not in KINDS:
        yield f"its kind is {record.kind!r}, not one of {', '.join(KINDS)}"


def _problems_of_files(folder: RunFolder, record: RunRecord) -> Iterable[str]:
    """Compare the files with the checksums that the run wrote at its end."""
    written = record.files
    if written is None:
        if record.ended is not None:
            yield "it has no checksums of its files"
        return
    present = folder.judged_files()
    for name in sorted(set(written) - set(present)):
        yield f"{name} is missing"
    for name in sorted(set(present) - set(written)):
        yield f"{name} is not of this run"
    for name in sorted(set(present) & set(written)):
        yield from _problems_of_file(name, present[name], written[name])


def _problems_of_file(name: str, path: Path, written: str) -> Iterable[str]:
    try:
        if sha256_of(path) != written:
            yield f"{name} was changed after the run"
    except OSError as error:
        yield f"{name} cannot be read: {error.strerror}"


def _problems_of_results(record: RunRecord, log: ReportLog, results: Mapping[str, RowResult]) -> Iterable[str]:
    known = set((record.rows or {}).values())
    strangers = sorted(test for test in log.results if test not in known)
    if known and strangers:
        yield f"{len(strangers)} tests have results and are not of this run, {strangers[0]} among them"
    failed = any(each.failed or each.outcome is CellOutcome.CRASHED for each in results.values())
    if record.exit_status == 1 and not failed:
        yield "pytest ended with status 1, and no row has failed"
    if record.exit_status == 0 and failed:
        yield "pytest ended with status 0, and a row has failed"
    crashed = sorted(row for row, each in results.items() if each.outcome is CellOutcome.CRASHED)
    if crashed:
        yield f"these ended with the process that ran them: {', '.join(crashed)}"


def _by_row(record: RunRecord, rows: Mapping[str, str], log: ReportLog) -> dict[str, RowResult]:
    missing = RowResult(outcome=CellOutcome.NOT_RUN, reason="the run has no result of it")
    if record.ended is None:
        missing = RowResult(outcome=CellOutcome.CRASHED, reason="the run ended before it did")
    return {row: log.results.get(test, missing) for row, test in rows.items()}


def _found_runs(evidence: Path, environment: str) -> list[_Found]:
    """Return all runs on *environment*, oldest first; of two that began at once, their names decide."""
    found = [_found(path) for path in EvidenceFolder(evidence).runs(environment).all()]
    return sorted(found, key=lambda each: (_moment(each.path, each.told.started), each.path))


def _found(path: Path) -> _Found:
    record, problems = _validated(RunFolder(path).record, RunRecord)
    return _Found(path, record, problems)


def _moment(folder: Path, started: str | None) -> float:
    """Return when a run began, in seconds since the epoch, for the order of runs.

    One that does not say is taken for the last of the second that its folder is called after, so that nothing hides
    it; a folder of another name is no run that could be newer than others.
    """
    told = epoch_seconds(started)
    if told is not None:
        return told
    second = second_of(folder)
    return -math.inf if second is None else second + _SECOND_END


def _problems_of_latest(folders: DatedFolders, newest: _Found) -> list[str]:
    """Return whether `latest` is another run; where a link is lost on the way, it may be a copy, or be gone."""
    latest, name = folders.latest, newest.path.name
    if latest.is_symlink():
        target = latest.resolve()
        if target != newest.path.resolve():
            return [f"latest leads to {target.name}, and {name} is newer"]
    elif latest.is_dir() and _found(latest).record != newest.record:
        return [f"latest is no copy of {name}, the newest run"]
    return []
