"""The calls of AWS that were recorded, by what they were made for, and the actions that each of them needs.

`calls.json` has one call of each kind with its parameters; CONTRIBUTING.md says how it is recorded.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

CALLS = files("seatrials.rights") / "calls.json"
# How IAM calls a service, where botocore calls it otherwise.
PREFIXES = {"efs": "elasticfilesystem", "elbv2": "elasticloadbalancing"}
# Source: DynamoDB Developer Guide, "Amazon DynamoDB transactions: how it works", IAM for transactions.
_PARTS = {"ConditionCheck": "ConditionCheckItem", "Delete": "DeleteItem", "Put": "PutItem", "Update": "UpdateItem"}


class Purpose(StrEnum):
    """What somebody has credentials for."""

    RUN = "run"
    SWEEP = "sweep"
    PUBLISH = "publish"
    DASHBOARD = "dashboard"
    HISTORY = "history"


@dataclass(frozen=True)
class Call:
    """A call of AWS, by botocore's names."""

    service: str
    operation: str
    parameters: Mapping[str, Any]

    @property
    def actions(self) -> tuple[str, ...]:
        """What IAM must allow for it, by IAM's names."""
        return tuple(f"{PREFIXES.get(self.service, self.service)}:{name}" for name in self._names())

    def _names(self) -> list[str]:
        given = self.parameters
        match self.service, self.operation:
            case "sts", "GetCallerIdentity":
                # Anybody may ask who they are. Source: AWS STS API Reference, GetCallerIdentity.
                return []
            case "dynamodb", "TransactWriteItems":
                return sorted({_PARTS[kind] for part in given["TransactItems"] for kind in part})
            case "s3", operation:
                return _of_s3(operation, given)
            case _, operation:
                return [operation]


def _of_s3(operation: str, given: Mapping[str, Any]) -> list[str]:
    """Source: Amazon S3 User Guide, "Required permissions for Amazon S3 API operations"."""
    match operation:
        case "GetObject" if "VersionId" in given:
            return ["GetObjectVersion"]
        case "GetObject":
            # Without the second, S3 says of an object that is not there that one may not look.
            return ["GetObject", "ListBucket"]
        case "PutObject" if "ObjectLockMode" in given:
            return ["PutObject", "PutObjectRetention"]
        case "ListObjectVersions":
            return ["ListBucketVersions"]
        case "GetObjectLockConfiguration":
            return ["GetBucketObjectLockConfiguration"]
        case _:
            return [operation]


# A run ends by removing what it has left, as a sweep does that comes after it.
_INCLUDED = {Purpose.RUN: (Purpose.SWEEP,)}


@cache
def recorded(purpose: Purpose) -> tuple[Call, ...]:
    """Return the calls that were recorded for a purpose, with those of what is a part of it."""
    document: dict[str, list[list[Any]]] = json.loads(CALLS.read_text(encoding="utf-8"))
    told = [each for part in (purpose, *_INCLUDED.get(purpose, ())) for each in document[part]]
    return tuple(Call(service, operation, given) for service, operation, given in told)


def needed(purpose: Purpose) -> frozenset[str]:
    """Return the actions that the calls for a purpose need."""
    return frozenset(action for call in recorded(purpose) for action in call.actions)
