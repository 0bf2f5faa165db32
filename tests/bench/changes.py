"""What became slower from one tree to another that took turns with it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median, stdev

# Slower by less than this nobody can tell from the machine's moods, however often it is measured.
NOISE_MIN = 0.04
# That of a median, in that of a mean, where figures spread evenly around it.
_STANDARD_ERROR = 1.25


@dataclass(frozen=True)
class Change:
    """A benchmark of both trees: the factor from then to now, and what of it is noise, two standard errors of it."""

    name: str
    then_seconds: float
    now_seconds: float
    factor: float
    noise: float

    @property
    def is_slower(self) -> bool:
        """Whether it takes longer now, beyond the noise."""
        return self.factor - 1 > self.noise


def changes(turns: Sequence[tuple[Mapping[str, float], Mapping[str, float]]]) -> list[Change]:
    """Return what became of each benchmark that both trees have; a turn is the seconds of then and of now."""
    names = [name for name in turns[0][1] if name in turns[0][0]]
    return [_change(name, [(then[name], now[name]) for then, now in turns]) for name in names]


def slower(found: Sequence[Change]) -> list[str]:
    """Return a line for each benchmark that is slower."""
    return [f"{each.name}: {each.factor - 1:+.0%}, where {each.noise:.0%} is noise" for each in found if each.is_slower]


def table(found: Sequence[Change]) -> list[str]:
    """Return the changes as a table of Markdown."""
    head = ["| benchmark | then, CPU ms | now, CPU ms | change | noise |", "| --- | --- | --- | --- | --- |"]
    return [*head, *(_row(each) for each in found)]


def _change(name: str, turns: Sequence[tuple[float, float]]) -> Change:
    factors = [now / then for then, now in turns]
    return Change(
        name=name,
        then_seconds=median(then for then, _ in turns),
        now_seconds=median(now for _, now in turns),
        factor=median(factors),
        noise=max(NOISE_MIN, 2 * _STANDARD_ERROR * stdev(factors) / math.sqrt(len(factors))),
    )


def _row(change: Change) -> str:
    then, now = change.then_seconds * 1000, change.now_seconds * 1000
    return f"| {change.name} | {then:.3g} | {now:.3g} | {change.factor - 1:+.1%} | {change.noise:.1%} |"
