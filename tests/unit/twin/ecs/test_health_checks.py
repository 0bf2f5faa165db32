"""Tests of containers that check their own health, and of the tasks and services that have them."""

import pytest

from seatrials.twin.ecs.health_checks import can_run, command_of
from tests.support.aws import Json
from tests.support.twin import Twin

FAST = {"interval": 5, "retries": 2, "timeout": 2}


def start(twin: Twin, command: list[str], **changes: Json) -> str:
    """Let the edit service run a task with a health check, and return its ARN once it runs."""
    twin.update(taskDefinition=twin.redefine(healthCheck={"command": command, **FAST, **changes}), desiredCount=1)
    twin.until(lambda: twin.service()["runningCount"] == 1)
    return twin.runs()[-1].record.task_arn


def health(twin: Twin, arn: str) -> tuple[str, str]:
    """Return the health of a task and of its container."""
    task = twin.task(arn)
    return task["healthStatus"], task["containers"][0]["healthStatus"]


@pytest.mark.parametrize(
    "command",
    [
        ["CMD-SHELL", "curl -f http://localhost:8080/health || exit 1"],
        ["CMD", "wget", "-q", "-O-", "http://127.0.0.1:8080/"],
        ["CMD-SHELL", "exit 0"],
    ],
)
def test_a_check_that_passes_makes_container_and_task_healthy(twin: Twin, command: list[str]) -> None:
    """Both are UNKNOWN until the first check, and then HEALTHY (ECS guide, "Determine task health")."""
    arn = start(twin, command)
    before = health(twin, arn)
    twin.sleep(6)

    assert before == ("UNKNOWN", "UNKNOWN")
    assert health(twin, arn) == ("HEALTHY", "HEALTHY")


def test_a_task_that_fails_its_checks_is_replaced(twin: Twin) -> None:
    """After `retries` failures it is UNHEALTHY, and the service replaces it once the grace period is over."""
    twin.update(healthCheckGracePeriodSeconds=0)
    arn = start(twin, ["CMD-SHELL", "curl -f http://localhost:9/ || exit 1"])
    twin.until(lambda: health(twin, arn) == ("UNHEALTHY", "UNHEALTHY"), 30)
    twin.until(lambda: twin.task(arn)["desiredStatus"] == "STOPPED", 120)

    assert twin.task(arn)["stoppedReason"] == "Task failed container health checks"
    assert any("failed container health checks." in message for message in twin.messages())


def test_an_answer_with_an_error_fails_curl_with_f_only(twin: Twin) -> None:
    """`curl -f` exits with 22 for a status of 400 and above, plain curl with 0."""
    twin.containers.all_sick = True
    arn = start(twin, ["CMD-SHELL", "curl -s http://localhost:8080/"])
    twin.sleep(6)

    assert health(twin, arn)[1] == "HEALTHY"


def test_failures_in_the_start_period_do_not_count(twin: Twin) -> None:
    """Nothing is UNHEALTHY before startPeriod is over (botocore: ecs.HealthCheck)."""
    arn = start(twin, ["CMD-SHELL", "exit 1"], startPeriod=60)
    twin.sleep(50)
    before = health(twin, arn)[1]
    twin.sleep(25)

    assert (before, health(twin, arn)[1]) == ("UNKNOWN", "UNHEALTHY")


def test_a_command_that_cannot_be_run_is_told(twin: Twin) -> None:
    """The trace names the container and the command, and its health stays UNKNOWN."""
    arn = start(twin, ["CMD-SHELL", "pg_isready"])
    twin.sleep(30)
    [told] = [each["what"] for _, each in twin.happened("left_out") if "pg_isready" in each["what"]]

    assert told.endswith("the twin knows curl, wget and exit")
    assert health(twin, arn) == ("UNKNOWN", "UNKNOWN")


@pytest.mark.parametrize(
    ("command", "text"),
    [(["CMD-SHELL", "exit 0"], "exit 0"), (["CMD", "curl", "-f"], "curl -f"), (["NONE"], None), ([], None)],
)
def test_commands(command: list[str], text: str | None) -> None:
    """CMD and CMD-SHELL introduce a command, NONE is none (botocore: ecs.HealthCheck)."""
    assert command_of({"command": command}) == text


def test_what_can_be_run() -> None:
    """Curl and wget of a URL, and exit."""
    assert [can_run(each) for each in ("curl http://localhost/", "exit 1", "true", "node check.js")] == [
        True,
        True,
        True,
        False,
    ]
