"""RESIL-17, by hand of the system: a run that is interrupted at a random moment leaves nothing, or a sweep finds it.

Not among the unit tests, for each run takes some seconds of real time: `nox -s kills` runs them.
"""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from seatrials.seams.clock import SystemClock, wait_until
from tests.support.interruption.plans import Phase, Plan, Way, plans
from tests.support.interruption.rehearsal import NAMES, Rehearsal
from tests.support.interruption.run import ROWS, BegunRun
from tests.support.interruption.state import difference
from tests.support.interruption.ways import SWEPT, codes_after, command_before, interrupt

# Of the machine, generous: ten minutes of the platform are twenty seconds at pace 30.
ZERO_SECONDS = 300


@pytest.fixture
def begin(rehearsal: Rehearsal, tmp_path: Path, pytestconfig: pytest.Config) -> Iterator[Callable[[Plan], BegunRun]]:
    """Return what begins a run; none of its processes outlives the test."""
    begun: list[BegunRun] = []
    rows = pytestconfig.getoption("--rows") or [ROWS]

    def begin(plan: Plan) -> BegunRun:
        before = command_before(plan.way)
        mine = rows[plan.number % len(rows)]
        begun.append(BegunRun(rehearsal.variables, tmp_path / "evidence", plan.workers, before=before, rows=mine))
        return begun[-1]

    yield begin
    for run in begun:
        run.end()


def test_nothing_is_left(
    rehearsal: Rehearsal, begin: Callable[[Plan], BegunRun], plan: Plan, met: Callable[[Phase], None]
) -> None:
    """An interrupted run ends with its exit code, and all that is on the platform is as it was, others' things too."""
    with rehearsal.bystander() if plan.beside else nullcontext():
        before = rehearsal.state_at_rest()
        run = begin(plan)
        phase = run.wait_for(plan.aim, plan.after_seconds)
        met(phase)
        interrupt(plan, run, rehearsal)
        if plan.way is Way.STOPPED:
            rehearsal.sweep()
            require_none(rehearsal.difference_to(before), f"{plan}, stopped in {phase} and swept", run)
            run.resume()
        code = run.wait_for_end()
        if plan.way is Way.LEASE_TAKEN:
            rehearsal.give_lease_back()
        if plan.way in SWEPT:
            rehearsal.sweep()

        require_none(rehearsal.difference_to(before), f"{plan} in {phase}, which ended with {code}", run)
        assert code in codes_after(plan.way, phase), f"{plan} in {phase}: {run.said}"


def require_none(found: list[str], when: str, run: BegunRun) -> None:
    """Fail with all that was found to be another than before, and with what the run said."""
    if found:
        pytest.fail("\n".join([f"{when}:", *found, run.said]), pytrace=False)


def test_plans_are_the_seeds() -> None:
    """The whole form has forty stopped runs and forty others, each way in all phases but one at least, by the seed."""
    drawn = plans(1, 40, 40)
    aims = {way: {plan.aim for plan in drawn if plan.way is way} for way in Way}

    assert [plan.way for plan in drawn].count(Way.STOPPED) == 40
    assert (len(drawn), len(aims[Way.STOPPED])) == (80, 4)
    assert min(len(each) for each in aims.values()) >= 3
    assert (plans(1, 40, 40), plans(2, 40, 40) == drawn) == (drawn, False)


def test_the_comparison_sees(rehearsal: Rehearsal) -> None:
    """Whatever kind of thing is left, changed or gone, the comparison names it: its silence says something."""
    before = rehearsal.state_at_rest()
    efs, dynamodb, elbv2 = (rehearsal.aws(each) for each in ("efs", "dynamodb", "elbv2"))
    [group] = elbv2.describe_target_groups(Names=["stranger"])["TargetGroups"]
    [target] = elbv2.describe_target_health(TargetGroupArn=group["TargetGroupArn"])["TargetHealthDescriptions"]
    item = {"sessionId": {"S": "left"}, "userId": {"S": "anna@example.com"}}
    point = efs.create_access_point(ClientToken="left", FileSystemId=files_of(rehearsal))["AccessPointId"]
    dynamodb.put_item(TableName=NAMES.table, Item=item)
    elbv2.deregister_targets(TargetGroupArn=group["TargetGroupArn"], Targets=[target["Target"]])
    rehearsal.aws("logs").put_retention_policy(logGroupName="/ecs/stranger", retentionInDays=1)
    dynamodb.delete_item(TableName="stranger", Key={"sessionId": {"S": "TEST_of_a_stranger"}})
    found = difference(before, rehearsal.state())
    efs.delete_access_point(AccessPointId=point)
    dynamodb.delete_item(TableName=NAMES.table, Key=item)
    elbv2.register_targets(TargetGroupArn=group["TargetGroupArn"], Targets=[target["Target"]])
    rehearsal.aws("logs").delete_retention_policy(logGroupName="/ecs/stranger")
    dynamodb.put_item(TableName="stranger", Item={"sessionId": {"S": "TEST_of_a_stranger"}})

    kinds = {" ".join(each.split()[:2]) for each in found}
    assert kinds == {"left: access", "left: item", "changed: targets", "changed: log", "gone: item"}
    assert rehearsal.difference_to(before) == []


def files_of(rehearsal: Rehearsal) -> str:
    """Return the id of the platform's file system."""
    return str(rehearsal.aws("efs").describe_file_systems()["FileSystems"][0]["FileSystemId"])


def test_the_service_returns_to_zero(rehearsal: Rehearsal) -> None:
    """After all of them the edit service scales in by itself: no run has left a count that holds it up."""

    def is_at_zero() -> bool:
        [service] = rehearsal.aws("ecs").describe_services(cluster=NAMES.cluster, services=[NAMES.edit_service])[
            "services"
        ]
        return [service[f"{each}Count"] for each in ("desired", "running", "pending")] == [0, 0, 0]

    wait_until(SystemClock(), is_at_zero, ZERO_SECONDS, what="the edit service to be at zero")
