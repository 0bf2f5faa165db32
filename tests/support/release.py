"""A release whose evidence is whole and good, in the form that a recorded run has, to be damaged by tests."""

import copy
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from seatrials.catalogue import Row
from seatrials.cost import load_prices
from seatrials.environments.scopes import SCOPES
from seatrials.evidence.chain import join
from seatrials.evidence.folder import MatrixFolder, RunFolder, seal_in
from seatrials.evidence.outcome import CellOutcome
from seatrials.evidence.provenance import Compare, Sources
from seatrials.evidence.reader import read_mutants, read_others, read_runs
from seatrials.evidence.record import (
    KillsRecord,
    MatrixRecord,
    MatrixRun,
    MutantRecord,
    RowRecord,
    ServiceRecord,
)
from seatrials.evidence.signing import Signer, sign_matrix, sign_run
from seatrials.gate.case import Case
from seatrials.gate.criteria import load_criteria
from seatrials.gate.decision import Criterion, Decision
from seatrials.gate.history import Entry
from seatrials.gate.signers import signers_of
from seatrials.gate.verdict import Judgement, judge
from tests.support.aws import Json
from tests.support.project import PROJECT

COMMIT = "c0ffee00" * 5
NOW_SECONDS = 1_795_600_000.0
_KINDS = {"mock": "modelled", "rehearsal": "rehearsed", "live": "measured"}
_FOLDER = PROJECT / "tests/unit/gate"
_RECORD = json.loads((_FOLDER / "recorded-run.json").read_text())
_LOG = [json.loads(line) for line in (_FOLDER / "recorded-report-log.jsonl").read_text().splitlines()]

# What ran, as a run records it.
SERVICES: Json = {
    "hermes": {"versions": ["1.4.2"], "images": [f"registry.example/hermes:1.4.2@sha256:{'a' * 64}"]},
    "edit": {"versions": ["2.0.1"], "images": [f"registry.example/edit:2.0.1@sha256:{'b' * 64}"]},
}
MUTANTS = ("hermes-deaf", "rules-left-behind", "no-scale-in")
# A row that a test damages.
ROW = "COLD-07"
# Some files of the timeline stand for all of them: those of production's rows, one of staging's and one of the mock's.
TIMELINES = (ROW, "COLD-13")
Lines = list[dict[str, Any]]
Record = dict[str, Any]
Change = Callable[[Lines, Record], None]


def _as_recorded(_lines: Lines, _record: Record) -> None:
    """Change nothing."""


