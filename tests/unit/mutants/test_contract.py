"""The mutants that an invariant alone sees."""

from seatrials.checkers.contract import invariants
from seatrials.mutants.catalogue import CATALOGUE

# No client of HTTP shows the body of an answer to HEAD: what there is of it is in unit tests.
WITHOUT_MUTANT = {"head-bodiless"}


def test_every_invariant_has_a_mutant_that_it_sees() -> None:
    """No invariant is there that no broken platform breaks."""
    assert {each.invariant for each in CATALOGUE if each.invariant} == set(invariants()) - WITHOUT_MUTANT
