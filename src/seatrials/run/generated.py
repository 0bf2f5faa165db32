"""A run on generated mutants: each meets the scenarios that execute its line, the nearest first, until one fails.

One scenario runs in this process, which makes it ready. Each scenario on the healthy platform, which shows what it
executes, and then each mutant, has a fork of its own.
"""

import math
from collections.abc import Iterator, Sequence

import pytest

from seatrials import webordinary
from seatrials.errors import SeatrialsError
from seatrials.evidence.redaction import redact
from seatrials.mutants.generated.judgement import ITS_PROCESS, Fate, Judgement
from seatrials.mutants.generated.killers import read_killers, write_killers
from seatrials.mutants.generated.probes import probed
from seatrials.mutants.generated.source import Choice, Generated, generate
from seatrials.mutants.generated.verdicts import read_verdicts
from seatrials.run.forks import Died, Forks, grant, used_cpu_seconds
from seatrials.run.items import say, scenario_id
from seatrials.run.nearest import Executed, Nearest
from seatrials.run.reports import message_of

# Many times what the dearest scenario takes.
_CPU_SECONDS = 60
# What a scenario may take on a mutant: so many times what it took on the healthy platform, and something to begin with.
_TIMES_HEALTHY = 8
_BEGINNING_CPU_SECONDS = 5
_MESSAGE_CHARACTERS_MAX = 160


class GeneratedRun:
    """A pytest plugin that runs in place of pytest's own loop over the scenarios."""

    def __init__(self, *, at_once: int, choice: Choice, again: bool, keeps_killers: bool) -> None:
        """*choice* says which mutants are run; of these, with *again*, those too that have their verdict."""
        self._at_once, self._choice, self._again, self._keeps_killers = at_once, choice, again, keeps_killers
        self._failure: str | None = None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep how the scenario that is running failed first."""
        if report.failed and self._failure is None:
            self._failure = " ".join(redact(message_of(report)).split())[:_MESSAGE_CHARACTERS_MAX]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Find what is executed, run the mutants, and say what survives."""
        scenarios, every = session.items, generate(webordinary)
        chosen = self._choice.of(every)
        judgement = Judgement(chosen, {}, read_verdicts(), is_whole=len(chosen) == len(every))
        failure = self._run(scenarios[0], scenarios)
        if failure is not None:
            raise _unhealthy(scenarios[0], failure)
        told = f"{len(chosen)} of {len(every)} mutants; first {len(scenarios)} scenarios show what they execute"
        say(session.config, told)
        for mutant, fate in self._fates(judgement, scenarios):
            judgement.fates[mutant.id] = fate
            say(session.config, f"[{len(judgement.fates):4}/{len(chosen)}] {judgement.line_of(mutant)}")
        problems = [*judgement.problems(), *judgement.verdicts.stale(each.id for each in every)]
        for line in (*problems, judgement.sum()):
            say(session.config, line)
        if self._keeps_killers:
            write_killers(read_killers().with_news(*judgement.killed_and_not(), [each.id for each in every]))
        # What a whole run ends with; without failures it is a success.
        session.testsfailed = len(problems)
        return True

    def _fates(self, judgement: Judgement, scenarios: Sequence[pytest.Item]) -> Iterator[tuple[Generated, Fate]]:
        """Yield what becomes of each mutant; nothing for one that its function cannot take."""
        judged = [] if self._again else [each for each in judgement.mutants if judgement.verdicts.of(each.id)]
        yield from ((each, Fate(None)) for each in judged)
        known = {each.id for each in judged}
        unknown = [each for each in judgement.mutants if each.id not in known]
        if not unknown:
            return
        executed = self._executed(scenarios)
        items = {each.nodeid: each for each in scenarios}
        nearest = Nearest(executed, _killers(unknown, scenarios))

        def meet(mutant: Generated) -> tuple[Fate, str]:
            if not mutant.apply():
                return Fate(0, fits=False), ""
            names = nearest.of(mutant)
            for number, name in enumerate(names, 1):
                grant(_BEGINNING_CPU_SECONDS + math.ceil(_TIMES_HEALTHY * executed[name].cpu_seconds))
                failure = self._run(items[name], scenarios)
                if failure is not None:
                    return Fate(number, scenario_id(items[name]), failure), name
            return Fate(len(names)), ""

        for mutant, met in Forks(meet, at_once=self._at_once, cpu_seconds=_CPU_SECONDS).run(unknown):
            fate, killer = (Fate(1, ITS_PROCESS, f"ended with {met.exit_code}"), "") if isinstance(met, Died) else met
            if killer:
                nearest.learn(mutant, killer)
            if fate.fits:
                yield mutant, fate

    def _executed(self, scenarios: Sequence[pytest.Item]) -> dict[str, Executed]:
        """Run each scenario on the healthy platform, and see what it executes of the applications."""
        found: dict[str, Executed] = {}
        with probed(webordinary) as ran:

            def look(item: pytest.Item) -> Executed:
                before = used_cpu_seconds()
                failure = self._run(item, scenarios)
                used = used_cpu_seconds() - before
                return Executed(failure, {path: frozenset(lines) for path, lines in ran.items()}, used)

            for item, executed in Forks(look, at_once=self._at_once, cpu_seconds=_CPU_SECONDS).run(scenarios):
                if isinstance(executed, Died) or executed.failure is not None:
                    raise _unhealthy(item, executed)
                found[item.nodeid] = executed
        return found

    def _run(self, item: pytest.Item, scenarios: Sequence[pytest.Item]) -> str | None:
        """Run *item*; return how it failed."""
        self._failure = None
        # The next one decides what stays set up: one of another file, what all files share.
        others = [each for each in scenarios if each is not item]
        following = next((each for each in others if each.path != item.path), others[0] if others else None)
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        return self._failure


def _killers(mutants: Sequence[Generated], scenarios: Sequence[pytest.Item]) -> dict[str, str]:
    """Return the names of the scenarios of which it is kept that they killed one of *mutants*, by its id."""
    names, kept = {scenario_id(each): each.nodeid for each in scenarios}, read_killers()
    killers = ((each.id, kept.of(each.id)) for each in mutants)
    return {mutant: names[killer] for mutant, killer in killers if killer in names}


def _unhealthy(item: pytest.Item, what: object) -> SeatrialsError:
    return SeatrialsError(f"{scenario_id(item)} fails on the healthy platform, so no mutant is run: {what}")
