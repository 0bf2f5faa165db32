"""What can go wrong with routing."""

from seatrials.mutants.mutant import Mutant

MUTANTS: tuple[Mutant, ...] = ()
