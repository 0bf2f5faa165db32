"""The evidence of runs, read from disk with everything that keeps it from being whole.

The gate, the Allure report and the publisher all read runs here. A damaged file is a problem in a sentence, never an
error, and what it would have told is not told.
"""

import os
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from seatrials.environments.kinds import KINDS
from seatrials.errors import TooLateError
from seatrials.evidence.chain import read_chains
from seatrials.evidence.consistency import Parts, contradictions, disagreements, epoch_seconds, name_problem, read_rows
from seatrials.evidence.envelope import Attestation, attest
from seatrials.evidence.folder import DatedFolders, EvidenceFolder, MatrixFolder, RunFolder
from seatrials.evidence.gaps import Place, gone_of_commit, problems_of_chain, told_of_gone
from seatrials.evidence.order import AnyRecord, Found, doubts_of_order, find, in_order, read_content, validated
from seatrials.evidence.outcome import CellOutcome
from seatrials.evidence.provenance import Sources
from seatrials.evidence.record import ChainLink, MatrixRecord, RunRecord, Sample
from seatrials.evidence.report_log import ReportLog, RowResult, parse_report_log
from seatrials.evidence.seal import problems_of_seal, sha256_of
from seatrials.evidence.statement import MATRIX, RUN, About
from seatrials.whole_file import is_folder

# How pytest ends when all it ran has passed, and when something failed.
_ORDERLY = (0, 1, TooLateError.exit_code)
# More runs of one commit say nothing that these do not.
_RUNS_MAX = 20


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
    # What of these keeps its files from being those that it wrote at its end, whatever it ran and however that ended.
    damage: tuple[str, ...] = ()
    # The SHA-256 of its report log, by which a copy is known; None without results.
    digest: str | None = None
    # The SHA-256 of its seal; None without one.
    seal_sha256: str | None = None
    # Of the newest run: the places of older runs of its commit that are no longer there.
    gone: tuple[ChainLink, ...] = ()
    # None when it is unsigned.
    attestation: Attestation | None = None
    # Of the newest run: the signatures of all that seem to be older, by name.
    older: tuple[tuple[str, Attestation | None], ...] = ()

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
        """How many of its rows passed, of those that passed, failed or could not be asked; None when none did."""
        passed = sum(each.outcome is CellOutcome.PASSED for each in self.results.values())
        failed = sum(each.failed or each.outcome is CellOutcome.NOT_ASKED for each in self.results.values())
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
    # The same, by scenario.
    kills: Mapping[str, tuple[str, ...]]
    problems: tuple[str, ...]
    # The mutants that no scenario killed, and that every scenario which ran on them passed on.
    survivors: tuple[str, ...] = ()
    # None when it is unsigned.
    attestation: Attestation | None = None
    # The signatures of all that seem to be older, by name.
    older: tuple[tuple[str, Attestation | None], ...] = ()


@dataclass(frozen=True, kw_only=True)
class WrittenMatrix:
    """A kill matrix of which it is asked whether its files are those that were written, whatever stands in them."""

    path: Path
    # One that cannot be read tells nothing.
    record: MatrixRecord
    damage: tuple[str, ...]
    seal_sha256: str | None
    # None when it is unsigned.
    attestation: Attestation | None


def read_run(path: Path) -> RunEvidence:
    """Return the run in the folder *path*, as its neighbours and their chain know it too."""
    evidence, environment = path.parent.parent, path.parent.name
    found, runs = _found(path), _found_runs(evidence, environment)
    told = _told_by_neighbours(evidence, environment, runs, _told(found).commit)
    return _read_run(found, environment, told)


def read_written_matrix(path: Path) -> WrittenMatrix:
    """Return the kill matrix in the folder *path*, as its neighbours and their chain know it too."""
    evidence, name, found = path.parent.parent, path.parent.name, _found_matrix(path)
    record = found.record or MatrixRecord(mutants={})
    runs = in_order(_found_matrix(each) for each in EvidenceFolder(evidence).mutants.all())
    damage = (*found.problems, *_damage_of_matrix(found), *_told_by_neighbours(evidence, name, runs, record.run.commit))
    attestation = _attestation(found, MATRIX, _read_of(found))
    return WrittenMatrix(
        path=path, record=record, damage=damage, seal_sha256=found.seal_sha256, attestation=attestation
    )


