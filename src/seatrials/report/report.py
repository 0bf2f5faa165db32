"""One Allure report over the newest runs of all environments.

Allure shows what a run did; it does not decide (`gate/` does). What it would leave out is added here: rows that a run
set out to examine and has no result of, and runs that did not end as they should.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from seatrials.errors import EvidenceError
from seatrials.evidence.folder import new_folder
from seatrials.evidence.report_log import ReportLog, read_report_log
from seatrials.report.node import find_node, install_packages, run_node
from seatrials.report.self_contained import make_self_contained

# Folders of the evidence that hold no run of scenarios on a platform as it should be.
_OTHERS = frozenset({"gate", "mutants", "report"})
_HISTORY = "history.jsonl"
# allurerc.mjs sorts results by these words.
_NO_RESULT = "collected, but there is no result"
# How pytest ends when all it ran has passed, and when something failed.
_ORDERLY = (0, 1)


@dataclass(frozen=True)
class Run:
    """The newest run of an environment, as its folder tells of it."""

    environment: str
    folder: Path
    # The record of `run.json`; empty when it cannot be read.
    record: Mapping[str, Any]
    log: ReportLog

    @property
    def results(self) -> Path:
        """Where allure-pytest wrote."""
        return self.folder / "allure-results"

    def rows(self) -> dict[str, str]:
        """Return the row of each test that the run set out to run; rows.json tells them where the record does not."""
        named = {row: each.get("nodeid") for row, each in _read_json(self.folder / "rows.json").items()}
        rows = {str(node): row for row, node in {**named, **(self.record.get("rows") or {})}.items()}
        return {**{str(node): "" for node in self.record.get("expected") or []}, **rows}

    def variables(self) -> dict[str, str]:
        """Return what the report says of the run as a whole."""
        commit = self.record.get("commit")
        dirty = " with uncommitted changes" if self.record.get("dirty") else ""
        told = {
            "run": self.folder.name,
            "kind": self.record.get("kind"),
            "commit": f"{commit}{dirty}" if commit else None,
            "started": self.record.get("started"),
            "ended": (self.record.get("ended") or "never") if self.record else None,
            "exit status": self.record.get("exit_status"),
            "seed": self.record.get("seed"),
            "workers": self.record.get("workers"),
            "account": self.record.get("account"),
            **{f"version of {name}": value for name, value in (self.record.get("versions") or {}).items()},
        }
        return {name: str(value) for name, value in told.items() if value is not None}


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
    history = evidence / "report" / _HISTORY
    with TemporaryDirectory(prefix="seatrials-report-") as name:
        work = Path(name)
        write_input(runs, work, build)
        forget(history, work / _HISTORY, runs)
        allure = tools.resolve() / "node_modules" / "allure" / "cli.js"
        folders = [str(run.results.resolve()) for run in runs if run.results.is_dir()]
        options = ["--config", str(tools.resolve() / "allurerc.mjs"), "--cwd", str(work)]
        run_node(node, [str(allure), "generate", *options, *folders, "added"], work, variables)
        page = make_self_contained((work / "output" / "index.html").read_text(encoding="utf-8"))
        remember(work / _HISTORY, runs)
        target = new_folder(evidence / "report") / "index.html"
        target.write_text(page, encoding="utf-8")
        _replace(history, (work / _HISTORY).read_text(encoding="utf-8"))
    return target


def newest_runs(evidence: Path) -> list[Run]:
    """Return the newest run of each environment; raises `EvidenceError` when there is none."""
    runs = [path for path in sorted(evidence.glob("*/*/")) if path.parent.name not in _OTHERS]
    # `latest` comes after every time; where the link was lost on the way, the last time is the newest run.
    newest = {path.parent.name: path.resolve() for path in runs}
    if not newest:
        msg = f"{evidence.absolute()} has no run to report: run `nox -s mock`, or name the folder with --evidence"
        raise EvidenceError(msg)
    return [_read_run(environment, folder) for environment, folder in newest.items()]


def _read_run(environment: str, folder: Path) -> Run:
    return Run(environment, folder, _read_json(folder / "run.json"), read_report_log(folder / "report-log.jsonl"))


def problems(run: Run) -> Iterator[str]:
    """Yield what a reader of the results alone would not notice, a sentence each."""
    name, status = f"run {run.folder.name} on {run.environment}", run.record.get("exit_status")
    if not run.record:
        yield f"{run.folder / 'run.json'} is missing or cut off: what {name} set out to do is known in part only"
    elif run.record.get("ended") is None:
        yield f"{name} has no end: it was killed, or goes on"
    elif status not in _ORDERLY:
        yield f"{name} ended with exit code {status}, which is not about its scenarios: see what it said"
    if not run.rows():
        yield f"{name} has collected no scenario, so it proves nothing"
    yield from run.log.problems


def write_input(runs: Sequence[Run], work: Path, build: Build) -> None:
    """Write into *work* what Allure reads beside the runs' own results."""
    added = work / "added"
    added.mkdir()
    commits = sorted({str(run.record["commit"])[:9] for run in runs if run.record.get("commit")})
    name = f"seatrials {', '.join(commits) or 'without a commit'}"
    settings = {
        "name": name,
        "output": str(work / "output"),
        "historyPath": str(work / _HISTORY),
        "environments": {run.environment: run.variables() for run in runs},
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


def missing_results(run: Run) -> Iterator[dict[str, Any]]:
    """Yield a broken result for each row that *run* set out to examine and that Allure has no result of."""
    seen = {str(_read_json(path).get("fullName")) for path in sorted(run.results.glob("*-result.json"))}
    for node, row in sorted(run.rows().items()):
        path, _, test = node.partition("::")
        full_name = f"{path.removesuffix('.py').replace('/', '.')}#{test}"
        if full_name in seen:
            continue
        told = run.log.results.get(node)
        reason = told.reason if told is not None and told.reason else "the run ended before"
        suite = Path(path).stem.removeprefix("test_")
        labels = {"env": run.environment, "suite": suite, "as_id": row, "severity": "critical"}
        yield {
            "uuid": hashlib.md5(f"{run.folder.name} {node}".encode(), usedforsecurity=False).hexdigest(),
            "name": test,
            "fullName": full_name,
            "status": "broken",
            "statusDetails": {"message": f"{_NO_RESULT}: {reason}"},
            "labels": [{"name": key, "value": value} for key, value in labels.items() if value],
            # What allure-pytest would have written too: without it, one environment's result stands for all.
            "parameters": [{"name": "environment", "value": repr(run.environment)}],
        }


def forget(history: Path, copy: Path, runs: Sequence[Run]) -> None:
    """Copy *history* without what an earlier report said of the same runs, which would be compared with themselves."""
    lines = history.read_text(encoding="utf-8").splitlines() if history.is_file() else []
    kept = [line for number, line in enumerate(lines, 1) if _runs_of(line, history, number) != _names(runs)]
    copy.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")


def remember(history: Path, runs: Sequence[Run]) -> None:
    """Say in the newest line of *history* which runs it is about."""
    *lines, newest = history.read_text(encoding="utf-8").splitlines()
    told = json.dumps({**json.loads(newest), "seatrials": _names(runs)}, separators=(",", ":"))
    history.write_text("".join(f"{line}\n" for line in [*lines, told]), encoding="utf-8")


def _runs_of(line: str, history: Path, number: int) -> object:
    try:
        return json.loads(line)["seatrials"]
    except (ValueError, KeyError, TypeError) as error:
        msg = f"line {number} of {history} is no report of ours ({error!r}): remove it, or move the file away"
        raise EvidenceError(msg) from error


def _names(runs: Sequence[Run]) -> list[str]:
    return [f"{run.environment}/{run.folder.name}" for run in runs]


def _properties(runs: Sequence[Run]) -> str:
    """Return the runs in the format of Java's properties: a name ends at the first space, colon or equals sign."""
    lines = [
        f"{run.environment}.{name.replace(' ', '-')}={' '.join(value.split())}"
        for run in runs
        for name, value in run.variables().items()
    ]
    return "".join(f"{line}\n" for line in lines)


def _read_json(path: Path) -> Mapping[str, Any]:
    """Return the object in *path*; a file that a killed run left half-written, or did not come to, holds none."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return value if isinstance(value, Mapping) else {}


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1), encoding="utf-8")


def _replace(path: Path, text: str) -> None:
    """Write *path* whole, so that a reader sees the old file or the new one."""
    temporary = path.with_name(f"{path.name}.new")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
