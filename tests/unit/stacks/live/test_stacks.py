"""Tests of a real stack as a run has it: one run at a time, one scenario at a time where it asks, and nothing mock."""

import json
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from seatrials.environments.parts import Budget
from seatrials.errors import (
    BudgetExceededError,
    ConfigurationError,
    LeaseHeldError,
    LeaseLostError,
    LeftoversError,
    NotRunHereError,
    RefusedWriteError,
)
from seatrials.evidence.folder import RunFolder
from seatrials.safety.changes import describe_service
from seatrials.safety.usage import read_folder, total
from seatrials.seams.clock import wall_seconds
from seatrials.stacks import StackOptions
from seatrials.stacks.live.stacks import LiveStacks
from seatrials.stacks.live.task_time import TASK_USAGE
from tests.support.live_run import Begin, edit_desired, platform_of, set_edit_desired, update_edit
from tests.support.small_platform import SmallPlatform


def test_the_second_run_is_told_who_has_the_stack(begin: Begin) -> None:
    """Two runs never share a stack: the second ends with the first one's name, and the first goes on."""
    first = begin("run-1")
    with pytest.raises(LeaseHeldError, match="belongs to the run run-1 of "):
        begin("run-2")
    first.close()
    begin("run-2").close()


def test_an_exclusive_scenario_waits_for_nobody_else_s_sessions(begin: Begin, small_platform: SmallPlatform) -> None:
    """With live sessions of others on the service an exclusive scenario is not run, and the reason names them."""
    stranger = small_platform.add_session("acme")
    stacks = begin()

    with (
        pytest.raises(NotRunHereError, match=f"to itself, which has live sessions of others: {stranger}"),
        stacks.open("COLD-01", exclusive=True),
    ):
        pytest.fail("it was run")
    stacks.close()


def test_an_exclusive_scenario_has_a_quiet_service(begin: Begin) -> None:
    """Without a live session, and with the service at zero, an exclusive scenario is run."""
    stacks = begin()
    with stacks.open("COLD-01", exclusive=True) as run:
        counts = platform_of(run).services.edit_counts()
    stacks.close()

    assert counts.desired == 0


def test_a_run_in_haste_does_not_wait_for_the_platform(begin: Begin, small_platform: SmallPlatform) -> None:
    """Told to end, a run gives the lease back while tasks still run, which scale in without it; nothing is its own."""
    stacks = begin("run-1")
    set_edit_desired(small_platform, 1)
    stacks.close(in_haste=True)
    begin("run-2").close(in_haste=True)

    assert stacks.leftovers() == []
    assert edit_desired(small_platform) == 1


@pytest.mark.parametrize(
    ("budget", "told"),
    [
        pytest.param(Budget(minutes=0.000001), "its budget is 1e-06 minutes", id="minutes"),
        pytest.param(Budget(dollars=0.0000001), r"by its own estimate, and its budget is \$0.00", id="dollars"),
    ],
)
def test_a_budget_stops_the_run_and_it_cleans_up(
    begin: Begin, small_platform: SmallPlatform, budget: Budget, told: str
) -> None:
    """A run over its budget begins no scenario, and still leaves nothing."""
    stacks = begin(budget=budget)
    with pytest.raises(BudgetExceededError, match=told), stacks.open("COLD-03"):
        pytest.fail("it was run")
    stacks.close()

    assert (stacks.leftovers(), small_platform.runs_items()) == ([], [])


