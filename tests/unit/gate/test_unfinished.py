"""What the gate makes of a run on mutants that ended before it had met all of them."""

from seatrials.gate.decision import Verdict
from tests.support.release import Release


def test_a_run_on_mutants_that_ended_early_has_no_survivors(release: Release) -> None:
    """A mutant that nobody met has survived nothing: nobody can tell, and a failure would be somebody's work."""
    release.mutants("no-scale-in", is_partial=True)

    decision = release.decide()
    assert decision.verdict is Verdict.CANNOT_TELL
    assert decision.mutants is not None
    assert (decision.mutants.total, decision.mutants.killed, decision.mutants.survivors) == (3, 2, ())
