"""Where evidence stands on disk: `<evidence>/<environment>/<run>/` and what is beside it; nobody else knows a name."""

import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path

from seatrials.errors import ConfigurationError
from seatrials.evidence.record import LEFTOVERS, ROWS, USAGE, MatrixRecord, RowRecord, Rows, RunRecord
from seatrials.evidence.recorder import Recorder
from seatrials.evidence.redaction import redact_line, redact_value
from seatrials.evidence.seal import seal_of
from seatrials.seams.clock import wall_timestamp
from seatrials.whole_file import write_whole

# Where evidence is, unless somebody names another folder.
DEFAULT_EVIDENCE = Path("evidence")
_GATE, _MUTANTS, _PUBLISHED, _REPORT = "gate", "mutants", "published", "report"
# What stands where runs on an environment would, and is none.
_OTHERS = frozenset({_GATE, _MUTANTS, _PUBLISHED, _REPORT})
_LATEST = "latest"
_HISTORY = "history.jsonl"
_PAGE = "index.html"
_SEAL = "seal.json"
_LEFTOVERS = "leftovers.*.json"
_USAGE = "timeline/*.usage.json"
_STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class EvidenceFolder:
    """All that runs, the gate, reports and publishing have left."""

    root: Path

    def environments(self) -> list[str]:
        """Return the names of the environments that something ran on, sorted."""
        found = sorted(self.root.iterdir()) if self.root.is_dir() else []
        return [path.name for path in found if path.name not in _OTHERS and DatedFolders(path).has_any()]

    def runs(self, environment: str) -> "DatedFolders":
        """Return the folders of the runs on *environment*; raises `ConfigurationError` for a name that is taken."""
        if environment in _OTHERS:
            msg = f"no environment can be called {environment!r}, for the evidence has something else there: rename it"
            raise ConfigurationError(msg)
        return DatedFolders(self.root / environment)

    @property
    def mutants(self) -> "DatedFolders":
        """The folders of runs on mutants."""
        return DatedFolders(self.root / _MUTANTS)

    @property
    def gate(self) -> Path:
        """Where decisions are, a folder each."""
        return self.root / _GATE

    @property
    def gate_history(self) -> Path:
        """The runs that were judged before."""
        return self.gate / _HISTORY

    @property
    def reports(self) -> "DatedFolders":
        """The folders of Allure reports."""
        return DatedFolders(self.root / _REPORT)

    @property
    def report_history(self) -> Path:
        """What reports remember of those before them."""
        return self.reports.path / _HISTORY

    @property
    def report_page(self) -> Path:
        """The newest Allure report, if there is one."""
        return page_of(self.reports.latest)

    @property
    def published(self) -> Path:
        """Where it is noted which runs' figures were sent; outside of the runs, whose files are sealed."""
        return self.root / _PUBLISHED


@dataclass(frozen=True)
class DatedFolders:
    """Folders in *path* that are called after the time, and `latest`, which leads to the newest."""

    path: Path

    @property
    def latest(self) -> Path:
        """The link to the newest folder; where links are lost on the way it may be a copy of it, or be gone."""
        return self.path / _LATEST

    def create(self, started: str | None = None) -> Path:
        """Make a new folder, called after *started* (ISO 8601 in UTC) or now, and let `latest` lead to it."""
        stamp = re.sub(r"[^0-9T]", "", (started or wall_timestamp()).split(".")[0])
        name = f"{stamp}Z-{os.getpid()}"
        taken = sum(each.name.startswith(name) for each in self.path.glob(f"{name}*"))
        path = self.path / (f"{name}-{taken + 1}" if taken else name)
        path.mkdir(parents=True)
        _point(self.latest, path.name)
        return path

    def all(self) -> list[Path]:
        """Return the folders, in no order that means anything; some other folder is among them, `latest` is not."""
        found = self.path.iterdir() if self.path.is_dir() else ()
        return [each for each in found if each.is_dir() and each.name != _LATEST]

    def has_any(self) -> bool:
        """Whether there is a folder that is called after a time."""
        return any(second_of(each) is not None for each in self.all())


def second_of(folder: Path) -> int | None:
    """Return the second that *folder* is called after, since the epoch; None for another name."""
    stamp, _, _ = folder.name.partition("-")
    try:
        return int(datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC).timestamp())
    except ValueError:
        return None


def page_of(folder: Path) -> Path:
    """Return where the page of a decision or of a report is in its *folder*."""
    return folder / _PAGE


