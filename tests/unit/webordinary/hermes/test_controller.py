"""What the controller decides, and what becomes of sessions when it does it."""

import dataclasses
from typing import Any

import pytest
from botocore.exceptions import ClientError

from seatrials.webordinary.hermes.controller import SWEEP_SECONDS, TICK_QUIET_SECONDS, Step, choose_task, next_step
from seatrials.webordinary.hermes.fleet import Task
from seatrials.webordinary.hermes.lifecycle import Status
from seatrials.webordinary.hermes.routing import DEREGISTRATION_DELAY_SECONDS
from tests.support.hermes import ACTIVE_SESSION, START_SECONDS, HermesWorld, Hooks

NOW = START_SECONDS
# For groups that nobody uses, and after a look and a sweep that found them in use.
GROUPS_GONE_SECONDS = DEREGISTRATION_DELAY_SECONDS + 2 * (SWEEP_SECONDS + TICK_QUIET_SECONDS)
A, B = Task("arn:task/a", "10.0.1.1", 1.0), Task("arn:task/b", "10.0.1.2", 2.0)
SESSION = dataclasses.replace(ACTIVE_SESSION, task_arn=A.arn)


@pytest.mark.parametrize(
    ("status", "seconds_later", "expected"),
    [
        ("initializing", 0, Step.PLACE),
        ("initializing", 119, Step.PLACE),
        ("initializing", 120, Step.FAIL),
        ("active", 0, None),
        ("active", 299, None),
        ("active", 300, Step.DRAIN),
        ("draining", 0, Step.RETIRE),
    ],
)
def test_the_step_follows_from_status_and_time(status: str, seconds_later: int, expected: Step | None) -> None:
    """On a task that runs."""
    session = dataclasses.replace(SESSION, status=Status(status))

    assert expected is next_step(session, NOW + seconds_later, seconds_later, {A.arn: A}, [])


def test_a_session_past_its_ttl_is_drained() -> None:
    """Whatever its last activity is said to be."""
    assert Step.DRAIN is next_step(SESSION, NOW + 1800, 0, {A.arn: A}, [])


@pytest.mark.parametrize(("running", "failing"), [({B.arn: B}, []), ({A.arn: A, B.arn: B}, [A.arn]), ({}, [])])
def test_an_active_session_without_its_task_is_placed_anew(running: dict[str, Task], failing: list[str]) -> None:
    """Because the task is gone, or because the balancer finds it unhealthy."""
    assert Step.PLACE is next_step(SESSION, NOW, 0, running, failing)


@pytest.mark.parametrize(
    ("counts", "unwanted", "expected"),
    [
        ({}, [], A),
        ({A.arn: 1}, [], B),
        ({A.arn: 1, B.arn: 1}, [], A),
        ({B.arn: 5}, [A.arn], B),
        ({}, [A.arn, B.arn], A),
    ],
)
def test_the_task_with_the_fewest_sessions_is_chosen(
    counts: dict[str, int], unwanted: list[str], expected: Task
) -> None:
    """The oldest of equals; an unwanted one only when there is no other."""
    assert expected == choose_task({B.arn: B, A.arn: A}, counts, unwanted)


def test_no_task_is_chosen_when_none_runs() -> None:
    """The session waits."""
    assert choose_task({}, {}, []) is None


def delete_item(world: HermesWorld, session: dict[str, Any]) -> None:
    """Delete a session's item as DynamoDB does: behind Hermes's back."""
    key = {name: {"S": session[name]} for name in ("sessionId", "userId")}
    world.dynamodb.delete_item(TableName="webordinary-edit-sessions", Key=key)


def started(world: HermesWorld, number: int = 1) -> dict[str, Any]:
    """Return a session that has had ten seconds to become active."""
    session: dict[str, Any] = world.activate(number).document
    world.clock.sleep(10)
    assert world.status(session["sessionId"]) == "active"
    return session


