"""A template with two stacks shaped alike: ours, and another under other names in the same network and account."""

import json
import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path

from seatrials.environments.parts import ResourceNames
from seatrials.twin.cloudformation.template import load_template
from tests.support.aws import Document, Json
from tests.support.project import TEMPLATE

# The network, which both stacks are in.
SHARED = frozenset(
    {
        *("Vpc", "SubnetA", "SubnetB", "InternetGateway", "InternetGatewayAttachment", "RouteTable"),
        *("DefaultRoute", "SubnetARoutes", "SubnetBRoutes"),
    }
)
_VARIABLE = re.compile(r"\$\{(\w+)")


def their_word(word: str) -> str:
    """Return what the second stack says where ours says *word*, a name or the beginning of one."""
    renamed = word.replace("webordinary/", "IMAGE/").replace("webordinary", "shop").replace("Webordinary", "Shop")
    return re.sub(r"^/ecs/", "/ecs/shop-", renamed).replace("IMAGE/", "webordinary/")


THEIR_NAMES = ResourceNames.model_validate(
    {name: their_word(value) if value else value for name, value in ResourceNames().model_dump().items()}
)


def write_two_stacks(folder: Path) -> Path:
    """Write the template into *folder* and return its path."""
    document: Document = deepcopy(dict(load_template(TEMPLATE).document))
    names = {*document["Parameters"], *document["Resources"]} - SHARED
    parameters = {
        name: {**each, "Default": their_word(str(each["Default"]))} for name, each in _of(document, "Parameters")
    }
    second = {
        "Parameters": parameters,
        "Resources": {name: each for name, each in _of(document, "Resources") if name not in SHARED},
    }
    for section, every in second.items():
        document[section].update({f"Their{name}": _theirs(each, names) for name, each in every.items()})
    # The twin checks the health of all targets from the first load balancer, so their tasks let that one in as well.
    ours, theirs = (document["Resources"][f"{each}TaskSecurityGroup"]["Properties"] for each in ("", "Their"))
    theirs["SecurityGroupIngress"] += ours["SecurityGroupIngress"]
    path = folder / "two-stacks.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def _of(document: Mapping[str, Json], section: str) -> list[tuple[str, Json]]:
    return list(document[section].items())


def _theirs(value: Json, names: set[str]) -> Json:
    """Return a part of the template with each reference to what is doubled leading to the second of it."""
    if isinstance(value, list):
        return [_theirs(each, names) for each in value]
    if not isinstance(value, dict):
        return value
    return {key: _referring(key, each, names) for key, each in value.items()}


def _referring(key: str, value: Json, names: set[str]) -> Json:
    if key in {"Ref", "DependsOn"} and isinstance(value, str):
        return _their_name(value, names)
    if key == "DependsOn":
        return [_their_name(each, names) for each in value]
    if key == "Fn::GetAtt":
        parts: Sequence[str] = value.split(".", 1) if isinstance(value, str) else value
        return [_their_name(parts[0], names), *parts[1:]]
    if key == "Fn::Sub" and isinstance(value, str):
        return _substituted(value, names)
    if key == "Fn::Sub":
        own = set(value[1])
        return [_substituted(value[0], names - own), _theirs(value[1], names)]
    return _theirs(value, names)


def _substituted(text: str, names: set[str]) -> str:
    renamed = _VARIABLE.sub(lambda found: "${" + _their_name(found[1], names), text)
    return renamed.replace("${AWS::StackName}", "shop")


def _their_name(name: str, names: set[str]) -> str:
    return f"Their{name}" if name in names else name
