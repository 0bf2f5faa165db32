"""Where evidence stands on disk: `<evidence>/<environment>/<run>/` and what is beside it; nobody else knows a name."""

import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from seatrials.errors import ConfigurationError, EvidenceError
from seatrials.evidence.record import (
    ROWS,
    TASKS,
    MatrixRecord,
    RowRecord,
    Rows,
    RunRecord,
    ServiceRecord,
    Services,
    SkewRecord,
    TaskRecord,
)
from seatrials.evidence.recorder import Recorder
from seatrials.evidence.redaction import redact_lines, redact_value
from seatrials.evidence.seal import seal_of
from seatrials.evidence.sums import (
    LEFTOVERS_FILES,
    SERVICES_FILES,
    SKEW_FILE,
    USAGE_FILES,
    USAGE_OF_ROWS,
    leftovers_in,
    services_in,
    skew_in,
    usage_in,
)
from seatrials.seams.clock import wall_timestamp
from seatrials.whole_file import is_folder, read_regular, write_whole

# Where evidence is, unless somebody names another folder.
DEFAULT_EVIDENCE = Path("evidence")
# What runs, and runs on mutants, say of themselves.
RUN_RECORD, MATRIX_RECORD = "run.json", "kill-matrix.json"
_CHAINS, _GATE, _MUTANTS, _PUBLISHED, _REPORT = "chains", "gate", "mutants", "published", "report"
# What stands where runs on an environment would, and is none.
_OTHERS = frozenset({_CHAINS, _GATE, _MUTANTS, _PUBLISHED, _REPORT})
_LATEST = "latest"
_HISTORY = "history.jsonl"
_PAGE = "index.html"
_SEAL = "seal.json"
_SIGNATURE = "signature.json"
_NOTES = "notified-"
_TASKS = "tasks.json"
_STAMP = "%Y%m%dT%H%M%SZ"
_NUMBER = re.compile(r"[0-9]{6,9}")


@dataclass(frozen=True)
class EvidenceFolder:
    """All that runs, the gate, reports and publishing have left."""

    root: Path

    def environments(self) -> list[str]:
        """Return the names of the environments that something ran on, sorted."""
        found = sorted(entries_of(self.root))
        return [path.name for path in found if path.name not in _OTHERS and DatedFolders(path).has_any()]

    def runs(self, environment: str) -> "DatedFolders":
        """Return the folders of the runs on *environment*; raises `ConfigurationError` for a name that is taken."""
        if environment in _OTHERS:
            msg = f"no environment can be called {environment!r}, for the evidence has something else there: rename it"
            raise ConfigurationError(msg)
        return DatedFolders(self.root / environment)

    def dated(self, name: str) -> "DatedFolders":
        """Return the folders of the runs that a chain knows under *name*: an environment, or the mutants."""
        return DatedFolders(self.root / name)

    @property
    def chains(self) -> "ChainsFolder":
        """The chains that the runs on all environments and on mutants are numbered in."""
        return ChainsFolder(self.root / _CHAINS)

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
        """Return the folders, in no order that means anything; `latest` is not among them.

        Some other folder is, and whatever is called as a folder would be: it must not seem that there was none. Raises
        `EvidenceError` when nobody can say what there is.
        """
        found = [each for each in entries_of(self.path) if each.name != _LATEST]
        return [each for each in found if is_folder(each) or second_of(each) is not None]

    def last(self) -> list[Path]:
        """Return the folder that is called after the latest time; none where no folder is called after one."""
        dated = [each for each in self.all() if second_of(each) is not None]
        return [max(dated, key=lambda each: each.name)] if dated else []

    def has_any(self) -> bool:
        """Whether there is a folder that is called after a time."""
        return bool(self.last())


def entries_of(folder: Path) -> list[Path]:
    """Return what is in a folder, nothing for one that is none; raises `EvidenceError` when it cannot be read."""
    try:
        return list(folder.iterdir()) if is_folder(folder) else []
    except OSError as error:
        msg = f"{folder} cannot be read: {error.strerror}"
        raise EvidenceError(msg) from error


def second_of(folder: Path) -> int | None:
    """Return the second that *folder* is called after, since the epoch; None for another name."""
    stamp, _, _ = folder.name.partition("-")
    return _second_of_stamp(stamp)


# A reader asks again and again for the same few hundred folders, and each time takes as long as to read a file.
@lru_cache(maxsize=4096)
def _second_of_stamp(stamp: str) -> int | None:
    try:
        return int(datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC).timestamp())
    except ValueError:
        return None


def seal_in(folder: Path) -> Path:
    """Return where the seal of a run is in its *folder*, whatever it ran on."""
    return folder / _SEAL


def page_of(folder: Path) -> Path:
    """Return where the page of a decision or of a report is in its *folder*."""
    return folder / _PAGE


