"""Rules of load balancers, listeners, their rules and target groups.

Source: Elastic Load Balancing API Reference (CreateLoadBalancer, CreateListener, CreateRule, CreateTargetGroup); User
Guide for Application Load Balancers, "Condition types for listener rules" and "Action types for listener rules".
"""

from collections import Counter
from collections.abc import Iterator

from seatrials.twin.cloudformation.rules.declarations import Declarations, Declared, Finding, is_known, mapping, number
from seatrials.twin.cloudformation.rules.rule import Rule
from seatrials.twin.door.balancing import ROUTING
from seatrials.twin.door.conditions import CONFIGS, too_many, values_of, wrong_value

_PREFIX = "AWS::ElasticLoadBalancingV2"
BALANCER, LISTENER, GROUP, RULE = (
    f"{_PREFIX}::{name}" for name in ("LoadBalancer", "Listener", "TargetGroup", "ListenerRule")
)
_CONDITIONS = "ALB guide, Condition types for listener rules"
_ACTIONS = "ALB guide, Action types for listener rules"
_ZONES_MIN = 2
_HTTP = ("HTTP", "HTTPS")
_DEFAULT_PORTS = {"HTTP": 80, "HTTPS": 443}


def _is_application(balancer: Declared | None) -> bool:
    return balancer is not None and balancer.properties.get("Type", "application") == "application"


def _subnets_are_of_two_zones(balancer: Declared, all_: Declarations) -> Iterator[Finding]:
    listed = balancer.get("Subnets")
    if not _is_application(balancer) or not isinstance(listed, list):
        return
    if len(listed) < _ZONES_MIN:
        yield "Subnets", f"lists {len(listed)}; at least two subnets in two different Availability Zones must be given"
        return
    subnets = [subnet for subnet in map(all_.referred, listed) if subnet is not None]
    zones = Counter(str(subnet.properties.get("AvailabilityZone", subnet.logical_id)) for subnet in subnets)
    for zone, count in zones.items():
        if count > 1:
            yield "Subnets", f"has {count} subnets in the same Availability Zone ({zone})"


def _https_has_a_certificate(listener: Declared, _: Declarations) -> Iterator[Finding]:
    protocol = listener.get("Protocol")
    if protocol in ("HTTPS", "TLS") and not listener.get("Certificates"):
        yield "Certificates", f"lacks: a certificate must be specified for {protocol} listeners"
    if protocol == "HTTP" and listener.get("Certificates"):
        yield "Certificates", "cannot be specified for HTTP listeners"


def _listener_suits_its_balancer(listener: Declared, all_: Declarations) -> Iterator[Finding]:
    balancer, protocol = all_.referred(listener.get("LoadBalancerArn")), listener.get("Protocol")
    if _is_application(balancer) and is_known(protocol) and protocol not in _HTTP:
        yield "Protocol", f"is {protocol!r}; an application load balancer has {' and '.join(_HTTP)}"


def _ports_are_free(listener: Declared, all_: Declarations) -> Iterator[Finding]:
    place = (listener.get("LoadBalancerArn"), number(listener.get("Port")))
    for other in all_.of(LISTENER):
        if other is listener:
            return
        if place[1] is not None and place == (other.get("LoadBalancerArn"), number(other.get("Port"))):
            yield "Port", f"is {place[1]:g}, where {other.logical_id} listens already"


def _actions(owner: Declared) -> list[tuple[str, dict[str, object]]]:
    return [
        (path, dict(mapping(value))) for name in ("Actions", "DefaultActions") for path, value in owner.at(f"{name}.*")
    ]


def _actions_end(owner: Declared, _: Declarations) -> Iterator[Finding]:
    actions = _actions(owner)
    ending = [(path, action) for path, action in actions if action.get("Type") in ROUTING]
    if len(ending) > 1:
        yield (
            ending[1][0].rpartition(".")[0],
            f"has {len(ending)} of forward, redirect and fixed-response; it takes one",
        )
    for path, action in actions:
        if action.get("Type") == "forward" and not (action.get("TargetGroupArn") or action.get("ForwardConfig")):
            yield f"{path}.TargetGroupArn", "lacks: a forward action needs a target group"


def _forwards_speak_http(owner: Declared, all_: Declarations) -> Iterator[Finding]:
    listener = owner if owner.type == LISTENER else all_.referred(owner.get("ListenerArn"))
    if listener is None or listener.get("Protocol") not in _HTTP:
        return
    for path, action in _actions(owner):
        places = [(f"{path}.TargetGroupArn", action.get("TargetGroupArn"))]
        places += list(owner.at(f"{path}.ForwardConfig.TargetGroups.*.TargetGroupArn"))
        for place, arn in places:
            group = all_.referred(arn)
            protocol = group.get("Protocol") if group is not None else None
            if group is not None and protocol is not None and is_known(protocol) and protocol not in _HTTP:
                yield (
                    place,
                    f"{group.logical_id} has Protocol {protocol}; an {listener.get('Protocol')} listener cannot use it",
                )


def _redirects_lead_elsewhere(owner: Declared, all_: Declarations) -> Iterator[Finding]:
    listener = owner if owner.type == LISTENER else all_.referred(owner.get("ListenerArn"))
    for path, action in _actions(owner):
        redirect = action.get("RedirectConfig")
        if not isinstance(redirect, dict) or listener is None:
            continue
        protocol, port = listener.get("Protocol"), number(listener.get("Port"))
        is_same = (
            redirect.get("Protocol", "#{protocol}") in ("#{protocol}", protocol)
            and (redirect.get("Port", "#{port}") == "#{port}" or number(redirect.get("Port")) == port)
            and redirect.get("Host", "#{host}") == "#{host}"
            and redirect.get("Path", "/#{path}") == "/#{path}"
            and redirect.get("Query", "#{query}") == "#{query}"
        )
        if is_same:
            yield f"{path}.RedirectConfig", "the redirect configuration creates a loop: it leads to where it came from"


