"""The policies that are written down for a run allow every call that rehearsals make, and nothing makes others needed.

`recorded-calls.json` has the calls of a rehearsal of all rows, one of each kind: service, operation and parameters.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.session import Session

from seatrials.environments.file import load_environment
from seatrials.safety.session_policy import session_policy
from seatrials.twin.cloudformation.template import load_template
from seatrials.twin.permissions import Permissions, Place, Principal, Role
from tests.support.aws import Json
from tests.support.project import PROJECT, TEMPLATE

CALLS: list[tuple[str, str, dict[str, Any]]] = json.loads(
    (Path(__file__).parent / "recorded-calls.json").read_text(encoding="utf-8")
)
ROLE = "arn:aws:iam::123456789012:role/run"
TABLE = "arn:aws:dynamodb:us-west-2:123456789012:table/webordinary-edit-sessions"


def documented() -> Json:
    """Return the policy of docs/live.md, for the account of rehearsals; the other one says who may be the role."""
    text = (PROJECT / "docs/live.md").read_text(encoding="utf-8")
    [block] = [each for each in re.findall(r"```json\n(.+?)```", text, re.DOTALL) if '"Principal"' not in each]
    return json.loads(block.replace("REGION", "us-west-2").replace("ACCOUNT", "123456789012"))


def shipped() -> Json:
    """Return the policy of the role of runs in the template."""
    resource = load_template(TEMPLATE).resources["RunRole"]
    document: Json = resource.properties["Policies"][0]["PolicyDocument"]
    return json.loads(json.dumps(document).replace('{"Fn::GetAtt": ["SessionTable", "Arn"]}', f'"{TABLE}"'))


def of_session() -> Json:
    """Return what a run narrows its role to."""
    places = {"SEATRIALS_ENDPOINT_URL": "http://127.0.0.1:5000", "SEATRIALS_BASE_URL": "https://127.0.0.1"}
    environment = load_environment("rehearsal", PROJECT / "environments.toml", places)
    return json.loads(session_policy(environment.model_copy(update={"role_arn": ROLE})))


def refused(policy: Json) -> list[str]:
    """Return a sentence for each recorded call that *policy* does not allow."""
    role = Role(ROLE, "{}", (json.dumps(policy),))
    judge = Permissions(Place("us-west-2", "123456789012"), lambda _arn: role, lambda *_what, **_details: None)
    models = Session()
    denials = []
    for service, operation, parameters in CALLS:
        signing_name = models.get_service_model(service).signing_name
        needs = judge.needs_of(service, signing_name, operation, parameters)
        denials.append(judge.denial(Principal(ROLE, "run"), needs))
    return [each.sentence for each in denials if each is not None]


@pytest.mark.parametrize("policy", [documented, shipped, of_session], ids=lambda each: each.__name__)
def test_every_call_of_rehearsals_is_allowed(policy: Callable[[], Json]) -> None:
    """By the policy of the manual, that of the template, and that to which a role is narrowed."""
    assert refused(policy()) == []


def test_without_a_statement_calls_are_refused() -> None:
    """The test can fail: each statement of the manual's policy is needed by some call, but for what sweeps alone do."""
    policy = documented()
    lacking = {
        each["Sid"]: refused({**policy, "Statement": [other for other in policy["Statement"] if other is not each]})
        for each in policy["Statement"]
    }

    assert [sid for sid, denials in lacking.items() if not denials] == ["CleaningUp"]


def test_the_template_makes_the_role_that_the_manual_asks_for() -> None:
    """Statement by statement."""
    assert documented() == shipped()