def test_what_the_budget_ends_is_the_next_row(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that has begun asks and changes what it wants when the minutes run out, and no other one begins."""
    stacks = begin(budget=Budget(minutes=10))
    with stacks.open("COLD-03") as run:
        began_before(stacks, 12, monkeypatch)
        platform_of(run).services.edit_counts()
        platform_of(run).sessions.start()
        update_edit(run, desiredCount=0)
    with pytest.raises(BudgetExceededError, match=r"has taken 12\.0 minutes"), stacks.open("COLD-04"):
        pytest.fail("it was run")
    stacks.close()

    assert stacks.leftovers() == []


def test_a_row_that_never_ends_is_ended(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifteen minutes beyond the budget nothing is sent for a row any more, and what it made is still removed."""
    stacks = begin(budget=Budget(minutes=10))
    with stacks.open("COLD-03") as run:
        platform_of(run).sessions.start()
        began_before(stacks, 26, monkeypatch)
        for asks in (platform_of(run).services.edit_counts, partial(platform_of(run).http.get, "/hermes/health")):
            with pytest.raises(BudgetExceededError, match="and 15 more for a row that has begun"):
                asks()
    stacks.close()

    assert stacks.leftovers() == []


def began_before(stacks: LiveStacks, minutes: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a run have begun so many minutes ago."""
    monkeypatch.setattr(stacks._spending, "_began", wall_seconds() - minutes * 60)  # noqa: SLF001


def test_one_session_at_a_time_where_no_more_is_allowed(begin: Begin, small_platform: SmallPlatform) -> None:
    """Production has one canary session: a second one is not asked for."""
    stacks = begin(capabilities=())
    with stacks.open("COLD-08") as run:
        platform = platform_of(run)
        platform.sessions.start()
        with pytest.raises(RefusedWriteError, match="allows one session at a time"):
            platform.sessions.start()
    stacks.close()

    assert [each for each in small_platform.requests if each.endswith("/activate")] == [
        "POST /hermes/api/sessions/activate"
    ]


def test_what_dead_runs_left_comes_first(begin: Begin) -> None:
    """A run does not begin on the leftovers of another; it names the run and the command."""
    dead = begin("dead")
    with dead.open("COLD-03"):
        pass
    # A killed run gives nothing back, and its lease is over some day.
    dead._lease.release(is_last=True)  # noqa: SLF001
    assert dead._meter is not None  # noqa: SLF001
    dead._meter.end()  # noqa: SLF001
    dead._access.http.close()  # noqa: SLF001

    with pytest.raises(LeftoversError, match=r"dead runs have left something here \(dead\): `seatrials sweep staging`"):
        begin("next")


def test_a_run_counts_what_it_uses(begin: Begin, tmp_path: Path) -> None:
    """Calls, DynamoDB's units and requests are in the evidence."""
    stacks = begin()
    with stacks.open("COLD-03") as run:
        platform_of(run).sessions.start()
    stacks.close()
    own, tasks = read_folder(tmp_path / "run-1/usage")
    counts = {**own, **tasks}

    assert (tmp_path / "run-1/tasks.json").read_text() == "[]\n"
    assert counts["task_seconds"] == 0
    assert counts["dynamodb_write_units"] > 0
    assert counts["dynamodb_read_units"] > 0
    assert counts["aws_requests"] > 20
    assert (counts["http_requests"], counts["sessions"]) == (2, 1)


def test_what_no_row_used_is_told_beside_them(begin: Begin, tmp_path: Path) -> None:
    """The whole of a run is what its rows used and what it did before, between and after them, each once."""
    folder = RunFolder(tmp_path / "run-1")
    (folder.path / "timeline").mkdir(parents=True)
    stacks = begin()
    with stacks.open("COLD-03") as run:
        platform_of(run).sessions.start()
        of_row = run.usage()
        folder.write_usage("COLD-03", of_row)
    stacks.close()
    whole, counted = folder.read_usage(), total(read_folder(folder.counts))

    assert {*TASK_USAGE} <= {*whole}
    assert {name: pytest.approx(amount) for name, amount in counted.items()} == {name: whole[name] for name in counted}
    assert whole["aws_requests"] > of_row.get("aws_requests", 0)
    assert {*TASK_USAGE} & {*of_row} == set()


def test_a_worker_counts_no_tasks(small_platform: SmallPlatform, begin: Begin, tmp_path: Path) -> None:
    """The tasks that all workers see are counted by the process that is there for the whole run, and by it alone."""
    whole = begin()
    options = StackOptions(folder=tmp_path / "run-1", workers=2, is_whole_run=False)
    worker = LiveStacks(small_platform.environment(), options, {})
    worker.close()
    whole.close()

    assert sum("task_seconds" in each for each in read_folder(tmp_path / "run-1/usage")) == 1


def test_a_row_begins_with_what_another_has_left(
    begin: Begin, small_platform: SmallPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row that may begin with a task, or three, does not wait until they are gone; one that may not does."""
    waited: list[str] = []
    stacks = begin()
    monkeypatch.setattr(stacks, "_wait_for_zero", lambda: waited.append("waited"))
    set_edit_desired(small_platform, 1)
    found = describe_service(small_platform.aws("ecs"), "webordinary-edit-cluster", "webordinary-edit-service")
    monkeypatch.setattr(
        "seatrials.stacks.live.stacks.describe_service", lambda *_given: {**found, "runningCount": 1, "pendingCount": 0}
    )
    for tasks_max in (1, 3, 0):
        with stacks.open("COLD-03", exclusive=True, tasks_max=tasks_max):
            waited.append(f"begun with {tasks_max}")
    monkeypatch.undo()
    stacks.close(in_haste=True)

    assert waited == ["begun with 1", "begun with 3", "waited", "begun with 0"]


def test_samples_are_measured(begin: Begin) -> None:
    """Numbers taken on a real stack are measured, and requests are timed in real time."""
    stacks = begin()
    with stacks.open("COLD-03") as run:
        kind, now = run.sample_kind, run.stack.request_clock.now()
        same = abs(now - run.stack.clock.now()) < 1
    stacks.close()

    assert (kind, same) == ("measured", True)


def test_a_real_stack_takes_no_mutant(begin: Begin) -> None:
    """A mutant is a broken mock platform, and is refused on any other."""
    stacks = begin()
    with pytest.raises(ConfigurationError, match="staging is none: use the mock"), stacks.open("COLD-03", object()):
        pytest.fail("it was run")
    stacks.close()


def test_a_real_stack_is_examined_without_the_twin() -> None:
    """A process that examines a real stack imports neither the twin nor the mock applications, moto or a mutant."""
    program = (
        "import sys, seatrials.run.plugin, seatrials.stacks.live.stacks, seatrials.stacks.live.command;"
        "print([name for name in sys.modules if name.startswith("
        "('moto', 'greenlet', 'seatrials.twin', 'seatrials.webordinary', 'seatrials.mutants'))])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603

    assert result.stdout == "[]\n"


LEASE = {"sessionId": {"S": "seatrials#lease"}, "userId": {"S": "stack"}}


def write_lease(platform: SmallPlatform, **item: dict[str, str]) -> None:
    """Put another lease in the place of the run's."""
    platform.aws("dynamodb").put_item(TableName="webordinary-edit-sessions", Item={**LEASE, **item})


TAKEN = {"run_id": {"S": "other"}, "owner": {"S": "anna"}, "beats": {"N": "0"}, "fence": {"N": "2"}}


@pytest.mark.parametrize("lease", [TAKEN, {"fence": {"N": "2"}}], ids=["taken", "taken and given back"])
def test_a_run_that_has_nothing_left_to_do_says_that_it_lost_its_lease(
    begin: Begin, small_platform: SmallPlatform, lease: dict[str, dict[str, str]]
) -> None:
    """Whoever took the lease from a run that stood still has swept what its rows looked at: it proves nothing."""
    stacks = begin()
    write_lease(small_platform, **lease)
    with pytest.raises(LeaseLostError, match="lost its lease of staging before its end"):
        stacks.close()
    left = small_platform.aws("dynamodb").get_item(TableName="webordinary-edit-sessions", Key=LEASE)["Item"]

    assert left == {**LEASE, **lease}


def test_a_lost_lease_comes_before_what_is_left(
    begin: Begin, small_platform: SmallPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sweep has taken the journal with the lease, so what the run did itself looks like nobody's doing."""
    stacks = begin()
    monkeypatch.setattr(
        LiveStacks, "_compare", lambda *_: ["task x was stopped by a call that the journal does not have"]
    )
    write_lease(small_platform, **TAKEN)

    with pytest.raises(LeaseLostError, match="lost its lease of staging before its end"):
        stacks.close()


def test_a_run_that_lost_its_lease_changes_nothing(begin: Begin, small_platform: SmallPlatform) -> None:
    """A run that stood still while another took the stack makes no change, its end included, and says why."""
    stacks = begin()
    with stacks.open("COLD-03") as run:
        write_lease(small_platform, **TAKEN)
        stacks._lease._confirmed_at = 0.0  # noqa: SLF001  # it was a while ago
        with pytest.raises(LeaseLostError, match="ecs UpdateService was not called"):
            update_edit(run, desiredCount=2)
        with pytest.raises(LeaseLostError, match=r"POST /hermes/api/sessions/activate was not sent"):
            platform_of(run).sessions.start()
    with pytest.raises(LeaseLostError, match="this process has no lease of the stack"):
        stacks.close()

    assert (small_platform.sessions(), edit_desired(small_platform)) == ({}, 0)
    assert sorted(small_platform.runs_items()) == ["seatrials#journal", "seatrials#lease"]


def test_a_run_tells_how_far_its_clock_is_from_awss(begin: Begin, tmp_path: Path) -> None:
    """At its beginning and at its end, in a file of its evidence; here both are this machine's."""
    stacks = begin("run-1")
    stacks.close(in_haste=True)
    skew = json.loads((tmp_path / "run-1" / "skew.json").read_text())

    assert set(skew) == {"beginning", "end"}
    assert all(abs(each["seconds"]) <= each["uncertainty_seconds"] for each in skew.values())