def signature_of(folder: Path) -> Path:
    """Return where the signature of a run, of a kill matrix or of a decision is in its *folder*."""
    return folder / _SIGNATURE


def note_of(folder: Path, message: str) -> Path:
    """Return where it is noted that a *message* about the decision in *folder* was sent."""
    return folder / f"{_NOTES}{message}.json"


def decision_paths(folder: Path) -> list[Path]:
    """Return the files of a decision, sorted; its signature and the notes of who was told come after them."""
    later = (signature_of(folder).name, _NOTES)
    return sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith(later))


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
        return self.path / RUN_RECORD

    @property
    def seal(self) -> Path:
        """The checksums of all that is judged: a `SEAL`, written last by a run that ended."""
        return seal_in(self.path)

    @property
    def signature(self) -> Path:
        """Who answers for the seal and the files, where somebody does: an envelope or a bundle."""
        return signature_of(self.path)

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

    def timeline_of(self, scenario: str) -> Path:
        """Return where the platform's events during a scenario are, one JSON object a line."""
        return self._timeline / f"{scenario}.jsonl"

    def notes_of(self, scenario: str) -> Path:
        """Return where it stands what is to be said beside them."""
        return self._timeline / f"{scenario}.notes.jsonl"

    def steps_of(self, scenario: str) -> Path:
        """Return where the steps and samples of a scenario are."""
        return self._timeline / f"{scenario}.steps.json"

    def usage_of(self, scenario: str) -> Path:
        """Return where it stands what a scenario used."""
        return self._timeline / f"{scenario}.usage.json"

    @property
    def pages(self) -> Path:
        """Where the pages of timelines are: they are made of the evidence, so the seal leaves them out."""
        return self.path / "pages"

    def timeline_page(self, scenario: str) -> Path:
        """Return where the page with the timeline of a scenario is, if `seatrials timeline` has written it."""
        return self.pages / f"{scenario}.html"

    def timeline_address(self, scenario: str) -> str:
        """Return the page's address in a page of the same evidence that stands in a folder of `gate` or `report`."""
        page = self.timeline_page(scenario)
        return quote(f"../../{self.path.parent.name}/{page.relative_to(self.path.parent).as_posix()}")

    def timeline_link(self, scenario: str) -> dict[str, str]:
        """Return the link to it as Allure's results have links; its name says where the page is below the evidence.

        Allure's report shows the name, and makes no link of an address that is relative.
        """
        address = self.timeline_address(scenario)
        return {"type": "link", "name": f"timeline: {address.removeprefix('../../')}", "url": address}

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
        return leftovers_in(_contents(self.path, [LEFTOVERS_FILES]))

    def write_comparison(self, unexplained: list[str], others: list[str]) -> None:
        """Write what changed on a shared stack during the run: what nobody accounts for, and what others did."""
        _write(self.path / "comparison.json", redact_value({"unexplained": unexplained, "others": others}), indent=2)

    def write_skew(self, skew: Mapping[str, SkewRecord]) -> None:
        """Write how far the run's clock was from AWS's, at its `beginning` and, when that has come, at its `end`."""
        told = {moment: each.model_dump(mode="json") for moment, each in skew.items()}
        _write(self.path / SKEW_FILE, told, indent=2)

    def read_skew(self) -> dict[str, SkewRecord] | None:
        """Return what `write_skew` wrote, in whatever process; None where there is no other clock."""
        return skew_in(_contents(self.path, [SKEW_FILE]))

    def write_timeline(self, scenario: str, lines: Iterable[str]) -> None:
        """Write the platform's events during a scenario, one JSON object a line."""
        write_whole(self.timeline_of(scenario), "".join(f"{line}\n" for line in redact_lines(lines)))

    def write_notes(self, scenario: str, lines: Iterable[str]) -> None:
        """Write what is to be said beside a timeline, one JSON object a line.

        One with `of` says more of the event of that number, one with `after` is an event behind so many others.
        """
        write_whole(self.notes_of(scenario), "".join(f"{line}\n" for line in redact_lines(lines)))

    def write_scenario(self, scenario: str, recorder: Recorder, timeline_seconds: float | None = None) -> None:
        """Write the steps and samples of a scenario, and its moments; *timeline_seconds* is its timeline's zero."""
        clock = json.dumps({**recorder.clock(), "timeline_seconds": timeline_seconds})
        steps = ",\n".join(json.dumps(vars(step)) for step in recorder.steps)
        samples = ",\n".join(json.dumps(vars(sample)) for sample in recorder.samples)
        text = f'{{"clock": {clock},\n"steps": [\n{steps}\n],\n"samples": [\n{samples}\n]}}\n'
        write_whole(self.steps_of(scenario), text)

    def write_usage(self, scenario: str, usage: Mapping[str, float]) -> None:
        """Write what a scenario used of what costs money."""
        _write(self.usage_of(scenario), dict(usage), indent=1, sort_keys=True)

    def write_usage_beside_rows(self, whole: Mapping[str, float]) -> None:
        """Write what of the *whole* usage of a run no scenario's has: between rows, before the first, after the last.

        A process that was killed may have told of its last row and not of itself, which is not less than nothing.
        """
        rows = usage_in(_contents(self.path, [USAGE_OF_ROWS]))
        beside = {name: max(0.0, round(amount - rows.get(name, 0.0), 6)) for name, amount in whole.items()}
        _write(self.path / "usage.json", beside, indent=1, sort_keys=True)

    def read_usage(self) -> dict[str, float]:
        """Return the sum of what a run used, in its scenarios and beside them."""
        return usage_in(_contents(self.path, USAGE_FILES))

    def write_tasks(self, tasks: Iterable[TaskRecord]) -> None:
        """Write which tasks of the edit service a run on a real stack paid for."""
        _write(self.path / _TASKS, [each.model_dump() for each in tasks], indent=1)

    def read_tasks(self) -> tuple[TaskRecord, ...]:
        """Return what `write_tasks` wrote; nothing where nobody counted."""
        path = self.path / _TASKS
        return TASKS.validate_json(read_regular(path)) if path.is_file() else ()

    def write_services(self, scenario: str, services: Services) -> None:
        """Write which versions a scenario met; one that met none has no file."""
        if services:
            told = {name: each.model_dump(mode="json") for name, each in services.items()}
            _write(self._timeline / f"{scenario}.services.json", told, indent=1, sort_keys=True)

    def read_services(self) -> dict[str, ServiceRecord]:
        """Return which versions all scenarios met."""
        return services_in(_contents(self.path, [SERVICES_FILES]))

    def judged_paths(self) -> dict[str, Path]:
        """Return each file that a judgement may rest on, by name; Allure's results are for people."""
        found = _paths(self.path, ["*.json", "*.jsonl", "timeline/*"])
        return {name: path for name, path in found.items() if name not in (_SEAL, _SIGNATURE)}

    def judged_files(self) -> dict[str, bytes]:
        """Return the content of each of them; raises `OSError` when one cannot be read."""
        return {name: read_regular(path) for name, path in self.judged_paths().items()}

    def write_seal(self) -> None:
        """Seal the run as it is; to be called when everything else is written."""
        _write(self.seal, seal_of(self.judged_files()), indent=1)

    @property
    def _timeline(self) -> Path:
        return self.path / "timeline"


