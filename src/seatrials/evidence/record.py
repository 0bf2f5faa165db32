"""What stands in the files of the evidence, as those who write them and those who read them have it.

Types are strict: a text is no number, 0 is not false, and what is not a number is none. What a file does not tell, for
the run was killed or is older than the field, is None.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, Strict, TypeAdapter

from seatrials.seams.skew import Skew


class Record(BaseModel):
    """An object in a file of the evidence; fields that this version does not know are passed over."""

    model_config = ConfigDict(frozen=True, strict=True, allow_inf_nan=False, extra="ignore")


class ChainLink(Record):
    """The place of a run in the chain of all runs of an evidence folder, in its record and in a file of the chain."""

    # Which chain: each folder that was empty has begun one of its own.
    chain: str
    number: Annotated[int, Field(ge=1)]
    # Of a run on mutants, the folder where these are.
    environment: str
    # The name of its folder, when it began (ISO 8601 in UTC), and what was checked out.
    run: str
    started: str
    commit: str | None = None
    # The SHA-256 of the file of the number before; None for the first.
    previous_sha256: str | None = None
    # By environment: the SHA-256 of the seal of its last run before this one, if that one had ended by then.
    seals: dict[str, str] = {}


class ServiceRecord(Record):
    """A service as it ran: the versions that it said it is, and the images of its tasks."""

    versions: tuple[str, ...] = ()
    # As the task definition names it, with the digest that was pulled where ECS tells it: `name:tag@sha256:...`.
    images: tuple[str, ...] = ()


class SkewRecord(Record):
    """By how many seconds AWS's clock was ahead of the run's, or behind it below 0, give or take an uncertainty."""

    seconds: float
    uncertainty_seconds: Annotated[float, Field(ge=0)]

    @property
    def told(self) -> str:
        """Return it for people."""
        return str(Skew(self.seconds, self.uncertainty_seconds))


class ShardRecord(Record):
    """Which part of a whole run, or of a run on mutants, a run is."""

    # The second of four has 2 and 4.
    number: Annotated[int, Field(ge=1)]
    of: Annotated[int, Field(ge=1)]
    # What decides, beside the commit, which tests there are and how they go: what it is called, and what was given.
    options: dict[str, str]
    # The tests that were divided, and those of this part; None where a run ended before it knew them.
    chosen: tuple[str, ...] | None = None
    tests: tuple[str, ...] | None = None

    @property
    def told(self) -> str:
        """Return it for people."""
        return f"shard {self.number}/{self.of}"


class PartRecord(Record):
    """A shard that was put into a whole."""

    shard: str
    # The name of its folder, the SHA-256 of its seal, and its place in the chain that it stood in.
    run: str
    seal_sha256: str
    chain: ChainLink | None = None
    started: str | None = None
    job_url: str | None = None
    # Who had signed it, or that nobody had, as the criteria that the shards were put together by have it.
    signature: str


class RunRecord(Record):
    """`run.json`: what a run says of itself, written before its first scenario and again at its end."""

    environment: str | None = None
    # None for a run of a version that kept no chain.
    chain: ChainLink | None = None
    # mock, rehearsal or live.
    kind: str | None = None
    account: str | None = None
    # What was checked out, and whether the tree differed from it.
    commit: str | None = None
    dirty: bool | None = None
    # The files below the root that ran or were read, each with its git blob id; None when not told.
    sources: dict[str, str] | None = None
    command: str | None = None
    # Why it was not to be whole, in a sentence; None of a run that was.
    partial: str | None = None
    # Which part of a run it is; None of a whole one.
    shard: ShardRecord | None = None
    # The shards that were put together to it; None of a run that ran as one.
    parts: tuple[PartRecord, ...] | None = None
    seed: int | None = None
    workers: int | None = None
    # By name of Python and of each library that decides how a run goes.
    versions: dict[str, str] | None = None
    # The template that was given instead of the environment's; empty without one.
    stack: str | None = None
    # ISO 8601 in UTC; without an end the run goes on, or was killed.
    started: str | None = None
    ended: str | None = None
    # pytest's, or one of ours.
    exit_status: int | None = None
    # Of pytest's tests: what the run set out to run.
    expected: tuple[str, ...] | None = None
    # By row of the catalogue: the test, its scope, and why it was not run.
    rows: dict[str, str] | None = None
    scopes: dict[str, str] | None = None
    not_run: dict[str, str] | None = None
    # By row that failed of a promise which another row has seen broken: that row.
    not_asked: dict[str, str] | None = None
    # By row: pytest's outcome, and the hash of the platform's events on virtual time.
    scenarios: dict[str, str] | None = None
    trace_sha256: dict[str, str] | None = None
    # Rows whose process ended with them.
    crashed: tuple[str, ...] | None = None
    # What is still there of the run; None when nobody looked.
    leftovers: tuple[str, ...] | None = None
    # By `hermes` and `edit`: what was examined; None when not told.
    services: dict[str, ServiceRecord] | None = None
    # Where the job of CI that made the run can be seen.
    job_url: str | None = None
    # By name, in the words of `seatrials.cost`.
    usage: dict[str, float] | None = None
    # How late its platform was at worst, in seconds of platform time; None where it cannot be late.
    late_seconds: float | None = None
    # At its beginning and at its end, `beginning` and `end`; None where it had no other clock beside its own.
    skew: dict[str, SkewRecord] | None = None
    wall_seconds: float | None = None
    platform_seconds: float | None = None


class RowRecord(Record):
    """A row in `rows.json`: what a run sets out to run."""

    nodeid: str
    # The scope marks of the test, of which there should be one.
    scope: str


class TaskRecord(Record):
    """A task of the edit service in `tasks.json`: how long it was paid for, and what it reserved."""

    task: str
    # Epoch seconds of the platform; without a stop it lived on when the run ended.
    created: float
    stopped: float | None
    vcpu: float
    memory_gb: float


class MatrixRun(Record):
    """When and on what a run on mutants ran."""

    commit: str | None = None
    dirty: bool | None = None
    sources: dict[str, str] | None = None
    chain: ChainLink | None = None
    started: str | None = None
    # Whether some scenarios or mutants were left out.
    is_partial: bool | None = None
    # The mutants that it set out to run.
    expected: tuple[str, ...] | None = None
    # As in `RunRecord`; of a shard `is_partial` is true.
    shard: ShardRecord | None = None
    parts: tuple[PartRecord, ...] | None = None


class MutantRecord(Record):
    """A mutant, and the scenarios that failed on it and passed on it."""

    killed_by: tuple[str, ...]
    # By scenario: how it said that it had noticed the mutant.
    messages: dict[str, str] | None = None
    breaks: str | None = None
    sentence: str | None = None
    survived: tuple[str, ...] | None = None


class KillsRecord(Record):
    """The mutants that a scenario kills."""

    kills: tuple[str, ...]


class NotedMutant(Record):
    """What is to be known of a mutant to judge what ran on it, by one who does not have the catalogue of the run."""

    breaks: str
    sentence: str
    hollow: bool
    invariant: str


class Notes(Record):
    """What a shard of a run on mutants noted, of which the matrix of all shards is made."""

    # Whether, whatever its part, some scenarios or mutants were left out.
    is_partial: bool
    mutants: dict[str, NotedMutant]
    # By mutant, the healthy platform among them: who ran on it, and who failed there.
    ran: dict[str, tuple[str, ...]]
    failed: dict[str, tuple[str, ...]]
    # By mutant and scenario: what it said, and the row whose promise it met broken.
    messages: dict[str, dict[str, str]]
    promises: dict[str, dict[str, str]]
    # Mutant, scenario, error: who stumbled over what.
    bare: tuple[tuple[str, str, str], ...]
    mistakes: dict[str, str]
    broken: tuple[str, ...]


class MatrixRecord(Record):
    """`kill-matrix.json`: who kills whom."""

    mutants: dict[str, MutantRecord]
    run: MatrixRun = MatrixRun()
    scenarios: dict[str, KillsRecord] | None = None
    # What keeps it from being a proof, a sentence each.
    problems: tuple[str, ...] | None = None
    # Of a shard alone.
    notes: Notes | None = None


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A measurement, in a scenario's `steps.json` and in the report log."""

    name: str
    value: Annotated[FiniteFloat, Strict()]
    unit: str
    # modelled on virtual time, rehearsed on a served twin, measured on AWS.
    kind: str


