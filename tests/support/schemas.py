"""The resource schemas that CloudFormation publishes, as cfn-lint ships them: every property by its path."""

import json
import re
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import botocore.session  # type: ignore[import-untyped,unused-ignore]  # no types

from seatrials.twin.cloudformation.fidelity.usage import BY_KEY

# Its files alone are read: to import it takes longer than all of them.
_CFN_LINT = find_spec("cfnlint")
assert _CFN_LINT is not None, "the project depends on it"
_SCHEMAS = Path(str(_CFN_LINT.origin)).parent / "data" / "schemas"
_REGION = "us-west-2"
_CHOICES = ("oneOf", "anyOf", "allOf")
# Where botocore's text about attributes names one.
_KEY = re.compile(r"<li>\s*<p>\s*<code>([a-z0-9_]+\.[a-z0-9_.]+)</code>")


def properties_of(type_name: str) -> list[str]:
    """Return the path of each property of a resource type that a template may set, and has none within it.

    Items of lists have no place in a path, and attributes are properties by their keys.
    """
    index = json.loads((_SCHEMAS / "providers" / f"{_REGION}.json").read_text())
    schema = json.loads((_SCHEMAS / "resources" / f"{index[type_name]}.json").read_text())
    answered = {each.removeprefix("/properties/").replace("/*", "").replace("/", ".") for each in _answered(schema)}
    paths = dict.fromkeys(path for path in _within(schema, schema, "", ()) if path not in answered)
    return [each for path in paths for each in _by_key(path)]


def _answered(schema: Mapping[str, Any]) -> list[str]:
    return [*schema.get("readOnlyProperties", [])]


def _within(node: Mapping[str, Any], schema: Mapping[str, Any], path: str, seen: tuple[str, ...]) -> Iterator[str]:
    reference = node.get("$ref")
    if reference in seen:
        yield path
        return
    inside = (*seen, str(reference)) if reference else seen
    node = _followed(node, schema)
    members = _members(node, schema)
    if members:
        for name, member in members.items():
            yield from _within(member, schema, f"{path}.{name}" if path else name, inside)
    elif isinstance(node.get("items"), Mapping):
        yield from _within(node["items"], schema, path, inside)
    else:
        yield path


def _members(node: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties of an object, those of each of its forms among them."""
    forms = [_followed(form, schema) for choice in _CHOICES for form in node.get(choice, [])]
    return {
        **{name: each for form in forms for name, each in form.get("properties", {}).items() if each},
        **node.get("properties", {}),
    }


def _followed(node: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in node:
        found: Any = schema
        for step in node["$ref"].split("/")[1:]:
            found = found[step]
        node = {**found, **{name: each for name, each in node.items() if name != "$ref"}}
    return node


def _by_key(path: str) -> list[str]:
    owner, _, member = path.rpartition(".")
    if owner not in BY_KEY:
        return [path]
    return [f"{owner}.{key}" for key in attribute_keys(owner.removesuffix("s"))] if member == "Key" else []


def attribute_keys(shape: str) -> list[str]:
    """Return the keys that the API Reference lists for a shape such as TargetGroupAttribute, in botocore's model."""
    model = botocore.session.get_session().get_service_model("elbv2")
    return list(dict.fromkeys(_KEY.findall(model.shape_for(shape).members["Key"].documentation)))
