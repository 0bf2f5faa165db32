"""What a kill matrix proves, and what keeps it from being a proof."""

import pytest

from seatrials.evidence.record import MatrixRun
from seatrials.mutants.matrix import HEALTHY, Matrix
from seatrials.mutants.mutant import Mutant

WRONG_TTL = Mutant("wrong-ttl", "COLD-03", "ttl is wrong", ())
NO_SCALING = Mutant("no-scaling", "COLD-02", "nothing scales", ())
DEAD = Mutant("dead", "COLD-01", "503 to all", (), hollow=True)


def proof() -> Matrix:
    """Return a matrix in which all is as it should be."""
    matrix = Matrix([DEAD, WRONG_TTL, NO_SCALING])
    for scenario in ("COLD-02", "COLD-03"):
        matrix.note(HEALTHY, scenario, failed=False)
        matrix.note("dead", scenario, failed=True)
    matrix.note("wrong-ttl", "COLD-03", failed=True)
    matrix.note("no-scaling", "COLD-02", failed=True)
    return matrix


def test_a_proof_has_no_problem() -> None:
    """Every mutant killed, every scenario killing, green on the healthy platform, fooled by no hollow one."""
    assert proof().problems() == []


def test_a_survivor_is_a_problem() -> None:
    """A mutant that every scenario passes on is named with the row that nobody examines."""
    matrix = proof()
    matrix.killed_by["wrong-ttl"] = []

    assert matrix.problems() == [
        "mutant wrong-ttl survives, for COLD-03 does not notice it: ttl is wrong",
        "scenario COLD-03 kills no mutant",
    ]


def test_who_was_not_asked_kills_nothing_and_passes_nothing() -> None:
    """A row that met a promise whose own row has failed there proves nothing on a mutant, hollow ones included."""
    matrix = proof()
    for scenario in ("COLD-04", "COLD-07"):
        matrix.note("dead", scenario, failed=True)
    matrix.note_promise("dead", "COLD-04", "COLD-07")
    matrix.settle()
    dead = matrix.record(MatrixRun()).mutants["dead"]

    assert matrix.problems() == []
    assert (dead.killed_by, dead.survived) == (("COLD-02", "COLD-03", "COLD-07"), ())


@pytest.mark.parametrize("own", [True, False], ids=["its-row-passed", "its-row-did-not-run"])
def test_a_broken_promise_that_nothing_tells_is_a_failure(*, own: bool) -> None:
    """As the gate judges it: a release with such a row does not go out."""
    matrix = proof()
    if own:
        matrix.note("wrong-ttl", "COLD-07", failed=False)
    matrix.note_promise("wrong-ttl", "COLD-03", "COLD-07")
    matrix.settle()

    assert matrix.killed_by["wrong-ttl"] == ["COLD-03"]


def test_a_mutant_that_nobody_ran_on_is_a_survivor() -> None:
    """No run is no kill, unless only some scenarios were asked for."""
    matrix = proof()
    del matrix.ran["no-scaling"], matrix.killed_by["no-scaling"]
    partial = proof()
    partial.is_partial = True
    del partial.ran["no-scaling"], partial.killed_by["no-scaling"]

    assert "mutant no-scaling survives, for COLD-02 does not notice it: nothing scales" in matrix.problems()
    assert partial.problems() == ["scenario COLD-02 kills no mutant"]


def test_a_failure_on_the_healthy_platform_is_a_problem() -> None:
    """A scenario that fails without a defect kills everything and proves nothing."""
    matrix = proof()
    matrix.killed_by[HEALTHY] = ["COLD-02"]

    assert matrix.problems() == ["on the healthy platform these fail: COLD-02"]


def test_hollow_kills_do_not_make_a_scenario_see() -> None:
    """A scenario that notices nothing but a dead platform is blind."""
    matrix = proof()
    matrix.note(HEALTHY, "COLD-09", failed=False)
    matrix.note("dead", "COLD-09", failed=True)

    assert matrix.problems() == ["scenario COLD-09 kills no mutant"]


