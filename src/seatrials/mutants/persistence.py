"""What can go wrong with persistence."""

from seatrials.mutants.mutant import Mutant

MUTANTS: tuple[Mutant, ...] = ()
