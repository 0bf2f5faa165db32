"""What a run on generated mutants proves, and what people still have to look at."""

from collections.abc import Sequence
from dataclasses import dataclass

from seatrials.mutants.generated.source import Generated
from seatrials.mutants.generated.verdicts import Kind, Verdicts

# Of those that are not judged equivalent, so many must be killed.
KILLED_SHARE_MIN = 0.9
# Who notices a mutant that no scenario outlives.
ITS_PROCESS = "its process"


@dataclass(frozen=True)
class Fate:
    """What became of a mutant."""

    # How many scenarios met it; None for one that was not run, since its verdict stands.
    ran: int | None
    # Who noticed it, and how; empty for one that survived.
    killer: str = ""
    message: str = ""
    # Whether the function can take the change at all; what it cannot take is no mutant.
    fits: bool = True


@dataclass(frozen=True)
class Judgement:
    """The mutants of a run with their fates, beside what people found out about survivors."""

    mutants: Sequence[Generated]
    # By the mutant's id, as they become known.
    fates: dict[str, Fate]
    verdicts: Verdicts
    # Of a few the share says little: one that survives more or less decides.
    is_whole: bool = True

    @property
    def survivors(self) -> list[Generated]:
        """Those that met their scenarios, and that none noticed, now or when they were judged."""
        return [each for each in self.mutants if each.id in self.fates and not self.fates[each.id].killer]

    def killed_and_not(self) -> tuple[dict[str, str], list[str]]:
        """Return which scenario killed which mutant, and the mutants that met their scenarios and that none noticed."""
        noticed = {mutant: fate.killer for mutant, fate in self.fates.items() if fate.killer}
        killed = {mutant: killer for mutant, killer in noticed.items() if killer != ITS_PROCESS}
        return killed, [mutant for mutant, fate in self.fates.items() if not fate.killer and fate.ran is not None]

    def problems(self) -> list[str]:
        """Return what keeps the run from being a proof, a sentence each."""
        found = [
            f"{each.path.name}:{each.lines.start}: nobody has judged the survivor {each.id!r}"
            for each in self.survivors
            if self.verdicts.of(each.id) is None
        ]
        found += [
            f"{each.path.name}:{each.lines.start}: judged equivalent, and killed by {fate.killer}: {each.id!r}"
            for each in self.mutants
            if (fate := self.fates.get(each.id)) and fate.killer and self.verdicts.of(each.id) == Kind.EQUIVALENT
        ]
        killed, counting = self._counts()
        if self.is_whole and killed < KILLED_SHARE_MIN * counting:
            found.append(
                f"{killed} of {counting} that are not judged equivalent are killed; {KILLED_SHARE_MIN:.0%} must be"
            )
        return found

    def line_of(self, mutant: Generated) -> str:
        """Return what became of *mutant*, on one line."""
        fate = self.fates[mutant.id]
        if fate.killer:
            return f"{mutant.id}: killed by {fate.killer}: {fate.message}"
        verdict = self.verdicts.of(mutant.id)
        judged = "not judged" if verdict is None else f"judged {verdict}"
        if fate.ran is None:
            return f"{mutant.id}: not run again, {judged}"
        return f"{mutant.id}: SURVIVES {fate.ran} scenarios, {judged}"

    def sum(self) -> str:
        """Return the figures of the run."""
        killed, counting = self._counts()
        kinds = {each: sum(self.verdicts.of(one.id) == each for one in self.survivors) for each in Kind}
        told = ", ".join(f"{number} {kind}" for kind, number in kinds.items() if number)
        share = f"{killed / counting:.1%}" if counting else "none"
        return f"{killed} of {counting} generated mutants killed ({share}); survivors: {told or 'none judged'}"

    def _counts(self) -> tuple[int, int]:
        equivalent = [each for each in self.survivors if self.verdicts.of(each.id) == Kind.EQUIVALENT]
        return len(self.fates) - len(self.survivors), len(self.fates) - len(equivalent)
