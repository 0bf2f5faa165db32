"""IAM policies for a purpose on one stack: what its calls need, bound to the names that the environment has.

Sources: IAM User Guide, "IAM JSON policy elements reference" and "IAM and AWS STS quotas"; Service Authorization
Reference (`reference.py`).
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from seatrials.environments.capabilities import Capability
from seatrials.environments.environment import Environment
from seatrials.errors import ConfigurationError
from seatrials.rights.calls import Purpose, needed
from seatrials.rights.reference import STATEMENTS, Condition, Statement

# Of a managed policy, without white space, which IAM does not count; of a trust policy unless the quota was raised.
MANAGED_CHARACTERS_MAX, TRUST_CHARACTERS_MAX = 6144, 2048
VERSION = "2012-10-17"
_PREFIX = "s3://"
# What IAM would read as more than a name.
_WILD = frozenset("*?$")
# Whose resources are of a region.
_SERVICES = ("cloudformation", "cloudwatch", "dynamodb", "ecs", "elasticfilesystem", "elasticloadbalancing", "logs")
# CloudFormation makes names of roles of the stack's, a logical id and 13 characters, and shortens the first two where
# IAM's 64 are not enough: so many of each are left.
_STACK_IN_ROLES = 24

Document = dict[str, Any]


@dataclass(frozen=True)
class Address:
    """Where a history is kept in S3."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Return `s3://bucket/key` in its parts; raises `ConfigurationError` for anything else, and for wildcards."""
        bucket, _, key = text.removeprefix(_PREFIX).partition("/")
        if not text.startswith(_PREFIX) or not bucket or not key or not _WILD.isdisjoint(text):
            msg = f"--history {text}: the policy is for one object in S3; give s3://BUCKET/KEY, without `*?$`"
            raise ConfigurationError(msg)
        return cls(bucket, key)


@dataclass(frozen=True)
class Grant:
    """A statement of the reference for one stack, with the actions that a purpose needs."""

    statement: Statement
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[Condition, ...]

    def as_json(self) -> Document:
        """Return it as a policy has it; one of anything stands without brackets."""
        stated: Document = {
            "Sid": self.statement.sid,
            "Effect": "Allow",
            "Action": _plain(self.actions),
            "Resource": _plain(self.resources),
        }
        if self.conditions:
            stated["Condition"] = {}
            for operator, key, values in self.conditions:
                stated["Condition"].setdefault(operator, {})[key] = _plain(values)
        return stated


def grants(purpose: Purpose, environment: Environment, history: Address | None = None) -> list[Grant]:
    """Return what a purpose needs on a stack; raises `ConfigurationError` for an environment that names no account."""
    known = _known(environment, history)
    return list(_grants(needed(purpose), environment, known))


def policy(purpose: Purpose, environment: Environment, history: Address | None = None) -> Document:
    """Return the identity-based policy of a purpose on a stack, with *history* where that is the purpose."""
    return {"Version": VERSION, "Statement": [each.as_json() for each in grants(purpose, environment, history)]}


def characters(document: Mapping[str, Any]) -> int:
    """Return how long IAM takes a policy to be."""
    return len(json.dumps(document, separators=(",", ":")))


def _grants(actions: frozenset[str], environment: Environment, known: Mapping[str, str]) -> Iterator[Grant]:
    has_control = environment.allows(Capability.CONTROL)
    for statement in STATEMENTS:
        own = tuple(each for each in statement.actions if each in actions)
        is_wanted = (has_control or not statement.of_control) and (statement.sid != "LookAtStack" or known["stack"])
        if own and is_wanted:
            conditions = tuple((operator, key, filled(values, known)) for operator, key, values in statement.conditions)
            yield Grant(statement, own, filled(statement.resources, known), conditions)


def filled(templates: Iterable[str], known: Mapping[str, str]) -> tuple[str, ...]:
    """Return *templates* with the names of a stack in them, each once."""
    return tuple(dict.fromkeys(each.format_map(known) for each in templates))


def names_of(environment: Environment) -> dict[str, str]:
    """Return the names of a stack's resources that templates have in braces."""
    names = environment.names
    own = {key: value for key, value in names.model_dump().items() if isinstance(value, str)}
    return {**own, "lease_table": names.lease_table or names.table}


def arns_of(partition: str, region: str, account: str) -> dict[str, str]:
    """Return how the ARNs of each service begin, up to the account."""
    return {service: f"arn:{partition}:{service}:{region}:{account}" for service in _SERVICES}


def partition_of(region: str) -> str:
    """Return the partition that a region is in, by botocore's own list; raises `ConfigurationError` for none."""
    from botocore.exceptions import UnknownRegionError  # noqa: PLC0415  # who writes no policy needs none of it
    from botocore.session import Session  # noqa: PLC0415

    try:
        return str(Session().get_partition_for_region(region))
    except UnknownRegionError as error:
        msg = f"region {region}: AWS has none of such a name; give one such as us-west-2"
        raise ConfigurationError(msg) from error


def account_of(environment: Environment) -> str:
    """Return the account of a stack; raises `ConfigurationError` where nobody has said it."""
    if environment.account_id is None:
        msg = f"{environment.name}: account_id is missing, and policies name it: set it, or SEATRIALS_ACCOUNT_ID"
        raise ConfigurationError(msg)
    return environment.account_id


def _known(environment: Environment, history: Address | None) -> dict[str, str]:
    region, account = environment.region, account_of(environment)
    partition, stack = partition_of(region), environment.outputs_stack or ""
    # CloudFormation begins the names of roles with the stack's.
    named = f"{stack}-" if 0 < len(stack) <= _STACK_IN_ROLES else stack[:_STACK_IN_ROLES]
    roles = f"arn:{partition}:iam::{account}:role/"
    of_runs = f"{roles}seatrials/{named}*" if named else f"{roles}*"
    return {
        **names_of(environment),
        **arns_of(partition, region, account),
        "region": region,
        # Dashboards are of an account, whatever the region.
        "cloudwatch_dashboards": f"arn:{partition}:cloudwatch::{account}",
        "stack": stack,
        "roles": f"{roles}{named}*",
        "own_role": environment.role_arn or of_runs,
        "s3": f"arn:{partition}:s3",
        "bucket": "" if history is None else history.bucket,
        "key": "" if history is None else history.key,
    }


def _plain(values: tuple[str, ...]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)