def _priorities_are_free(rule: Declared, all_: Declarations) -> Iterator[Finding]:
    place = (rule.get("ListenerArn"), number(rule.get("Priority")))
    for other in all_.of(RULE):
        if other is rule:
            return
        if place[1] is not None and place == (other.get("ListenerArn"), number(other.get("Priority"))):
            yield "Priority", f"is {place[1]:g}, which {other.logical_id} of the same listener has"


def _conditions_are_few(rule: Declared, _: Declarations) -> Iterator[Finding]:
    for each in too_many([mapping(value) for _, value in rule.at("Conditions.*")]):
        yield "Conditions", f"has {each}"


def _conditions_have_their_form(rule: Declared, _: Declarations) -> Iterator[Finding]:
    for path, value in rule.at("Conditions.*"):
        condition = mapping(value)
        field = str(condition.get("Field"))
        place, values = f"{path}.{CONFIGS.get(field, 'Values')}", values_of(condition)
        if field in CONFIGS and not (values or values_of(condition, "RegexValues")):
            yield place, f"the {field} condition has no Values"
        for item in values:
            wrong = wrong_value(field, str(item)) if is_known(item) else None
            if wrong is not None:
                yield f"{place}.Values", f"the {field} condition has {item!r}: {wrong}"
    for path, name in rule.at("Conditions.*.HttpHeaderConfig.HttpHeaderName"):
        if str(name).lower() == "host":
            yield path, "is 'Host'; a condition on the Host header is a host-header condition"


def _group_names_are_free(group: Declared, all_: Declarations) -> Iterator[Finding]:
    name = group.get("Name")
    for other in all_.of(group.type):
        if other is group:
            return
        if name and is_known(name) and name == other.get("Name"):
            yield "Name", f"is {name!r}, which {other.logical_id} has"


def _group_has_a_network(group: Declared, _: Declarations) -> Iterator[Finding]:
    if group.get("TargetType") == "lambda":
        return
    for name in ("Port", "VpcId", "Protocol"):
        if group.get(name) is None:
            yield name, "lacks: a target group of instances or addresses needs it"


def _checks_end_before_the_next(group: Declared, _: Declarations) -> Iterator[Finding]:
    interval, timeout = (number(group.get(f"HealthCheck{name}Seconds")) for name in ("Interval", "Timeout"))
    interval, timeout = 30 if interval is None else interval, 5 if timeout is None else timeout
    if group.get("Protocol") in _HTTP and timeout >= interval:
        yield "HealthCheckTimeoutSeconds", f"is {timeout:g} s, and must be smaller than the interval, {interval:g} s"


def _matcher_is_of_codes(group: Declared, _: Declarations) -> Iterator[Finding]:
    matcher = group.get("Matcher.HttpCode")
    if matcher is None or not is_known(matcher) or group.get("Protocol") not in _HTTP:
        return
    ends = [number(end) for part in str(matcher).split(",") for end in part.split("-")]
    if any(end is None or not 200 <= end <= 499 for end in ends):  # noqa: PLR2004  # the codes of an application load balancer
        yield "Matcher.HttpCode", f"is {matcher!r}; codes and ranges are between 200 and 499"


LISTENER_RULES = (
    Rule(
        "balancer-zones", BALANCER, "An ALB has subnets of two zones.", "CreateLoadBalancer", _subnets_are_of_two_zones
    ),
    Rule(
        "balancer-name", BALANCER, "Load balancers have different names.", "CreateLoadBalancer", _group_names_are_free
    ),
    Rule("listener-certificate", LISTENER, "HTTPS has a certificate.", "CreateListener", _https_has_a_certificate),
    Rule("listener-protocol", LISTENER, "An ALB speaks HTTP.", "CreateListener", _listener_suits_its_balancer),
    Rule("listener-port", LISTENER, "A port has one listener.", "ELB: DuplicateListener", _ports_are_free),
    *(
        Rule(f"{kind}-{identity}", type_name, sentence, _ACTIONS, find)
        for kind, type_name in (("listener", LISTENER), ("rule", RULE))
        for identity, sentence, find in (
            ("actions", "Actions end one way.", _actions_end),
            ("forward", "HTTP is forwarded to HTTP.", _forwards_speak_http),
            ("redirect", "A redirect leads elsewhere.", _redirects_lead_elsewhere),
        )
    ),
    Rule("rule-priority", RULE, "A priority has one rule.", "ELB: PriorityInUse", _priorities_are_free),
    Rule("rule-conditions", RULE, "A rule has few conditions.", _CONDITIONS, _conditions_are_few),
    Rule("rule-values", RULE, "A condition's values have its form.", _CONDITIONS, _conditions_have_their_form),
    Rule(
        "group-name",
        GROUP,
        "Target groups have different names.",
        "ELB: DuplicateTargetGroupName",
        _group_names_are_free,
    ),
    Rule(
        "group-network", GROUP, "A target group has port, protocol and VPC.", "CreateTargetGroup", _group_has_a_network
    ),
    Rule("group-timeout", GROUP, "A check ends before the next.", "CreateTargetGroup", _checks_end_before_the_next),
    Rule("group-matcher", GROUP, "A matcher is of codes.", "ELB Matcher", _matcher_is_of_codes),
)
