"""Timing a piece of work, round by round, each beside the yardstick."""

import math
import resource
from collections.abc import Callable
from statistics import median
from typing import Any, Protocol

from seatrials.environments.variables import read_variables
from tests.bench.machine import wall_seconds, yardstick_seconds


class Rounds(Protocol):
    """What of pytest-benchmark's fixture is used, which has no types."""

    extra_info: dict[str, object]

    def pedantic(
        self, target: Callable[[Any], None], *, setup: Callable[[], Any], rounds: int, iterations: int
    ) -> None:
        """Time *target* of what *setup* returns, as often as there are *rounds*."""


class Bench:
    """Times a piece of work, round by round."""

    def __init__(self, benchmark: Rounds) -> None:
        self._benchmark = benchmark

    def __call__(
        self,
        work: Callable[[Any], float | None],
        *,
        unit: str,
        prepare: Callable[[], object] = lambda: None,
        times: int = 1,
        rounds: int = 7,
    ) -> None:
        """Time *work* of what *prepare* returns, which is one unit *times* over.

        It may return the MB that another process took for it; else this one's are told.
        """
        yardsticks: list[float] = []
        walls: list[float] = []
        memory: list[float] = []

        def set_up() -> tuple[tuple[object], dict[str, object]]:
            yardsticks.append(yardstick_seconds())
            return (prepare(),), {}

        def timed(prepared: object) -> None:
            began = wall_seconds()
            memory_mb = work(prepared)
            walls.append(wall_seconds() - began)
            memory.append(memory_mb or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)

        # A comparison spreads the rounds over its turns.
        turns = int(read_variables().get("BENCH_TURNS") or 1)
        self._benchmark.pedantic(timed, setup=set_up, rounds=math.ceil(rounds / turns), iterations=1)
        self._benchmark.extra_info.update(
            unit=unit,
            times=times,
            yardstick_seconds=median(yardsticks),
            wall_seconds=median(walls),
            memory_mb=max(memory),
        )
