"""The values behind a template's intrinsic functions: Ref, GetAtt, Sub, If and their kin.

A `Resolver` does not know how resources are made: it is handed a function that says what a reference to one is worth.
Faults do not stop it; they are collected with the place where they stand, so that a template is mended in one go.

Source: AWS CloudFormation User Guide, intrinsic function reference and pseudo parameters reference.
"""

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import NAMESPACE_URL, uuid5

from seatrials.errors import TemplateError
from seatrials.twin.cloudformation.template import Template, as_text, likely_meant

# Stands for what only the making of a resource will tell, while a template is deployed on paper.
PENDING = "<known when made>"

# What AWS::NoValue is worth: the property that holds it is left out.
NO_VALUE = object()

# The reference's own name is what it is imported by: `ssm:/db/host`, `secretsmanager:db:SecretString:password`.
_DYNAMIC = re.compile(r"\{\{resolve:((?:ssm|ssm-secure|secretsmanager):[^{}]+)\}\}")

_SUBSTITUTION = re.compile(r"\$\{(!?)([^}]*)\}")

# Returns what Ref (no attribute) or GetAtt of a logical id is worth; raises `TemplateError` when it is worth nothing.
Reference = Callable[[str, str | None], str]


@dataclass(frozen=True, kw_only=True)
class Stack:
    """Where a template is deployed, and under which name."""

    name: str
    region: str
    account: str

    @property
    def pseudo_parameters(self) -> dict[str, object]:
        """What the `AWS::` names are worth."""
        # The same name gives the same id, so that a seed replays; on AWS it is a random UUID.
        identity = uuid5(NAMESPACE_URL, f"{self.account}/{self.region}/{self.name}")
        return {
            "AWS::AccountId": self.account,
            "AWS::NoValue": NO_VALUE,
            "AWS::NotificationARNs": [],
            "AWS::Partition": "aws",
            "AWS::Region": self.region,
            "AWS::StackId": f"arn:aws:cloudformation:{self.region}:{self.account}:stack/{self.name}/{identity}",
            "AWS::StackName": self.name,
            "AWS::URLSuffix": "amazonaws.com",
        }


def _function(value: object) -> str | None:
    """Return the intrinsic function that *value* calls, if it does."""
    if isinstance(value, Mapping) and len(value) == 1:
        name = next(iter(value))
        if name == "Ref" or name.startswith("Fn::"):
            return str(name)
    return None


