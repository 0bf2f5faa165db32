"""The evidence of one run, out of that of its shards: a file of the whole for the files of all of them."""

import json
import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from shutil import copyfile

from seatrials.environments.variables import read_variables
from seatrials.errors import EvidenceError, TooLateError
from seatrials.evidence.chain import join
from seatrials.evidence.consistency import epoch_seconds
from seatrials.evidence.folder import RunFolder
from seatrials.evidence.job import job_url
from seatrials.evidence.reader import RunEvidence
from seatrials.evidence.record import LEFTOVERS, PartRecord, RunRecord, SkewRecord
from seatrials.evidence.redaction import redact_value
from seatrials.evidence.report_log import LogSummary, parse_report_log
from seatrials.evidence.seal import problems_of_seal, read_seal
from seatrials.evidence.signing import Signer, sign_run
from seatrials.evidence.sums import LEFTOVERS_FILES, LOAD_FIGURES, LOAD_LOG
from seatrials.merging.division import all_sources
from seatrials.merging.piece import Piece, first_beginning
from seatrials.whole_file import read_regular, write_whole

# With what runs end that tried all their rows, the better before the worse.
_ORDERLY = (0, TooLateError.exit_code, 1)
_COMPARISON = "comparison.json"
# What is put together below by name, beside the record, the rows and the report log.
_KNOWN = ("usage.json", "tasks.json", "skew.json", _COMPARISON, LOAD_FIGURES, LOAD_LOG)
_KNOWN_PATTERNS = ("timeline/*", LEFTOVERS_FILES)


def write_run(
    pieces: Sequence[Piece], parts: tuple[PartRecord, ...], evidence: Path, signer: Signer | None
) -> tuple[RunFolder, int]:
    """Write the run that *pieces* are the shards of, and return its folder and its exit status.

    Raises `EvidenceError` for a shard with files that nobody can put together, and for one that changes meanwhile.
    """
    runs = [each.evidence for each in pieces if isinstance(each.evidence, RunEvidence)]
    _check_known(runs)
    first = runs[0].record
    started = first_beginning(pieces)
    folder = RunFolder.create(evidence, runs[0].environment, started)
    link = join(evidence, runs[0].environment, folder.path, started, first.commit)
    _write_files(folder, runs)
    _check_unchanged(runs)
    content = _report_log(runs)
    write_whole(folder.report_log, content)
    summary = parse_report_log(content.encode(), folder.report_log.name).summary
    told = _record(runs, folder, summary).model_copy(
        update={"chain": link, "started": started, "sources": all_sources(pieces), "parts": parts}
    )
    folder.write_run(told)
    folder.write_seal()
    sign_run(folder, signer)
    return folder, told.exit_status or 0


def worst(statuses: Iterable[int]) -> int:
    """Return how a run would have ended whose parts ended with *statuses*."""
    seen = set(statuses)
    disorderly = seen - set(_ORDERLY)
    return max(disorderly) if disorderly else max(seen, key=_ORDERLY.index)


def _record(runs: Sequence[RunEvidence], folder: RunFolder, summary: LogSummary) -> RunRecord:
    records = [run.record for run in runs]
    first, rows = records[0], folder.read_rows()
    ended = str(max((each.ended for each in records), key=lambda ended: epoch_seconds(ended) or 0.0))
    began = min(run.started_seconds or 0.0 for run in runs)
    update = {
        "command": shlex.join(redact_value(sys.argv)),
        "shard": None,
        "workers": sum(each.workers or 0 for each in records),
        "ended": ended,
        "exit_status": worst(each.exit_status or 0 for each in records),
        "expected": tuple(sorted(row.nodeid for row in rows.values())),
        "rows": {row: each.nodeid for row, each in rows.items()},
        "scopes": {row: each.scope for row, each in rows.items()},
        "not_run": _together(each.not_run for each in records),
        "not_asked": dict(summary.not_asked),
        "scenarios": dict(summary.outcomes),
        "trace_sha256": dict(summary.trace_sha256),
        "crashed": tuple(sorted(row for row, each in rows.items() if each.nodeid in summary.crashed)),
        "leftovers": folder.read_leftovers(),
        "services": folder.read_services(),
        "job_url": job_url(read_variables()),
        "usage": folder.read_usage(),
        "late_seconds": summary.late_seconds,
        "skew": folder.read_skew(),
        # From the first one's beginning to the last one's end, with what was between them.
        "wall_seconds": round((epoch_seconds(ended) or began) - began, 3),
        "platform_seconds": round(summary.platform_seconds, 6),
    }
    return first.model_copy(update=update)


