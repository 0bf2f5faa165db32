"""What a deployment is given besides its template: values of parameters, and what other stacks and stores hold."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seatrials.errors import ConfigurationError
from seatrials.twin.cloudformation.template import as_text


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Values for one deployment.

    `imports` has by name what Fn::ImportValue finds (`network-VpcId`) and what the stores hold (`ssm:/db/host`,
    `secretsmanager:db:SecretString:password`, as a dynamic reference names it).
    """

    parameters: Mapping[str, str] = field(default_factory=dict)
    imports: Mapping[str, str] = field(default_factory=dict)


NO_INPUTS = Inputs()


def read_inputs(parameters: Iterable[str], files: Iterable[Path], imports: Iterable[str]) -> Inputs:
    """Return the inputs that a command line gives: KEY=VALUE, JSON files of parameters, NAME=VALUE.

    A file is a map of keys to values, or the AWS CLI's list of ParameterKey and ParameterValue; what the command line
    says of a key comes before what a file says. Raises `ConfigurationError` with everything that is wrong.
    """
    problems: list[str] = []
    values: dict[str, str] = {}
    for path in files:
        values.update(_from_file(path, problems))
    values.update(_pairs("--parameter", parameters, problems))
    given = Inputs(parameters=values, imports=_pairs("--import", imports, problems))
    if problems:
        raise ConfigurationError("\n".join(problems))
    return given


def _pairs(option: str, texts: Iterable[str], problems: list[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name or not equals:
            problems.append(f"{option} takes NAME=VALUE, not {text!r}")
        pairs[name] = value
    return pairs


def _from_file(path: Path, problems: list[str]) -> dict[str, str]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        problems.append(f"--parameters: {path} cannot be read as JSON: {error}")
        return {}
    # CloudFormation's template configuration files have the map under Parameters.
    if isinstance(document, dict) and isinstance(document.get("Parameters"), dict):
        document = document["Parameters"]
    if isinstance(document, list):
        document = _from_list(path, document, problems)
    if not isinstance(document, dict):
        problems.append(f"--parameters: {path} must be a map, or a list of ParameterKey and ParameterValue")
        return {}
    return {str(name): _value(value) for name, value in document.items()}


def _from_list(path: Path, items: list[Any], problems: list[str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for index, item in enumerate(items):
        if not isinstance(item, dict) or "ParameterKey" not in item or "ParameterValue" not in item:
            problems.append(f"--parameters: item {index} of {path} lacks ParameterKey or ParameterValue: {item!r}")
        else:
            found[str(item["ParameterKey"])] = item["ParameterValue"]
    return found


def _value(value: object) -> str:
    return ",".join(map(as_text, value)) if isinstance(value, list) else as_text(value)
