"""Tests of deployments of a service: limits, circuit breaker, throttle, and how DescribeServices shows them."""

from datetime import UTC, datetime

import pytest

from seatrials.twin.ecs.deployments import Deployment, Limits, breaker_threshold, throttle_seconds


@pytest.fixture
def deployment() -> Deployment:
    """Give a deployment that has just begun."""
    return Deployment("ecs-svc/1", "web:1", datetime(2026, 3, 2, tzinfo=UTC))


@pytest.mark.parametrize(
    ("desired", "configuration", "limits"),
    [
        (1, {}, (1, 2)),
        (3, {}, (3, 6)),
        (3, {"minimumHealthyPercent": 50, "maximumPercent": 150}, (2, 4)),
        (1, {"minimumHealthyPercent": 50, "maximumPercent": 150}, (1, 1)),
        (4, {"minimumHealthyPercent": 0, "maximumPercent": 100}, (0, 4)),
        (0, {}, (0, 0)),
    ],
)
def test_limits_round_toward_safety(desired: int, configuration: dict[str, int], limits: tuple[int, int]) -> None:
    """The minimum rounds up from 100 % by default, the maximum down from 200 % (botocore: DeploymentConfiguration)."""
    found = Limits.of(desired, configuration)

    assert limits == (found.least_healthy, found.most_running)


@pytest.mark.parametrize(("desired", "threshold"), [(0, 3), (1, 3), (6, 3), (7, 4), (25, 13), (400, 200), (800, 200)])
def test_the_breaker_trips_at_half_of_desired(desired: int, threshold: int) -> None:
    """Half of desired rounded up, clamped to 3..200 (ECS Developer Guide, "Deployment circuit breaker")."""
    assert threshold == breaker_threshold(desired)


def test_starts_that_fail_are_throttled_up_to_27_minutes() -> None:
    """The delay grows with each failure up to 27 minutes (ECS Developer Guide, "Service throttle logic")."""
    delays = [throttle_seconds(failures) for failures in range(40)]

    assert sorted(delays) == delays
    assert (delays[0], delays[1], delays[2], delays[-1]) == (0, 10, 20, 27 * 60)


def test_a_deployment_begins_in_progress(deployment: Deployment) -> None:
    """A new deployment is PRIMARY and IN_PROGRESS, and says so in public logs' words."""
    shown = deployment.as_api(2, 1, 1, {"launchType": "FARGATE"})

    assert shown["status"] == "PRIMARY"
    assert shown["rolloutState"] == "IN_PROGRESS"
    assert shown["rolloutStateReason"] == "ECS deployment ecs-svc/1 in progress."
    counts = {name: shown[name] for name in ("desiredCount", "runningCount", "pendingCount", "failedTasks")}
    assert counts == {"desiredCount": 2, "runningCount": 1, "pendingCount": 1, "failedTasks": 0}


def test_a_completed_deployment_says_so(deployment: Deployment) -> None:
    """Completion clears the count of failures; the wording is that of public logs."""
    deployment.failed_tasks = 2
    deployment.complete()
    shown = deployment.as_api(1, 1, 0, {})

    assert shown["rolloutState"] == "COMPLETED"
    assert shown["rolloutStateReason"] == "ECS deployment ecs-svc/1 completed."
    assert shown["failedTasks"] == 0


def test_a_failed_deployment_says_why(deployment: Deployment) -> None:
    """The circuit breaker gives its reason (ECS Developer Guide, "Service deployment state change events")."""
    deployment.fail()
    shown = deployment.as_api(1, 0, 0, {})

    assert (
        shown["rolloutState"],
        shown["rolloutStateReason"],
    ) == ("FAILED", "ECS deployment circuit breaker: task failed to start.")


def test_a_deployment_that_is_rolled_back_to_is_in_progress_again(deployment: Deployment) -> None:
    """A rollback takes the completed deployment from COMPLETED to IN_PROGRESS, and completes it again.

    Source: ECS Developer Guide, "Deployment circuit breaker".
    """
    deployment.complete()
    deployment.status = "ACTIVE"
    deployment.resume()
    back = deployment.as_api(1, 1, 0, {})
    deployment.complete()

    assert (back["status"], back["rolloutState"]) == ("PRIMARY", "IN_PROGRESS")
    assert back["rolloutStateReason"].endswith("rolling back to deploymentId ecs-svc/1.")
    assert deployment.as_api(1, 1, 0, {})["rolloutStateReason"] == "ECS deployment ecs-svc/1 completed."
