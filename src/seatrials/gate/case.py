"""All that a decision is made of: what is asked, and what is known."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from seatrials.catalogue import Row
from seatrials.cost import Prices
from seatrials.evidence.provenance import Compare
from seatrials.evidence.reader import MutantEvidence, RunEvidence
from seatrials.gate.absent import forgotten_runs, gone_runs
from seatrials.gate.criteria import Criteria, EnvironmentRules, WaiverRule
from seatrials.gate.decision import Criterion, Decision, Outcome
from seatrials.gate.history import Entry
from seatrials.gate.owners import Owners
from seatrials.gate.signers import Signers
from seatrials.gate.strangers import strange_rows
from seatrials.gate.tree import Ran, doubts

if TYPE_CHECKING:  # libgit2, which a case without a repository does not need
    from seatrials.evidence.commits import Commits

_HOUR_SECONDS = 3600


@dataclass(frozen=True, kw_only=True)
class Case:
    """A release to be judged."""

    criteria: Criteria
    criteria_file: str
    rows: tuple[Row, ...]
    # By environment of the criteria: the runs of the newest run's commit, the newest last.
    runs: Mapping[str, Sequence[RunEvidence]]
    mutants: MutantEvidence | None
    history: Sequence[Entry]
    prices: Prices
    # What is to be released; None when only the evidence tells.
    commit: str | None
    now_seconds: float
    # What the repository tells of commits; None without one.
    commits: "Commits | None" = None
    owners: Owners = field(default_factory=Owners)
    # The newest GO of another commit by the same criteria among the decisions that are still there.
    kept_go: Decision | None = None
    # What the criteria file holds, and where it and the scenarios stand in the repository.
    criteria_text: bytes = b""
    criteria_path: str = ""
    scenarios_path: str = ""
    # The job of CI that judges.
    job_url: str | None = None
    # Compares the files that ran with those of a commit.
    compare: Compare
    # The newest run of each environment that the criteria do not name.
    others: Sequence[RunEvidence] = ()
    # Whose signatures count.
    signers: Signers = field(default_factory=Signers)

    @property
    def criteria_name(self) -> str:
        """What the history calls the criteria, wherever the gate is called."""
        return Path(self.criteria_file).name

    @property
    def judged_commit(self) -> str | None:
        """The commit that is judged; None when the newest runs are of several, or of none."""
        commits = {run.commit for each in self.criteria.environments if (run := self.newest(each)) is not None}
        return self.commit or (next(iter(commits)) if len(commits) == 1 else None)

    def newest(self, environment: str) -> RunEvidence | None:
        """Return the run that is judged."""
        runs = self.runs.get(environment, ())
        return runs[-1] if runs else None

    def counting_runs(self, environment: str) -> list[RunEvidence]:
        """Return the newest run and the earlier ones whose measurements count beside its own."""
        runs, rules = self.runs.get(environment, ()), self.criteria.environments[environment]
        return [*(run for run in runs[:-1] if self._counts(run, rules)), *runs[-1:]]

    def age_seconds(self, run: RunEvidence) -> float | None:
        """Return how long ago *run* began."""
        return None if run.started_seconds is None else self.now_seconds - run.started_seconds

    def problems(self, run: RunEvidence) -> list[str]:
        """Return what keeps *run* from being whole, what the catalogue says otherwise of its rows, and what is gone."""
        rules, runs = self.criteria.environments[run.environment], self.runs.get(run.environment, ())
        gone = gone_runs(run, self.now_seconds - rules.age_hours_max * _HOUR_SECONDS)
        forgotten = forgotten_runs(runs, self.history) if run is self.newest(run.environment) else ()
        return [*run.problems, *strange_rows(run, self.rows, rules.rows), *gone, *forgotten]

    def required(self, environment: str) -> list[Row]:
        """Return the rows that are required on *environment*."""
        column = self.criteria.environments[environment].rows
        return [each for each in self.rows if column in each.environments]

    def waiver(self, *subjects: str) -> WaiverRule | None:
        """Return a waiver in force for one of *subjects*."""
        return next(
            (each for each in self.criteria.waivers if each.subject in subjects and self.is_in_force(each)), None
        )

    def is_in_force(self, waiver: WaiverRule) -> bool:
        """Whether the last day of *waiver* is not over, in UTC."""
        return waiver.last_day >= datetime.fromtimestamp(self.now_seconds, UTC).date()

    def _counts(self, run: RunEvidence, rules: EnvironmentRules) -> bool:
        age = self.age_seconds(run)
        if self.problems(run) or age is None or age > rules.age_hours_max * _HOUR_SECONDS:
            return False
        if self.signers.rules and self.signers.opinion(run.attestation, run.environment).doubt:
            return False
        return rules.dirty_tree_allowed or not self.doubts(run)

    def doubts(self, run: RunEvidence) -> list[str]:
        """Return what keeps the files that ran in *run* from being those of its commit, a sentence each."""
        return doubts(Ran.of_run(run), self.compare)


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A value, and how it must stand to a bound."""

    value: float | str | None = None
    relation: str | None = None
    bound: float | str | None = None
    unit: str = ""
    samples: int | None = None
    samples_min: int | None = None
    kind: str | None = None

    @property
    def margin(self) -> float | None:
        """How far the value is on the right side of the bound."""
        if not isinstance(self.value, float) or not isinstance(self.bound, float):
            return None
        distance = self.bound - self.value if self.relation in ("below", "at most") else self.value - self.bound
        return round(distance, 9)

    @property
    def holds(self) -> bool:
        """Whether the value stands to the bound as it must; without a value nothing does."""
        if not isinstance(self.value, float) or not isinstance(self.bound, float):
            return False
        match self.relation:
            case "below":
                return self.value < self.bound
            case "at most":
                return self.value <= self.bound
            case "at least":
                return self.value >= self.bound
            case "above":
                return self.value > self.bound
            case _:
                return False


NOTHING = Measure()


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A criterion that has no outcome yet."""

    id: str
    sentence: str
    # None when it is about all of the evidence.
    environment: str | None = None

    def answered(
        self, outcome: Outcome, reason: str, measure: Measure = NOTHING, sources: Iterable[object] = ()
    ) -> Criterion:
        """Return it with what the evidence says."""
        return Criterion(
            id=self.id if self.environment is None else f"{self.id}.{self.environment}",
            sentence=self.sentence,
            environment=self.environment,
            outcome=outcome,
            reason=reason,
            value=measure.value,
            relation=measure.relation,
            bound=measure.bound,
            unit=measure.unit,
            margin=measure.margin,
            samples=measure.samples,
            samples_min=measure.samples_min,
            kind=measure.kind,
            sources=tuple(str(each) for each in sources),
        )

    def unknown(self, reason: str, measure: Measure = NOTHING, sources: Iterable[object] = ()) -> Criterion:
        """Return it as something that the evidence does not tell."""
        return self.answered(Outcome.UNKNOWN, reason, measure, sources)