@dataclass(frozen=True)
class ChainsFolder:
    """The chains of runs in *path*: a folder each, a file for each number, so that folders can be put together."""

    path: Path

    @property
    def current(self) -> Path:
        """Where it is noted which chain the next run continues."""
        return self.path / "current"

    def link(self, chain: str, number: int) -> Path:
        """Return where the place of a run is: a `ChainLink`."""
        return self.path / chain / f"{number:06}.json"

    def names(self) -> list[str]:
        """Return what the chains are called, sorted."""
        return sorted(each.name for each in entries_of(self.path) if is_folder(each))

    def numbers(self, chain: str) -> list[int]:
        """Return the numbers that a chain has files for, sorted."""
        folder = self.path / chain
        stems = [each.stem for each in entries_of(folder) if each.suffix.lower() == ".json"]
        return sorted(int(stem) for stem in stems if _NUMBER.fullmatch(stem))


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
        return self.path / MATRIX_RECORD

    @property
    def page(self) -> Path:
        """The same for people."""
        return self.path / "kill-matrix.md"

    @property
    def seal(self) -> Path:
        """The checksum of the record: a `SEAL`."""
        return seal_in(self.path)

    @property
    def signature(self) -> Path:
        """Who answers for the matrix, where somebody does: an envelope or a bundle."""
        return signature_of(self.path)

    def write(self, record: MatrixRecord, page: str) -> None:
        """Write a matrix, its page for people, and last the seal."""
        _write(self.record, record.model_dump(mode="json"), indent=2)
        write_whole(self.page, page)
        _write(self.seal, seal_of({self.record.name: self.record.read_bytes()}), indent=1)


def _contents(folder: Path, patterns: Iterable[str]) -> dict[str, bytes]:
    return {name: read_regular(path) for name, path in _paths(folder, patterns).items()}


def _paths(folder: Path, patterns: Iterable[str]) -> dict[str, Path]:
    found = sorted((path for pattern in patterns for path in folder.glob(pattern)), key=lambda path: path.parts)
    return {"/".join(path.parts[len(folder.parts) :]): path for path in found}


def _write(path: Path, value: object, *, indent: int, sort_keys: bool = False) -> None:
    write_whole(path, json.dumps(value, indent=indent, sort_keys=sort_keys) + "\n")


def _point(link: Path, target: str) -> None:
    """Let *link* lead to *target*, so that a reader finds the old one or the new one."""
    temporary = link.with_name(f"{link.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target, target_is_directory=True)
    temporary.replace(link)