def test_passing_on_a_hollow_platform_is_a_problem_but_for_infrastructure() -> None:
    """Only rows that read the control plane may pass where nothing works."""
    matrix = proof()
    matrix.note("dead", "COLD-08", failed=False)
    matrix.note("dead", "INFRA-01", failed=False)

    assert matrix.problems() == ["scenario COLD-08 passes on the hollow platform dead: 503 to all"]


def test_the_file_has_both_directions() -> None:
    """`kill-matrix.json` says who kills a mutant and what a scenario kills."""
    record = proof().record(MatrixRun())

    assert record.mutants["wrong-ttl"].breaks == "COLD-03"
    assert record.mutants["wrong-ttl"].killed_by == ("COLD-03",)
    assert record.scenarios is not None
    assert record.scenarios["COLD-03"].kills == ("dead", "wrong-ttl")
    assert record.problems == ()


def test_the_page_names_every_mutant() -> None:
    """The page for people lists each mutant with its sentence and its killers."""
    page = proof().as_markdown()

    assert "| `wrong-ttl` | COLD-03 | ttl is wrong | COLD-03 |" in page
    assert "Every mutant is killed, by scenarios that pass." in page


def test_a_mistake_of_the_mutant_is_no_kill() -> None:
    """A mutant whose own code is wrong is named as that, however its scenarios ended, before and after it was noted."""
    matrix = proof()
    matrix.note_mistake("no-scaling", "COLD-02 met KeyError: 'x'")
    matrix.note("no-scaling", "COLD-03", failed=True, bare_error="KeyError")

    assert matrix.problems() == [
        "mutant no-scaling proves nothing, for its own code is wrong: COLD-02 met KeyError: 'x'",
        "scenario COLD-02 kills no mutant",
    ]


def test_a_kill_by_a_bare_error_is_a_problem() -> None:
    """A scenario that stumbles says neither what it expected nor what it saw."""
    matrix = proof()
    matrix.note("wrong-ttl", "COLD-02", failed=True, message="KeyError: 'ttl'", bare_error="KeyError")

    assert matrix.problems() == [
        "scenario COLD-02 notices wrong-ttl by a bare KeyError: let it say what it expected and what it saw"
    ]


def test_the_message_of_every_kill_is_kept() -> None:
    """`kill-matrix.json` says how a scenario noticed a mutant."""
    matrix = proof()
    matrix.note("wrong-ttl", "COLD-02", failed=True, message="expected a ttl")

    assert matrix.record(MatrixRun()).mutants["wrong-ttl"].messages == {"COLD-02": "expected a ttl", "COLD-03": ""}


def test_a_mutant_that_its_invariant_does_not_see_is_a_problem() -> None:
    """What is declared to be seen by an invariant alone must be seen by that, and not by a row's own assertion."""
    doubled = Mutant("told-twice", "CONC-19", "a change is told twice", (), invariant="told-once")
    matrix = Matrix([doubled])
    matrix.note("told-twice", "CONC-19", failed=True, message="AssertionError: two updates")
    unseen = matrix.problems()
    matrix.note("told-twice", "CONC-19", failed=True, message="the contract does not hold (told-once): twice")

    assert unseen == [
        "mutant told-twice is not seen by the invariant told-once that it breaks, but by another word of CONC-19"
    ]
    assert matrix.problems() == []


def shards() -> tuple[Matrix, Matrix]:
    """Return two halves of the proof: who sees `wrong-ttl` is healthy in the other half."""
    mutants = [DEAD, WRONG_TTL, NO_SCALING]
    one, other = Matrix([WRONG_TTL], divided=mutants), Matrix([DEAD, NO_SCALING], divided=mutants)
    one.note("wrong-ttl", "COLD-03", failed=True, message="assert 1 == 2")
    one.note(HEALTHY, "COLD-02", failed=False)
    other.note(HEALTHY, "COLD-03", failed=False)
    other.note("no-scaling", "COLD-02", failed=True)
    for scenario in ("COLD-02", "COLD-03"):
        other.note("dead", scenario, failed=True)
    return one, other


def merged(*parts: Matrix) -> Matrix:
    """Return what shards come to."""
    for each in parts:
        each.settle()
    notes = [each.record(MatrixRun()).notes for each in parts]
    return Matrix.of_shards([each for each in notes if each is not None])