def test_a_session_becomes_active_when_its_container_serves_it(running: HermesWorld) -> None:
    """Opened, its instruction carried out, and its preview seen through the balancer, asked for its head alone."""
    session_id = running.activate().document["sessionId"]
    running.clock.sleep(5)

    expected = ["/api/init", "/api/execute"]
    assert ("active", expected) == (running.status(session_id), running.editors.paths())


def test_a_session_that_is_served_has_three_rules_and_three_groups(running: HermesWorld) -> None:
    """All of them its own, or its task's."""
    started(running)

    names = ["wo-api-000000000001", "wo-hmr-000000000001", "wo-preview-000000000001"]
    assert (["150", "151", "152"], names) == ([rule["Priority"] for rule in running.rules()], running.group_names())


def test_a_session_is_not_active_while_its_preview_does_not_answer(running: HermesWorld) -> None:
    """And its instruction is not carried out twice meanwhile."""
    session_id = running.activate().document["sessionId"]
    running.editors.broken[f"/session/{session_id}"] = 503
    running.clock.sleep(30)
    before = running.status(session_id)
    running.editors.broken.clear()
    running.clock.sleep(5)

    assert before == "initializing"
    assert running.status(session_id) == "active"
    assert running.editors.paths().count("/api/execute") == 1


def test_a_session_is_not_active_while_a_node_of_the_balancer_does_not_lead_there(running: HermesWorld) -> None:
    """Each node follows a change of rules by itself, and the instruction goes nowhere before all do."""
    nodes = ("10.0.0.4", "10.0.128.4")
    running.network.names["alb.example"] = nodes
    running.editors.lagging.add(nodes[1])
    session_id = running.activate().document["sessionId"]
    running.clock.sleep(10)
    early, calls = running.status(session_id), running.editors.paths()
    running.editors.lagging.clear()
    running.clock.sleep(5)

    assert (early, calls) == ("initializing", [])
    assert running.status(session_id) == "active"


def test_sessions_are_spread_over_the_tasks(running: HermesWorld) -> None:
    """The one with the fewest takes the next, also when several come at once."""
    running.ecs.run(2)
    for number in range(4):
        running.activate(number)
    running.clock.sleep(15)

    assert [len(sessions) for sessions in running.editors.hosted.values()] == [2, 2]


def test_a_slow_container_holds_up_nobody_else(running: HermesWorld) -> None:
    """Each session's step is an actor of its own."""
    running.ecs.run(2)
    running.editors.slow[running.ecs.tasks[0]["taskArn"]] = 20.0
    ids = [running.activate(number).document["sessionId"] for number in (1, 2)]
    running.clock.sleep(8)

    assert [running.status(each) for each in ids] == ["initializing", "active"]


def test_a_session_without_a_container_ends_in_error(world: HermesWorld) -> None:
    """After 120 s, with a reason, and with no rule left."""
    world.start_hermes()
    session_id = world.activate().document["sessionId"]
    world.clock.sleep(119)
    before = world.status(session_id)
    world.clock.sleep(7)
    answer = world.get(f"/hermes/api/sessions/{session_id}/status")

    assert before == "initializing"
    assert answer.status == 200
    assert answer.document["status"] == "error"
    assert answer.document["metadata"]["error"] == "no container could be had within 120 s"
    assert world.cloudwatch.values() == [0, 1, 0]


def test_an_error_has_the_reason_of_ecs(world: HermesWorld) -> None:
    """That of the newest task that could not start."""
    world.start_hermes()
    session_id = world.activate().document["sessionId"]
    reason = "CannotPullContainerError: image not found"
    world.ecs.stop(world.ecs.run(10), stoppedReason=reason, stopCode="TaskFailedToStart")
    world.ecs.tasks[0]["createdAt"] = world.ecs.tasks[0]["startedAt"]
    world.clock.sleep(127)

    assert reason == world.get(f"/hermes/api/sessions/{session_id}/status").document["metadata"]["error"]


