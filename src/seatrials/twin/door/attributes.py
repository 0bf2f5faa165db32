"""The attributes of load balancers and target groups: which there are, and which values each takes.

Source: Elastic Load Balancing API Reference, LoadBalancerAttribute and TargetGroupAttribute.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from seatrials.twin.door.refusal import Asked, Refusal, rule

_WRONG = "ValidationError"


@dataclass(frozen=True)
class Values:
    """The values that an attribute takes, and what they are called."""

    takes: Callable[[str], bool]
    told: str


def _one_of(*values: str) -> Values:
    return Values(lambda value: value in values, " or ".join(values))


def whole(least: int, most: int, *others: str) -> Callable[[str], bool]:
    """Return what takes whole numbers of a range, as few digits as they need, and *others*."""

    def takes(value: str) -> bool:
        # `isdigit` alone takes superscripts, and a number of 5,000 digits would be too much for `int`.
        is_number = value.isascii() and value.isdigit() and len(value) <= len(str(most))
        return value in others or (is_number and least <= int(value) <= most)

    return takes


def _between(least: int, most: int, *others: str) -> Values:
    return Values(whole(least, most, *others), " or ".join([f"a whole number from {least} to {most}", *others]))


_SWITCH = _one_of("true", "false")
_ANYTHING = Values(lambda _value: True, "anything")
# AWS says: the largest number of targets that there can be.
_MANY = 2**31 - 1

LOAD_BALANCER_ATTRIBUTES: Mapping[str, Values] = {
    "deletion_protection.enabled": _SWITCH,
    "load_balancing.cross_zone.enabled": _SWITCH,
    "access_logs.s3.enabled": _SWITCH,
    "access_logs.s3.bucket": _ANYTHING,
    "access_logs.s3.prefix": _ANYTHING,
    "ipv6.deny_all_igw_traffic": _SWITCH,
    "zonal_shift.config.enabled": _SWITCH,
    "idle_timeout.timeout_seconds": _between(1, 4_000),
    "client_keep_alive.seconds": _between(60, 604_800),
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
    "secondary_ips.auto_assigned.per_subnet": _between(0, 7),
}
_HEALTHY_TARGETS = "target_group_health.{}.minimum_healthy_targets.{}"
TARGET_GROUP_ATTRIBUTES: Mapping[str, Values] = {
    "deregistration_delay.timeout_seconds": _between(0, 3_600),
    "deregistration_delay.connection_termination.enabled": _SWITCH,
    "stickiness.enabled": _SWITCH,
    "stickiness.type": _one_of("lb_cookie", "app_cookie", "source_ip", "source_ip_dest_ip", "source_ip_dest_ip_proto"),
    "stickiness.app_cookie.cookie_name": Values(
        lambda value: bool(value) and not value.startswith("AWSALB"), "a name that does not begin with AWSALB"
    ),
    "stickiness.app_cookie.duration_seconds": _between(1, 604_800),
    "stickiness.lb_cookie.duration_seconds": _between(1, 604_800),
    "load_balancing.cross_zone.enabled": _one_of("true", "false", "use_load_balancer_configuration"),
    "load_balancing.algorithm.type": _one_of("round_robin", "least_outstanding_requests", "weighted_random"),
    "load_balancing.algorithm.anomaly_mitigation": _one_of("on", "off"),
    "slow_start.duration_seconds": _between(30, 900, "0"),
    "lambda.multi_value_headers.enabled": _SWITCH,
    "preserve_client_ip.enabled": _SWITCH,
    "proxy_protocol_v2.enabled": _SWITCH,
    _HEALTHY_TARGETS.format("dns_failover", "count"): _between(1, _MANY, "off"),
    _HEALTHY_TARGETS.format("dns_failover", "percentage"): _between(1, 100, "off"),
    _HEALTHY_TARGETS.format("unhealthy_state_routing", "count"): _between(1, _MANY),
    _HEALTHY_TARGETS.format("unhealthy_state_routing", "percentage"): _between(1, 100, "off"),
    "target_health_state.unhealthy.connection_termination.enabled": _SWITCH,
    "target_health_state.unhealthy.draining_interval_seconds": _between(0, 360_000),
    "target_failover.on_deregistration": _one_of("rebalance", "no_rebalance"),
    "target_failover.on_unhealthy": _one_of("rebalance", "no_rebalance"),
    "send_tcp_reset.on_deregistration.enabled": _SWITCH,
    "send_tcp_reset.on_unhealthy.enabled": _SWITCH,
}


@rule("elbv2", "ModifyLoadBalancerAttributes")
def load_balancer_attributes(asked: Asked) -> None:
    """An attribute of a load balancer is one that there is, with a value of its range."""
    _attributes("Load balancer", LOAD_BALANCER_ATTRIBUTES, asked.parameters["Attributes"])


@rule("elbv2", "ModifyTargetGroupAttributes")
def target_group_attributes(asked: Asked) -> None:
    """An attribute of a target group is one that there is, with a value of its range."""
    _attributes("Target group", TARGET_GROUP_ATTRIBUTES, asked.parameters["Attributes"])


def _attributes(whose: str, known: Mapping[str, Values], attributes: Sequence[Mapping[str, str]]) -> None:
    for each in attributes:
        key, value = each.get("Key", ""), each.get("Value", "")
        if key not in known:
            raise Refusal(_WRONG, f"{whose} attribute key '{key}' is not recognized")
        if not known[key].takes(value):
            raise Refusal(_WRONG, f"{whose} attribute value '{value[:100]}' is not valid for '{key}'")
