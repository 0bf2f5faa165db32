"""Tests of what a run may change: what it made itself, and a service that nobody else uses."""

from collections.abc import Callable
from typing import Any

import pytest

from seatrials.errors import (
    RefusedWriteError,
)
from tests.support.live_run import Begin, edit_desired, platform_of, set_edit_desired, update_edit
from tests.support.small_platform import SmallPlatform


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
