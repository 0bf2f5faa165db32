"""The files of contract/: sound by themselves, closed, and of one mind with what scenarios and listener rules say."""

from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from seatrials.checkers import contract as files
from seatrials.checkers.api import api, service_of
from seatrials.checkers.judge import CHECKERS, NEEDS
from seatrials.platform import contract

# The client's own, of which the contract says one field.
OPEN = {"metadata"}


def schemas(node: object, name: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every schema of an object below a node, by the name that it has there."""
    if isinstance(node, dict):
        if node.get("type") == "object":
            yield name, node
        for key, each in node.items():
            yield from schemas(each, key)
    elif isinstance(node, list):
        for each in node:
            yield from schemas(each, name)


@pytest.mark.parametrize("service", files.SERVICES)
def test_a_document_is_openapi(service: str) -> None:
    """OpenAPI's own validator has nothing against it."""
    document = files.document(service)

    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


@pytest.mark.parametrize("service", files.SERVICES)
def test_what_is_answered_is_closed(service: str) -> None:
    """Every object of an answer has no other field than those declared, but for what is the client's own."""
    document = files.document(service)
    answered = {**document, "components": {**document["components"], "requestBodies": {}}}
    answered["components"]["schemas"] = {
        name: each for name, each in document["components"].get("schemas", {}).items() if name != "Activation"
    }

    assert [
        name for name, each in schemas(answered) if name not in OPEN and each.get("additionalProperties", True)
    ] == []


def test_paths_are_where_the_rules_lead() -> None:
    """Each document declares the paths that the listener's rules lead to its service, and no others."""
    wrong = [
        path.template
        for service in files.SERVICES
        for path in api(service).paths
        if service_of(path.template.replace("{", "").replace("}", "")) != service
    ]

    assert wrong == []


def test_the_life_is_that_of_the_scenarios() -> None:
    """The table says the same words and numbers as the scenarios' own contract, and every status can be reached."""
    life = files.session_life()

    assert (life.first, life.live) == (contract.INITIALIZING, contract.LIVE)
    assert (life.ttl_seconds, life.idle_seconds) == (contract.TTL_SECONDS, contract.IDLE_SECONDS)
    assert life.live_max == contract.SESSIONS_MAX
    assert [each for each in life.transitions if not life.leads_to(life.first, each)] == []
    assert [status for status, after in life.transitions.items() if not after] == list(contract.FINAL)


def test_activity_is_of_the_documents() -> None:
    """Every operation that counts as activity is one of a document."""
    known = {
        operation.id
        for service in files.SERVICES
        for path in api(service).paths
        for operation in path.operations.values()
    }

    assert files.session_life().activity - known == set()


def test_every_invariant_is_checked() -> None:
    """Each invariant is the affair of a checker that there is, and every checker has one."""
    invariants = files.invariants().values()

    assert {each.checker for each in invariants} == set(CHECKERS)
    assert set(NEEDS) - {each.id for each in invariants} == set()
