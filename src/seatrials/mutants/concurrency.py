"""What can go wrong with concurrency."""

from seatrials.mutants.mutant import Mutant

MUTANTS: tuple[Mutant, ...] = ()
