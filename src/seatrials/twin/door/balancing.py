"""What Elastic Load Balancing refuses and its model does not say.

Sources: Elastic Load Balancing API Reference, LoadBalancerAttribute, TargetGroupAttribute and RedirectActionConfig; AWS
ALB User Guide, "Listener rules for your Application Load Balancer".
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from seatrials.twin.door.refusal import Asked, Refusal, rule

_WRONG = "ValidationError"
_PORT_MAX = 65_535
_PLACEHOLDER = re.compile(r"#\{(?:protocol|host|port|path|query)\}")
# Printable ASCII: what may stand in a Location header as it is.
_PRINTABLE = re.compile(r"[\x20-\x7e]*")

# Whether a value is one of an attribute's.
Valid = Callable[[str], bool]


def _one_of(*values: str) -> Valid:
    return lambda value: value in values


def _whole(least: int, most: int, *others: str) -> Valid:
    """Return what takes whole numbers of a range, as few digits as they need, and *others*."""

    def valid(value: str) -> bool:
        # `isdigit` alone takes superscripts, and a number of 5,000 digits would be too much for `int`.
        is_number = value.isascii() and value.isdigit() and len(value) <= len(str(most))
        return value in others or (is_number and least <= int(value) <= most)

    return valid


_SWITCH = _one_of("true", "false")
_ANYTHING: Valid = lambda _value: True  # noqa: E731  # one of a table of such functions

_OF_LOAD_BALANCERS: Mapping[str, Valid] = {
    "deletion_protection.enabled": _SWITCH,
    "load_balancing.cross_zone.enabled": _SWITCH,
    "access_logs.s3.enabled": _SWITCH,
    "access_logs.s3.bucket": _ANYTHING,
    "access_logs.s3.prefix": _ANYTHING,
    "ipv6.deny_all_igw_traffic": _SWITCH,
    "zonal_shift.config.enabled": _SWITCH,
    "idle_timeout.timeout_seconds": _whole(1, 4_000),
    "client_keep_alive.seconds": _whole(60, 604_800),
    "connection_logs.s3.enabled": _SWITCH,
    "connection_logs.s3.bucket": _ANYTHING,
    "connection_logs.s3.prefix": _ANYTHING,
    "health_check_logs.s3.enabled": _SWITCH,
    "health_check_logs.s3.bucket": _ANYTHING,
    "health_check_logs.s3.prefix": _ANYTHING,
    "routing.http.desync_mitigation_mode": _one_of("monitor", "defensive", "strictest"),
    "routing.http.drop_invalid_header_fields.enabled": _SWITCH,
    "routing.http.preserve_host_header.enabled": _SWITCH,
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": _SWITCH,
    "routing.http.xff_client_port.enabled": _SWITCH,
    "routing.http.xff_header_processing.mode": _one_of("append", "preserve", "remove"),
    "routing.http2.enabled": _SWITCH,
    "waf.fail_open.enabled": _SWITCH,
    "dns_record.client_routing_policy": _one_of(
        "availability_zone_affinity", "partial_availability_zone_affinity", "any_availability_zone"
    ),
    "secondary_ips.auto_assigned.per_subnet": _whole(0, 7),
}
_HEALTHY_TARGETS = "target_group_health.{}.minimum_healthy_targets.{}"
_OF_TARGET_GROUPS: Mapping[str, Valid] = {
    "deregistration_delay.timeout_seconds": _whole(0, 3_600),
    "deregistration_delay.connection_termination.enabled": _SWITCH,
    "stickiness.enabled": _SWITCH,
    "stickiness.type": _one_of("lb_cookie", "app_cookie", "source_ip", "source_ip_dest_ip", "source_ip_dest_ip_proto"),
    "stickiness.app_cookie.cookie_name": lambda value: bool(value) and not value.startswith("AWSALB"),
    "stickiness.app_cookie.duration_seconds": _whole(1, 604_800),
    "stickiness.lb_cookie.duration_seconds": _whole(1, 604_800),
    "load_balancing.cross_zone.enabled": _one_of("true", "false", "use_load_balancer_configuration"),
    "load_balancing.algorithm.type": _one_of("round_robin", "least_outstanding_requests", "weighted_random"),
    "load_balancing.algorithm.anomaly_mitigation": _one_of("on", "off"),
    "slow_start.duration_seconds": _whole(30, 900, "0"),
    "lambda.multi_value_headers.enabled": _SWITCH,
    "preserve_client_ip.enabled": _SWITCH,
    "proxy_protocol_v2.enabled": _SWITCH,
    _HEALTHY_TARGETS.format("dns_failover", "count"): _whole(1, 9_999, "off"),
    _HEALTHY_TARGETS.format("dns_failover", "percentage"): _whole(1, 100, "off"),
    _HEALTHY_TARGETS.format("unhealthy_state_routing", "count"): _whole(1, 9_999),
    _HEALTHY_TARGETS.format("unhealthy_state_routing", "percentage"): _whole(1, 100, "off"),
    "target_health_state.unhealthy.connection_termination.enabled": _SWITCH,
    "target_health_state.unhealthy.draining_interval_seconds": _whole(0, 360_000),
    "target_failover.on_deregistration": _one_of("rebalance", "no_rebalance"),
    "target_failover.on_unhealthy": _one_of("rebalance", "no_rebalance"),
}


@rule("elbv2", "ModifyLoadBalancerAttributes")
def load_balancer_attributes(asked: Asked) -> None:
    """An attribute of a load balancer is one that there is, with a value of its range."""
    _attributes("Load balancer", _OF_LOAD_BALANCERS, asked.parameters["Attributes"])


@rule("elbv2", "ModifyTargetGroupAttributes")
def target_group_attributes(asked: Asked) -> None:
    """An attribute of a target group is one that there is, with a value of its range."""
    _attributes("Target group", _OF_TARGET_GROUPS, asked.parameters["Attributes"])


def _attributes(whose: str, known: Mapping[str, Valid], attributes: Sequence[Mapping[str, str]]) -> None:
    for each in attributes:
        key, value = each.get("Key", ""), each.get("Value", "")
        if key not in known:
            raise Refusal(_WRONG, f"{whose} attribute key '{key}' is not recognized")
        if not known[key](value):
            raise Refusal(_WRONG, f"{whose} attribute value '{value[:100]}' is not valid for '{key}'")


@rule("elbv2", "CreateRule", "ModifyRule")
def actions_of_rules(asked: Asked) -> None:
    """The actions of a rule can be done."""
    _actions(asked.parameters.get("Actions", []))


@rule("elbv2", "CreateListener", "ModifyListener")
def actions_of_listeners(asked: Asked) -> None:
    """The default actions of a listener can be done."""
    _actions(asked.parameters.get("DefaultActions", []))


def _actions(actions: Sequence[Mapping[str, Any]]) -> None:
    for action in actions:
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
    if port is not None and port != "#{port}" and not _whole(1, _PORT_MAX)(port):
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
    elbv2 = asked.aws("elbv2")
    arn = asked.parameters["TargetGroupArn"]
    found = [each for each in elbv2.describe_target_groups()["TargetGroups"] if each["TargetGroupArn"] == arn]
    if found and found[0].get("TargetType") == "ip":
        for each in asked.parameters["Targets"]:
            if not _is_address(each["Id"]):
                raise Refusal(_WRONG, f"The IP address '{each['Id'][:100]}' is not a valid IPv4 address")


def _is_address(text: str) -> bool:
    parts = text.split(".")
    return len(parts) == len("abcd") and all(_whole(0, 255)(part) for part in parts)


@rule("elbv2", "CreateTargetGroup", "ModifyTargetGroup")
def health_checks(asked: Asked) -> None:
    """The port of a health check is a number or the traffic's, and its matcher a list of codes."""
    port = asked.parameters.get("HealthCheckPort")
    if port is not None and port != "traffic-port" and not _whole(1, _PORT_MAX)(port):
        raise Refusal(_WRONG, f"Health check port '{port[:100]}' must be a number or 'traffic-port'")
    codes = (asked.parameters.get("Matcher") or {}).get("HttpCode")
    if codes is not None and not re.fullmatch(r"\d{3}(?:-\d{3})?(?:,\d{3}(?:-\d{3})?)*", codes, re.ASCII):
        raise Refusal(_WRONG, f"Health check matcher HTTP code '{codes[:100]}' must be codes such as 200,301-302")
    path = asked.parameters.get("HealthCheckPath")
    if path is not None and (not path.startswith("/") or not re.fullmatch(r"[\x21-\x7e]+", path)):
        raise Refusal(_WRONG, f"Health check path '{path[:100]}' must begin with '/' and be printable ASCII")