def _told_by_neighbours(
    evidence: Path, environment: str, runs: Sequence[Found[Any]], commit: str | None
) -> Iterator[str]:
    """Yield what the chain of *runs* says against them, and which others of *commit* are gone."""
    place = _place(evidence, environment, runs)
    yield from problems_of_chain(place)
    yield from map(told_of_gone, gone_of_commit(place, commit))


def read_newest(evidence: Path, environment: str) -> RunEvidence | None:
    """Return the newest run of *environment*; what is wrong with the folder of the environment is a problem of it."""
    runs = _found_runs(evidence, environment)
    return _newest(evidence, environment, runs) if runs else None


def read_runs(evidence: Path, environment: str) -> list[RunEvidence]:
    """Return the newest run of *environment* and, before it, the earlier ones of the same commit, oldest first.

    A run that was copied is one run.
    """
    runs = _found_runs(evidence, environment)
    if not runs:
        return []
    newest = _newest(evidence, environment, runs)
    earlier = [each for each in runs[:-1] if newest.commit is not None and _told(each).commit == newest.commit]
    return _without_copies([_read_run(each, environment, []) for each in earlier[1 - _RUNS_MAX :]], newest)


def read_others(evidence: Path, environments: Container[str], commit: str | None = None) -> list[RunEvidence]:
    """Return the newest run of each environment that is not among *environments*: of *commit*, where it has one."""
    names = [each for each in EvidenceFolder(evidence).environments() if each not in environments]
    return [run for name in names if (run := _newest_of(evidence, name, commit)) is not None]


def _newest_of(evidence: Path, environment: str, commit: str | None) -> RunEvidence | None:
    """Return the newest run of *commit*, which a run of another one may have come after; else the newest of all."""
    runs = _found_runs(evidence, environment)
    of_commit = [each for each in runs[:-1] if commit is not None and (_told(each).commit or "").startswith(commit)]
    is_newest = not of_commit or (_told(runs[-1]).commit or "").startswith(commit or "")
    return read_newest(evidence, environment) if is_newest else _read_run(of_commit[-1], environment, [])


def read_mutants(evidence: Path) -> MutantEvidence | None:
    """Return the newest kill matrix; None when mutants never ran."""
    found = in_order(_found_matrix(path) for path in EvidenceFolder(evidence).mutants.all())
    if not found:
        return None
    *others, newest = found
    told = newest.record or MatrixRecord(mutants={})
    place = _place(evidence, EvidenceFolder(evidence).mutants.path.name, found)
    attestation = _attestation(newest, MATRIX, _read_of(newest))
    return MutantEvidence(
        path=MatrixFolder(newest.path).record,
        commit=told.run.commit,
        dirty=told.run.dirty,
        sources=told.run.sources,
        is_partial=told.run.is_partial is not False,
        killed_by={name: each.killed_by for name, each in told.mutants.items()},
        kills={name: each.kills for name, each in (told.scenarios or {}).items()},
        problems=(
            *_problems_of_matrix(newest),
            *_problems_of(attestation),
            *doubts_of_order(others),
            *problems_of_chain(place),
        ),
        survivors=_survivors(told),
        attestation=attestation,
        older=_signatures(others, MATRIX),
    )


def _survivors(told: MatrixRecord) -> tuple[str, ...]:
    """Return the mutants that some scenario met and none killed.

    A run that was whole has met all of them; one that was not says of each who passed on it.
    """
    unkilled = [name for name, each in told.mutants.items() if not each.killed_by]
    return tuple(name for name in unkilled if told.run.is_partial is not True or told.mutants[name].survived)


def read_matrix(path: Path) -> tuple[MatrixRecord | None, list[str]]:
    """Return the kill matrix in *path*, or None and what is wrong with it."""
    content, problems = read_content(path)
    return (None, problems) if content is None else validated(content, path.name, MatrixRecord)


def _found_matrix(path: Path) -> Found[MatrixRecord]:
    folder = MatrixFolder(path)
    return find(path, (folder.record, folder.seal), MatrixRecord, lambda each: (each.run.started, True, each.run.chain))


