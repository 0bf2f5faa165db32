"""What Elastic Load Balancing refuses and its model does not say.

Sources: Elastic Load Balancing API Reference, RedirectActionConfig, FixedResponseActionConfig and RuleCondition; AWS
ALB User Guide, "Condition types for listener rules".
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from seatrials.twin.door.attributes import whole
from seatrials.twin.door.conditions import CONFIGS, too_many, values_of, wrong_value
from seatrials.twin.door.refusal import Asked, Refusal, rule

_WRONG = "ValidationError"
_PORT_MAX = 65_535
# The actions that decide what becomes of a request; the others come before one of them.
ROUTING = ("forward", "redirect", "fixed-response")
_PLACEHOLDER = re.compile(r"#\{(?:protocol|host|port|path|query)\}")
# Printable ASCII: what may stand in a Location header as it is.
_PRINTABLE = re.compile(r"[\x20-\x7e]*")


@rule("elbv2", "CreateRule", "ModifyRule")
def actions_of_rules(asked: Asked) -> None:
    """The actions of a rule can be done."""
    _actions(asked.parameters.get("Actions"))


@rule("elbv2", "CreateRule", "ModifyRule")
def conditions(asked: Asked) -> None:
    """A condition has one of the fields that there are, with values of it."""
    given = asked.parameters.get("Conditions", [])
    for condition in given:
        field = condition.get("Field")
        if field not in CONFIGS:
            raise Refusal(_WRONG, f"Condition field '{field}' must be one of '[{', '.join(CONFIGS)}]'")
        config, values = condition.get(CONFIGS[field]) or {}, values_of(condition)
        if not values and not values_of(condition, "RegexValues"):
            raise Refusal(_WRONG, "A condition value must be specified")
        if field == "http-header" and not config.get("HttpHeaderName"):
            raise Refusal(_WRONG, "A condition on an HTTP header must have an HttpHeaderName")
        if field == "query-string" and not all(each.get("Value") for each in config.get("Values") or [{}]):
            raise Refusal(_WRONG, "A condition on a query string must have values")
        for value in values:
            wrong = wrong_value(field, str(value))
            if wrong is not None:
                raise Refusal(_WRONG, f"Condition value '{str(value)[:100]}' is not valid: {wrong}")
    for each in too_many(given):
        raise Refusal(_WRONG, f"The rule has {each}")


@rule("elbv2", "CreateListener", "ModifyListener")
def actions_of_listeners(asked: Asked) -> None:
    """The default actions of a listener can be done."""
    _actions(asked.parameters.get("DefaultActions"))


def _actions(actions: Sequence[Mapping[str, Any]] | None) -> None:
    if actions is not None and not any(each.get("Type") in ROUTING for each in actions):
        raise Refusal(_WRONG, f"One action must be of the types '[{', '.join(ROUTING)}]'")
    for action in actions or ():
        if action.get("Type") == "redirect":
            _redirect(action.get("RedirectConfig") or {})
        elif action.get("Type") == "fixed-response":
            _fixed_response(action.get("FixedResponseConfig") or {})
        elif action.get("Type") == "forward" and not _forwards(action):
            raise Refusal(_WRONG, "A target group ARN must be specified for an action of type forward")


def _forwards(action: Mapping[str, Any]) -> bool:
    groups = (action.get("ForwardConfig") or {}).get("TargetGroups", [])
    return bool(action.get("TargetGroupArn")) or any(each.get("TargetGroupArn") for each in groups)


def _redirect(config: Mapping[str, Any]) -> None:
    port = config.get("Port")
    if port is not None and port != "#{port}" and not whole(1, _PORT_MAX)(port):
        told = f"The redirect port '{port[:100]}' is not valid: it must be #{{port}} or a number from 1 to {_PORT_MAX}"
        raise Refusal(_WRONG, told)
    path = config.get("Path")
    if path is not None and not path.startswith("/"):
        raise Refusal(_WRONG, f"The redirect path '{path[:100]}' must start with '/'")
    for name in ("Host", "Path", "Query"):
        text = _PLACEHOLDER.sub("", config.get(name) or "")
        if not _PRINTABLE.fullmatch(text) or "#{" in text:
            raise Refusal(_WRONG, f"The redirect {name.lower()} '{config[name][:100]}' contains invalid characters")
    protocol = config.get("Protocol")
    if protocol is not None and protocol not in ("HTTP", "HTTPS", "#{protocol}"):
        raise Refusal(_WRONG, f"The redirect protocol '{protocol[:100]}' is not valid")
    if not config.get("StatusCode"):
        raise Refusal(_WRONG, "A redirect action must have a status code")


def _fixed_response(config: Mapping[str, Any]) -> None:
    status = config.get("StatusCode") or ""
    if not re.fullmatch(r"[245]\d\d", status, re.ASCII):
        raise Refusal(
            _WRONG, f"The fixed-response status code '{status[:100]}' is not valid: it must be 2XX, 4XX or 5XX"
        )


@rule("elbv2", "RegisterTargets", "DeregisterTargets")
def targets_are_addresses(asked: Asked) -> None:
    """A target of a group of type ip is an IPv4 or IPv6 address."""
    others = [each["Id"] for each in asked.parameters["Targets"] if not _is_address(each["Id"])]
    # What a group is of is looked up for want of an address only, for nearly all targets are addresses.
    if others and _type_of(asked, asked.parameters["TargetGroupArn"]) == "ip":
        raise Refusal(_WRONG, f"The IP address '{others[0][:100]}' is not a valid IPv4 address")


def _type_of(asked: Asked, arn: str) -> str | None:
    groups = asked.aws("elbv2").describe_target_groups()["TargetGroups"]
    return next((each.get("TargetType") for each in groups if each["TargetGroupArn"] == arn), None)


def _is_address(text: str) -> bool:
    parts = text.split(".")
    return len(parts) == len("abcd") and all(whole(0, 255)(part) for part in parts)


@rule("elbv2", "CreateTargetGroup", "ModifyTargetGroup")
def health_checks(asked: Asked) -> None:
    """The port of a health check is a number or the traffic's, and its matcher a list of codes."""
    port = asked.parameters.get("HealthCheckPort")
    if port is not None and port != "traffic-port" and not whole(1, _PORT_MAX)(port):
        raise Refusal(_WRONG, f"Health check port '{port[:100]}' must be a number or 'traffic-port'")
    codes = (asked.parameters.get("Matcher") or {}).get("HttpCode")
    if codes is not None and not re.fullmatch(r"\d{3}(?:-\d{3})?(?:,\d{3}(?:-\d{3})?)*", codes, re.ASCII):
        raise Refusal(_WRONG, f"Health check matcher HTTP code '{codes[:100]}' must be codes such as 200,301-302")
    path = asked.parameters.get("HealthCheckPath")
    if path is not None and (not path.startswith("/") or not re.fullmatch(r"[\x21-\x7e]+", path)):
        raise Refusal(_WRONG, f"Health check path '{path[:100]}' must begin with '/' and be printable ASCII")