class Release:
    """The evidence of a release on disk, and its judgement by the shipped criteria."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.history = list[Entry]()
        self.now_seconds = NOW_SECONDS
        self.commit: str | None = COMMIT
        # The commit that its evidence is of.
        self.made_of = COMMIT
        self.criteria = PROJECT / "gate.toml"
        self.compare: Compare = _all_as_the_commit_holds_them
        # What else the gate is told of, by field of `Case`.
        self.told: dict[str, Any] = {}

    def copied(self, root: Path) -> "Release":
        """Return a copy in the folder *root*, which is not there yet."""
        shutil.copytree(self.root, root, symlinks=True)
        copied = Release(root)
        copied.history = list(self.history)
        if self.criteria.is_relative_to(self.root):
            copied.criteria = root / self.criteria.relative_to(self.root)
        return copied

    def run(
        self, environment: str, kind: str, hours_ago: float = 1.0, change: Change = _as_recorded, scope: str = ""
    ) -> Path:
        """Write a run of the rows that are required on *environment*, altered by *change* before it is sealed."""
        began_seconds = self.now_seconds - hours_ago * 3600
        began = datetime.fromtimestamp(began_seconds, UTC)
        folder = self.root / environment / f"{began:%Y%m%dT%H%M%S}Z-1"
        (folder / "timeline").mkdir(parents=True)
        lines, record = copy.deepcopy(_LOG), copy.deepcopy(_RECORD)
        _keep_rows(lines, record, scope or environment)
        _call_it(lines, _KINDS[kind])
        _date(lines, began_seconds)
        record |= {"environment": environment, "kind": kind, "commit": self.made_of, "started": began.isoformat()}
        ended = datetime.fromtimestamp(began_seconds + record["wall_seconds"], UTC)
        record |= {"ended": ended.isoformat(), "leftovers": None if kind == "mock" else []}
        record |= {"sources": {test.partition("::")[0]: "1" * 40 for test in record["rows"].values()}}
        link = join(self.root, environment, folder, record["started"], self.made_of)
        record["chain"] = link.model_dump(mode="json")
        # What a mock runs is its own.
        record |= {"services": {} if kind == "mock" else copy.deepcopy(SERVICES)}
        change(lines, record)
        _sum_up(lines, record)
        self._write(RunFolder(folder), lines, record)
        latest = self.root / environment / "latest"
        latest.unlink(missing_ok=True)
        latest.symlink_to(folder.name)
        return folder

    def _write(self, folder: RunFolder, lines: Lines, record: Record) -> None:
        scopes = record["scopes"]
        folder.write_rows({row: RowRecord(nodeid=test, scope=scopes[row]) for row, test in record["rows"].items()})
        kept = {row for row in record["rows"] if row.startswith("COLD") and scopes[row] == "production"}
        for row in (row for row in record["rows"] if row in kept or row in TIMELINES):
            (folder.path / "timeline" / f"{row}.steps.json").write_text('{"steps": []}\n')
        folder.write_usage(next(iter(record["rows"])), record["usage"])
        services = {
            name: ServiceRecord.model_validate_json(json.dumps(each)) for name, each in record["services"].items()
        }
        folder.write_services(next(iter(record["rows"])), services)
        if record["leftovers"] is not None:
            folder.write_leftovers("main", record["leftovers"])
        folder.report_log.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
        folder.record.write_text(json.dumps(record))
        if record["ended"] is not None:
            folder.write_seal()

    def number_anew(self) -> None:
        """Let all runs have been numbered in the order in which they say that they began."""
        shutil.rmtree(self.root / "chains")
        paths = [*self.root.glob("*/2*/run.json"), *self.root.glob("*/2*/kill-matrix.json")]
        documents = {path: json.loads(path.read_text()) for path in paths}
        # A kill matrix tells of its run in a field.
        runs = {path: each.get("run", each) for path, each in documents.items()}
        for path in sorted(paths, key=lambda each: datetime.fromisoformat(runs[each]["started"])):
            folder, run = path.parent, runs[path]
            link = join(self.root, folder.parent.name, folder, run["started"], run["commit"])
            run["chain"] = link.model_dump(mode="json")
            path.write_text(json.dumps(documents[path]))
            if seal_in(folder).exists():
                RunFolder(folder).write_seal()

    def mutants(self, *survivors: str, **run: Json) -> Path:
        """Write a kill matrix of three mutants, each of which but *survivors* is killed by every row."""
        folder = MatrixFolder(self.root / "mutants" / "20261125T080000Z-1")
        folder.path.mkdir(parents=True, exist_ok=True)
        killed = [name for name in MUTANTS if name not in survivors]
        rows = [row.id for row in _rows() if "mock" in row.environments]
        about: Record = {
            "commit": self.made_of,
            "dirty": False,
            "is_partial": False,
            "sources": {"a.py": "1" * 40},
            **run,
        }
        started = "2026-11-25T08:00:00.000+00:00"
        link = join(self.root, folder.path.parent.name, folder.path, started, self.made_of)
        record = MatrixRecord(
            run=MatrixRun(started=started, expected=MUTANTS, chain=link, **about),
            mutants={name: MutantRecord(killed_by=tuple(rows) if name in killed else ()) for name in MUTANTS},
            scenarios={row: KillsRecord(kills=tuple(killed)) for row in rows},
            problems=tuple(f"mutant {name} survives" for name in survivors),
        )
        folder.write(record, "# Kill matrix")
        return folder.record

    def case(self) -> Case:
        """Return what is to be judged."""
        criteria = load_criteria(self.criteria, _RECORD["rows"])
        return Case(
            criteria=criteria,
            criteria_file=self.criteria.name,
            rows=_rows(),
            runs={name: read_runs(self.root, name) for name in criteria.environments},
            mutants=read_mutants(self.root),
            history=self.history,
            prices=load_prices(),
            commit=self.commit,
            now_seconds=self.now_seconds,
            compare=self.compare,
            others=read_others(self.root, criteria.environments),
            **self.told,
            signers=signers_of(criteria.signatures, self.criteria.parent)[0],
        )

    def judgement(self) -> Judgement:
        """Return the judgement and what history is to keep."""
        return judge(self.case())

    def decide(self) -> Decision:
        """Return the decision."""
        return self.judgement().decision

    def criterion(self, identifier: str) -> Criterion:
        """Return one criterion of the decision."""
        found = {each.id: each for each in self.decide().criteria}
        return found[identifier]

    def remember(self, values: Sequence[float], figure: str = "cold_start_seconds.p50") -> None:
        """Let each run on staging of the history have one of *values* instead of its own."""
        staging = next(each for each in self.history if each.environment == "staging")
        others = [each for each in self.history if each.environment != "staging"]
        self.history = [
            *others,
            *(
                replace(staging, **earlier_run(index, len(values)), figures={**staging.figures, figure: value})
                for index, value in enumerate(values)
            ),
        ]

    def sign(self, signer: Signer) -> None:
        """Let *signer* sign all runs and the kill matrix."""
        for path in self.root.glob("[mps]*/2*"):
            if path.parent.name == "mutants":
                sign_matrix(MatrixFolder(path), signer)
            else:
                sign_run(RunFolder(path), signer)

    def require_signatures(self, table: str) -> None:
        """Judge by the shipped criteria and a table `[signatures]`."""
        path = self.root / "signed.toml"
        path.write_text(f"{self.criteria.read_text()}\n{table}")
        self.criteria = path

    def waive(self, subject: str, last_day: str) -> None:
        """Judge by the shipped criteria and a waiver."""
        path = self.root / "gate.toml"
        people = 'reason = "known"\nowner = "maria"\napproved_by = "Ana"\n'
        waiver = f'[[waivers]]\nsubject = "{subject}"\n{people}last_day = {last_day}\n'
        path.write_text(self.criteria.read_text() + waiver)
        self.criteria = path


def _rows() -> tuple[Row, ...]:
    return tuple(
        Row(
            id=row,
            suite="suite",
            sentence=f"{row} holds.",
            test="test_it",
            environments=SCOPES[scope].columns,
            exclusive=False,
        )
        for row, scope in _RECORD["scopes"].items()
    )


def _all_as_the_commit_holds_them(_sources: Sources, _commit: str) -> list[str]:
    """Find no difference between what ran and any commit."""
    return []


def _keep_rows(lines: Lines, record: Record, environment: str) -> None:
    kept = {row for row, scope in record["scopes"].items() if environment in SCOPES[scope].columns}
    tests = {record["rows"][row] for row in kept}
    record["rows"] = {row: test for row, test in record["rows"].items() if row in kept}
    record["scopes"] = {row: scope for row, scope in record["scopes"].items() if row in kept}
    lines[:] = [line for line in lines if line["$report_type"] != "TestReport" or line["nodeid"] in tests]


def _call_it(lines: Lines, kind: str) -> None:
    for line in lines:
        for name, value in line.get("user_properties", []):
            if name == "sample":
                value["kind"] = kind


def _date(lines: Lines, began_seconds: float) -> None:
    """Let the tests have run one after another from a second after the beginning on."""
    for index, line in enumerate(each for each in lines if "when" in each):
        line |= {"start": began_seconds + 1 + index / 100, "stop": began_seconds + 1 + (index + 1) / 100}


def _sum_up(lines: Lines, record: Record) -> None:
    """Let the record agree with the lines, as that of a run does."""
    tests = {test: row for row, test in record["rows"].items()}
    told = [(tests[line["nodeid"]], line) for line in lines if "when" in line and line["nodeid"] in tests]
    results = [(row, line) for row, line in told if line["when"] == "call" or line["outcome"] != "passed"]
    failed = {row for row, line in results if line["outcome"] == "failed"}
    record["scenarios"] = {
        dict(line["user_properties"]).get("scenario", line["nodeid"]): "failed" if row in failed else line["outcome"]
        for row, line in results
    }
    record["not_run"] = {row: "no time" for row, line in told if line["outcome"] == "skipped"}
    record["scopes"] = {row: record["scopes"][row] for row in record["rows"]}
    record["expected"] = sorted(record["rows"].values())
    calls = {row: dict(line["user_properties"]) for row, line in told if line["when"] == "call"}
    record["platform_seconds"] = round(sum(each["platform_seconds"] for each in calls.values()), 6)
    for line in lines:
        if line["$report_type"] == "SessionFinish":
            line["exitstatus"] = record["exit_status"]


def earlier_run(index: int, count: int) -> dict[str, Any]:
    """Return what tells a run of the history from another: its name, its day, its commit."""
    days = count - index
    day = datetime.fromtimestamp(NOW_SECONDS - days * 86_400, UTC)
    return {"run": f"{day:%Y%m%dT%H%M%S}Z-1", "started": day.isoformat(), "commit": f"{days:040x}"}


def reports(lines: Lines, record: Record, row: str = ROW) -> Lines:
    """Return the reports of one row."""
    return [line for line in lines if line.get("nodeid") == record["rows"][row] and "when" in line]


def cell_of(decision: Decision, row: str, environment: str) -> CellOutcome:
    """Return what became of *row* on *environment*."""
    cells = next(each.cells for each in decision.matrix if each.id == row)
    return next(cell.outcome for cell in cells if cell.environment == environment)


def skipped(lines: Lines, record: Record, row: str = ROW) -> None:
    """Let a row be skipped in its set-up, as pytest does it."""
    setup, *rest = reports(lines, record, row)
    setup |= {"outcome": "skipped", "longrepr": ["file.py", 1, "Skipped: no time"]}
    for line in rest:
        if line["when"] == "call":
            lines.remove(line)
