"""Tests of the contract's documents on a served platform, by requests that Schemathesis makes of them."""

from collections.abc import Iterator

import pytest

from seatrials.twin_server import running_server
from tests.contract.asked import Platform
from tests.support.project import PROJECT

OPTIONS = ("--environments", str(PROJECT / "environments.toml"), "--pace", "5", "--allow-exec")
# Generous, for a machine that others use too.
READY_SECONDS = 240.0
# Of the time that there is: the editor has by far the most operations.
SHARES = {"hermes": 0.35, "editor": 0.6, "balancer": 0.05}


@pytest.fixture(name="healthy", scope="module")
def _healthy() -> Iterator[Platform]:
    with running_server(*OPTIONS, within_seconds=READY_SECONDS) as server:
        yield Platform(server.variables)


@pytest.mark.parametrize("service", SHARES)
def test_the_platform_answers_as_its_contract_says(
    healthy: Platform, service: str, pytestconfig: pytest.Config
) -> None:
    """Nothing that is asked of the healthy platform has an answer that its contract does not declare."""
    seconds = max(1, round(pytestconfig.getoption("--seconds") * SHARES[service]))

    answer = healthy.asked(service, "--max-time", str(seconds), seed=pytestconfig.getoption("--seed"))

    assert answer.code == 0, answer.said


@pytest.mark.parametrize(
    ("mutant", "found"),
    [
        ("list-of-a-client-by-hearsay", "status-declared: GET /hermes/api/sessions/client/"),
        ("list-tells-how-many", "has the undeclared headers ['x-sessions']"),
        ("status-tells-the-item", "instructionDone"),
    ],
    ids=["status", "header", "field"],
)
def test_what_the_contract_does_not_declare_is_found(mutant: str, found: str, pytestconfig: pytest.Config) -> None:
    """An undeclared status, header or field that is planted in Hermes is found within the time of its share."""
    seconds = max(1, round(pytestconfig.getoption("--seconds") * SHARES["hermes"]))

    with running_server(*OPTIONS, within_seconds=READY_SECONDS, program=("tests.contract.planted", mutant)) as server:
        answer = Platform(server.variables).asked(
            "hermes", "--max-time", str(seconds), "--max-failures", "1", seed=pytestconfig.getoption("--seed")
        )

    assert answer.code == 1, answer.said
    assert found in " ".join(answer.said.split()), answer.said