def test_a_session_that_is_never_served_ends_in_error(running: HermesWorld) -> None:
    """When there was a task, but it did not serve the session."""
    running.editors.broken["/api/init"] = 500
    session_id = running.activate().document["sessionId"]
    running.clock.sleep(127)
    document = running.get(f"/hermes/api/sessions/{session_id}/status").document

    assert (document["status"], running.rules()) == ("error", [])
    assert document["metadata"]["error"] == "no container could be had within 120 s"


def test_what_was_done_in_a_session_that_is_never_served_is_committed(running: HermesWorld) -> None:
    """Its workspace is open before it is active, and its user may have worked there."""
    running.editors.broken["/api/execute"] = 500
    session_id = running.activate().document["sessionId"]
    running.clock.sleep(124)

    assert running.status(session_id) == "error"
    assert running.editors.paths()[-1] == f"/api/sessions/{session_id}"


def test_an_idle_session_is_drained_and_expires(running: HermesWorld) -> None:
    """Committed, forgotten, its routes gone, after five minutes."""
    session_id = started(running)["sessionId"]
    running.clock.sleep(289)
    before = running.status(session_id)
    running.clock.sleep(14 + GROUPS_GONE_SECONDS)

    assert {
        "before": before,
        "after": running.status(session_id),
        "rules": running.rules(),
        "groups": running.group_names(),
    } == {"before": "active", "after": "expired", "rules": [], "groups": []}
    assert running.editors.paths()[-1] == f"/api/sessions/{session_id}"


def test_a_session_kept_alive_lives_on(running: HermesWorld) -> None:
    """Twenty minutes with a keepalive every four."""
    session_id = started(running)["sessionId"]
    for _ in range(5):
        running.clock.sleep(240)
        running.post(f"/hermes/api/sessions/{session_id}/keepalive")

    assert running.status(session_id) == "active"


def test_a_deactivated_session_expires_soon(running: HermesWorld) -> None:
    """Hermes is woken, and the metric follows."""
    session_id = started(running)["sessionId"]
    running.post(f"/hermes/api/sessions/{session_id}/deactivate")
    running.clock.sleep(2)

    assert (running.status(session_id), running.cloudwatch.values()) == ("expired", [0, 1, 0])


def test_a_session_deactivated_while_it_starts_expires_too(running: HermesWorld) -> None:
    """Whatever the step under way comes to."""
    session_id = running.activate().document["sessionId"]
    running.clock.sleep(0.1)
    running.post(f"/hermes/api/sessions/{session_id}/deactivate")
    running.clock.sleep(10)
    status, rules = running.status(session_id), running.rules()
    running.clock.sleep(GROUPS_GONE_SECONDS)

    assert (status, rules) == ("expired", [])
    assert running.group_names() == []


def test_the_end_of_one_session_leaves_the_others_on_its_task_alone(running: HermesWorld) -> None:
    """The groups stay as long as somebody uses them."""
    first, second = started(running, 1), started(running, 2)
    running.post(f"/hermes/api/sessions/{first['sessionId']}/deactivate")
    running.clock.sleep(5)

    assert running.status(second["sessionId"]) == "active"
    assert len(running.rules()) == 3
    assert len(running.group_names()) == 3


def test_sessions_that_end_together_leave_nothing(running: HermesWorld) -> None:
    """Neither relies on the other to clear away."""
    sessions = [started(running, number) for number in (1, 2)]
    for session in sessions:
        running.post(f"/hermes/api/sessions/{session['sessionId']}/deactivate")
    running.clock.sleep(5 + GROUPS_GONE_SECONDS)

    assert (running.rules(), running.group_names()) == ([], [])


def test_a_container_that_runs_is_asked_again_to_commit(running: HermesWorld) -> None:
    """Uncommitted work is worth a minute."""
    session_id = started(running)["sessionId"]
    running.editors.broken[f"/api/sessions/{session_id}"] = 503
    running.post(f"/hermes/api/sessions/{session_id}/deactivate")
    running.clock.sleep(30)
    before = running.status(session_id)
    running.clock.sleep(40)

    assert (before, running.status(session_id)) == ("draining", "expired")