def _together(parts: Iterable[Mapping[str, str] | None]) -> dict[str, str]:
    return {name: each for part in parts for name, each in (part or {}).items()}


def _report_log(runs: Sequence[RunEvidence]) -> str:
    """Return one log: the first one's beginning, all that was reported, and one end."""
    logs = [read_regular(run.folder.report_log).decode().splitlines() for run in runs]
    kinds = [[(json.loads(line).get("$report_type"), line) for line in log] for log in logs]
    begun = next(line for kind, line in kinds[0] if kind == "SessionStart")
    ends = [json.loads(line) for log in kinds for kind, line in log if kind == "SessionFinish"]
    reports = [line for log in kinds for kind, line in log if kind not in ("SessionStart", "SessionFinish")]
    end = {**ends[-1], "exitstatus": worst(int(each["exitstatus"]) for each in ends)}
    return "".join(f"{line}\n" for line in (begun, *reports, json.dumps(end)))


def _write_files(folder: RunFolder, runs: Sequence[RunEvidence]) -> None:
    folder.write_rows({row: each for run in runs for row, each in run.folder.read_rows().items()})
    folder.allure_results.mkdir(exist_ok=True)
    for run in runs:
        paths = run.folder.judged_paths()
        shard = run.record.shard
        for name, path in paths.items():
            # Of loads the last one has the files, as in one run.
            if name.startswith("timeline/") or name in (LOAD_FIGURES, LOAD_LOG):
                copyfile(path, folder.path / name)
            elif fnmatchcase(name, LEFTOVERS_FILES):
                process = f"{shard.number if shard is not None else 0}-{name.split('.')[1]}"
                folder.write_leftovers(process, LEFTOVERS.validate_json(read_regular(path)))
        for each in run.folder.allure_results.glob("*"):
            copyfile(each, folder.allure_results / each.name)
    _write_sums(folder, runs)


def _write_sums(folder: RunFolder, runs: Sequence[RunEvidence]) -> None:
    """Write what shards have a file of each: what they used, met and compared."""
    names = {name for run in runs for name in run.folder.judged_paths()}
    if "usage.json" in names:
        used: dict[str, float] = {}
        for run in runs:
            for name, amount in run.usage.items():
                used[name] = used.get(name, 0.0) + amount
        folder.write_usage_beside_rows(used)
    if "tasks.json" in names:
        folder.write_tasks(task for run in runs for task in run.folder.read_tasks())
    if "skew.json" in names:
        folder.write_skew(_furthest(run.folder.read_skew() or {} for run in runs))
    if _COMPARISON in names:
        paths = [run.path / _COMPARISON for run in runs]
        told = [json.loads(read_regular(path)) for path in paths if path.is_file()]
        folder.write_comparison(*([each for one in told for each in one[name]] for name in ("unexplained", "others")))


def _furthest(told: Iterable[Mapping[str, SkewRecord]]) -> dict[str, SkewRecord]:
    """Return for each moment how far the clock was off that was furthest off."""
    found: dict[str, SkewRecord] = {}
    for skew in told:
        for moment, each in skew.items():
            if moment not in found or _distance(each) > _distance(found[moment]):
                found[moment] = each
    return found


def _distance(skew: SkewRecord) -> float:
    return abs(skew.seconds) + skew.uncertainty_seconds


def _check_known(runs: Sequence[RunEvidence]) -> None:
    for run in runs:
        known = {*_KNOWN, *(each.name for each in (run.folder.record, run.folder.rows, run.folder.report_log))}
        for name in run.folder.judged_paths():
            if name not in known and not any(fnmatchcase(name, each) for each in _KNOWN_PATTERNS):
                msg = f"{run.path} has {name}, which nobody knows how to put together: merge with the version that ran"
                raise EvidenceError(msg)


def _check_unchanged(runs: Sequence[RunEvidence]) -> None:
    """Raise for a shard that is no longer what was judged to be whole: its files were read a second time."""
    for run in runs:
        seal = read_seal(read_regular(run.folder.seal)) or {}
        problems = list(problems_of_seal(seal, run.folder.judged_files()))
        if problems:
            msg = f"{run.path} was changed while it was read: {'; '.join(problems)}"
            raise EvidenceError(msg)
