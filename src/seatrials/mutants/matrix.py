"""Who kills whom: a scenario kills a mutant when it fails on it.

A scenario that passes on everything proves nothing, and a mutant that survives shows a requirement nobody examines.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from seatrials.evidence.not_asked import not_asked
from seatrials.evidence.record import KillsRecord, MatrixRecord, MatrixRun, MutantRecord, NotedMutant, Notes
from seatrials.mutants.mutant import Mutant

HEALTHY = "healthy"
# Scenarios that only read the control plane, which is intact on a hollow platform.
_CONTROL_PLANE_SUITE = "INFRA"


@dataclass
class Matrix:
    """Who ran on what, and who failed there."""

    mutants: Sequence[Mutant]
    # Whether only some scenarios were chosen, so that a mutant may rightly have been run by none.
    is_partial: bool = False
    # Of a shard: all mutants of its run, of which *mutants* are a part. Its other parts may show what a scenario sees.
    divided: Sequence[Mutant] | None = None
    ran: dict[str, list[str]] = field(default_factory=dict)
    killed_by: dict[str, list[str]] = field(default_factory=dict)
    # By mutant and scenario that met a broken promise there: the row that asks for it.
    promises: dict[str, dict[str, str]] = field(default_factory=dict)
    # Who was not asked for that, as `settle` finds it: neither a kill nor a pass.
    not_asked: dict[str, list[str]] = field(default_factory=dict)
    # What the scenario said, for each kill.
    messages: dict[str, dict[str, str]] = field(default_factory=dict)
    # Kills by an error that a scenario stumbled over, which tells nobody what was expected: mutant, scenario, error.
    bare: list[tuple[str, str, str]] = field(default_factory=list)
    # What the code of a mutant itself did wrong, so that nothing is proven on it.
    mistakes: dict[str, str] = field(default_factory=dict)
    # Runs that ended in an error of set-up or tear-down, which says nothing about the scenario.
    broken: list[str] = field(default_factory=list)
    # Of a run that ended early: the mutants on which some scenario had yet to run, so that nobody knows who sees them.
    unfinished: set[str] = field(default_factory=set)

    def note(self, mutant: str, scenario: str, *, failed: bool, message: str = "", bare_error: str = "") -> None:
        """Note that *scenario* ran on *mutant*, what it said when it failed, and the error that it stumbled over."""
        self.ran.setdefault(mutant, []).append(scenario)
        if not failed or mutant in self.mistakes:
            return
        self.killed_by.setdefault(mutant, []).append(scenario)
        self.messages.setdefault(mutant, {})[scenario] = message
        if bare_error:
            self.bare.append((mutant, scenario, bare_error))

    def note_promise(self, mutant: str, scenario: str, row: str) -> None:
        """Note that *scenario* failed on *mutant* of a promise that *row* asks for."""
        self.promises.setdefault(mutant, {})[scenario] = row

    def settle(self) -> None:
        """Take for no kill what was not asked, for the row of the promise has failed there itself."""
        for mutant, broken in self.promises.items():
            killers = self.killed_by.get(mutant, [])
            excused = not_asked(dict.fromkeys(killers, "failed"), broken)
            self.not_asked[mutant] = list(excused)
            self.killed_by[mutant] = [each for each in killers if each not in excused]

    def note_mistake(self, mutant: str, mistake: str) -> None:
        """Note that the code of *mutant* is wrong: however its scenarios end, they do not kill it."""
        self.mistakes.setdefault(mutant, mistake)
        self.killed_by.pop(mutant, None)

    def note_end(self, expected: Mapping[str, int]) -> None:
        """Note what came to no result of all that was *expected*: how many runs on each platform.

        A run that ended before it knew, for which nothing is expected, knows of no mutant.
        """
        if expected:
            missing = {name: count - len(self.ran.get(name, [])) for name, count in expected.items()}
        else:
            missing = {} if self.ran else {each.id: 1 for each in self.mutants}
        short = {name for name, count in missing.items() if count > 0}
        if not short:
            return
        self.is_partial = True
        self.unfinished = short
        unknown = [each.id for each in self.mutants if each.id in short and not self.killed_by.get(each.id)]
        if expected:
            self.broken.append(
                f"{sum(missing[name] for name in short)} of {sum(expected.values())} runs came to no result, "
                f"and nothing is known of {len(unknown)} of {len(self.mutants)} mutants: run all of them again"
            )

    def problems(self) -> list[str]:
        """Return what keeps the matrix from being a proof, a sentence each."""
        found = [self._unhealthy(), self._mistaken(), self._survivors(), self._unseen()]
        found += [self._blind(), self._fooled(), self._bare()]
        return [*(problem for problems in found for problem in problems), *self.broken]

    def record(self, run: MatrixRun) -> MatrixRecord:
        """Return the matrix of a *run* for the evidence."""
        return MatrixRecord(
            run=run,
            mutants={each.id: self._record_of(each) for each in self.mutants},
            scenarios={scenario: KillsRecord(kills=self._kills(scenario)) for scenario in self._scenarios()},
            problems=tuple(self.problems()),
            notes=None if self.divided is None else self._notes(self.divided),
        )

    @classmethod
    def of_shards(cls, parts: Sequence[Notes]) -> "Matrix":
        """Return the matrix of what all shards of a run noted."""
        mutants = {name: each for part in parts for name, each in part.mutants.items()}
        matrix = cls(
            [
                Mutant(name, told.breaks, told.sentence, (), told.hollow, told.invariant)
                for name, told in mutants.items()
            ],
            is_partial=any(part.is_partial for part in parts),
        )
        for part in parts:
            matrix.add(part)
        matrix.settle()
        return matrix

    def add(self, part: Notes) -> None:
        """Note what a shard noted."""
        for mutant, ran in part.ran.items():
            self.ran.setdefault(mutant, []).extend(ran)
        for mutant, failed in part.failed.items():
            self.killed_by.setdefault(mutant, []).extend(failed)
        for mutant, said in part.messages.items():
            self.messages.setdefault(mutant, {}).update(said)
        for mutant, rows in part.promises.items():
            self.promises.setdefault(mutant, {}).update(rows)
        self.bare += part.bare
        self.mistakes.update(part.mistakes)
        self.broken += part.broken

    def _notes(self, mutants: Sequence[Mutant]) -> Notes:
        """Return all that was noted, as it was before it was settled."""
        failed = {name: [*each, *self.not_asked.get(name, [])] for name, each in self.killed_by.items()}
        return Notes(
            is_partial=self.is_partial,
            mutants={
                each.id: NotedMutant(
                    breaks=each.breaks, sentence=each.sentence, hollow=each.hollow, invariant=each.invariant
                )
                for each in mutants
            },
            ran={mutant: tuple(each) for mutant, each in self.ran.items()},
            failed={mutant: tuple(each) for mutant, each in failed.items()},
            messages=self.messages,
            promises=self.promises,
            bare=tuple(self.bare),
            mistakes=self.mistakes,
            broken=tuple(self.broken),
        )

    def as_markdown(self) -> str:
        """Return the matrix as a page for people."""
        rows = [
            f"| `{each.id}` | {each.breaks} | {each.sentence} | {names_of(self.killed_by.get(each.id, []))} |"
            for each in self.mutants
        ]
        scenarios = [(name, self._kills(name)) for name in self._scenarios()]
        kills = [f"| {name} | {len(killed)} | {names_of(killed)} |" for name, killed in scenarios]
        problems = [f"- {problem}" for problem in self.problems()] or [
            "Every mutant is killed, by scenarios that pass."
        ]
        return "\n".join(
            [
                *("# Kill matrix", "", *problems, "", "## Mutants", ""),
                *("| mutant | breaks | what is wrong with it | killed by |", "| --- | --- | --- | --- |", *rows),
                *("", "## Scenarios", "", "| scenario | kills | mutants |", "| --- | --- | --- |", *kills, ""),
            ]
        )

    def _record_of(self, mutant: Mutant) -> MutantRecord:
        killed_by = set(self.killed_by.get(mutant.id, []))
        # Who passed before the others had their turn does not make it a survivor.
        survived = set() if mutant.id in self.unfinished and not killed_by else self._survived(mutant.id)
        return MutantRecord(
            breaks=mutant.breaks,
            sentence=mutant.sentence,
            killed_by=tuple(sorted(killed_by)),
            messages=dict(sorted(self.messages.get(mutant.id, {}).items())),
            survived=tuple(sorted(survived)),
        )

    def _scenarios(self) -> list[str]:
        return sorted({scenario for ran in self.ran.values() for scenario in ran})

    def _survived(self, mutant: str) -> set[str]:
        """Return who passed on a mutant."""
        others = {*self.killed_by.get(mutant, []), *self.not_asked.get(mutant, [])}
        return set(self.ran.get(mutant, [])) - others

    def _kills(self, scenario: str) -> tuple[str, ...]:
        return tuple(each.id for each in self.mutants if scenario in self.killed_by.get(each.id, []))

    def _unhealthy(self) -> list[str]:
        failed = names_of(self.killed_by.get(HEALTHY, []))
        return [f"on the healthy platform these fail: {failed}"] if failed else []

    def _mistaken(self) -> list[str]:
        proves = "proves nothing, for its own code is wrong"
        return [f"mutant {name} {proves}: {mistake}" for name, mistake in self.mistakes.items()]

    def _bare(self) -> list[str]:
        return [
            f"scenario {scenario} notices {mutant} by a bare {error}: let it say what it expected and what it saw"
            for mutant, scenario, error in self.bare
            if mutant not in self.mistakes
        ]

    def _survivors(self) -> list[str]:
        return [
            f"mutant {each.id} survives, for {each.breaks} does not notice it: {each.sentence}"
            for each in self.mutants
            if not self.killed_by.get(each.id) and (each.id in self.ran or not self.is_partial)
            if each.id not in self.mistakes and each.id not in self.unfinished
        ]

    def _unseen(self) -> list[str]:
        """Return the mutants that were killed, and not by the invariant that they break."""
        return [
            f"mutant {each.id} is not seen by the invariant {each.invariant} that it breaks, "
            f"but by another word of {names_of(told)}"
            for each in self.mutants
            if each.invariant and (told := self.messages.get(each.id, {})) and each.id not in self.mistakes
            if not any(f"({each.invariant})" in message for message in told.values())
        ]

    def _blind(self) -> list[str]:
        """Return the scenarios that kill nothing but hollow platforms; a run of some mutants says nothing of that."""
        if HEALTHY not in self.ran or self.divided is not None or self.unfinished:
            return []
        real = [each.id for each in self.mutants if not each.hollow]
        seeing = {scenario for mutant in real for scenario in self.killed_by.get(mutant, [])}
        return [f"scenario {name} kills no mutant" for name in sorted(set(self.ran[HEALTHY]) - seeing)]

    def _fooled(self) -> list[str]:
        return [
            f"scenario {scenario} passes on the hollow platform {each.id}: {each.sentence}"
            for each in self.mutants
            if each.hollow and each.id not in self.mistakes
            for scenario in sorted(self._survived(each.id))
            if not scenario.startswith(_CONTROL_PLANE_SUITE)
        ]


def names_of(names: Iterable[str]) -> str:
    """Return names in order, for people."""
    return ", ".join(sorted(names))