def test_a_session_whose_task_is_gone_expires_without_it(running: HermesWorld) -> None:
    """There is nobody to ask."""
    session_id = started(running)["sessionId"]
    running.ecs.stop(running.ecs.tasks[0]["taskArn"])
    calls = len(running.editors.calls)
    running.post(f"/hermes/api/sessions/{session_id}/deactivate")
    running.clock.sleep(5)

    assert ("expired", calls) == (running.status(session_id), len(running.editors.calls))


def test_a_session_whose_task_is_lost_moves_to_another(running: HermesWorld) -> None:
    """It stays active, is opened there, and its instruction is not carried out again."""
    session_id = started(running)["sessionId"]
    running.ecs.stop(running.ecs.tasks[0]["taskArn"])
    running.ecs.run(2)
    running.clock.sleep(20)
    item = running.items()[0]

    assert {
        "status": item["status"]["S"],
        "task": item["taskArn"]["S"],
        "executions": running.editors.paths().count("/api/execute"),
        "hosted": running.editors.hosted[running.ecs.tasks[1]["taskArn"]],
    } == {"status": "active", "task": running.ecs.tasks[1]["taskArn"], "executions": 1, "hosted": [session_id]}


def test_a_session_is_served_all_the_while_it_moves(running: HermesWorld) -> None:
    """Its routes turn to the new task only once it is open there. Here the old one serves until then."""
    session_id = started(running)["sessionId"]
    old, new = running.ecs.tasks[0]["taskArn"], running.ecs.run(2)
    running.ecs.tasks[0]["desiredStatus"] = "STOPPED"
    seen = []
    for _ in range(150):
        running.clock.sleep(0.1)
        task = running.routed_task(f"/session/{session_id}", session_id, None)
        seen.append((task, session_id in running.editors.hosted.get(task, [])))
    turns = [each for index, each in enumerate(seen) if index == 0 or seen[index - 1] != each]

    assert [(old, True), (new, True)] == turns


def test_nothing_is_left_of_the_task_that_a_session_moved_from(running: HermesWorld) -> None:
    """Neither its groups nor the rule of the move, once its last requests are done."""
    started(running)
    running.ecs.run(2)
    running.ecs.tasks[0]["desiredStatus"] = "STOPPED"
    running.clock.sleep(20 + GROUPS_GONE_SECONDS)

    names = ["wo-api-000000000002", "wo-hmr-000000000002", "wo-preview-000000000002"]
    assert (["api", "hmr", "preview"], names) == (
        sorted(
            "api" if "/api/*" in str(rule) else "hmr" if "/ws/" in str(rule) else "preview" for rule in running.rules()
        ),
        running.group_names(),
    )


def test_a_new_hermes_carries_on(running: HermesWorld) -> None:
    """A session that was starting becomes active, one that was draining expires."""
    first = started(running, 1)
    second = running.activate(2).document
    running.post(f"/hermes/api/sessions/{first['sessionId']}/deactivate")
    running.clock.sleep(0.05)
    running.start_hermes()
    running.clock.sleep(10)

    assert [running.status(each["sessionId"]) for each in (first, second)] == ["expired", "active"]


def test_two_hermes_place_a_session_once(running: HermesWorld, hooks: Hooks) -> None:
    """As during a deployment of Hermes: three rules, and the instruction once."""
    hooks.before = lambda _: running.clock.sleep(running.random.uniform(0.001, 0.01))
    other = running.hermes
    running.hermes = None
    running.start_hermes()
    assert other is not None
    started(running)

    assert (len(running.rules()), running.editors.paths().count("/api/execute")) == (3, 1)


def test_what_an_item_deleted_from_outside_leaves_is_swept(running: HermesWorld) -> None:
    """DynamoDB's TTL deletes items without asking; the container is told that the session is over."""
    session = started(running)
    delete_item(running, session)
    running.clock.sleep(GROUPS_GONE_SECONDS)

    assert (running.rules(), running.group_names()) == ([], [])
    assert f"/api/sessions/{session['sessionId']}" in running.editors.paths()


