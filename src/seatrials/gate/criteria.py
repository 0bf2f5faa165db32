"""What a release must show: the model of `gate.toml` and its reading."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from seatrials.configuration import describe_problems, nearest, not_empty, read_toml
from seatrials.environments.kinds import SampleKind
from seatrials.environments.scopes import Column
from seatrials.errors import ConfigurationError
from seatrials.gate.signers import DECISIONS, MUTANTS, SignatureRules, signers_of

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")]
Number = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(strict=True, ge=1)]
StatisticName = Literal["count", "mean", "minimum", "p50", "p95", "p99", "maximum"]
OwnerNames = Annotated[
    tuple[Text, ...],
    BeforeValidator(lambda value: [value] if isinstance(value, str) else value),
    AfterValidator(not_empty),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}),
]
Kinds = Annotated[tuple[SampleKind, ...], AfterValidator(not_empty)]

# The criteria that every environment has; the optional ones among them only when their bound is set.
OF_EACH_ENVIRONMENT = (
    *("run", "rows", "tree", "age", "leftovers"),
    *("success-rate", "false-alarms", "run-cost", "session-cost", "signature"),
)
_OF_ALL = ("commit", "mutants", "mutants-signature", "versions")


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EnvironmentRules(_Table):
    """What an environment's newest run must show."""

    # The column of the catalogue whose rows must all have passed there.
    rows: Column
    # What its evidence must be to count.
    kinds: Kinds = ("measured",)
    # How old its evidence may be.
    age_hours_max: Positive = 24.0
    # Whether uncommitted changes are allowed in the tree that ran.
    dirty_tree_allowed: bool = False
    # Whether a row that the environment declares to be unable to run is not required there.
    not_run_allowed: bool = False
    # How many resources may be left behind; without it, nobody looks.
    leftovers_max: Annotated[int, Field(strict=True, ge=0)] | None = None
    # How many of the rows must have passed; without it, nobody looks.
    success_percent_above: Number | None = None
    # How many results may be failures of rows that pass in another run of the commit, which needs two runs; without it,
    # nobody looks.
    false_alarm_percent_below: Number | None = None
    # What a run may cost; without it, nobody looks.
    run_dollars_below: Positive | None = None
    # What one session of a run may cost; without it, nobody looks.
    session_dollars_below: Positive | None = None


class Statistic(_Table):
    """A bound on a statistic over the samples of a metric."""

    # What the criterion is called, before a dot and the environment.
    id: Name
    # What must hold, for people.
    sentence: Text
    # Where it must hold.
    environments: Annotated[tuple[Text, ...], AfterValidator(not_empty)]
    # Whose samples it is about.
    metric: Text
    # What is made of the samples; percentiles lie between two of them in proportion.
    statistic: StatisticName
    # Their unit, for people.
    unit: Text = "seconds"
    # The statistic must be below this.
    below: Number | None = None
    # Or at most this.
    at_most: Number | None = None
    # Or at least this.
    at_least: Number | None = None
    # Or above this.
    above: Number | None = None
    # From how many samples on it can be told.
    samples_min: Count = 1
    # What samples must be to count.
    kinds: Kinds = ("measured",)

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        bounds = [name for name in ("below", "at_most", "at_least", "above") if getattr(self, name) is not None]
        if len(bounds) != 1:
            msg = f"{self.id} must have one of below, at_most, at_least and above; it has {', '.join(bounds) or 'none'}"
            raise ValueError(msg)
        return self

    @property
    def bound(self) -> tuple[str, float]:
        """How the statistic must stand to which value."""
        bounds = {
            "below": self.below,
            "at most": self.at_most,
            "at least": self.at_least,
            "above": self.above,
        }
        return next((relation, value) for relation, value in bounds.items() if value is not None)


class RegressionRule(_Table):
    """How far a metric may move from its baseline."""

    # What the criterion is called, before a dot and the environment.
    id: Name
    # What must hold, for people.
    sentence: Text
    # Where it must hold.
    environments: Annotated[tuple[Text, ...], AfterValidator(not_empty)]
    # A metric of the samples, or `success_percent` or `run_dollars`, which every run has.
    metric: Text
    # What is compared, of samples.
    statistic: StatisticName = "p50"
    # Their unit, for people.
    unit: Text = "seconds"
    # By which fraction of the baseline it may not rise.
    rises_by: Positive | None = None
    # Or by which it may not fall.
    falls_by: Positive | None = None
    # How many good runs of earlier commits make a baseline.
    runs_min: Count = 5
    # What it says while there is no baseline.
    without_baseline: Literal["unknown", "pass"] = "unknown"

    @model_validator(mode="after")
    def _one_direction(self) -> Self:
        if (self.rises_by is None) == (self.falls_by is None):
            msg = f"{self.id} must have one of rises_by and falls_by"
            raise ValueError(msg)
        return self

    @property
    def bound(self) -> float:
        """The change from which on it is a regression; negative when falling is."""
        if self.rises_by is not None:
            return self.rises_by
        assert self.falls_by is not None, "the model requires one of them"
        return -self.falls_by


class MutantRules(_Table):
    """Whether the scenarios must be proven able to fail."""

    # Whether every mutant of the newest run on mutants must be killed, and all of them must have run.
    required: bool = True
    # Whether uncommitted changes are allowed in the tree that ran.
    dirty_tree_allowed: bool = False


class ReleaseRules(_Table):
    """Where what a release is made of stands in its commit."""

    # The CloudFormation template whose resources are compared with those of the last GO.
    template: Text = "stack/webordinary.yaml"


