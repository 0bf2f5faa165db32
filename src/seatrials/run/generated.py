"""A run on generated mutants: each meets the scenarios that execute its line, the nearest first, until one fails.

One scenario runs in this process, which makes it ready. Each scenario on the healthy platform, which shows what it
executes, and then each mutant, has a fork of its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from coverage import Coverage

from seatrials import webordinary
from seatrials.errors import SeatrialsError
from seatrials.evidence.redaction import redact
from seatrials.mutants.generated.judgement import Fate, Judgement
from seatrials.mutants.generated.source import Generated, generate, sample
from seatrials.mutants.generated.verdicts import read_verdicts
from seatrials.run.forks import Died, Forks
from seatrials.run.items import say, scenario_id
from seatrials.run.reports import message_of

# Many times what the dearest scenario takes.
_CPU_SECONDS = 60
_MESSAGE_CHARACTERS_MAX = 160


@dataclass(frozen=True)
class Executed:
    """What a scenario did on the healthy platform: how it failed, if it did, and the lines that it executed."""

    failure: str | None
    lines: Mapping[str, frozenset[int]]

    @property
    def size(self) -> int:
        """How much it is about."""
        return sum(len(lines) for lines in self.lines.values())

    def touches(self, mutant: Generated) -> bool:
        """Whether it executed what *mutant* changes."""
        return not self.lines.get(str(mutant.path), frozenset()).isdisjoint(mutant.lines)


class GeneratedRun:
    """A pytest plugin that runs in place of pytest's own loop over the scenarios."""

    def __init__(self, *, at_once: int, size: int | None, seed: int) -> None:
        """*size* and *seed* choose some of the mutants; without a size, all are run."""
        self._at_once, self._size, self._seed = at_once, size, seed
        self._failure: str | None = None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep how the scenario that is running failed first."""
        if report.failed and self._failure is None:
            self._failure = " ".join(redact(message_of(report)).split())[:_MESSAGE_CHARACTERS_MAX]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Find what is executed, run the mutants, and say what survives."""
        scenarios, every = session.items, generate(webordinary)
        mutants = every if self._size is None else sample(every, self._size, self._seed)
        failure = self._run(scenarios[0], scenarios)
        if failure is not None:
            raise _unhealthy(scenarios[0], failure)
        fates: dict[str, Fate] = {}
        judgement = Judgement(mutants, fates, read_verdicts())
        say(
            session.config,
            f"{len(mutants)} of {len(every)} mutants; first {len(scenarios)} scenarios show what they execute",
        )
        executed = self._executed(scenarios)
        for mutant, fate in self._fates(mutants, executed):
            fates[mutant.id] = fate
            say(session.config, f"[{len(fates):4}/{len(mutants)}] {judgement.line_of(mutant)}")
        problems = [*judgement.problems(), *judgement.verdicts.stale(each.id for each in every)]
        for line in (*problems, judgement.sum()):
            say(session.config, line)
        # What a whole run ends with; without failures it is a success.
        session.testsfailed = len(problems)
        return True

    def _executed(self, scenarios: Sequence[pytest.Item]) -> dict[pytest.Item, Executed]:
        """Run each scenario on the healthy platform, and see what it executes of the applications."""
        root = Path(webordinary.__path__[0])

        def look(item: pytest.Item) -> Executed:
            # Scenarios and platform are greenlets of one thread.
            coverage = Coverage(data_file=None, include=[f"{root}/*"], concurrency=["greenlet"], config_file=False)
            with coverage.collect():
                failure = self._run(item, scenarios)
            data = coverage.get_data()
            return Executed(failure, {each: frozenset(data.lines(each) or ()) for each in data.measured_files()})

        found: dict[pytest.Item, Executed] = {}
        for item, executed in Forks(look, at_once=self._at_once, cpu_seconds=_CPU_SECONDS).run(scenarios):
            if isinstance(executed, Died) or executed.failure is not None:
                raise _unhealthy(item, executed)
            found[item] = executed
        return found

    def _fates(
        self, mutants: Sequence[Generated], executed: Mapping[pytest.Item, Executed]
    ) -> Iterator[tuple[Generated, Fate]]:
        # Who does little else is nearest to what it does, and ends soonest.
        nearest = sorted(executed, key=lambda item: (executed[item].size, item.nodeid))

        def meet(mutant: Generated) -> Fate:
            if not mutant.apply():
                return Fate(0, fits=False)
            chosen = [each for each in nearest if executed[each].touches(mutant)]
            for number, item in enumerate(chosen, 1):
                failure = self._run(item, nearest)
                if failure is not None:
                    return Fate(number, scenario_id(item), failure)
            return Fate(len(chosen))

        for mutant, fate in Forks(meet, at_once=self._at_once, cpu_seconds=_CPU_SECONDS).run(mutants):
            if isinstance(fate, Died):
                yield mutant, Fate(1, "its process", f"ended with {fate.exit_code}")
            elif fate.fits:
                yield mutant, fate

    def _run(self, item: pytest.Item, scenarios: Sequence[pytest.Item]) -> str | None:
        """Run *item*; return how it failed."""
        self._failure = None
        # The next one decides what stays set up: one of another file, what all files share.
        following = next(each for each in scenarios if each.path != item.path)
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        return self._failure


def _unhealthy(item: pytest.Item, what: object) -> SeatrialsError:
    return SeatrialsError(f"{scenario_id(item)} fails on the healthy platform, so no mutant is run: {what}")
