"""The attributes of load balancers and target groups: their names, and the values that each takes.

Source: Elastic Load Balancing API Reference, LoadBalancerAttribute and TargetGroupAttribute.
"""

from collections.abc import Callable, Iterator, Mapping

from seatrials.twin.cloudformation.rules.declarations import Declarations, Declared, Finding, is_known, mapping, number
from seatrials.twin.cloudformation.rules.rule import Rule

# Returns what a value must be, None when it is that.
Wish = Callable[[str], str | None]


def _one_of(*allowed: str) -> Wish:
    return lambda value: None if value in allowed else f"must be {' or '.join(allowed)}"


def _between(low: int, high: int, *words: str) -> Wish:
    def wish(value: str) -> str | None:
        is_whole = value.isdecimal() and low <= int(value) <= high
        return None if is_whole or value in words else f"must be a whole number from {low} to {high}"

    return wish


def _anything(_: str) -> str | None:
    return None


_FLAG = _one_of("true", "false")
_MANY = 2**31

_OF_BALANCER: Mapping[str, Wish] = {
    "access_logs.s3.bucket": _anything,
    "access_logs.s3.enabled": _FLAG,
    "access_logs.s3.prefix": _anything,
    "client_keep_alive.seconds": _between(60, 604_800),
    "connection_logs.s3.bucket": _anything,
    "connection_logs.s3.enabled": _FLAG,
    "connection_logs.s3.prefix": _anything,
    "deletion_protection.enabled": _FLAG,
    "dns_record.client_routing_policy": _one_of(
        "availability_zone_affinity", "partial_availability_zone_affinity", "any_availability_zone"
    ),
    "health_check_logs.s3.bucket": _anything,
    "health_check_logs.s3.enabled": _FLAG,
    "health_check_logs.s3.prefix": _anything,
    "idle_timeout.timeout_seconds": _between(1, 4_000),
    "ipv6.deny_all_igw_traffic": _FLAG,
    "load_balancing.cross_zone.enabled": _FLAG,
    "routing.http.desync_mitigation_mode": _one_of("monitor", "defensive", "strictest"),
    "routing.http.drop_invalid_header_fields.enabled": _FLAG,
    "routing.http.preserve_host_header.enabled": _FLAG,
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": _FLAG,
    "routing.http.xff_client_port.enabled": _FLAG,
    "routing.http.xff_header_processing.mode": _one_of("append", "preserve", "remove"),
    "routing.http2.enabled": _FLAG,
    "secondary_ips.auto_assigned.per_subnet": _between(0, 7),
    "waf.fail_open.enabled": _FLAG,
    "zonal_shift.config.enabled": _FLAG,
}

_COUNT = "minimum_healthy_targets.count"
_PERCENT = "minimum_healthy_targets.percentage"
_OF_GROUP: Mapping[str, Wish] = {
    "deregistration_delay.connection_termination.enabled": _FLAG,
    "deregistration_delay.timeout_seconds": _between(0, 3_600),
    "lambda.multi_value_headers.enabled": _FLAG,
    "load_balancing.algorithm.anomaly_mitigation": _one_of("on", "off"),
    "load_balancing.algorithm.type": _one_of("round_robin", "least_outstanding_requests", "weighted_random"),
    "load_balancing.cross_zone.enabled": _one_of("true", "false", "use_load_balancer_configuration"),
    "preserve_client_ip.enabled": _FLAG,
    "proxy_protocol_v2.enabled": _FLAG,
    "slow_start.duration_seconds": lambda value: None if value == "0" else _between(30, 900)(value),
    "stickiness.app_cookie.cookie_name": _anything,
    "stickiness.app_cookie.duration_seconds": _between(1, 604_800),
    "stickiness.enabled": _FLAG,
    "stickiness.lb_cookie.duration_seconds": _between(1, 604_800),
    "stickiness.type": _one_of("lb_cookie", "app_cookie", "source_ip", "source_ip_dest_ip", "source_ip_dest_ip_proto"),
    "target_failover.on_deregistration": _one_of("rebalance", "no_rebalance"),
    "target_failover.on_unhealthy": _one_of("rebalance", "no_rebalance"),
    f"target_group_health.dns_failover.{_COUNT}": _between(1, _MANY, "off"),
    f"target_group_health.dns_failover.{_PERCENT}": _between(1, 100, "off"),
    f"target_group_health.unhealthy_state_routing.{_COUNT}": _between(1, _MANY),
    f"target_group_health.unhealthy_state_routing.{_PERCENT}": _between(1, 100, "off"),
    "target_health_state.unhealthy.connection_termination.enabled": _FLAG,
    "target_health_state.unhealthy.draining_interval_seconds": _between(0, 360_000),
}


def _checked(property_name: str, known: Mapping[str, Wish]) -> Callable[[Declared, Declarations], Iterator[Finding]]:
    def find(owner: Declared, _: Declarations) -> Iterator[Finding]:
        for path, attribute in owner.at(f"{property_name}.*"):
            key, value = str(mapping(attribute).get("Key")), mapping(attribute).get("Value")
            if not is_known(key):
                continue
            if key not in known:
                yield f"{path}.Key", f"the attribute key {key!r} is not recognized; known are {', '.join(known)}"
            elif is_known(value):
                wish = known[key](_as_written(value))
                if wish is not None:
                    yield f"{path}.Value", f"the attribute {key} is {value!r}; it {wish}"

    return find


def _as_written(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    whole = number(value)
    return str(int(whole)) if whole is not None and whole.is_integer() else str(value)


ATTRIBUTE_RULES = (
    Rule(
        "balancer-attributes",
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "An attribute exists and has a value that it takes.",
        "ELB LoadBalancerAttribute",
        _checked("LoadBalancerAttributes", _OF_BALANCER),
    ),
    Rule(
        "group-attributes",
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        "An attribute exists and has a value that it takes.",
        "ELB TargetGroupAttribute",
        _checked("TargetGroupAttributes", _OF_GROUP),
    ),
)