class WaiverRule(_Table):
    """A row (`COLD-07`, `COLD-07.staging`) or criterion (`cold-start.staging`) that someone answers for until a day."""

    # The row, or the criterion.
    subject: Text
    # Why it may be waived.
    reason: Text
    # Who is to mend it.
    owner: Text
    # Who allowed it: whoever answers for the release, not who is to mend it.
    approved_by: Text
    # The last day on which it counts.
    last_day: date

    @property
    def told(self) -> str:
        """Why, who, who allowed it, and until when, in one phrase."""
        return f"{self.reason} ({self.owner}, approved by {self.approved_by}, until {self.last_day})"


class Criteria(_Table):
    """A criteria file."""

    # What the newest run of each environment must show, by the environment's name.
    environments: Annotated[Mapping[str, EnvironmentRules], AfterValidator(not_empty)]
    # Bounds on what was measured.
    statistics: tuple[Statistic, ...] = ()
    # How far a figure may move from its baseline.
    regressions: tuple[RegressionRule, ...] = ()
    # Whether scenarios must be proven able to fail.
    mutants: MutantRules = MutantRules()
    # Who must have signed the evidence.
    signatures: SignatureRules = SignatureRules()
    # What somebody answers for until a day.
    waivers: tuple[WaiverRule, ...] = ()
    # What a release is compared by.
    release: ReleaseRules = ReleaseRules()
    # Whose it is: a name or a list of names, by row, suite or criterion.
    owners: Mapping[str, OwnerNames] = Field(default_factory=dict)


def read_criteria(path: Path) -> Criteria:
    """Return the criteria of the file *path*, whatever rows and signers it names, for who needs its bounds alone.

    Raises `ConfigurationError` that lists every problem of its tables.
    """
    document = read_toml(path, "give the criteria with --criteria FILE")
    try:
        return Criteria.model_validate(document)
    except ValidationError as error:
        raise ConfigurationError("\n".join(describe_problems(error, Criteria, str(path), ""))) from error


def load_criteria(path: Path, rows: Iterable[str], suites: Iterable[str] = ()) -> Criteria:
    """Return the criteria of the file *path*, which may name the *rows* of the catalogue, and its *suites*.

    Raises `ConfigurationError` that lists every problem of the file.
    """
    document = read_toml(path, "give the criteria with --criteria FILE")
    problems: list[str] = []
    try:
        criteria = Criteria.model_validate(document)
    except ValidationError as error:
        problems += describe_problems(error, Criteria, str(path), "")
    else:
        problems += [f"{path}: {problem}" for problem in signers_of(criteria.signatures, path.parent)[1]]
    problems += [f"{path}: {problem}" for problem in _across_tables(document, list(rows), list(suites))]
    if problems:
        raise ConfigurationError("\n".join(problems))
    return criteria


def _across_tables(document: Mapping[str, Any], rows: Sequence[str], suites: Sequence[str]) -> list[str]:
    """Return what is wrong between tables, of a document whose tables may be wrong themselves."""
    environments = list(_tables(document, "environments"))
    named = [
        (str(each.get("id")), name)
        for key in ("statistics", "regressions")
        for each in _list(document, key)
        for name in each.get("environments", [])
        if isinstance(each["environments"], list)
    ]
    ids = [str(each["id"]) for key in ("statistics", "regressions") for each in _list(document, key) if "id" in each]
    subjects = [
        *(f"{name}.{environment}" for environment in environments for name in OF_EACH_ENVIRONMENT),
        *(f"{identifier}.{environment}" for identifier, environment in named),
        *_OF_ALL,
        *rows,
        *(f"{row}.{environment}" for row in rows for environment in environments),
    ]
    return [
        *(
            f"{identifier} names the environment {name!r}, which has no table; {nearest(str(name), environments)}"
            for identifier, name in named
            if name not in environments
        ),
        *_strange_places(document, environments),
        *(f"two criteria have the id {each}" for each in sorted({each for each in ids if ids.count(each) > 1})),
        *(
            f"waivers.{index}.subject: no row or criterion is called {each['subject']!r}; {_meant(each, subjects)}"
            for index, each in enumerate(_list(document, "waivers"))
            if "subject" in each and each["subject"] not in subjects
        ),
        *_strange_owners(document, [*suites, *subjects, *ids, *OF_EACH_ENVIRONMENT]),
    ]


def _strange_owners(document: Mapping[str, Any], subjects: Sequence[str]) -> list[str]:
    return [
        f"owners.{name}: no row, suite or criterion is called {name!r}; {_meant({'subject': name}, subjects)}"
        for name in _tables(document, "owners")
        if name not in subjects
    ]


def _strange_places(document: Mapping[str, Any], environments: Sequence[str]) -> list[str]:
    """Return which signers may sign something that is judged nowhere."""
    known = [*environments, MUTANTS, DECISIONS]
    signers = _tables(_tables(document, "signatures"), "signers")
    named = [(name, place) for name in signers for place in _tables(signers, name).get("environments") or ()]
    return [
        f"signatures.signers.{name}.environments: nothing is called {place!r}; {nearest(str(place), known)}"
        for name, place in named
        if place not in known
    ]


def _meant(waiver: Mapping[str, Any], subjects: Sequence[str]) -> str:
    guess = nearest(str(waiver["subject"]), subjects)
    return guess if guess.startswith("did") else "docs/scenarios.md lists the rows, a decision's JSON the criteria"


def _tables(document: Mapping[str, Any], key: str) -> dict[str, Any]:
    table = document.get(key)
    return table if isinstance(table, dict) else {}


def _list(document: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    tables = document.get(key)
    return [each for each in tables if isinstance(each, dict)] if isinstance(tables, list) else []