# `rows.json`, by row of the catalogue; `leftovers.<process>.json`; `usage.json` and `timeline/<row>.usage.json`, by
# name; `tasks.json`; `timeline/<row>.services.json`, by service; `skew.json`; `seal.json`, the SHA-256 of each file by
# its name below the folder.
Rows = Mapping[str, RowRecord]
ROWS: TypeAdapter[dict[str, RowRecord]] = TypeAdapter(dict[str, RowRecord], config=ConfigDict(strict=True))
LEFTOVERS: TypeAdapter[list[str]] = TypeAdapter(list[str], config=ConfigDict(strict=True))
USAGE: TypeAdapter[dict[str, float]] = TypeAdapter(
    dict[str, float], config=ConfigDict(strict=True, allow_inf_nan=False)
)
TASKS: TypeAdapter[tuple[TaskRecord, ...]] = TypeAdapter(tuple[TaskRecord, ...])
Services = Mapping[str, ServiceRecord]
SERVICES: TypeAdapter[dict[str, ServiceRecord]] = TypeAdapter(dict[str, ServiceRecord], config=ConfigDict(strict=True))
SKEW: TypeAdapter[dict[str, SkewRecord]] = TypeAdapter(dict[str, SkewRecord], config=ConfigDict(strict=True))
SEAL: TypeAdapter[dict[str, str]] = TypeAdapter(dict[str, str], config=ConfigDict(strict=True))
