"""What is done to a platform, step by step, as hypothesis draws it and as people write it."""

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from seatrials.errors import ConfigurationError

# As many as a person follows, and as a schedule has at most.
STEPS_MAX = 12
# Steps that break nothing, and how long they take is up to the platform.
ARRIVE, LEAVE = "arrive", "leave"
# Sessions are used, and are left alone.
USE, REST = "use", "rest"
# Of whatever one of the sessions needs.
FAULTS = (
    "task stopped",
    "task killed",
    "task out of memory",
    "task hanging",
    "task hanging up",
    "task unreachable",
    "task taken back",
    "Hermes killed",
    "Hermes stopped",
    "Hermes hanging",
    "Hermes without the table",
    "table throttling",
    "table unsure",
    "table away",
    "table slow",
    "EFS slow",
    "load balancer slow",
    "metrics late",
    "metrics refused",
    "metrics lost",
    "image missing",
    "image slow",
    "mount failing",
)
_NAMES = (ARRIVE, ARRIVE, ARRIVE, LEAVE, LEAVE, USE, REST, *FAULTS)
# Of a step: its seconds, and whose it is; and behind these, what it may be besides.
_NUMBERS, _FLAGS = 2, ("arrives", "leaves", "hastes")
# Less than the five minutes after which a session that nobody uses is over, and more.
_SECONDS = (5, 20, 45, 70, 90, 130)
_RESTS = (20, 61, 130, 290, 310)


@dataclass(frozen=True)
class Step:
    """One step; a fault lasts so long, under load, and somebody may arrive or leave as it begins."""

    name: str
    seconds: int = 0
    # Which session it is about, or which Hermes: any number, of as many as there are.
    whose: int = 0
    arrives: bool = False
    leaves: bool = False
    # Whether the next step comes before everybody is served again.
    hastes: bool = False

    def __str__(self) -> str:
        """Return it as `parse` reads it."""
        flags = [name for name in _FLAGS if getattr(self, name)]
        return " ".join([self.name, str(self.seconds), str(self.whose), *flags])


def written(schedule: Sequence[Step]) -> str:
    """Return a schedule as `parse` reads it."""
    return "; ".join(map(str, schedule))


def parse(text: str) -> tuple[Step, ...]:
    """Return the schedule that `written` has written; raises `ConfigurationError` that lists every wrong step."""
    problems: list[str] = []
    steps = [_step(part.split(), problems) for part in text.split(";") if part.strip()]
    if problems:
        raise ConfigurationError("\n".join(problems))
    return tuple(step for step in steps if step is not None)


def schedules() -> "st.SearchStrategy[tuple[Step, ...]]":
    """Return what draws schedules of as many steps as there may be, and shrinks them to fewer."""
    return st.tuples(*[st.deferred(_maybe_a_step)] * STEPS_MAX).map(lambda steps: tuple(filter(None, steps)))


def _maybe_a_step() -> "st.SearchStrategy[Step | None]":
    """Three of four are there; what is shrunk becomes none."""
    return st.integers(0, 3).flatmap(lambda number: _steps() if number else st.none())


def _steps() -> "st.SearchStrategy[Step | None]":
    def of(name: str) -> "st.SearchStrategy[Step | None]":
        seconds = st.sampled_from(_RESTS if name == REST else _SECONDS)
        if name not in FAULTS:
            return st.builds(Step, st.just(name), seconds, st.integers(0, 11), hastes=st.booleans())
        flags = st.booleans(), st.sampled_from((False, False, True)), st.booleans()
        return st.builds(Step, st.just(name), seconds, st.integers(0, 11), *flags)

    return st.sampled_from(_NAMES).flatmap(of)


def _step(words: Sequence[str], problems: list[str]) -> Step | None:
    flags = {each for each in words[-len(_FLAGS) :] if each in _FLAGS}
    plain = [each for each in words if each not in flags]
    name, numbers = " ".join(plain[:-_NUMBERS]), plain[-_NUMBERS:]
    if name not in _NAMES or not all(each.isdecimal() for each in numbers):
        names = ", ".join(dict.fromkeys(_NAMES))
        told = f"a step is NAME SECONDS WHOSE [{'] ['.join(_FLAGS)}], and a name is one of {names}"
        problems.append(f"no step is {' '.join(words)!r}: {told}")
        return None
    seconds, whose = map(int, numbers)
    return Step(name, seconds, whose, **dict.fromkeys(flags, True))