def _problems_of_matrix(found: Found[MatrixRecord]) -> Iterable[str]:
    yield from found.problems
    if found.record is None or found.content is None:
        return
    yield from found.record.problems or ()
    yield from _damage_of_matrix(found)
    if found.record.run.shard is not None:
        yield f"it is {found.record.run.shard.told}: put all shards together with `seatrials merge`"


def _damage_of_matrix(found: Found[MatrixRecord]) -> Iterator[str]:
    if found.record is None or found.content is None:
        return
    yield from contradictions(found.record)
    renamed = name_problem(found.path, found.started)
    if renamed is not None:
        yield renamed
    if found.seal is None:
        yield f"it has no {MatrixFolder(found.path).seal.name}, or a damaged one"
    else:
        yield from problems_of_seal(found.seal, {found.name: found.content})


def _newest(evidence: Path, environment: str, runs: Sequence[Found[RunRecord]]) -> RunEvidence:
    *others, newest = runs
    of_folder = _problems_of_latest(EvidenceFolder(evidence).runs(environment), newest)
    place = _place(evidence, environment, runs)
    run = _read_run(newest, environment, [*of_folder, *doubts_of_order(others), *problems_of_chain(place)])
    return replace(run, gone=gone_of_commit(place, run.commit), older=_signatures(others, RUN))


def _place(evidence: Path, environment: str, runs: Sequence[Found[Any]]) -> Place:
    """Return the runs among the chains, and what the newest runs of all environments know of these."""
    folder = EvidenceFolder(evidence)
    anchors: list[Found[Any]] = [_found(path) for each in folder.environments() for path in folder.runs(each).last()]
    anchors += [_found_matrix(path) for path in folder.mutants.last()]
    return Place(chains=read_chains(evidence), environment=environment, runs=runs, anchors=anchors)


def _without_copies(earlier: Sequence[RunEvidence], newest: RunEvidence) -> list[RunEvidence]:
    """Return each run once, the newest last, which tells of the copies."""
    originals = {} if newest.digest is None else {newest.digest: newest}
    # Of an original and its copy, the one that is called otherwise than it says is the copy.
    for run in sorted(earlier, key=lambda each: len(each.problems)):
        if run.digest is not None:
            originals.setdefault(run.digest, run)
    of = [(run, originals.get(run.digest or "", run)) for run in earlier]
    told = [
        f"{run.id} is the same run as {each.id}, and counts once: remove the copy"
        for run, each in of
        if run is not each
    ]
    return [*(run for run, each in of if run is each), replace(newest, problems=(*newest.problems, *told))]


def _read_run(found: Found[RunRecord], environment: str, problems: Iterable[str]) -> RunEvidence:
    folder, told = RunFolder(found.path), _told(found)
    files, unread = _judged_files(folder, found)
    log = _read_log(folder, files)
    beside, of_rows = read_rows(files.get(folder.rows.name), folder.rows.name)
    rows = told.rows if told.rows is not None else {row: each.nodeid for row, each in (beside or {}).items()}
    results = _by_row(told, rows, log)
    parts = Parts(folder=found.path, record=told, log=log, rows=beside, files=files)
    attestation = _attestation(found, RUN, {**_read_of(found), **files})
    before = (*problems, *found.problems, *unread, *of_rows, *log.problems)
    of_files, differing = tuple(_problems_of_files(found, files)), tuple(disagreements(parts))
    return RunEvidence(
        environment=environment,
        path=found.path,
        record=told,
        rows=rows,
        results=results,
        log=log,
        digest=sha256_of(files[folder.report_log.name]) if log.results else None,
        seal_sha256=found.seal_sha256,
        attestation=attestation,
        problems=(
            *before,
            *(_problems_of_record(found.record, environment) if found.record is not None else ()),
            *of_files,
            *_problems_of_results(told, log, results),
            *differing,
            *_problems_of(attestation),
        ),
        damage=(*before, *of_files, *differing),
    )


def _attestation(
    found: Found[AnyRecord], about: About, files: Mapping[str, bytes], *, is_part: bool = False
) -> Attestation | None:
    return attest(found.signed, about, found.path.name, files, is_part=is_part)