@dataclass(kw_only=True)
class Resolver:
    """Gives values of a template; `problems` fills with what has none, and `PENDING` takes its place."""

    template: Template
    parameters: Mapping[str, Any]
    stack: Stack
    imports: Mapping[str, str]
    # Returns the names of a region's availability zones.
    zones: Callable[[str], list[str]]
    # Set by whoever makes the resources; until then a reference is worth `PENDING`.
    reference: Reference = lambda _logical_id, _attribute: PENDING
    problems: list[str] = field(default_factory=list)
    _verdicts: dict[str, bool] = field(default_factory=dict)
    _pseudo: dict[str, object] = field(init=False)

    def __post_init__(self) -> None:
        """Work out the pseudo parameters once."""
        self._pseudo = self.stack.pseudo_parameters

    def resolve(self, value: object, where: str) -> Any:  # noqa: ANN401  # as many types as a document has
        """Return *value* with every function in it replaced; *where* names the place for the problems."""
        function = _function(value)
        if function is not None:
            applied = self._apply(function, value[function], where)  # type: ignore[index]  # a mapping, as _function saw
            return self._stored(applied, where) if isinstance(applied, str) else applied
        if isinstance(value, Mapping):
            items = ((key, self.resolve(item, f"{where}.{key}")) for key, item in value.items())
            return {key: item for key, item in items if item is not NO_VALUE}
        if isinstance(value, list):
            resolved = (self.resolve(item, f"{where}.{index}") for index, item in enumerate(value))
            return [item for item in resolved if item is not NO_VALUE]
        if isinstance(value, str):
            return self._stored(value, where)
        return self._problem(where, "null values are not allowed") if value is None else value

    def _stored(self, text: str, where: str) -> str:
        """Return *text* with its dynamic references replaced by what the stores were said to hold.

        Source: AWS CloudFormation User Guide, "Get values stored in other services using dynamic references".
        """

        def replacement(match: re.Match[str]) -> str:
            name = match[1]
            if name in self.imports:
                return self.imports[name]
            return self._problem(where, f"nothing is known of {match[0]}: give its value with --import {name}=VALUE")

        return _DYNAMIC.sub(replacement, text) if "{{resolve:" in text else text

    def holds(self, condition: str, where: str) -> bool:
        """Whether the named condition of the template is true."""
        if condition not in self.template.conditions:
            self._problem(where, f"there is no condition {condition!r}")
            return False
        if condition not in self._verdicts:
            # Until it is known a condition counts as false, so that one defined by itself ends here.
            self._verdicts[condition] = False
            expression = self.template.conditions[condition]
            self._verdicts[condition] = self.test(expression, f"condition {condition}")
        return self._verdicts[condition]

    def references(self, value: object) -> Iterator[str]:
        """Yield the logical ids of the resources that *value* needs; the branch that an If does not take needs none."""
        function = _function(value)
        if isinstance(value, Mapping):
            if function == "Fn::If" and isinstance(value[function], list) and len(value[function]) == 3:  # noqa: PLR2004
                condition, then, otherwise = value[function]
                # An unknown condition is reported where the value is resolved.
                if isinstance(condition, str) and condition in self.template.conditions:
                    yield from self.references(then if self.holds(condition, "Fn::If") else otherwise)
                return
            for name in _named(function, value):
                if name in self.template.resources:
                    yield name
            for item in value.values():
                yield from self.references(item)
        elif isinstance(value, list):
            for item in value:
                yield from self.references(item)

    def _problem(self, where: str, text: str) -> str:
        self.problems.append(f"{where}: {text}")
        return PENDING

    def _apply(self, function: str, argument: object, where: str) -> Any:  # noqa: ANN401
        handler = self._FUNCTIONS.get(function)
        if handler is None:
            return self._problem(where, f"{function} is not supported; supported are {', '.join(self._FUNCTIONS)}")
        return handler(self, argument, where)

    def _arguments(self, function: str, argument: object, count: int, where: str) -> list[Any] | None:
        if isinstance(argument, list) and len(argument) == count:
            return argument
        self._problem(where, f"{function} takes a list of {count}, not {argument!r}")
        return None

    def _ref(self, argument: object, where: str) -> Any:  # noqa: ANN401
        name = str(argument)
        if name in self.parameters:
            return self.parameters[name]
        if name in self._pseudo:
            return self._pseudo[name]
        return self._look_up(name, None, where)

    def _get_att(self, argument: object, where: str) -> str:
        parts = argument.split(".", 1) if isinstance(argument, str) else argument
        pair = self._arguments("Fn::GetAtt", parts, 2, where)
        if pair is None:
            return PENDING
        return self._look_up(str(pair[0]), as_text(self.resolve(pair[1], where)), where)

    def _look_up(self, logical_id: str, attribute: str | None, where: str) -> str:
        wanted = f"Ref {logical_id}" if attribute is None else f"GetAtt {logical_id}.{attribute}"
        resource = self.template.resources.get(logical_id)
        if logical_id in self.template.left_out:
            kind = self.template.left_out[logical_id]
            return self._problem(where, f"{wanted} names a {kind}, which is left out: the twin runs no functions")
        if resource is None:
            meant = likely_meant(logical_id, (*self.template.resources, *self.parameters, *self._pseudo))
            return self._problem(where, f"{wanted} names no resource, parameter or pseudo parameter{meant}")
        if resource.condition is not None and not self.holds(resource.condition, where):
            return self._problem(where, f"{wanted} names a resource that its condition {resource.condition} leaves out")
        try:
            return self.reference(logical_id, attribute)
        except TemplateError as error:
            return self._problem(where, f"{wanted}: {error}")

    def _sub(self, argument: object, where: str) -> str:
        text, variables = argument, {}
        if isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], Mapping):  # noqa: PLR2004
            text, variables = argument[0], self.resolve(argument[1], where)
        if not isinstance(text, str) or not isinstance(variables, Mapping):
            return self._problem(where, f"Fn::Sub takes a text, or a text and a mapping, not {argument!r}")

        def replacement(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal:
                return f"${{{name}}}"
            if name in variables:
                return as_text(variables[name])
            return as_text(self._get_att(name, where) if "." in name else self._ref(name.strip(), where))

        return _SUBSTITUTION.sub(replacement, text)

    def _join(self, argument: object, where: str) -> str:
        pair = self._arguments("Fn::Join", argument, 2, where)
        items = PENDING if pair is None else self.resolve(pair[1], where)
        if isinstance(items, list):
            return str(pair[0]).join(as_text(item) for item in items) if pair else PENDING
        return PENDING if items == PENDING else self._problem(where, f"Fn::Join takes a list to join, not {items!r}")

    def _split(self, argument: object, where: str) -> list[str]:
        pair = self._arguments("Fn::Split", argument, 2, where)
        if pair is None:
            return [PENDING]
        text = as_text(self.resolve(pair[1], where))
        return [PENDING] if PENDING in text else text.split(str(pair[0]))

    def _select(self, argument: object, where: str) -> Any:  # noqa: ANN401
        pair = self._arguments("Fn::Select", argument, 2, where)
        if pair is None:
            return PENDING
        index, items = as_text(self.resolve(pair[0], where)), self.resolve(pair[1], where)
        if not isinstance(items, list):
            return PENDING if items == PENDING else self._problem(where, f"Fn::Select takes a list, not {items!r}")
        if index.isdecimal() and int(index) < len(items):
            return items[int(index)]
        # A text that is not known yet cannot be split yet.
        return PENDING if PENDING in items else self._problem(where, f"Fn::Select has no item {index} in {items!r}")

    def _if(self, argument: object, where: str) -> Any:  # noqa: ANN401
        triple = self._arguments("Fn::If", argument, 3, where)
        if triple is None:
            return PENDING
        return self.resolve(triple[1] if self.holds(str(triple[0]), where) else triple[2], where)

    def _find_in_map(self, argument: object, where: str) -> Any:  # noqa: ANN401
        triple = self._arguments("Fn::FindInMap", argument, 3, where)
        if triple is None:
            return PENDING
        found: Any = self.template.mappings
        keys = [as_text(self.resolve(key, where)) for key in triple]
        for key in keys:
            if not isinstance(found, Mapping) or key not in found:
                return self._problem(where, f"Fn::FindInMap finds nothing at {'.'.join(keys)}; {key!r} is missing")
            found = found[key]
        return found

    def _import_value(self, argument: object, where: str) -> str:
        name = as_text(self.resolve(argument, where))
        if name in self.imports:
            return self.imports[name]
        known = ", ".join(self.imports) or "none"
        return self._problem(where, f"Fn::ImportValue: no value was given for the export {name!r}; given are {known}")

    def _get_azs(self, argument: object, where: str) -> list[str]:
        region = as_text(self.resolve(argument, where)) or self.stack.region
        return self.zones(region)

    def _base64(self, argument: object, where: str) -> str:
        return base64.b64encode(as_text(self.resolve(argument, where)).encode()).decode()

    def _texts(self, value: object, where: str) -> list[str]:
        resolved = self.resolve(value, where)
        return [as_text(item) for item in resolved] if isinstance(resolved, list) else [as_text(resolved)]

    def test(self, expression: object, where: str) -> bool:  # noqa: PLR0911  # one per function
        """Whether a condition, or the assertion of a rule, is true."""
        if not isinstance(expression, Mapping) or len(expression) != 1:
            self._problem(where, f"a condition is one function, not {expression!r}")
            return False
        function, argument = next(iter(expression.items()))
        if function == "Condition":
            return self.holds(str(argument), where)
        operands = argument if isinstance(argument, list) else []
        match function:
            case "Fn::Equals" if len(operands) == 2:  # noqa: PLR2004
                left, right = (self.resolve(operand, where) for operand in operands)
                return as_text(left) == as_text(right)
            case "Fn::Not" if len(operands) == 1:
                return not self.test(operands[0], where)
            case "Fn::And" if operands:
                return all(self.test(operand, where) for operand in operands)
            case "Fn::Or" if operands:
                return any(self.test(operand, where) for operand in operands)
            case "Fn::Contains" if len(operands) == 2:  # noqa: PLR2004
                return as_text(self.resolve(operands[1], where)) in self._texts(operands[0], where)
            case "Fn::EachMemberEquals" if len(operands) == 2:  # noqa: PLR2004
                wanted = as_text(self.resolve(operands[1], where))
                return all(text == wanted for text in self._texts(operands[0], where))
            case "Fn::EachMemberIn" if len(operands) == 2:  # noqa: PLR2004
                return set(self._texts(operands[0], where)) <= set(self._texts(operands[1], where))
        self._problem(where, f"{function} of {argument!r} is no condition; use Fn::Equals, And, Or, Not or Condition")
        return False

    _FUNCTIONS: ClassVar[Mapping[str, Callable[[Any, object, str], Any]]] = {
        "Ref": _ref,
        "Fn::GetAtt": _get_att,
        "Fn::Sub": _sub,
        "Fn::Join": _join,
        "Fn::Split": _split,
        "Fn::Select": _select,
        "Fn::If": _if,
        "Fn::FindInMap": _find_in_map,
        "Fn::ImportValue": _import_value,
        "Fn::GetAZs": _get_azs,
        "Fn::Base64": _base64,
    }


def _named(function: str | None, value: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names that one function call refers to itself, its arguments aside."""
    argument = value[function] if function else None
    if function == "Ref":
        yield str(argument)
    elif function == "Fn::GetAtt":
        parts = argument.split(".", 1) if isinstance(argument, str) else argument
        if isinstance(parts, list) and parts:
            yield str(parts[0])
    elif function == "Fn::Sub":
        text = argument[0] if isinstance(argument, list) and argument else argument
        for literal, name in _SUBSTITUTION.findall(str(text)):
            if not literal:
                yield name.strip().split(".", 1)[0]
