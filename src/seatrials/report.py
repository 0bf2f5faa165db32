"""One Allure report over the newest runs of all environments.

Allure shows what a run did; it does not decide (`gate/` does). What it would leave out is added here: rows that a run
set out to examine and has no result of, and runs that never ended. What it would load from elsewhere is taken out.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from seatrials.errors import EvidenceError, ReportError
from seatrials.node import find_node, install_packages, run_node

# Folders of the evidence that hold no run of scenarios on a platform as it should be.
_OTHERS = frozenset({"gate", "mutants", "report"})
_HISTORY = "history.jsonl"
# allurerc.mjs sorts results by these words.
_NO_RESULT = "collected, but there is no result"

_ANALYTICS = re.compile(
    r"<script async src=\"https://www\.googletagmanager\.com/[^\"]*\"></script>\s*<script>.*?gtag\(.*?</script>\s*",
    re.DOTALL,
)
_PROGRAM = re.compile(r"[ \t]*<script\s+src=\"data:text/javascript;base64,[^\"]*\"></script>\s*")
_LOADS = re.compile(r"(?:url\(|@import)\s*[\"']?\s*((?:https?:)?//[^\"')\s]+)", re.IGNORECASE)
_REMOTE = re.compile(r"\s*(?:https?:|wss?:)?//", re.IGNORECASE)


@dataclass(frozen=True)
class Run:
    """The newest run of an environment, as its folder tells of it."""

    environment: str
    folder: Path
    # The record of `run.json`; empty when it cannot be read.
    record: Mapping[str, Any]
    problems: tuple[str, ...] = ()

    @property
    def results(self) -> Path:
        """Where allure-pytest wrote."""
        return self.folder / "allure-results"

    def variables(self) -> dict[str, str]:
        """Return what the report says of the run as a whole."""
        commit = self.record.get("commit")
        dirty = " with uncommitted changes" if self.record.get("dirty") else ""
        told = {
            "run": self.folder.name,
            "kind": self.record.get("kind"),
            "commit": f"{commit}{dirty}" if commit else None,
            "started": self.record.get("started"),
            "ended": self.record.get("ended") or "never",
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


def write_report(  # one parameter an option of the command
    *, evidence: Path, tools: Path, build: Build, variables: Mapping[str, str]
) -> Path:
    """Write *evidence*/report/latest/index.html and return its path; *tools* is the folder of the npm packages."""
    runs = newest_runs(evidence)
    node = find_node()
    install_packages(tools, node, variables)
    target = evidence / "report" / "latest" / "index.html"
    target.parent.mkdir(parents=True, exist_ok=True)
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
        _replace(target, page)
        _replace(history, (work / _HISTORY).read_text(encoding="utf-8"))
    return target


def newest_runs(evidence: Path) -> list[Run]:
    """Return the run that `latest` leads to in each environment; raises `EvidenceError` when there is none."""
    folders = sorted(path.parent for path in evidence.glob("*/latest") if path.parent.name not in _OTHERS)
    if not folders:
        msg = f"{evidence.absolute()} has no run to report: run `nox -s mock`, or name the folder with --evidence"
        raise EvidenceError(msg)
    return [_read_run(folder.name, (folder / "latest").resolve()) for folder in folders]


def _read_run(environment: str, folder: Path) -> Run:
    path = folder / "run.json"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return Run(environment, folder, {}, (f"{path} cannot be read: {error}",))
    if record.get("ended") is None:
        return Run(environment, folder, record, (f"run {folder.name} on {environment} has no end: it was killed",))
    return Run(environment, folder, record)


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
    errors = [{"message": problem, "environment": run.environment} for run in runs for problem in run.problems]
    _write_json(added / "runs-globals.json", {"attachments": [], "errors": errors})
    for run in runs:
        for result in missing_results(run):
            _write_json(added / f"{result['uuid']}-result.json", result)


def missing_results(run: Run) -> Iterator[dict[str, Any]]:
    """Yield a broken result for each row that *run* set out to examine and that Allure has no result of."""
    seen = {str(_read_json(path).get("fullName")) for path in sorted(run.results.glob("*-result.json"))}
    rows = {node: row for row, node in (run.record.get("rows") or {}).items()}
    for node in run.record.get("expected") or []:
        path, _, test = node.partition("::")
        full_name = f"{path.removesuffix('.py').replace('/', '.')}#{test}"
        if full_name in seen:
            continue
        suite = Path(path).stem.removeprefix("test_")
        labels = {"env": run.environment, "suite": suite, "as_id": rows.get(node), "severity": "critical"}
        yield {
            "uuid": hashlib.md5(f"{run.folder.name} {node}".encode(), usedforsecurity=False).hexdigest(),
            "name": test,
            "fullName": full_name,
            "status": "broken",
            "statusDetails": {"message": f"{_NO_RESULT}: the run, or the worker that had it, ended before"},
            "labels": [{"name": key, "value": value} for key, value in labels.items() if value],
            "parameters": [{"name": "environment", "value": repr(run.environment)}],
        }


def forget(history: Path, copy: Path, runs: Sequence[Run]) -> None:
    """Copy *history* without what an earlier report said of the same runs, which would be compared with themselves."""
    lines = history.read_text(encoding="utf-8").splitlines() if history.is_file() else []
    kept = [line for line in lines if json.loads(line).get("seatrials") != _names(runs)]
    copy.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")


def remember(history: Path, runs: Sequence[Run]) -> None:
    """Say in the newest line of *history* which runs it is about."""
    *lines, newest = history.read_text(encoding="utf-8").splitlines()
    told = json.dumps({**json.loads(newest), "seatrials": _names(runs)}, separators=(",", ":"))
    history.write_text("".join(f"{line}\n" for line in [*lines, told]), encoding="utf-8")


def make_self_contained(page: str) -> str:
    """Return Allure's single *page* without its analytics, and with its program behind the data that it reads.

    Allure starts the program first; whenever the browser pauses between the two, it asks the disk for files that do
    not exist, and shows an endless spinner. Raises `ReportError` when something would still be loaded.
    """
    page = _ANALYTICS.sub("", page)
    programs = "".join(_PROGRAM.findall(page))
    page = _PROGRAM.sub("", page)
    body, closing, rest = page.rpartition("</body>")
    if not programs or not closing:
        msg = "Allure's report has no program at the place where it is expected: pin the version that allure/ was made for"
        raise ReportError(msg)
    page = f"{body}{programs}{closing}{rest}"
    loaded = external_loads(page)
    if loaded:
        msg = f"Allure's report would load {', '.join(loaded)}: see whether its analytics look different now"
        raise ReportError(msg)
    return page


def external_loads(page: str) -> list[str]:
    """Return the addresses that a browser would load to show *page*; links that a reader may follow do not count."""
    finder = _LoadFinder()
    finder.feed(page)
    finder.close()
    return finder.found


@dataclass
class _LoadFinder(HTMLParser):
    found: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_style = tag == "style"
        names = {"href"} if tag in {"link", "image", "use"} else {"src", "srcset", "poster", "data", "background"}
        for name, value in attrs:
            if name in names and value and _REMOTE.match(value):
                self.found.append(value)
            elif name == "style" and value:
                self.found += _LOADS.findall(value)

    def handle_endtag(self, tag: str) -> None:
        self._in_style = self._in_style and tag != "style"

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.found += _LOADS.findall(data)


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
    """Return the object in *path*; a file that a killed run left half-written holds none."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return {}
    return value if isinstance(value, Mapping) else {}


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1), encoding="utf-8")


def _replace(path: Path, text: str) -> None:
    """Write *path* whole, so that a reader sees the old file or the new one."""
    temporary = path.with_name(f"{path.name}.new")
    temporary.write_text(text, encoding="utf-8")
    shutil.move(temporary, path)