def _signatures(others: Iterable[Found[AnyRecord]], about: About) -> tuple[tuple[str, Attestation | None], ...]:
    """Return the signatures of runs that are not judged, compared with their records and seals."""
    return tuple((each.path.name, _attestation(each, about, _read_of(each), is_part=True)) for each in others)


def _read_of(found: Found[AnyRecord]) -> dict[str, bytes]:
    """Return the record and the seal of a run as they were read, by name."""
    read = ((found.name, found.content), (found.seal_name, found.sealed))
    return {name: content for name, content in read if content is not None}


def _problems_of(attestation: Attestation | None) -> list[str]:
    return [f"its signature does not hold: {each}" for each in (attestation.problems if attestation else ())]


def _told(found: Found[RunRecord]) -> RunRecord:
    """Return the record; one that cannot be read tells nothing."""
    return found.record or RunRecord()


def _judged_files(folder: RunFolder, found: Found[RunRecord]) -> tuple[dict[str, bytes], list[str]]:
    """Return what is judged, each file read once, so that what was hashed is what is believed."""
    files, problems = dict[str, bytes](), list[str]()
    for name, path in folder.judged_paths().items():
        content, unread = (found.content, []) if name == found.name else read_content(path)
        problems += unread
        if content is not None:
            files[name] = content
    return files, problems


def _read_log(folder: RunFolder, files: Mapping[str, bytes]) -> ReportLog:
    name = folder.report_log.name
    if name not in files:
        return ReportLog(results={}, samples=(), problems=(f"{name} cannot be read: it is not there",))
    return parse_report_log(files[name], name)


def _problems_of_record(record: RunRecord, environment: str) -> Iterable[str]:
    if record.environment != environment:
        yield f"it says that it ran on {record.environment}, and stands in the folder of {environment}"
    if record.partial is not None:
        yield f"it is no whole run, whatever it ran: {record.partial}"
    if record.shard is not None:
        yield f"it is {record.shard.told} of a run, and no whole one: put all shards together with `seatrials merge`"
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


def _problems_of_files(found: Found[RunRecord], files: Mapping[str, bytes]) -> Iterable[str]:
    """Compare the files with the seal that the run wrote at its end."""
    if found.seal is not None:
        yield from problems_of_seal(found.seal, files)
    elif found.has_ended:
        name = RunFolder(found.path).seal.name
        yield f"it has no {name}, or a damaged one, so nobody knows whether its files were changed"


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
    doubtful = any(each.outcome is CellOutcome.CANNOT_TELL for each in results.values())
    if record.exit_status == TooLateError.exit_code and (failed or not doubtful):
        yield f"pytest ended with status {record.exit_status}, and no row is in doubt, or one has failed"
    crashed = sorted(row for row, each in results.items() if each.outcome is CellOutcome.CRASHED)
    if crashed:
        yield f"these ended with the process that ran them: {', '.join(crashed)}"


def _by_row(record: RunRecord, rows: Mapping[str, str], log: ReportLog) -> dict[str, RowResult]:
    missing = RowResult(outcome=CellOutcome.NOT_RUN, reason="the run has no result of it")
    if record.ended is None:
        missing = RowResult(outcome=CellOutcome.CRASHED, reason="the run ended before it did")
    return {row: log.results.get(test, missing) for row, test in rows.items()}


def _found_runs(evidence: Path, environment: str) -> list[Found[RunRecord]]:
    """Return all runs on *environment*, oldest first."""
    return in_order(_found(path) for path in EvidenceFolder(evidence).runs(environment).all())


def _found(path: Path) -> Found[RunRecord]:
    folder = RunFolder(path)
    return find(
        path, (folder.record, folder.seal), RunRecord, lambda run: (run.started, run.ended is not None, run.chain)
    )


def _problems_of_latest(folders: DatedFolders, newest: Found[RunRecord]) -> list[str]:
    """Return whether `latest` is another run; where a link is lost on the way, it may be a copy, or be gone."""
    latest, name = folders.latest, newest.path.name
    if latest.is_symlink():
        # `Path.resolve` raises for a loop of links.
        target = os.path.realpath(latest)
        if target != os.path.realpath(newest.path):
            return [f"latest leads to {Path(target).name}, and {name} is newer"]
    elif is_folder(latest) and _found(latest).record != newest.record:
        return [f"latest is no copy of {name}, the newest run"]
    return []
