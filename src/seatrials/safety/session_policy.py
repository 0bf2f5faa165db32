"""What a run's role may do while a run has it: what the guard lets through, said to AWS as a session policy.

AWS allows a session what both the role and its session policy allow. So code that goes around the guard with the run's
own credentials finds AWS refusing what no run does, and what is another stack's.
Sources: AWS STS API Reference, AssumeRole; Service Authorization Reference, for the resources of each action.
"""

import json
from collections.abc import Mapping
from typing import Any

from seatrials.environments.capabilities import Capability
from seatrials.environments.environment import Environment
from seatrials.rights.calls import PREFIXES
from seatrials.rights.policies import arns_of, filled, names_of
from seatrials.rights.reference import statement_of
from seatrials.safety.permitted import OF_CONTROL
from seatrials.safety.reading import READING
from seatrials.safety.store import KEY_PREFIX

# STS takes no more; what it makes of the text has a limit of its own, which nobody can compute before it is asked.
CHARACTERS_MAX = 2048
_Statement = dict[str, Any]
# Reads that tell what a table holds, and with them the rights to lease and journal.
_ITEMS = ("GetItem", "Query")
_OF_STORE = [("dynamodb", each) for each in ("ConditionCheckItem", "DeleteItem", "PutItem", "UpdateItem")]

# What a session may call of that which the guard lets through on conditions, by service and operation: all but the
# metrics of runs, which `seatrials publish` sends with credentials of its own, and for which there is no room.
OPERATIONS = frozenset(
    {
        *OF_CONTROL,
        *(("dynamodb", each) for each in ("DeleteItem", "UpdateItem")),
        ("efs", "DeleteAccessPoint"),
        ("elbv2", "DeleteRule"),
    }
)


def session_policy(environment: Environment) -> str:
    """Return the policy as JSON of at most `CHARACTERS_MAX` characters.

    Where names are so long that it would have more, resources are bound to account, region and kind, not by name.
    """
    names = names_of(environment)
    exact = _text(environment, names)
    return exact if len(exact) <= CHARACTERS_MAX else _text(environment, dict.fromkeys(names, "*"))


def told_rights(environment: Environment) -> str:
    """Say what keeps a run to its stack at AWS itself."""
    if environment.role_arn is None:
        return "those of the credentials, for no `role_arn` is named that the run could narrow to this stack"
    policy = session_policy(environment)
    is_exact = policy == _text(environment, names_of(environment))
    bound = "this stack" if is_exact else "account and region, for with the stack's names the policy is too long"
    return f"{environment.role_arn}, narrowed to {bound} ({len(policy)} of {CHARACTERS_MAX} characters)"


def _text(environment: Environment, names: Mapping[str, str]) -> str:
    known = {**_arns(environment), **names}
    statements = [_looks(), _items(known), _changes(environment, known), _store(known)]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))


def _arns(environment: Environment) -> dict[str, str]:
    partition = "aws" if environment.role_arn is None else environment.role_arn.split(":")[1]
    return arns_of(partition, environment.region, environment.account_id or "*")


def _looks() -> _Statement:
    # Who one is may be asked without a right.
    looks = [(service, each) for service, every in READING.items() if service != "sts" for each in every]
    return _allow([_action(*look) for look in looks if look[0] != "dynamodb" or look[1] not in _ITEMS], ["*"])


def _items(known: Mapping[str, str]) -> _Statement:
    tables = ("{dynamodb}:table/{table}", "{dynamodb}:table/{table}/index/*", "{dynamodb}:table/{lease_table}")
    return _allow([_action("dynamodb", each) for each in _ITEMS], list(filled(tables, known)))


def _changes(environment: Environment, known: Mapping[str, str]) -> _Statement:
    """Return one statement for all, which is shorter; no action has resources of another one's kind."""
    has_control = environment.allows(Capability.CONTROL)
    may = [_action(*each) for each in sorted(OPERATIONS) if has_control or each not in OF_CONTROL]
    # Items of the table of sessions alone, under any key, for those of users have no common one.
    bound = {**known, "lease_table": known["table"]}
    resources = [resource for each in may for resource in filled(statement_of(each).resources, bound)]
    return _allow(may, list(dict.fromkeys(resources)))


def _store(known: Mapping[str, str]) -> _Statement:
    """Return the right to write lease and journal, whose keys no session has."""
    condition = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [f"{KEY_PREFIX}*"]}}
    # In the table of the sessions some of these are allowed already, and characters are few.
    is_shared = known["lease_table"] == known["table"]
    actions = [_action(*each) for each in _OF_STORE if not is_shared or each not in OPERATIONS]
    return {**_allow(actions, list(filled(("{dynamodb}:table/{lease_table}",), known))), "Condition": condition}


def _allow(actions: list[str], resources: list[str]) -> _Statement:
    # One alone needs no brackets, and characters are few.
    action, resource = (every if len(every) > 1 else every[0] for every in (actions, resources))
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def _action(service: str, operation: str) -> str:
    return f"{PREFIXES.get(service, service)}:{operation}"
