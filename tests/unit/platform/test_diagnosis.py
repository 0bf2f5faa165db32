"""A wait that failed says what the platform was doing, the most telling first, and never fails itself."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import pytest

from seatrials.environments.environment import Environment
from seatrials.platform.diagnosis import Diagnosis

if TYPE_CHECKING:
    from seatrials.platform.balancer import Balancer
    from seatrials.platform.services import Services
    from seatrials.platform.sessions import Sessions
    from seatrials.platform.telemetry import Telemetry

UNHEALTHY = "(service edit) (port 4321) is unhealthy in (target-group preview) due to (reason Request timed out)"


class FakePlatform:
    """Services in trouble, two target groups of which one is empty, a metric and a session."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.starting: list[dict[str, Any]] = []
        self.stopped: list[dict[str, Any]] = []
        self.hermes_running = 1
        self.hermes_events: list[str] = []
        self.has_service = True

    def edit(self) -> dict[str, Any]:
        """Return the edit service; fails as `Services` does where there is none."""
        assert self.has_service, "ECS knows no service edit in cluster c"
        events = [{"message": message} for message in self.events]
        return {"desiredCount": 1, "runningCount": 0, "pendingCount": 1, "events": events}

    def hermes(self) -> dict[str, Any]:
        """Return Hermes's service."""
        events = [{"message": message} for message in self.hermes_events]
        return {"desiredCount": 1, "runningCount": self.hermes_running, "pendingCount": 0, "events": events}

    def edit_tasks(self) -> list[dict[str, Any]]:
        """Return a task that runs, and those that start."""
        return [{"taskArn": "arn:task/c/run", "lastStatus": "RUNNING"}, *self.starting]

    def stopped_edit_tasks(self) -> list[dict[str, Any]]:
        """Return the stopped tasks."""
        return self.stopped

    def target_groups(self) -> list[dict[str, Any]]:
        """Return the groups."""
        return [{"TargetGroupName": name, "TargetGroupArn": f"arn:{name}"} for name in ("api", "preview")]

    def targets_in_words(self, arn: str) -> str:
        """Return a target for the API only."""
        return "10.0.0.7:8080 is healthy" if arn == "arn:api" else "no targets"

    def newest_in_words(self) -> str:
        """Return a value."""
        return "ActiveSessionCount: 3, published 12 s ago"

    def items_of_run(self) -> list[dict[str, Any]]:
        """Return a session."""
        return [{"sessionId": "session-1", "status": "initializing"}]


@pytest.fixture(name="fake")
def _fake() -> FakePlatform:
    return FakePlatform()


@pytest.fixture(name="diagnosis")
def _diagnosis(fake: FakePlatform, environment: Environment) -> Diagnosis:
    return Diagnosis(
        cast("Services", fake),
        cast("Balancer", fake),
        cast("Telemetry", fake),
        cast("Sessions", fake),
        environment.names,
    )


def test_an_explanation_has_all_that_can_be_wrong(fake: FakePlatform, diagnosis: Diagnosis) -> None:
    """Counts, the events that tell most, tasks that start or stopped, the metric, the groups' targets, the sessions."""
    fake.events = [*(f"event {number}" for number in range(9)), UNHEALTHY]
    began = datetime(2026, 11, 24, 13, 30, 4, tzinfo=UTC)
    pulled = {"taskArn": "arn:task/c/def", "lastStatus": "ACTIVATING", "pullStartedAt": began, "pullStoppedAt": began}
    fake.starting = [
        pulled,
        {"taskArn": "arn:task/c/ghi", "lastStatus": "ACTIVATING", "pullStartedAt": began},
        {"taskArn": "arn:task/c/jkl", "lastStatus": "PROVISIONING"},
    ]
    reason = "CannotPullContainerError: no such image"
    container = {"name": "edit", "exitCode": 1}
    fake.stopped = [
        {
            "taskArn": "arn:task/c/abc",
            "stopCode": "TaskFailedToStart",
            "stoppedReason": reason,
            "containers": [container],
        }
    ]

    assert diagnosis.explain().splitlines() == [
        "edit service: desired 1, running 0, pending 1",
        f"  event: {UNHEALTHY}",
        *(f"  event: event {number}" for number in range(5)),
        "  starting: def: ACTIVATING",
        "  starting: ghi: ACTIVATING, pulls its image since 13:30:04 UTC",
        "  starting: jkl: PROVISIONING",
        f"  stopped: abc: TaskFailedToStart: {reason}; edit exit code 1",
        "ActiveSessionCount: 3, published 12 s ago",
        "target group api: 10.0.0.7:8080 is healthy",
        "target group preview: no targets",
        "session-1: initializing",
    ]


def test_hermes_is_told_of_when_it_is_not_well(fake: FakePlatform, diagnosis: Diagnosis) -> None:
    """A Hermes that should run and does not is named, with what ECS says of it."""
    fake.hermes_running = 0
    fake.hermes_events = ["has started 1 tasks", "is unable to consistently start tasks successfully."]

    told = diagnosis.explain().splitlines()

    assert "hermes service: desired 1, running 0, pending 0" in told
    assert "  event: is unable to consistently start tasks successfully." in told
    assert "  event: has started 1 tasks" not in told


def test_an_explanation_does_not_fail_itself(fake: FakePlatform, diagnosis: Diagnosis) -> None:
    """What cannot be asked is said in its line, and the rest is told all the same."""
    fake.has_service = False
    fake.stopped = [{"stoppedReason": "a task without its ARN"}]

    told = diagnosis.explain().splitlines()

    assert told[0] == "edit service: cannot be told: ECS knows no service edit in cluster c"
    assert "stopped edit tasks: cannot be told, for it is not as expected: KeyError('taskArn')" in told
    assert told[-1] == "session-1: initializing"
