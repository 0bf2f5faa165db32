"""Values of a decision in words, the same in every output of text."""

from seatrials.gate.decision import Criterion

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
