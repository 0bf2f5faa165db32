"""Values of a decision in words, the same in every output of text."""

from collections.abc import Iterable

from seatrials.gate.decision import Criterion, Decision, Outcome, Waiver

# The gravest first.
OUTCOMES = (Outcome.FAIL, Outcome.UNKNOWN, Outcome.WAIVED, Outcome.PASS)

_DAY_SECONDS = 86_400
_HOUR_SECONDS = 3600
_MINUTE_SECONDS = 60
_TEXT_CHARACTERS_MAX = 12
_LARGE = 10_000


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
    return f"{number(value)} {unit}".strip()


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
    return f"{seconds:.0f} seconds"


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


def signatures(decision: Decision) -> str:
    """Return who answers for what was read and for the decision, in one phrase."""
    mutants = [] if decision.mutants is None else [("mutants", decision.mutants.signature)]
    read = [*((run.environment, run.signature) for run in decision.runs), *mutants]
    told: dict[str, list[str]] = {}
    for name, signature in [*read, ("this decision", decision.signature)]:
        told.setdefault(signature, []).append(name)
    return "; ".join(f"{', '.join(names)} {signature}" for signature, names in told.items())
