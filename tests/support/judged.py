"""The policies of a stack, and IAM's verdict on calls by them alone: that of the twin, whose tables are not theirs."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from botocore.session import Session

from seatrials.environments.environment import Environment
from seatrials.environments.file import load_environment
from seatrials.rights.calls import Call, Purpose
from seatrials.rights.policies import Address, policy
from seatrials.twin.permissions import Need, Permissions, Place, Principal, Role
from tests.support.aws import Document, Json
from tests.support.project import PROJECT

REGION, ACCOUNT = "us-west-2", "123456789012"
# Where the recorded calls keep their history.
HISTORY = Address("team-evidence", "history.jsonl")
_ROLE = f"arn:aws:iam::{ACCOUNT}:role/run"
_MODELS = Session()


def environment() -> Environment:
    """Return the environment of the recorded calls, with the name of its stack."""
    found = load_environment("mock", PROJECT / "environments.toml", {})
    return found.model_copy(update={"outputs_stack": "webordinary"})


def document_of(purpose: Purpose) -> Document:
    """Return the policy of a purpose on the stack of the recorded calls."""
    return policy(purpose, environment(), HISTORY)


def refused(document: Document, calls: Iterable[Call], region: str = REGION) -> list[str]:
    """Return AWS's sentence for each call that a role with this policy alone may not make in a region."""
    role = Role(_ROLE, "{}", (json.dumps(document),))
    judge = Permissions(Place(region, ACCOUNT), lambda _arn: role, lambda *_what, **_details: None)
    denials = [judge.denial(Principal(_ROLE, "run"), _needs(judge, call)) for call in calls]
    return [each.sentence for each in denials if each is not None]


def _needs(judge: Permissions, call: Call) -> list[Need]:
    """Return what a call needs, with the keys of items, which the twin cannot tell without their table's schema."""
    signing_name = _MODELS.get_service_model(call.service).signing_name
    needs = judge.needs_of(call.service, signing_name, call.operation, call.parameters)
    keys = tuple(dict.fromkeys(_leading_keys(call.parameters)))
    told = (("dynamodb:leadingkeys", keys),) if keys else ()
    return [replace(each, keys=(*each.keys, *told)) for each in needs]


def _leading_keys(given: Mapping[str, Json]) -> Iterator[str]:
    """Yield the partition key of each item that a call names."""
    parts = [part for each in given.get("TransactItems", ()) for part in each.values()] or [given]
    for part in parts:
        item = part.get("Key") or part.get("Item") or {}
        if "sessionId" in item:
            yield item["sessionId"]["S"]