def test_shards_are_the_matrix_of_one_run() -> None:
    """A scenario may be healthy in one shard, and see its mutants in another one."""
    one, other = shards()
    whole = proof()
    whole.messages["wrong-ttl"] = {"COLD-03": "assert 1 == 2"}

    assert (one.problems(), other.problems()) == ([], [])
    assert merged(one, other).record(MatrixRun()) == whole.record(MatrixRun())
    assert merged(other, one).record(MatrixRun()) == whole.record(MatrixRun())


def test_what_no_shard_kills_survives() -> None:
    """A mutant that no scenario of any shard was run on is a survivor, as in one run."""
    one, other = shards()
    other.ran.pop("no-scaling")
    other.killed_by.pop("no-scaling")
    other.mutants = [DEAD]

    assert merged(one, other).problems() == [
        "mutant no-scaling survives, for COLD-02 does not notice it: nothing scales",
        "scenario COLD-02 kills no mutant",
    ]


def test_what_a_shard_tells_against_its_scenarios_is_told_of_the_whole() -> None:
    """A mistake, a bare error, a failure of set-up, and a failure on the healthy platform."""
    one, other = shards()
    one.note_mistake("wrong-ttl", "COLD-03 met KeyError")
    other.note(HEALTHY, "COLD-04", failed=True)
    other.note("no-scaling", "COLD-02", failed=True, bare_error="KeyError")
    other.broken.append("setup of COLD-02 failed")

    assert merged(one, other).problems() == [
        "on the healthy platform these fail: COLD-04",
        "mutant wrong-ttl proves nothing, for its own code is wrong: COLD-03 met KeyError",
        "scenario COLD-03 kills no mutant",
        "scenario COLD-04 kills no mutant",
        "scenario COLD-02 notices no-scaling by a bare KeyError: let it say what it expected and what it saw",
        "setup of COLD-02 failed",
    ]


def test_who_was_not_asked_in_a_shard_is_not_asked_in_the_whole() -> None:
    """What the shard took for no kill, and no kill, the whole does."""
    one, other = shards()
    for scenario in ("COLD-04", "COLD-07"):
        other.note("dead", scenario, failed=True)
    other.note_promise("dead", "COLD-04", "COLD-07")
    dead = merged(one, other).record(MatrixRun()).mutants["dead"]

    assert (dead.killed_by, dead.survived) == (("COLD-02", "COLD-03", "COLD-07"), ())


def test_a_run_that_ended_early_calls_nobody_a_survivor() -> None:
    """What had yet to run is counted, and neither a mutant nor a scenario is blamed for it."""
    matrix = Matrix([DEAD, WRONG_TTL, NO_SCALING])
    matrix.note(HEALTHY, "COLD-03", failed=False)
    matrix.note("wrong-ttl", "COLD-03", failed=True)
    matrix.note("dead", "INFRA-01", failed=False)
    matrix.note_end({HEALTHY: 2, "wrong-ttl": 1, "no-scaling": 1, "dead": 3})
    record = matrix.record(MatrixRun())

    assert matrix.problems() == [
        "4 of 7 runs came to no result, and nothing is known of 2 of 3 mutants: run all of them again"
    ]
    assert {name: each.survived for name, each in record.mutants.items()} == dict.fromkeys(record.mutants, ())


def test_a_run_that_ended_before_it_began_calls_nobody_a_survivor() -> None:
    """Nothing was expected yet, and nothing ran."""
    matrix = Matrix([DEAD, WRONG_TTL])
    matrix.note_end({})

    assert matrix.problems() == []
    assert matrix.unfinished == {"dead", "wrong-ttl"}


def test_a_run_with_all_results_has_nothing_to_say_of_its_end() -> None:
    """A mutant that everybody passed on survives."""
    matrix = proof()
    matrix.killed_by["wrong-ttl"] = []
    matrix.note_end({HEALTHY: 2, "dead": 2, "wrong-ttl": 1, "no-scaling": 1})

    assert "mutant wrong-ttl survives, for COLD-03 does not notice it: ttl is wrong" in matrix.problems()
    assert matrix.unfinished == set()
