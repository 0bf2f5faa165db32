"""The values of a template's parameters, held against what it declares of them.

Source: AWS CloudFormation User Guide, "CloudFormation template Parameters syntax" and "Specify existing resources at
runtime with CloudFormation-supplied parameter types".
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from seatrials.twin.cloudformation.inputs import Inputs
from seatrials.twin.cloudformation.template import Template, as_text

_STORED = "AWS::SSM::Parameter::Value<"
# An account that the CDK deploys to is bootstrapped; the version is that of CDK 2.200 and later.
_BOOTSTRAP_KEY = re.compile(r"/cdk-bootstrap/\w+/version")
_BOOTSTRAP_VERSION = "28"
# The types that AWS looks up, such as AWS::EC2::Subnet::Id, are text here: the resources are another stack's.
_TYPE = re.compile(
    r"(String|Number|CommaDelimitedList|List<(String|Number|AWS::[\w:]+)>|AWS::\w+::[\w:]+(<[\w:<>]+>)?)"
)


def parameter_values(template: Template, inputs: Inputs) -> tuple[dict[str, Any], list[str]]:
    """Return the value of every parameter, a list for the list types, and everything that is wrong with them."""
    given = inputs.parameters
    problems = [
        f"there is no parameter {name!r}; the template has {', '.join(template.parameters) or 'none'}"
        for name in given
        if name not in template.parameters
    ]
    values = {
        name: _value(name, declaration, given.get(name), inputs.imports, problems)
        for name, declaration in template.parameters.items()
    }
    return values, problems


def _value(
    name: str, declaration: Mapping[str, Any], given: str | None, imports: Mapping[str, str], problems: list[str]
) -> object:
    kind = str(declaration.get("Type", "String"))
    if not _TYPE.fullmatch(kind):
        problems.append(f"parameter {name}: there is no type {kind!r}")
    value = declaration.get("Default") if given is None else given
    if value is None:
        problems.append(
            f"parameter {name} ({kind}) has no Default and was given no value: give --parameter {name}=VALUE"
        )
        return ""
    text = ",".join(map(as_text, value)) if isinstance(value, list) else as_text(value)
    problems.extend(f"parameter {name} is {text!r}{said}" for said in _violations(kind, text, declaration))
    if kind.startswith(_STORED):
        text, kind = _from_store(name, text, imports, problems), kind.removeprefix(_STORED).removesuffix(">")
    if kind == "CommaDelimitedList" or kind.startswith("List<"):
        return [item.strip() for item in text.split(",")]
    return text


def _from_store(name: str, key: str, imports: Mapping[str, str], problems: list[str]) -> str:
    """Return what the parameter store holds at *key*, as far as it was said."""
    known = imports.get(f"ssm:{key}", _BOOTSTRAP_VERSION if _BOOTSTRAP_KEY.fullmatch(key) else None)
    if known is None:
        problems.append(f"parameter {name}: nothing is known of the SSM parameter {key}: give --import ssm:{key}=VALUE")
    return known or ""


def _violations(kind: str, text: str, declaration: Mapping[str, Any]) -> Iterator[str]:
    """Yield how a value is not as declared, as the end of a sentence."""
    described = declaration.get("ConstraintDescription")
    because = f": {described}" if described else ""
    items = [item.strip() for item in text.split(",")] if kind.startswith(("List<", "Comma")) else [text]
    listed = declaration.get("AllowedValues")
    allowed = [as_text(item) for item in listed] if isinstance(listed, list) else []
    for item in items:
        if allowed and item not in allowed:
            yield f", which is none of {', '.join(allowed)}{because}"
        if kind in ("Number", "List<Number>"):
            yield from (f"{said}{because}" for said in _outside(item, declaration))
    pattern = declaration.get("AllowedPattern")
    if pattern is not None and not _matches(str(pattern), text):
        yield f", which does not match its AllowedPattern {pattern}{because}"
    if kind == "String":
        yield from (f"{said}{because}" for said in _too_long(len(text), declaration))


def _matches(pattern: str, text: str) -> bool:
    try:
        return re.fullmatch(pattern, text) is not None
    except re.error:
        # A pattern of Java's that Python does not know is no fault of the value.
        return True


def _outside(text: str, declaration: Mapping[str, Any]) -> Iterator[str]:
    try:
        value = float(text)
    except ValueError:
        yield ", which is no Number"
        return
    low, high = _bound(declaration, "MinValue"), _bound(declaration, "MaxValue")
    if low is not None and value < low:
        yield f", which is below its MinValue {low:g}"
    if high is not None and value > high:
        yield f", which is above its MaxValue {high:g}"


def _too_long(length: int, declaration: Mapping[str, Any]) -> Iterator[str]:
    low, high = _bound(declaration, "MinLength"), _bound(declaration, "MaxLength")
    if low is not None and length < low:
        yield f", which is shorter than its MinLength {low:g}"
    if high is not None and length > high:
        yield f", which is longer than its MaxLength {high:g}"


def _bound(declaration: Mapping[str, Any], name: str) -> float | None:
    """Return a bound; one that is no number is reported by cfn-lint."""
    try:
        return float(str(declaration[name]))
    except (KeyError, ValueError):
        return None
