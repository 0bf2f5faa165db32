"""One Allure report over the newest runs of all environments.

Allure shows what a run did; it does not decide (`gate/` does). What it would leave out is added here: rows that a run
set out to examine and has no result of, and runs that did not end as they should.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from seatrials.errors import EvidenceError
from seatrials.evidence.chain import read_chains
from seatrials.evidence.folder import EvidenceFolder, entries_of, page_of
from seatrials.evidence.reader import RunEvidence, read_newest
from seatrials.report.node import find_node, install_packages, run_node
from seatrials.report.self_contained import make_self_contained
from seatrials.timeline.command import write_failed
from seatrials.whole_file import is_folder, read_regular, write_whole

# In the folder that Allure works in.
_HISTORY = "history.jsonl"
# allurerc.mjs sorts results by these words.
_NO_RESULT = "collected, but there is no result"


@dataclass(frozen=True, kw_only=True)
class Build:
    """What made the report, for its readers to go back to."""

    name: str = ""
    url: str = ""


def write_report(*, evidence: Path, tools: Path, build: Build, variables: Mapping[str, str]) -> Path:
    """Write a new folder below *evidence*/report and return its page; *tools* is the folder of the npm packages."""
    runs = newest_runs(evidence)
    node = find_node()
    install_packages(tools, node, variables)
    for run in runs:
        # The results link to them.
        write_failed(run)
    evidence_folder = EvidenceFolder(evidence)
    history = evidence_folder.report_history
    with TemporaryDirectory(prefix="seatrials-report-") as name:
        work = Path(name)
        write_input(runs, work, build)
        forget(history, work / _HISTORY, runs)
        allure = tools.resolve() / "node_modules" / "allure" / "cli.js"
        folders = [os.path.realpath(each) for run in runs if is_folder(each := run.folder.allure_results)]
        options = ["--config", str(tools.resolve() / "allurerc.mjs"), "--cwd", str(work)]
        run_node(node, [str(allure), "generate", *options, *folders, "added"], work, variables)
        page = make_self_contained(page_of(work / "output").read_text(encoding="utf-8"))
        remember(work / _HISTORY, runs)
        told = (work / _HISTORY).read_text(encoding="utf-8")
    return _write(page, told, evidence_folder)


def _write(page: str, history: str, folder: EvidenceFolder) -> Path:
    try:
        target = page_of(folder.reports.create())
        target.write_text(page, encoding="utf-8")
        write_whole(folder.report_history, history)
    except OSError as error:
        msg = f"the report cannot be written to {folder.reports.path}: {error.strerror}"
        raise EvidenceError(msg) from error
    return target


def newest_runs(evidence: Path) -> list[RunEvidence]:
    """Return the newest run of each environment; raises `EvidenceError` when there is none, or none can be seen."""
    for link in read_chains(evidence).all():
        place = EvidenceFolder(evidence).dated(link.environment).path
        if os.path.lexists(place) and not place.is_dir():
            msg = f"{place} is no folder, and runs on {link.environment} have been there: restore it, or remove it"
            raise EvidenceError(msg)
    found = [read_newest(evidence, each) for each in EvidenceFolder(evidence).environments()]
    runs = [run for run in found if run is not None]
    if not runs:
        msg = f"{evidence.absolute()} has no run to report: run `nox -s mock`, or name the folder with --evidence"
        raise EvidenceError(msg)
    return runs


def problems(run: RunEvidence) -> Iterator[str]:
    """Yield what a reader of the results alone would not notice, a sentence each."""
    for problem in run.problems:
        yield f"run {run.id} on {run.environment}: {problem}"


def variables(run: RunEvidence) -> dict[str, str]:
    """Return what the report says of a run as a whole."""
    record = run.record
    dirty = " with uncommitted changes" if record.dirty else ""
    told = {
        "run": run.id,
        "kind": record.kind,
        "commit": f"{run.commit}{dirty}" if run.commit is not None else None,
        "started": record.started,
        "ended": record.ended or ("never" if record.started is not None else None),
        "exit status": record.exit_status,
        "seed": record.seed,
        "workers": record.workers,
        "account": record.account,
        **{f"AWS's clock ahead at its {moment}": each.told for moment, each in (record.skew or {}).items()},
        **{f"version of {name}": value for name, value in (record.versions or {}).items()},
    }
    return {name: str(value) for name, value in told.items() if value is not None}


def write_input(runs: Sequence[RunEvidence], work: Path, build: Build) -> None:
    """Write into *work* what Allure reads beside the runs' own results."""
    added = work / "added"
    added.mkdir()
    commits = sorted({run.commit[:9] for run in runs if run.commit is not None})
    name = f"seatrials {', '.join(commits) or 'without a commit'}"
    settings = {
        "name": name,
        "output": str(work / "output"),
        "historyPath": str(work / _HISTORY),
        "environments": {run.environment: variables(run) for run in runs},
    }
    _write_json(work / "report.json", settings)
    executor = {"name": "seatrials", "type": "seatrials", "buildName": build.name or name, "buildUrl": build.url}
    _write_json(added / "executor.json", {key: value for key, value in executor.items() if value})
    (added / "environment.properties").write_text(_properties(runs), encoding="utf-8")
    errors = [{"message": problem, "environment": run.environment} for run in runs for problem in problems(run)]
    _write_json(added / "runs-globals.json", {"attachments": [], "errors": errors})
    for run in runs:
        for result in missing_results(run):
            _write_json(added / f"{result['uuid']}-result.json", result)