@dataclass(frozen=True)
class RunFolder:
    """The evidence of one run."""

    path: Path

    @classmethod
    def create(cls, evidence: Path, environment: str, started: str | None = None) -> "RunFolder":
        """Make the folder of a new run on *environment*, called after when it *started* (ISO 8601 in UTC) or now."""
        folder = cls(EvidenceFolder(evidence).runs(environment).create(started))
        folder._timeline.mkdir()
        return folder

    @property
    def record(self) -> Path:
        """What the run says of itself: a `RunRecord`."""
        return self.path / "run.json"

    @property
    def seal(self) -> Path:
        """The checksums of all that is judged: a `SEAL`, written last by a run that ended."""
        return self.path / _SEAL

    @property
    def rows(self) -> Path:
        """Which rows the run set out to run: `ROWS`."""
        return self.path / "rows.json"

    @property
    def report_log(self) -> Path:
        """Where pytest-reportlog writes."""
        return self.path / "report-log.jsonl"

    @property
    def allure_results(self) -> Path:
        """Where allure-pytest writes."""
        return self.path / "allure-results"

    @property
    def counts(self) -> Path:
        """Where each process of a run on a real stack keeps what it has used."""
        return self.path / "usage"

    def journal(self, process: str) -> Path:
        """Return where a process of a run on a real stack notes what it is about to change."""
        return self.path / "journal" / f"{process}.jsonl"

    @property
    def turns(self) -> Path:
        """Where the processes of a run on a real stack take turns."""
        return self.path / "turns"

    def write_run(self, record: RunRecord) -> None:
        """Write what the run says of itself."""
        _write(self.record, record.model_dump(mode="json"), indent=2, sort_keys=True)

    def write_rows(self, rows: Rows) -> None:
        """Write which rows the run set out to run, by id."""
        _write(self.rows, {row: each.model_dump() for row, each in rows.items()}, indent=2, sort_keys=True)

    def read_rows(self) -> dict[str, RowRecord]:
        """Return what `write_rows` wrote, in whatever process; nothing before the scenarios are collected."""
        return ROWS.validate_json(self.rows.read_bytes()) if self.rows.is_file() else {}

    def write_leftovers(self, process: str, leftovers: list[str]) -> None:
        """Write what the scenarios of one process made and left behind."""
        _write(self.path / f"leftovers.{process}.json", redact_value(leftovers), indent=2)

    def read_leftovers(self) -> tuple[str, ...] | None:
        """Return what all processes left behind; None when none has looked."""
        return leftovers_in(_contents(self.path, [_LEFTOVERS]))

    def write_comparison(self, unexplained: list[str], others: list[str]) -> None:
        """Write what changed on a shared stack during the run: what nobody accounts for, and what others did."""
        _write(self.path / "comparison.json", redact_value({"unexplained": unexplained, "others": others}), indent=2)

    def write_timeline(self, scenario: str, lines: Iterable[str]) -> None:
        """Write the platform's events during a scenario, one JSON object a line."""
        write_whole(self._timeline / f"{scenario}.jsonl", "".join(f"{redact_line(line)}\n" for line in lines))

    def write_scenario(self, scenario: str, recorder: Recorder) -> None:
        """Write the steps and samples of a scenario."""
        steps = ",\n".join(json.dumps(asdict(step)) for step in recorder.steps)
        samples = ",\n".join(json.dumps(asdict(sample)) for sample in recorder.samples)
        text = f'{{"steps": [\n{steps}\n],\n"samples": [\n{samples}\n]}}\n'
        write_whole(self._timeline / f"{scenario}.steps.json", text)

    def write_usage(self, scenario: str, usage: Mapping[str, float]) -> None:
        """Write what a scenario used of what costs money."""
        _write(self._timeline / f"{scenario}.usage.json", dict(usage), indent=1, sort_keys=True)

    def read_usage(self) -> dict[str, float]:
        """Return the sum of what all scenarios used."""
        return usage_in(_contents(self.path, [_USAGE]))

    def judged_files(self) -> dict[str, bytes]:
        """Return the content of each file that a judgement may rest on, by name; Allure's results are for people.

        Raises `OSError` when one cannot be read.
        """
        found = _contents(self.path, ["*.json", "*.jsonl", "timeline/*"])
        return {name: content for name, content in found.items() if name != _SEAL}

    def write_seal(self) -> None:
        """Seal the run as it is; to be called when everything else is written."""
        _write(self.seal, seal_of(self.judged_files()), indent=1)

    @property
    def _timeline(self) -> Path:
        return self.path / "timeline"


@dataclass(frozen=True)
class MatrixFolder:
    """The evidence of one run on mutants."""

    path: Path

    @classmethod
    def create(cls, evidence: Path, started: str | None = None) -> "MatrixFolder":
        """Make the folder of a new run on mutants, called after when it *started* (ISO 8601 in UTC) or now."""
        return cls(EvidenceFolder(evidence).mutants.create(started))

    @property
    def record(self) -> Path:
        """Who kills whom: a `MatrixRecord`."""
        return self.path / "kill-matrix.json"

    @property
    def page(self) -> Path:
        """The same for people."""
        return self.path / "kill-matrix.md"

    @property
    def seal(self) -> Path:
        """The checksum of the record: a `SEAL`."""
        return self.path / _SEAL

    def write(self, record: MatrixRecord, page: str) -> None:
        """Write a matrix, its page for people, and last the seal."""
        _write(self.record, record.model_dump(mode="json"), indent=2)
        write_whole(self.page, page)
        _write(self.seal, seal_of({self.record.name: self.record.read_bytes()}), indent=1)


def leftovers_in(files: Mapping[str, bytes]) -> tuple[str, ...] | None:
    """Return what all processes of a run left behind, by its files; None when none has looked.

    Raises `ValidationError` for a file that does not say it.
    """
    told = [LEFTOVERS.validate_json(content) for name, content in files.items() if fnmatchcase(name, _LEFTOVERS)]
    return tuple(sorted(each for left in told for each in left)) if told else None


def usage_in(files: Mapping[str, bytes]) -> dict[str, float]:
    """Return the sum of what all scenarios of a run used, by its files.

    Raises `ValidationError` for a file that does not say it.
    """
    total: dict[str, float] = {}
    for each in (content for name, content in sorted(files.items()) if fnmatchcase(name, _USAGE)):
        for name, quantity in USAGE.validate_json(each).items():
            total[name] = round(total.get(name, 0.0) + quantity, 6)
    return total


def _contents(folder: Path, patterns: Iterable[str]) -> dict[str, bytes]:
    found = sorted(path for pattern in patterns for path in folder.glob(pattern) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def _write(path: Path, value: object, *, indent: int, sort_keys: bool = False) -> None:
    write_whole(path, json.dumps(value, indent=indent, sort_keys=sort_keys) + "\n")


def _point(link: Path, target: str) -> None:
    """Let *link* lead to *target*, so that a reader finds the old one or the new one."""
    temporary = link.with_name(f"{link.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target, target_is_directory=True)
    temporary.replace(link)
