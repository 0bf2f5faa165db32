"""Tests of what a run may change: what it made itself, and a service that nobody else uses."""

from collections.abc import Callable
from typing import Any

import pytest

from seatrials.environments.file import load_environment
from seatrials.errors import RefusedWriteError
from seatrials.safety.permitted import Permitted, is_reading
from tests.support.live_run import Begin, edit_desired, platform_of, set_edit_desired, update_edit
from tests.support.project import PROJECT
from tests.support.small_platform import SmallPlatform

PREFIX = "TEST_run-1_"
CLUSTER = "webordinary-edit-cluster"
EDIT = "webordinary-edit-service"


@pytest.fixture
def make_permitted() -> Callable[..., Permitted]:
    """Return what says what a run may change of a stack with two tasks, on which these strangers have sessions."""
    environment = load_environment("mock", PROJECT / "environments.toml", {})
    return lambda *strangers: Permitted(
        environment.names, PREFIX, strangers=lambda: list(strangers), desired_count=lambda _service: 2
    )


@pytest.mark.parametrize(
    ("operation", "expected"),
    [("DescribeServices", True), ("Scan", True), ("AssumeRole", True), ("UpdateService", False), ("PutItem", False)],
)
def test_an_operation_that_reads_is_known_by_its_name(operation: str, expected: bool) -> None:  # noqa: FBT001  # the case
    """Whatever is not known to read changes something."""
    assert is_reading(operation) is expected


@pytest.mark.parametrize(("desired", "is_refused"), [(1, True), (2, False), (3, False)])
def test_more_tasks_disturb_nobody(
    make_permitted: Callable[..., Permitted],
    desired: int,
    is_refused: bool,  # noqa: FBT001  # the case
) -> None:
    """With strangers on it a service may be scaled up, or put back where it is, and not down."""
    scaling = {"cluster": CLUSTER, "service": EDIT, "desiredCount": desired}

    assert ("session-9" in make_permitted("session-9").refusal("ecs", "UpdateService", scaling)) is is_refused


def test_a_run_s_item_is_deleted_on_a_condition(make_permitted: Callable[..., Permitted]) -> None:
    """The item of an own session goes only if its session has ended, which the call itself must ask."""
    key = {"sessionId": {"S": "session-1"}, "userId": {"S": f"{PREFIX}COLD-01-user-1@example.com"}}
    call = {"TableName": "webordinary-edit-sessions", "Key": key}
    permitted = make_permitted()

    assert "on the condition" in permitted.refusal("dynamodb", "DeleteItem", call)
    assert permitted.refusal("dynamodb", "DeleteItem", {**call, "ConditionExpression": "#status = :expired"}) == ""


def test_what_a_sweep_has_found_may_be_deleted(make_permitted: Callable[..., Permitted]) -> None:
    """A rule goes once it was found to be left by a run."""
    permitted = make_permitted()
    before = permitted.refusal("elbv2", "DeleteRule", {"RuleArn": "arn:rule"})
    permitted.left_behind.add("arn:rule")

    assert before == "arn:rule was not found to be left by a run"
    assert permitted.refusal("elbv2", "DeleteRule", {"RuleArn": "arn:rule"}) == ""


@pytest.mark.parametrize("values", [{"desiredCount": 0}, {"forceNewDeployment": True}], ids=["scaled", "restarted"])
def test_a_service_with_strangers_is_not_touched(
    begin: Begin, small_platform: SmallPlatform, values: dict[str, Any]
) -> None:
    """A service that serves somebody else's live session is never scaled or restarted."""
    stranger = small_platform.add_session("acme")
    set_edit_desired(small_platform, 1)
    stacks = begin()
    with (
        stacks.open("PERS-17") as run,
        pytest.raises(RefusedWriteError, match=f"would disturb live sessions of others: {stranger}"),
    ):
        update_edit(run, **values)
    stacks.close()

    assert edit_desired(small_platform) == 1


@pytest.mark.parametrize(
    ("call", "told"),
    [
        pytest.param(
            lambda aws, _names: aws("ecs").delete_cluster(cluster="webordinary-edit-cluster"),
            "no run makes",
            id="unknown",
        ),
        pytest.param(
            lambda aws, _names: aws("ecs").update_service(cluster="other", service="other", desiredCount=0),
            "knows the services",
            id="other-service",
        ),
        pytest.param(
            lambda aws, names: aws("dynamodb").put_item(
                TableName=names.table, Item={"sessionId": {"S": "session-1"}, "userId": {"S": "u"}}
            ),
            "sessions are made by Hermes only",
            id="session-around-hermes",
        ),
        pytest.param(
            lambda aws, names: aws("dynamodb").delete_item(
                TableName=names.table, Key={"sessionId": {"S": "session-1"}, "userId": {"S": "anna@example.com"}}
            ),
            "is no session of a user TEST_run-1_",
            id="stranger-s-item",
        ),
        pytest.param(
            lambda aws, _names: aws("cloudwatch").put_metric_data(
                Namespace="Webordinary/EditSessions", MetricData=[{"MetricName": "ActiveSessionCount", "Value": 0}]
            ),
            "publishes to Webordinary/IntegrationTests only",
            id="metric",
        ),
        pytest.param(
            lambda aws, _names: aws("elbv2").delete_rule(RuleArn="arn:rule"), "was not found to be left", id="rule"
        ),
    ],
)
def test_what_a_run_may_not_touch_is_refused(begin: Begin, call: Callable[..., Any], told: str) -> None:
    """A call that would change what is not the run's own is not sent."""
    sent: list[str] = []
    stacks = begin()
    with stacks.open("COLD-03") as run, pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.endpoint.Endpoint.make_request", lambda _self, model, _given: sent.append(model.name))
        with pytest.raises(RefusedWriteError, match=told):
            call(run.stack.aws, run.stack.environment.names)
    stacks.close()

    assert sent == []


def test_a_session_s_own_item_may_be_changed(begin: Begin) -> None:
    """A scenario may move the `ttl` of its own session, as some rows of the catalogue ask."""
    stacks = begin()
    with stacks.open("PERS-12") as run:
        platform = platform_of(run)
        session = platform.sessions.start()
        platform.sessions.set_ttl(session, 1)
        item = platform.sessions.item(session)
    stacks.close()

    assert item is not None
    assert item["ttl"] == 1
