"""What can go wrong with infrastructure."""

from seatrials.mutants.mutant import Mutant

MUTANTS: tuple[Mutant, ...] = ()
