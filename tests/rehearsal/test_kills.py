"""RESIL-17, by hand of the system: a run that is killed at a random moment leaves nothing that a sweep does not find.

Not among the unit tests, for each kill takes some seconds of real time: `nox -s kills` runs them.
"""

import random
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

from seatrials.environments.parts import ResourceNames
from seatrials.environments.variables import read_variables
from seatrials.platform import contract
from seatrials.seams.application import AwsClient
from seatrials.seams.clock import SystemClock
from seatrials.twin_server import running_server

PACE = 20
NAMES = ResourceNames()
SERVICES = (NAMES.edit_service, NAMES.hermes_service)
# Rows that make sessions, and rows that change the service, which they do only while nobody else is there.
ROWS = "fields_of_the_contract or table_holds or keepalive_moves or new_deployment or draining_target"
# From before the run has its lease until amid its scenarios.
KILLED_AFTER_SECONDS = (1.0, 14.0)
KILLS = 20


class Rehearsal:
    """A server, and what of it a killed run could have changed."""

    def __init__(self, variables: Mapping[str, str], folder: Path) -> None:
        own = {name: each for name, each in read_variables().items() if not name.startswith(("AWS_", "SEATRIALS_"))}
        self.variables = {**own, **variables}
        self._folder = folder
        context = ssl.create_default_context(cafile=variables["SEATRIALS_CA_FILE"])
        self.http = httpx.Client(verify=context, base_url=variables["SEATRIALS_BASE_URL"], trust_env=False)
        self._session = boto3.Session(
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
            region_name=variables["AWS_REGION"],
        )

    def aws(self, service: str) -> AwsClient:
        """Return a client of the server."""
        return self._session.client(service, endpoint_url=self.variables["AWS_ENDPOINT_URL"])

    def kill_a_run(self, after_seconds: float) -> None:
        """Begin a run, and kill it with SIGKILL so much later."""
        arguments = ["tests/integration", "--environment", "rehearsal", "--evidence", str(self._folder), "-k", ROWS]
        command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", *arguments]
        with subprocess.Popen(  # noqa: S603  # this Python, and arguments of our own
            command, env=self.variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as run:
            try:
                run.wait(after_seconds)
            except subprocess.TimeoutExpired:
                run.kill()

    def sweep(self) -> None:
        """Sweep as a person does after a kill, once the dead run's lease is over."""
        command = [sys.executable, "-m", "seatrials.cli", "sweep", "rehearsal", "--yes", "--wait", "600"]
        result = subprocess.run(command, env=self.variables, capture_output=True, text=True, check=False)  # noqa: S603

        assert (result.returncode, result.stderr) == (0, "")

    def sessions(self) -> dict[str, str]:
        """Return what the table holds but for the number of a free lease: sessions' statuses, and what runs left."""
        items = self.aws("dynamodb").scan(TableName=NAMES.table, ConsistentRead=True)["Items"]
        left = [each for each in items if each.keys() != {"sessionId", "userId", "fence"}]
        return {each["sessionId"]["S"]: each.get("status", {"S": "of a run"})["S"] for each in left}

    def services(self) -> dict[str, Any]:
        """Return each service's task definition, and how many tasks of Hermes are wanted; the edit service scales."""
        described = self.aws("ecs").describe_services(cluster=NAMES.cluster, services=SERVICES)["services"]
        definitions = {each["serviceName"]: each["taskDefinition"] for each in described}
        return {**definitions, "wanted": described[1]["desiredCount"]}

    def rules_of(self, session_ids: set[str]) -> int:
        """Return how many listener rules name none of these sessions and are at the priorities of sessions."""
        elbv2 = self.aws("elbv2")
        arn = elbv2.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
        listeners = elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"]
        rules = [rule for each in listeners for rule in elbv2.describe_rules(ListenerArn=each["ListenerArn"])["Rules"]]
        others = [rule for rule in rules if rule["Priority"].isdigit()]
        of_sessions = [rule for rule in others if int(rule["Priority"]) in contract.SESSION_PRIORITIES]
        return sum(not any(each in str(rule["Conditions"]) for each in session_ids) for rule in of_sessions)

    @contextmanager
    def bystander(self) -> Iterator[str]:
        """Keep somebody's session alive for the length of a block; gives its id."""
        request = {"clientId": "acme", "userId": "anna@example.com", "instruction": "Add an About page"}
        session_id = self.http.post(contract.ACTIVATE_PATH, json=request).json()["sessionId"]
        clock = SystemClock()
        over, ended = clock.signal(), clock.signal()

        def keep_alive() -> None:
            while not over.wait(1):
                self.http.post(f"{contract.SESSIONS_PATH}/{session_id}/keepalive", json={}, timeout=30)
            ended.set()

        clock.spawn(keep_alive, "bystander")
        yield session_id
        over.set()
        ended.wait()


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """Return one server for all kills: what one leaves, the next one would find."""
    with running_server("--pace", str(PACE), "--allow-exec") as running:
        rehearsal = Rehearsal(running.variables, tmp_path_factory.mktemp("evidence"))
        yield rehearsal
        rehearsal.http.close()


@pytest.mark.parametrize("seed", range(0, KILLS, 2))
def test_a_killed_run_leaves_nothing(rehearsal: Rehearsal, seed: int) -> None:
    """After a kill and a sweep the services are as they were found, and nothing of the run is left."""
    before = (rehearsal.sessions(), rehearsal.services())
    rehearsal.kill_a_run(random.Random(seed).uniform(*KILLED_AFTER_SECONDS))
    rehearsal.sweep()

    assert (rehearsal.sessions(), rehearsal.services()) == before
    assert rehearsal.rules_of(set()) == 0


@pytest.mark.parametrize("seed", range(1, KILLS, 2))
def test_a_bystander_is_not_touched(rehearsal: Rehearsal, seed: int) -> None:
    """A kill and a sweep beside somebody's live session leave that session, and nothing of the run."""
    before = rehearsal.sessions()
    with rehearsal.bystander() as session_id:
        rehearsal.kill_a_run(random.Random(seed).uniform(*KILLED_AFTER_SECONDS))
        rehearsal.sweep()
        after = rehearsal.sessions()
        rules = rehearsal.rules_of({session_id})
        rehearsal.http.post(f"{contract.SESSIONS_PATH}/{session_id}/deactivate", json={}).raise_for_status()

    assert after.pop(session_id) in contract.LIVE
    # Bystanders of before may drain meanwhile, but none of them goes.
    assert sorted(after) == sorted(before)
    assert rules == 0
