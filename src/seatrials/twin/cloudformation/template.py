"""A CloudFormation template as it was written: loaded, checked for its outer form, nothing resolved yet.

cfn-flip reads the short YAML forms (`!Ref`, `!Sub`), so that `Template.document` knows only the long ones (`Ref`,
`Fn::Sub`) whether the file was YAML or JSON. `intrinsics.py` gives the values, `deployer.py` makes the resources.
"""

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import yaml
from cfn_flip import load_json
from cfn_tools import CfnYamlLoader

from seatrials.errors import TemplateError

# Sections that say something about a deployment; Transform and Hooks are refused, since they would change it unseen.
_SECTIONS = ("Parameters", "Rules", "Mappings", "Conditions", "Resources", "Outputs")
_SILENT_SECTIONS = ("AWSTemplateFormatVersion", "Description", "Metadata")

# What makes nothing that the twin acts on: what the CDK writes about itself, and functions with what calls them.
_LEFT_OUT = re.compile(r"AWS::CDK::Metadata|AWS::Lambda::.+|AWS::CloudFormation::CustomResource|Custom::.+")


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One entry of the template's Resources."""

    logical_id: str
    type: str
    properties: Mapping[str, Any]
    depends_on: tuple[str, ...]
    condition: str | None


@dataclass(frozen=True, kw_only=True)
class Template:
    """A template of the right outer form; `document` is the plain dictionary, for those who want to change it."""

    document: dict[str, Any]
    resources: Mapping[str, Resource]
    # The types of the resources that are not made, by logical id.
    left_out: Mapping[str, str]
    parameters: Mapping[str, Any]
    rules: Mapping[str, Any]
    mappings: Mapping[str, Any]
    conditions: Mapping[str, Any]
    outputs: Mapping[str, Any]

    def left_out_notes(self) -> list[str]:
        """Return what is told of resources that are left out."""
        named = ", ".join(f"{name} ({kind})" for name, kind in self.left_out.items())
        return [f"left out, for the twin runs no functions and needs no metadata: {named}"] if named else []

    @cached_property
    def text(self) -> str:
        """The document as JSON, by which one template is told from another."""
        return json.dumps(self.document, sort_keys=True, default=str)


def load_template(path: Path) -> Template:
    """Return the template in the YAML or JSON file *path*; raises `TemplateError` naming the file and what is wrong."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"cannot read the template {path}: {error}; give the path of a CloudFormation template"
        raise TemplateError(msg) from error
    try:
        document = _document(text)
    except (ValueError, yaml.YAMLError) as error:
        msg = f"the template {path} is neither YAML nor JSON: {error}"
        raise TemplateError(msg) from error
    try:
        # A copy, so that whoever changes a document changes only his own.
        return parse_template(_plain(document))
    except TemplateError as error:
        msg = f"{path}: {error}"
        raise TemplateError(msg) from error


def parse_template(document: Mapping[str, Any]) -> Template:
    """Return the template in an already loaded dictionary; raises `TemplateError` with every fault of its form."""
    if not isinstance(document, Mapping):
        msg = f"a template is a mapping with Resources, not {type(document).__name__}"
        raise TemplateError(msg)
    problems = [
        f"the section {name!r} is not supported; supported are {', '.join((*_SILENT_SECTIONS, *_SECTIONS))}"
        for name in document
        if name not in _SECTIONS and name not in _SILENT_SECTIONS
    ]
    sections = {name: _section(document, name, problems) for name in _SECTIONS}
    if not document.get("Resources"):
        problems.append("the template has no Resources, so there is nothing to deploy")
    resources = [_resource(name, body, problems) for name, body in sections["Resources"].items()]
    raise_problems("the template cannot be used", problems)
    left_out = {each.logical_id: each.type for each in resources if _LEFT_OUT.fullmatch(each.type)}
    return Template(
        document=dict(document),
        resources={each.logical_id: each for each in resources if each.logical_id not in left_out},
        left_out=left_out,
        parameters=sections["Parameters"],
        rules=sections["Rules"],
        mappings=sections["Mappings"],
        conditions=sections["Conditions"],
        outputs=sections["Outputs"],
    )


def raise_problems(what: str, problems: list[str]) -> None:
    """Raise one `TemplateError` that lists *problems*, if there are any."""
    if problems:
        msg = "\n- ".join([f"{what}:", *dict.fromkeys(problems)])
        raise TemplateError(msg)


def as_text(value: object) -> str:
    """Return a scalar of a template as CloudFormation writes it in text: `true`, not `True`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


class _YamlLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # libyaml's, where it is there
    """Reads CloudFormation's tags as cfn-flip does, ten times faster."""

    yaml_constructors = CfnYamlLoader.yaml_constructors
    yaml_multi_constructors = CfnYamlLoader.yaml_multi_constructors


@lru_cache(maxsize=8)
def _document(text: str) -> object:
    # A worker deploys the same template for each test, and reading YAML takes as long as deploying it.
    # JSON has a reader of its own because it may be indented with tabs, which YAML refuses.
    return load_json(text) if text.lstrip().startswith("{") else yaml.load(text, Loader=_YamlLoader)  # noqa: S506  # safe


def _plain(value: object) -> Any:  # noqa: ANN401  # a document is any nesting of dictionaries, lists and scalars
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    # YAML reads an unquoted 2012-10-17, the version of every policy document, as a date.
    return value.isoformat() if isinstance(value, date) else value


def _section(document: Mapping[str, Any], name: str, problems: list[str]) -> Mapping[str, Any]:
    section = document.get(name) or {}
    if not isinstance(section, Mapping):
        problems.append(f"{name} must be a mapping, not {type(section).__name__}")
        return {}
    for entry, body in section.items():
        if not isinstance(body, Mapping):
            problems.append(f"{entry} in {name} must be a mapping, not {body!r}")
    return {entry: body for entry, body in section.items() if isinstance(body, Mapping)}


def _resource(logical_id: str, fields: Mapping[str, Any], problems: list[str]) -> Resource:
    if not isinstance(fields.get("Type"), str):
        problems.append(f"resource {logical_id} has no Type")
    properties = fields.get("Properties") or {}
    if not isinstance(properties, Mapping):
        problems.append(f"the Properties of resource {logical_id} must be a mapping, not {type(properties).__name__}")
        properties = {}
    depends_on = fields.get("DependsOn") or []
    return Resource(
        logical_id=logical_id,
        type=str(fields.get("Type")),
        properties=properties,
        depends_on=tuple(map(str, depends_on if isinstance(depends_on, list) else [depends_on])),
        condition=None if fields.get("Condition") is None else str(fields["Condition"]),
    )


def likely_meant(name: str, known: Iterable[str]) -> str:
    """Return `, perhaps X is meant` with the name that *name* most resembles, empty when it resembles none."""
    matches = difflib.get_close_matches(name, list(known), n=1, cutoff=0.8)
    return f", perhaps {matches[0]} is meant" if matches else ""