def missing_results(run: RunEvidence) -> Iterator[dict[str, Any]]:
    """Yield a broken result for each row that *run* set out to examine and that Allure has no result of."""
    results = [each for each in entries_of(run.folder.allure_results) if each.name.endswith("-result.json")]
    seen = {_full_name(path) for path in results}
    for node, row in sorted(_rows_by_test(run).items()):
        path, _, test = node.partition("::")
        full_name = f"{path.removesuffix('.py').replace('/', '.')}#{test}"
        if full_name in seen:
            continue
        told = run.log.results.get(node)
        reason = told.reason if told is not None and told.reason else "the run ended before"
        suite = Path(path).stem.removeprefix("test_")
        labels = {"env": run.environment, "suite": suite, "as_id": row, "severity": "critical"}
        yield {
            "uuid": hashlib.md5(f"{run.id} {node}".encode(), usedforsecurity=False).hexdigest(),
            "name": f"{row} {test}".strip(),
            "fullName": full_name,
            "status": "broken",
            "statusDetails": {"message": f"{_NO_RESULT}: {reason}"},
            "links": _timeline(run, row),
            "labels": [{"name": key, "value": value} for key, value in labels.items() if value],
            # What allure-pytest would have written too: without it, one environment's result stands for all.
            "parameters": [{"name": "environment", "value": repr(run.environment)}],
        }


def _timeline(run: RunEvidence, row: str) -> list[dict[str, str]]:
    if not row or not run.folder.timeline_page(row).is_file():
        return []
    return [run.folder.timeline_link(row)]


def forget(history: Path, copy: Path, runs: Sequence[RunEvidence]) -> None:
    """Copy *history* without what an earlier report said of the same runs, which would be compared with themselves."""
    try:
        lines = read_regular(history).decode().splitlines() if os.path.lexists(history) else []
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{history} cannot be read ({error}): remove it, or move it away"
        raise EvidenceError(msg) from error
    kept = [line for number, line in enumerate(lines, 1) if _runs_of(line, history, number) != _names(runs)]
    copy.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")


def remember(history: Path, runs: Sequence[RunEvidence]) -> None:
    """Say in the newest line of *history* which runs it is about."""
    *lines, newest = history.read_text(encoding="utf-8").splitlines()
    told = json.dumps({**json.loads(newest), "seatrials": _names(runs)}, separators=(",", ":"))
    history.write_text("".join(f"{line}\n" for line in [*lines, told]), encoding="utf-8")


def _runs_of(line: str, history: Path, number: int) -> object:
    try:
        return json.loads(line)["seatrials"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        msg = f"line {number} of {history} is no report of ours ({error!r}): remove it, or move the file away"
        raise EvidenceError(msg) from error


def _names(runs: Sequence[RunEvidence]) -> list[str]:
    return [f"{run.environment}/{run.id}" for run in runs]


def _properties(runs: Sequence[RunEvidence]) -> str:
    """Return the runs in the format of Java's properties: a name ends at the first space, colon or equals sign."""
    lines = [
        f"{run.environment}.{name.replace(' ', '-')}={' '.join(value.split())}"
        for run in runs
        for name, value in variables(run).items()
    ]
    return "".join(f"{line}\n" for line in lines)


def _rows_by_test(run: RunEvidence) -> dict[str, str]:
    """Return the row of each test that the run set out to run; without its rows there are the tests still."""
    return {**dict.fromkeys(run.record.expected or (), ""), **{test: row for row, test in run.rows.items()}}


def _full_name(path: Path) -> str:
    """Return which test a result of Allure's is about; one that a killed worker left half-written is about none."""
    try:
        value = json.loads(read_regular(path))
    except (OSError, ValueError, RecursionError):
        return ""
    return str(value.get("fullName")) if isinstance(value, dict) else ""


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1), encoding="utf-8")