def test_a_container_that_does_not_answer_holds_up_no_sweep(running: HermesWorld) -> None:
    """Of a session whose item is gone the rules go, whether the container could be told or not."""
    session = started(running)
    running.editors.broken[f"/api/sessions/{session['sessionId']}"] = 500
    delete_item(running, session)
    running.clock.sleep(GROUPS_GONE_SECONDS)

    assert (running.rules(), running.group_names()) == ([], [])


def test_a_session_that_has_moved_is_free_for_the_next_step(running: HermesWorld) -> None:
    """The claim under which it was moved is gone from its item."""
    started(running)
    running.ecs.stop(running.ecs.tasks[0]["taskArn"])
    running.ecs.run(2)
    running.clock.sleep(20)
    item = running.items()[0]

    assert (running.ecs.tasks[1]["taskArn"], None) == (item["taskArn"]["S"], item.get("worker"))


def test_a_task_that_the_balancer_finds_unhealthy_is_left(running: HermesWorld) -> None:
    """Without waiting for ECS to replace it, as soon as there is another."""
    started(running)
    running.elbv2.states["10.0.1.1"] = "unhealthy"
    running.clock.sleep(30)
    before = running.items()[0]["taskArn"]["S"]
    other = running.ecs.run(2)
    running.clock.sleep(10)

    assert (running.ecs.tasks[0]["taskArn"], other) == (before, running.items()[0]["taskArn"]["S"])


def test_a_task_that_does_not_become_healthy_is_given_up(running: HermesWorld) -> None:
    """In time for another to take the session."""
    running.elbv2.states["10.0.1.1"] = "unhealthy"
    session_id = running.activate().document["sessionId"]
    running.clock.sleep(20)
    other = running.ecs.run(2)
    running.clock.sleep(40)

    assert ("active", other) == (running.status(session_id), running.items()[0]["taskArn"]["S"])


def test_a_failing_call_puts_a_step_off_and_no_more(running: HermesWorld, hooks: Hooks) -> None:
    """The loop goes on, and the session becomes active when the trouble is over."""

    def refuse(operation: str) -> None:
        if operation in ("CreateRule", "DescribeTargetHealth"):
            raise ClientError({"Error": {"Code": "Throttling", "Message": "Rate exceeded"}}, operation)

    hooks.before = refuse
    session_id = running.activate().document["sessionId"]
    running.clock.sleep(20)
    before = running.status(session_id)
    hooks.before = lambda _: None
    running.clock.sleep(6)

    assert (before, running.status(session_id)) == ("initializing", "active")
    assert any("step put off" in line for line in running.logs)


def test_a_deletion_that_is_refused_holds_up_nothing_else(running: HermesWorld, hooks: Hooks) -> None:
    """While the table deletes nothing, such as the lock's item, a session that waits for its container gets it."""

    def refuse(operation: str) -> None:
        if operation == "DeleteItem":
            raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}}, operation)

    hooks.before = refuse
    session_id = running.activate().document["sessionId"]
    running.clock.sleep(60)

    assert running.status(session_id) == "active"


def test_a_table_that_is_away_stops_nothing_for_good(running: HermesWorld, hooks: Hooks) -> None:
    """For a minute nothing is published and nothing decided; then all is as before."""
    session_id = started(running)["sessionId"]
    count = len(running.cloudwatch.data)

    def refuse(operation: str) -> None:
        raise ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": "no table"}}, operation)

    hooks.before = refuse
    running.clock.sleep(60)
    published = len(running.cloudwatch.data) - count
    hooks.before = lambda _: None
    running.clock.sleep(20)

    assert published == 0
    assert (running.status(session_id), len(running.rules())) == ("active", 3)
    assert len(running.cloudwatch.data) > count
