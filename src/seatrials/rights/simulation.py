"""Whether IAM would allow what a purpose needs, by its own simulation of somebody's policies: no call is made.

A policy that names resources allows nothing on `*`, so each action is asked for on an ARN, with the keys that its
conditions look at. What a boundary or an organization takes away IAM knows; what a session policy does, it does not.
Source: IAM API Reference, SimulatePrincipalPolicy.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from seatrials.rights.policies import Grant
from seatrials.seams.application import AwsClient

# An assumed role speaks as a session of itself, which has no policies of its own, and leaves out the role's path.
_ASSUMED = re.compile(r"arn:[\w-]+:sts::\d+:assumed-role/(?P<role>[^/]+)/.+")
_ANYTHING = "*"
# What stands in an ARN, or in a key, for what AWS is still to draw.
_ANY_ONE = "0"

# The values of condition keys by their names.
Context = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, order=True)
class Question:
    """Whether an action is allowed on a resource, in a request with such keys."""

    action: str
    # An ARN, or `*`.
    resource: str
    context: Context = ()

    def __str__(self) -> str:
        """Return it for people."""
        return f"{self.action} on {self.resource}"


def questions_of(grants: Iterable[Grant], found: Mapping[str, str]) -> list[Question]:
    """Return what must be allowed, action by action.

    *found* has the ARNs of resources that are known by more than a pattern, by their kinds of the reference.
    """
    return sorted({each for grant in grants for each in _questions(grant, found)})


def _questions(grant: Grant, found: Mapping[str, str]) -> Iterator[Question]:
    patterns = [found[kind] for kind in grant.statement.kinds if kind in found] or grant.resources
    context = tuple((key, tuple(map(_one_of, values))) for _, key, values in grant.conditions)
    for action in grant.actions:
        for pattern in patterns:
            yield Question(action, pattern if pattern == _ANYTHING else _one_of(pattern), context)


def _one_of(pattern: str) -> str:
    return pattern.replace(_ANYTHING, _ANY_ONE)


class Simulator:
    """Asks IAM what policies allow; raises botocore's errors."""

    def __init__(self, aws: Callable[[str], AwsClient]) -> None:
        self._aws = aws

    def principal(self) -> str:
        """Return the ARN of the caller's user or role, whose policies count: of a role IAM alone knows the path."""
        arn = str(self._aws("sts").get_caller_identity()["Arn"])
        assumed = _ASSUMED.fullmatch(arn)
        if assumed is None:
            return arn
        return str(self._aws("iam").get_role(RoleName=assumed["role"])["Role"]["Arn"])

    def allowed(self, questions: Iterable[Question], principal: str) -> set[Question]:
        """Return those of *questions* that the policies of a user or role allow."""
        by_request = sorted(questions, key=_request)
        return {
            Question(action, resource, context)
            for (resource, context), asked in groupby(by_request, key=_request)
            for action in self._allowed_on(principal, resource, context, [each.action for each in asked])
        }

    def _allowed_on(self, principal: str, resource: str, context: Context, actions: list[str]) -> list[str]:
        entries = [
            {"ContextKeyName": name, "ContextKeyType": _type_of(values), "ContextKeyValues": list(values)}
            for name, values in context
        ]
        more = {"ContextEntries": entries} if entries else {}
        pages = (
            self._aws("iam")
            .get_paginator("simulate_principal_policy")
            .paginate(PolicySourceArn=principal, ActionNames=actions, ResourceArns=[resource], **more)
        )
        results = [result for page in pages for result in page["EvaluationResults"]]
        return [str(each["EvalActionName"]) for each in results if each["EvalDecision"] == "allowed"]


def _request(question: Question) -> tuple[str, Context]:
    return question.resource, question.context


def _type_of(values: tuple[str, ...]) -> str:
    return "string" if len(values) == 1 else "stringList"
