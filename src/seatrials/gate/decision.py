"""A decision as plain data: what was judged, what came of it and why.

Everything that the gate shows, as a page, as Markdown, in the terminal or as JSON, is drawn from a `Decision` alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from seatrials.errors import EvidenceError
from seatrials.evidence.outcome import CellOutcome
from seatrials.gate.history import Head
from seatrials.gate.release import Release
from seatrials.whole_file import read_regular


class Verdict(StrEnum):
    """Whether the release may go out."""

    GO = "GO"
    NO_GO = "NO-GO"
    CANNOT_TELL = "CANNOT TELL"


class Outcome(StrEnum):
    """What evidence says of one criterion."""

    PASS = "pass"  # noqa: S105  # a word of the gate
    FAIL = "fail"
    # There is no evidence, or none that counts.
    UNKNOWN = "unknown"
    # It would be fail or unknown, and a waiver that is in force takes it out of the verdict.
    WAIVED = "waived"


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run whose evidence was read."""

    environment: str
    id: str
    # The folder, from where the gate was called.
    path: str
    # mock, rehearsal or live.
    kind: str | None
    account: str | None
    commit: str | None
    dirty: bool | None
    # The job of CI that made it.
    job_url: str | None = None
    # ISO 8601 in UTC; `ended` is None for a run that was killed.
    started: str | None
    ended: str | None
    age_seconds: float | None
    exit_status: int | None
    seed: int | None
    workers: int | None
    wall_seconds: float | None
    platform_seconds: float | None
    # Rows by outcome: passed, failed, not run, cannot tell, crashed, retried; and how many the run set out to run.
    counts: Mapping[str, int]
    expected: int
    # What keeps its evidence from being whole, a sentence each.
    problems: tuple[str, ...]
    # By whom it is signed, or that it is not.
    signature: str = "unsigned"


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """One thing that a release must show, and what evidence says of it."""

    id: str
    # What must hold.
    sentence: str
    # None for a criterion about all of the evidence.
    environment: str | None
    outcome: Outcome
    # Why the outcome is what it is; never empty.
    reason: str
    # A number, or a text for what has none, such as a commit.
    value: float | str | None
    # below, at most, at least, above, equal to: how the value must stand to the bound.
    relation: str | None
    bound: float | str | None
    unit: str
    # How far the value is from the bound, in the unit; negative on the wrong side.
    margin: float | None
    # How many measurements the value was computed from, and how many are needed.
    samples: int | None
    samples_min: int | None
    # measured, modelled or rehearsed.
    kind: str | None
    # Where the evidence stands, as paths from where the gate was called.
    sources: tuple[str, ...]
    # The reason of the waiver, for a criterion that is waived.
    waiver: str | None = None


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One row in one environment."""

    environment: str
    required: bool
    outcome: CellOutcome
    # measured, modelled or rehearsed; None when it did not run.
    kind: str | None
    # Why, for every outcome but passed and not required.
    reason: str
    seconds: float | None
    waived: bool = False


@dataclass(frozen=True, kw_only=True)
class MatrixRow:
    """One row of the catalogue in every environment, in the order of `Decision.environments`."""

    id: str
    suite: str
    sentence: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, kw_only=True)
class HistoryPoint:
    """A value of an earlier run, oldest first wherever there are several."""

    run: str
    started: str
    commit: str | None
    value: float


@dataclass(frozen=True, kw_only=True)
class Series:
    """The measurements of one metric in one environment."""

    metric: str
    environment: str
    unit: str
    kind: str
    count: int
    mean: float
    minimum: float
    p50: float
    p95: float
    p99: float
    maximum: float
    # Sorted; all of them, or evenly chosen ones when there are many.
    samples: tuple[float, ...]
    # The tightest bound that a criterion sets, and on which statistic (mean, p50, p95, p99, maximum).
    budget: float | None
    budget_statistic: str | None
    # The median of the baseline's runs, of the history's statistic.
    baseline: float | None
    history: tuple[HistoryPoint, ...]


@dataclass(frozen=True, kw_only=True)
class CostLine:
    """A quantity that was used, and what it costs."""

    environment: str
    item: str
    quantity: float
    unit: str
    price_dollars: float
    amount_dollars: float


@dataclass(frozen=True, kw_only=True)
class Cost:
    """An estimate of what the runs cost; never a bill."""

    lines: tuple[CostLine, ...]
    # By environment.
    run_dollars: Mapping[str, float]
    session_dollars: Mapping[str, float]
    region: str
    # The day that the prices were looked up, ISO 8601.
    prices_date: str
    prices_source: str
    # What the estimate covers and what it leaves out.
    note: str


@dataclass(frozen=True, kw_only=True)
class Regression:
    """A metric against its baseline."""

    metric: str
    environment: str
    unit: str
    value: float | None
    baseline: float | None
    # Fractions of the baseline: 0.25 is a quarter more.
    change: float | None
    bound: float
    noise: float | None
    # How many good runs the baseline is made of.
    runs: int
    outcome: Outcome
    reason: str
    # The first run of a lasting change, if there is one.
    change_point: str | None
    history: tuple[HistoryPoint, ...]


@dataclass(frozen=True, kw_only=True)
class Waiver:
    """A row or criterion that someone answers for until a day."""

    subject: str
    reason: str
    owner: str
    # ISO 8601; the waiver holds on this day, and no longer.
    last_day: str
    expired: bool
    # Whether it changed an outcome.
    used: bool
    # Who allowed it; None in decisions that are older than the field.
    approved_by: str | None = None


@dataclass(frozen=True, kw_only=True)
class Unproven:
    """Something required that the evidence does not prove."""

    subject: str
    environment: str | None
    reason: str


@dataclass(frozen=True, kw_only=True)
class Mutants:
    """Whether the scenarios are able to fail."""

    total: int
    killed: int
    survivors: tuple[str, ...]
    problems: tuple[str, ...]
    source: str
    commit: str | None
    # By whom the matrix is signed, or that it is not.
    signature: str = "unsigned"


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Whether the release may go out, and everything that says why."""

    verdict: Verdict
    # Why, in a sentence or two.
    summary: str
    # What was judged; None when the runs are of several commits, or of none.
    commit: str | None
    dirty: bool | None
    # Which release this is about; None in decisions that are older than the field.
    release: Release | None = None
    # ISO 8601 in UTC.
    judged_at: str
    # Of the oldest run that was judged; None without runs.
    age_seconds: float | None
    criteria_file: str
    # Columns of the matrix.
    environments: tuple[str, ...]
    runs: tuple[Run, ...]
    criteria: tuple[Criterion, ...]
    matrix: tuple[MatrixRow, ...]
    series: tuple[Series, ...]
    cost: Cost
    regressions: tuple[Regression, ...]
    waivers: tuple[Waiver, ...]
    unproven: tuple[Unproven, ...]
    mutants: Mutants | None
    # The Allure report, from the folder of the decision; None without one.
    allure_report: str | None
    # What was seen of the commit where the criteria do not look, a sentence each.
    notices: tuple[str, ...] = ()
    # How far the history of judged runs goes with this decision; None when it could not be kept.
    history: Head | None = None
    # With what this decision is signed, or that it is not.
    signature: str = "unsigned"

    def as_json(self) -> dict[str, Any]:
        """Return the decision as JSON can hold it."""
        data: dict[str, Any] = _ADAPTER.dump_python(self, mode="json")
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Decision":
        """Return the decision that `as_json` told of; raises `EvidenceError` when *data* is none."""
        try:
            return _ADAPTER.validate_python(data)
        except ValidationError as error:
            msg = f"this is no decision of `seatrials gate`: {error.error_count()} of its values are wrong\n{error}"
            raise EvidenceError(msg) from error

    @classmethod
    def read(cls, path: Path) -> "Decision":
        """Return the decision in a `decision.json`; raises `EvidenceError` when it holds none."""
        try:
            return _ADAPTER.validate_json(read_regular(path))
        except (OSError, ValidationError) as error:
            msg = f"{path} holds no decision of `seatrials gate`: {error}"
            raise EvidenceError(msg) from error


_ADAPTER: TypeAdapter[Decision] = TypeAdapter(Decision)
