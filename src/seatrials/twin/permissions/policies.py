"""Policies as IAM reads them: which statements there are, and which of them speak of a request.

Source: IAM User Guide, "IAM JSON policy elements reference" and "Policy evaluation logic".
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from seatrials.twin.permissions.conditions import Context, hold
from seatrials.twin.permissions.wildcards import LITERAL_MARK, LITERAL_STAR, covers_arn, covers_text, literal

# A policy's variable, with the value that stands in for a key that the request does not have.
_VARIABLE = re.compile(r"\$\{([^},]+)(?:,\s*'([^']*)')?\}")
# The three characters that are variables of themselves, as texts in which they are no wildcards.
_LITERALS = {"*": LITERAL_STAR, "?": LITERAL_MARK, "$": "$"}
# The first version of the language has variables; without a version a policy is of an older one.
_HAS_VARIABLES = "2012-10-17"


@dataclass(frozen=True)
class Need:
    """One thing that a call must be allowed: an action on a resource, under keys that conditions may ask for."""

    action: str
    # An ARN; the parts that AWS has not drawn yet are `*`.
    resource: str
    keys: tuple[tuple[str, tuple[str, ...]], ...] = ()
    # Whether no table knows what the call is about, so that it is taken to be about everything.
    is_guess: bool = False


@dataclass(frozen=True)
class Statement:
    """One statement of a policy."""

    allows: bool
    # Whether the patterns name what the statement is not about.
    actions: tuple[str, ...]
    is_not_action: bool
    resources: tuple[str, ...]
    is_not_resource: bool
    # Operator, key and values of each condition; all must hold.
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...]
    # Of a policy of a resource: the kind and the name of each principal.
    principals: tuple[tuple[str, str], ...]
    is_not_principal: bool
    # Whether `${...}` in resources and values is a variable, and not that very text.
    has_variables: bool = True

    @property
    def variables(self) -> list[str]:
        """The names of the keys that stand as variables in resources and values."""
        texts = [*self.resources, *(value for _, _, values in self.conditions for value in values)]
        found = [name for text in texts for name, _ in _VARIABLE.findall(text)] if self.has_variables else []
        return [name for name in found if name not in _LITERALS]

    def speaks_of(self, need: Need, context: Context) -> bool:
        """Whether the statement is about *need*, and all its conditions hold."""
        if not self.names_action(need.action):
            return False
        resources = self._filled(self.resources, context)
        if any(covers_arn(each, need.resource) for each in resources) is self.is_not_resource:
            return False
        conditions = ((operator, key, self._filled(values, context)) for operator, key, values in self.conditions)
        return all(hold(operator, key, values, context) for operator, key, values in conditions)

    def names_action(self, action: str) -> bool:
        """Whether the statement is about an action, on whatever resource."""
        return any(covers_text(each.lower(), action.lower()) for each in self.actions) is not self.is_not_action

    def is_for(self, *principals: tuple[str, str]) -> bool:
        """Whether the statement, of a policy of a resource, is for one of *principals*: kinds and names."""
        found = any(self._names(kind, name) for kind, name in principals)
        return found is not self.is_not_principal

    def _names(self, kind: str, name: str) -> bool:
        return any(one == "*" or (of == kind and one in ("*", name)) for of, one in self.principals)

    def _filled(self, values: tuple[str, ...], context: Context) -> tuple[str, ...]:
        return filled(values, context) if self.has_variables else values


@lru_cache(maxsize=256)
def statements_of(document: str) -> tuple[Statement, ...]:
    """Return the statements of a policy's JSON."""
    policy = json.loads(document)
    has_variables = policy.get("Version") == _HAS_VARIABLES
    return tuple(_statement(each, has_variables=has_variables) for each in _listed(policy["Statement"]))


def _statement(stated: Mapping[str, Any], *, has_variables: bool) -> Statement:
    conditions = [
        (operator, key, tuple(_text(value) for value in _listed(values)))
        for operator, by_key in stated.get("Condition", {}).items()
        for key, values in by_key.items()
    ]
    return Statement(
        allows=stated["Effect"] == "Allow",
        actions=tuple(_listed(stated.get("Action", stated.get("NotAction", ())))),
        is_not_action="NotAction" in stated,
        # A policy of a resource may leave out that it is about that resource.
        resources=tuple(_listed(stated.get("Resource", stated.get("NotResource", "*")))),
        is_not_resource="NotResource" in stated,
        conditions=tuple(conditions),
        principals=_principals(stated.get("Principal", stated.get("NotPrincipal", {}))),
        is_not_principal="NotPrincipal" in stated,
        has_variables=has_variables,
    )


def _principals(stated: Any) -> tuple[tuple[str, str], ...]:  # noqa: ANN401  # a text or a mapping
    if isinstance(stated, str):
        return (("AWS", stated),)
    return tuple((kind, str(name)) for kind, names in stated.items() for name in _listed(names))


def _listed(value: Any) -> list[Any]:  # noqa: ANN401  # IAM takes one of anything for a list of one
    return list(value) if isinstance(value, list | tuple) else [value]


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def filled(values: tuple[str, ...], context: Context) -> tuple[str, ...]:
    """Return texts of a policy with their variables filled in, without those that have one that is not there.

    Source: IAM User Guide, "IAM policy elements: Variables and tags".
    """
    if not any("${" in value for value in values):
        return values
    return tuple(each for each in (_filled(value, context) for value in values) if each is not None)


def _filled(value: str, context: Context) -> str | None:
    is_whole = True

    def fill(variable: re.Match[str]) -> str:
        nonlocal is_whole
        name, default = variable.groups()
        found = context.get(name.lower(), ())
        if name in _LITERALS or len(found) == 1:
            return _LITERALS.get(name) or literal(found[0])
        is_whole = is_whole and default is not None
        return default or ""

    resolved = _VARIABLE.sub(fill, value)
    return resolved if is_whole else None
