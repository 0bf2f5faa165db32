"""Values of a decision in words, the same in every output of text."""

from collections.abc import Iterable, Sequence

from seatrials.environments.kinds import LIVE
from seatrials.evidence.commit import Commit
from seatrials.gate.decision import Criterion, Decision, Outcome, Waiver
from seatrials.gate.release import Failure, Release, Service
from seatrials.gate.versions import deployed, told_in_short

# The gravest first.
OUTCOMES = (Outcome.FAIL, Outcome.UNKNOWN, Outcome.WAIVED, Outcome.PASS)

_DAY_SECONDS = 86_400
_HOUR_SECONDS = 3600
_MINUTE_SECONDS = 60
_TEXT_CHARACTERS_MAX = 12
_LARGE = 10_000


def caution(decision: Decision) -> str:
    """Return what stands beside a verdict, GO above all, that no run on AWS bears out; nothing if one does."""
    is_live = any(run.kind == LIVE.name for run in decision.runs)
    return "" if is_live else "No evidence here is from AWS, so this says nothing about a release on it."


def number(value: float) -> str:
    """Return *value* with four digits that count; whole numbers whole."""
    return f"{value:.0f}" if value == int(value) or abs(value) >= _LARGE else f"{value:.4g}"


def measured(value: float | str | None, unit: str) -> str:
    """Return a value with its unit; a long text, such as a commit, in short."""
    if value is None:
        return "no value"
    if isinstance(value, str):
        return value if len(value) <= _TEXT_CHARACTERS_MAX else value[:8]
    if unit == "dollars":
        return f"${value:.2f}" if value >= 1 or value == 0 else f"${value:.4f}"
    told = number(value)
    return f"{told} {unit.removesuffix('s') if told == '1' else unit}".strip()


def compared(criterion: Criterion) -> str:
    """Return the value and the bound of a criterion in one phrase; nothing for one that has neither."""
    if criterion.bound is None:
        return ""
    bound = f"{criterion.relation} {measured(criterion.bound, criterion.unit)}"
    return (
        f"{measured(criterion.value, criterion.unit)}, must be {bound}"
        if criterion.value is not None
        else f"must be {bound}"
    )


def evidence(criterion: Criterion) -> str:
    """Return how many measurements of what kind a criterion rests on; nothing when it rests on none."""
    if criterion.samples is None:
        return criterion.kind or ""
    return f"{criterion.samples} {criterion.kind or ''}".strip()


def age(seconds: float | None) -> str:
    """Return an age in its largest unit."""
    if seconds is None:
        return "unknown"
    for unit, name in ((_DAY_SECONDS, "days"), (_HOUR_SECONDS, "hours"), (_MINUTE_SECONDS, "minutes")):
        if seconds >= unit:
            return f"{seconds / unit:.1f} {name}"
    return measured(round(seconds), "seconds")


def percent(fraction: float | None) -> str:
    """Return a change as a signed percentage."""
    return "no value" if fraction is None else f"{100 * fraction:+.1f} %"


def margin(criterion: Criterion) -> str:
    """Return how far the value of a criterion is from its bound; nothing for one that has no margin."""
    if criterion.margin is None:
        return ""
    if criterion.margin == 0:
        return "none to spare"
    return f"{measured(abs(criterion.margin), criterion.unit)} {'to spare' if criterion.margin > 0 else 'beyond'}"


def metric(name: str) -> str:
    """Return a metric, or a statistic of one, as words."""
    metric_name, _, statistic = name.partition(".")
    words = metric_name.removesuffix("_seconds").removesuffix("_percent").removesuffix("_dollars").replace("_", " ")
    return f"{words}, {statistic}" if statistic else words


def gravest_first(criteria: Iterable[Criterion]) -> list[Criterion]:
    """Return *criteria* with those on top that keep the release from going out."""
    return sorted(criteria, key=lambda each: OUTCOMES.index(each.outcome))


def waiver_state(waiver: Waiver) -> str:
    """Return whether a waiver holds, and whether anything needs it."""
    if waiver.expired:
        return "expired"
    return "in force" if waiver.used else "in force, not needed"


def count_of(count: int, what: str) -> str:
    """Return a number of things: `1 commit`, `2 commits`."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def commit_in_words(commit: Commit) -> str:
    """Return the tag of a commit, its author and its day."""
    tag = f"{commit.tag}, " if commit.tag else "no tag, "
    return f"{tag}by {commit.author}, {commit.date[:10] if commit.date else 'of an unknown day'}"


def place_of(failure: Failure) -> str:
    """Return what failed and where: a row on its environment, or a criterion, whose id has it already."""
    environment = failure.environment
    if environment is None or failure.subject.endswith(f".{environment}"):
        return failure.subject
    return f"{failure.subject} on {environment}"


def services_in_words(services: Sequence[Service]) -> list[str]:
    """Return what ran where, a phrase for each set of environments that had the same; what a mock ran is its own."""
    by_version: dict[tuple[str, ...], list[str]] = {}
    shown = deployed(services)
    for environment in dict.fromkeys(each.environment for each in shown):
        told = told_in_short(each for each in shown if each.environment == environment)
        by_version.setdefault(told, []).append(environment)
    return [f"{', '.join(told)} on {' and '.join(where)}" for told, where in by_version.items()]


def since_in_words(release: Release) -> str:
    """Return in a line what has changed since the last GO."""
    changes = release.changes
    if changes is None:
        return "there was no earlier GO by these criteria"
    rows = len(changes.rows_added) + len(changes.rows_removed) + len(changes.rows_changed)
    counts = {
        "commit": changes.commits_total,
        "row": rows,
        "criterion": len(changes.criteria),
        "resource": len(changes.template),
    }
    told = [count_of(count, name) for name, count in counts.items() if count]
    words = ", ".join(told).replace("criterions", "criteria") or "nothing"
    return f"{words}; not all can be told" if changes.unknown else words


def signatures(decision: Decision) -> str:
    """Return who answers for what was read and for the decision, in one phrase."""
    mutants = [] if decision.mutants is None else [("mutants", decision.mutants.signature)]
    read = [*((run.environment, run.signature) for run in decision.runs), *mutants]
    told: dict[str, list[str]] = {}
    for name, signature in [*read, ("this decision", decision.signature)]:
        told.setdefault(signature, []).append(name)
    return "; ".join(f"{', '.join(names)} {signature}" for signature, names in told.items())
