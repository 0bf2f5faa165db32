"""CloudFormation properties turned into the parameters of an AWS call, as botocore's service model describes them.

CloudFormation and the services' own interfaces name nearly everything alike but for case (`ContainerDefinitions` and
`containerDefinitions`), and CloudFormation is loose about scalars ("8080" is a number). One walk over the model's shape
covers every resource type; what differs is written down per type in `resources/`.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from seatrials.errors import TemplateError
from seatrials.seams.application import AwsClient
from seatrials.twin.cloudformation.intrinsics import PENDING
from seatrials.twin.cloudformation.template import as_text, likely_meant

# botocore's classes carry no types.
Shape = Any

# The model of an operation is the same for every client of a service, and looking it up costs more than the call.
_INPUTS: dict[tuple[str, str], Shape] = {}
# The members of a structure by name in lower case; shapes of one service have unique names.
_MEMBERS: dict[tuple[str, str], dict[str, str]] = {}

_BOOLEANS = {"true": True, "false": False}


class Conversion:
    """Turns the properties of one resource; `problems` fills with those that fit no parameter."""

    def __init__(self, client: AwsClient, operation: str, where: str) -> None:
        """Prepare for *operation* (a boto3 method name) of *client*; *where* names the resource for the problems."""
        self.problems: list[str] = []
        self._service = str(client.meta.service_model.service_name)
        self._where = where
        self._input = _input_shape(client, operation)

    def parameters(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        """Return *properties* as keyword arguments of the operation."""
        return self._structure(self._input, properties, "")

    def _problem(self, path: str, text: str) -> None:
        self.problems.append(f"{self._where}.{path}: {text}" if path else f"{self._where}: {text}")

    def _convert(self, shape: Shape, value: object, path: str) -> Any:  # noqa: ANN401  # as many types as shapes
        match shape.type_name:
            case "structure" if isinstance(value, Mapping):
                return self._structure(shape, value, path)
            case "map" if isinstance(value, Mapping):
                return {str(key): self._convert(shape.value, item, f"{path}.{key}") for key, item in value.items()}
            case "list" if isinstance(value, list):
                return [self._convert(shape.member, item, f"{path}.{index}") for index, item in enumerate(value)]
            case "structure" | "map" | "list" as kind:
                if value != PENDING:
                    self._problem(path, f"must be a {kind}, not {value!r}")
                return value
        return self._scalar(shape.type_name, value, path)

    def _structure(self, shape: Shape, value: Mapping[str, Any], path: str) -> dict[str, Any]:
        names = self._members(shape)
        converted: dict[str, Any] = {}
        for key, item in value.items():
            name = names.get(key.lower())
            inner = f"{path}.{key}" if path else key
            if name is None:
                meant = likely_meant(key, _as_properties(shape.members))
                self._problem(inner, f"is not a known property{meant}; known are {_listed(shape.members)}")
            else:
                converted[name] = self._convert(shape.members[name], item, inner)
        missing = [name for name in shape.required_members if name not in converted]
        if missing:
            self._problem(path, f"lacks {_listed(missing)}")
        return converted

    def _members(self, shape: Shape) -> dict[str, str]:
        key = (self._service, str(shape.name))
        if key not in _MEMBERS:
            _MEMBERS[key] = {name.lower(): name for name in shape.members}
        return _MEMBERS[key]

    def _scalar(self, kind: str, value: object, path: str) -> object:
        if kind == "string":
            # A policy or a dashboard is written as a document and sent as text.
            return json.dumps(value) if isinstance(value, (Mapping, list)) else as_text(value)
        text = as_text(value)
        if PENDING in text:
            return value
        try:
            match kind:
                case "integer" | "long":
                    return int(text)
                case "float" | "double":
                    return float(text)
                case "boolean":
                    return _BOOLEANS[text.lower()]
        except (ValueError, KeyError):
            self._problem(path, f"must be of type {kind}, not {value!r}")
        return value


def _listed(names: Iterable[str]) -> str:
    """Return the names of parameters as CloudFormation writes them."""
    return ", ".join(_as_properties(names))


def _as_properties(names: Iterable[str]) -> list[str]:
    return [name[:1].upper() + name[1:] for name in names]


def _input_shape(client: AwsClient, operation: str) -> Shape:
    model = client.meta.service_model
    key = (str(model.service_name), operation)
    if key not in _INPUTS:
        name = client.meta.method_to_api_mapping.get(operation)
        if name is None:
            msg = f"the service {key[0]} has no operation {operation!r}"
            raise TemplateError(msg)
        _INPUTS[key] = model.operation_model(name).input_shape
    return _INPUTS[key]
