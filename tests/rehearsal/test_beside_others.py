"""A rehearsal beside a second stack that is alive and under load, and beside somebody's session on ours.

It finds and touches nothing of theirs, and ends as it does when it is alone.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import pytest

from seatrials.platform import contract
from seatrials.safety.baseline import Snapshot, Surveyor
from seatrials.safety.unexplained import Comparison
from seatrials.seams.clock import NotYet, SystemClock, wait_until
from seatrials.twin_server import running_server
from seatrials.twin_server.process import RunningServer
from tests.support.interruption.rehearsal import Rehearsal
from tests.support.project import PROJECT
from tests.support.second_stack import THEIR_NAMES, write_two_stacks

# Rows that a stranger's session keeps from nothing (COLD-03, COLD-15, INFRA-04, INFRA-07, INFRA-10), and rows that need
# the service to themselves (COLD-01, CONC-13).
SHARED = "answers_every_field or invalid_activation or rules_are_those or open_to_the_world or runs_metrics"
EXCLUSIVE = "nothing_runs_without or nothing_is_left"
_SECONDS = 240.0


@dataclass
class Others:
    """The second stack, whose users keep three sessions alive."""

    rehearsal: Rehearsal
    url: str

    def snapshot(self) -> Snapshot:
        """Return how their stack is, by the same look as a run has at its own."""
        return Surveyor(THEIR_NAMES, self.rehearsal.aws).snapshot()

    def sessions(self) -> list[tuple[str, str, str]]:
        """Return id, status and task of each of their sessions."""
        items = self.rehearsal.aws("dynamodb").scan(TableName=THEIR_NAMES.table)["Items"]
        items = [each for each in items if "clientId" in each]
        found = [[each.get(name, {}).get("S", "") for name in ("sessionId", "status", "taskArn")] for each in items]
        return sorted((one, two, three) for one, two, three in found)

    def _are_active(self) -> bool | NotYet:
        statuses = [status for _, status, _ in self.sessions() if status != contract.EXPIRED]
        return statuses == [contract.ACTIVE] * 3 or NotYet(f"they are {statuses}")

    @contextmanager
    def under_load(self) -> Iterator[None]:
        """Keep three sessions in use for the length of a block, from when all of them are active."""
        http, over, ended = self.rehearsal.http, threading.Event(), threading.Event()
        asked = [{"clientId": f"shop-{each}", "userId": "bert@example.com", "instruction": "x"} for each in "abc"]
        answers = [http.post(f"{self.url}{contract.ACTIVATE_PATH}", json=each, timeout=60).json() for each in asked]

        def use() -> None:
            while not over.wait(0.5):
                for each in answers:
                    path = f"{contract.SESSIONS_PATH}/{each['sessionId']}/keepalive"
                    http.post(f"{self.url}{path}", json={}, timeout=60)
            ended.set()

        threading.Thread(target=use, name="load of others", daemon=True).start()
        try:
            wait_until(SystemClock(), self._are_active, _SECONDS, what="their sessions to be active")
            yield
        finally:
            over.set()
            ended.wait()
            for each in answers:
                http.post(f"{self.url}{contract.SESSIONS_PATH}/{each['sessionId']}/deactivate", json={}, timeout=60)


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Others]:
    """Serve both stacks."""
    template = write_two_stacks(tmp_path_factory.mktemp("template"))
    pace = f"{pytestconfig.getoption('--pace'):g}"
    options = ("--stack", str(template), "--pace", pace, "--slows-down", "--allow-exec")
    with running_server(*options, within_seconds=300) as running:
        rehearsal = Rehearsal(running)
        yield Others(rehearsal, _url_of(running))
        rehearsal.http.close()


def _url_of(running: RunningServer) -> str:
    told = f"listener 443 (HTTPS) of the load balancer {THEIR_NAMES.load_balancer}"

    def found() -> str:
        return next((line.partition(" ")[0] for line in list(running.said) if told in line), "")

    return wait_until(SystemClock(), found, 60, what="the address of their load balancer")


def run(others: Others, rows: str, folder: Path) -> dict[str, object]:
    """Run *rows* as a user does, and return what `run.json` has of the end."""
    options = ("-p", "no:cacheprovider", "-q", "-n", "0", "--environment", "rehearsal", "--evidence", str(folder))
    command = [sys.executable, "-m", "pytest", "tests/integration", *options, "-k", rows]
    variables = dict(others.rehearsal.variables)
    told = subprocess.run(  # noqa: S603  # this Python, and arguments of our own
        command, env=variables, cwd=PROJECT, capture_output=True, text=True, check=False
    )
    record = json.loads((folder / "rehearsal/latest/run.json").read_text(encoding="utf-8"))
    assert told.returncode == 0, told.stdout[-4000:]
    return {name: record[name] for name in ("scenarios", "leftovers")}


@pytest.mark.parametrize("rows", [SHARED, EXCLUSIVE], ids=["shared", "exclusive"])
def test_a_run_beside_others_ends_as_alone(others: Others, rows: str, tmp_path: Path) -> None:
    """The same rows pass and nothing is left; their sessions, tasks, groups and rules are as they were."""
    alone = run(others, rows, tmp_path / "alone")
    with others.under_load():
        others.rehearsal.state_at_rest()
        before, sessions = others.snapshot(), others.sessions()
        with others.rehearsal.bystander() if rows == SHARED else nullcontext():
            beside = run(others, rows, tmp_path / "beside")
        after = others.snapshot()

        assert others.sessions() == sessions

    assert beside == alone
    assert beside["leftovers"] == []
    assert Comparison(before, after, "TEST_", frozenset(), SystemClock().now()).unexplained() == []
