"""Rules of ECS services and of what scales them.

Source: Amazon ECS API Reference, CreateService; Developer Guide, "Use load balancing to distribute Amazon ECS service
traffic"; Application Auto Scaling API Reference.
"""

from collections.abc import Iterator
from itertools import pairwise

from seatrials.twin.cloudformation.rules.declarations import (
    Declarations,
    Declared,
    Finding,
    is_known,
    mapping,
    mappings,
    number,
)
from seatrials.twin.cloudformation.rules.rule import Rule
from seatrials.twin.cloudformation.rules.tasks import has_container, ports_of

SERVICE = "AWS::ECS::Service"
_TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"
_POLICY = "AWS::ApplicationAutoScaling::ScalingPolicy"
_API = "ECS CreateService"
_STEPS = "Application Auto Scaling StepScalingPolicyConfiguration"
_WHOLE_PERCENT, _HALF_OPEN = 100, "MetricInterval{}Bound"
_INFINITE = float("inf")


def _balancer_has_its_container(service: Declared, all_: Declarations) -> Iterator[Finding]:
    definition = all_.referred(service.get("TaskDefinition"))
    if definition is None:
        return
    for path, value in service.at("LoadBalancers.*"):
        name, port = mapping(value).get("ContainerName"), number(mapping(value).get("ContainerPort"))
        if not is_known(name):
            continue
        if not has_container(definition, name):
            yield f"{path}.ContainerName", f"the container {name} does not exist in {definition.logical_id}"
        elif port is not None and int(port) not in ports_of(definition, name):
            yield (
                f"{path}.ContainerPort",
                f"the container {name} of {definition.logical_id} did not have a container port {port:g} defined",
            )


def _used_groups(all_: Declarations) -> set[str]:
    groups: list[object] = []
    for kind, actions in (
        ("AWS::ElasticLoadBalancingV2::Listener", "DefaultActions"),
        ("AWS::ElasticLoadBalancingV2::ListenerRule", "Actions"),
    ):
        for each in all_.of(kind):
            groups += [arn for _, arn in each.at(f"{actions}.*.TargetGroupArn")]
            groups += [arn for _, arn in each.at(f"{actions}.*.ForwardConfig.TargetGroups.*.TargetGroupArn")]
    return {found.logical_id for found in map(all_.referred, groups) if found is not None}


def _groups_have_a_balancer(service: Declared, all_: Declarations) -> Iterator[Finding]:
    used = _used_groups(all_)
    for path, value in service.at("LoadBalancers.*"):
        if not mapping(value).get("TargetGroupArn") and not mapping(value).get("LoadBalancerName"):
            yield f"{path}.TargetGroupArn", "lacks: a load balancer of a service names a target group"
    for path, arn in service.at("LoadBalancers.*.TargetGroupArn"):
        group = all_.referred(arn)
        if group is not None and group.logical_id not in used:
            yield (
                path,
                f"{group.logical_id} does not have an associated load balancer: no listener or rule forwards to it",
            )


def _groups_take_addresses(service: Declared, all_: Declarations) -> Iterator[Finding]:
    definition = all_.referred(service.get("TaskDefinition"))
    if definition is None or definition.get("NetworkMode") != "awsvpc":
        return
    for path, arn in service.at("LoadBalancers.*.TargetGroupArn"):
        group = all_.referred(arn)
        kind = group.properties.get("TargetType", "instance") if group else "ip"
        if group is not None and kind == "instance":
            yield (
                path,
                f"{group.logical_id} has TargetType instance, which is incompatible with awsvpc: it must be ip",
            )


def _grace_needs_a_balancer(service: Declared, _: Declarations) -> Iterator[Finding]:
    grace = number(service.get("HealthCheckGracePeriodSeconds"))
    if grace and not service.get("LoadBalancers"):
        yield "HealthCheckGracePeriodSeconds", "is only valid for services with load balancers, and LoadBalancers lacks"


def _deployments_can_move(service: Declared, _: Declarations) -> Iterator[Finding]:
    low = number(service.get("DeploymentConfiguration.MinimumHealthyPercent"))
    high = number(service.get("DeploymentConfiguration.MaximumPercent"))
    low, high = _WHOLE_PERCENT if low is None else low, 2 * _WHOLE_PERCENT if high is None else high
    if service.get("SchedulingStrategy") == "DAEMON":
        return
    if low == high == _WHOLE_PERCENT:
        yield (
            "DeploymentConfiguration.MaximumPercent",
            "is 100 as is MinimumHealthyPercent; both cannot be 100, as this would block deployments",
        )
    elif high < low:
        yield (
            "DeploymentConfiguration",
            f"MaximumPercent is {high:g}, which is less than MinimumHealthyPercent, {low:g}",
        )


def _awsvpc_has_a_network(service: Declared, all_: Declarations) -> Iterator[Finding]:
    definition = all_.referred(service.get("TaskDefinition"))
    if definition is None:
        return
    has_network = service.get("NetworkConfiguration.AwsvpcConfiguration") is not None
    if definition.get("NetworkMode") == "awsvpc" and not has_network:
        yield "NetworkConfiguration", "must be provided, for the network mode of the task definition is awsvpc"


def _launched_one_way(service: Declared, _: Declarations) -> Iterator[Finding]:
    if service.get("LaunchType") and service.get("CapacityProviderStrategy"):
        yield "CapacityProviderStrategy", "cannot be given together with LaunchType"
    if service.get("LaunchType") == "FARGATE":
        for name in ("PlacementStrategies", "PlacementConstraints"):
            if service.get(name):
                yield name, "is not supported with the launch type FARGATE"
        if service.get("SchedulingStrategy") == "DAEMON":
            yield "SchedulingStrategy", "is DAEMON, which is not supported with the launch type FARGATE"


def _exec_has_a_role(service: Declared, all_: Declarations) -> Iterator[Finding]:
    definition = all_.referred(service.get("TaskDefinition"))
    is_on = str(service.get("EnableExecuteCommand")).lower() == "true"
    if is_on and definition is not None and not definition.get("TaskRoleArn"):
        yield "EnableExecuteCommand", f"a valid TaskRoleArn is not being used: {definition.logical_id} has none"


def _names_are_free(service: Declared, all_: Declarations) -> Iterator[Finding]:
    name, cluster = service.get("ServiceName"), service.get("Cluster")
    for other in all_.of(SERVICE):
        if other is service:
            return
        if name and is_known(name) and (name, cluster) == (other.get("ServiceName"), other.get("Cluster")):
            yield "ServiceName", f"is {name!r}, as that of {other.logical_id} in the same cluster"


def _bounds_are_in_order(target: Declared, _: Declarations) -> Iterator[Finding]:
    low, high = number(target.get("MinCapacity")), number(target.get("MaxCapacity"))
    if low is not None and high is not None and low > high:
        yield "MinCapacity", f"is {low:g}, which is more than MaxCapacity, {high:g}"


def _policy_has_what_its_type_needs(policy: Declared, _: Declarations) -> Iterator[Finding]:
    kind = policy.get("PolicyType") or "StepScaling"
    needed = f"{kind}PolicyConfiguration"
    if is_known(kind) and policy.get(needed) is None:
        yield "PolicyType", f"is {kind}, and {needed} lacks"


def _steps_are_whole(policy: Declared, _: Declarations) -> Iterator[Finding]:
    configuration = policy.get("StepScalingPolicyConfiguration")
    if configuration is None:
        return
    place = "StepScalingPolicyConfiguration"
    if not mapping(configuration).get("AdjustmentType"):
        yield f"{place}.AdjustmentType", "lacks: PutScalingPolicy requires it for step scaling"
    if not mapping(configuration).get("StepAdjustments"):
        yield f"{place}.StepAdjustments", "lacks: step scaling needs at least one step"
        return
    kind = mapping(configuration).get("AdjustmentType")
    if kind in ("ExactCapacity", "ChangeInCapacity") and mapping(configuration).get("MinAdjustmentMagnitude"):
        yield f"{place}.MinAdjustmentMagnitude", f"is for PercentChangeInCapacity only, not for {kind}"
    for path, step in policy.at(f"{place}.StepAdjustments.*"):
        change = number(mapping(step).get("ScalingAdjustment"))
        if kind == "ExactCapacity" and change is not None and change < 0:
            yield f"{path}.ScalingAdjustment", f"is {change:g}; an exact capacity is not negative"


def _steps_meet(policy: Declared, _: Declarations) -> Iterator[Finding]:
    place = "StepScalingPolicyConfiguration.StepAdjustments"
    steps = mappings(policy.get(place))
    if not is_known(steps):
        return
    bounds = sorted((_bound(step, "Lower", -_INFINITE), _bound(step, "Upper", _INFINITE)) for step in steps)
    for low, high in bounds:
        if low >= high:
            yield place, f"a step reaches from {low:g} to {high:g}: its upper bound must be above its lower one"
            return
    for (low, end), (start, _far) in pairwise(bounds):
        if start < end:
            yield place, f"steps overlap: one reaches to {end:g}, another begins at {start:g} (the first at {low:g})"
        elif start > end:
            yield place, f"there is a gap between the steps, from {end:g} to {start:g}"


def _bound(step: object, side: str, otherwise: float) -> float:
    found = number(mapping(step).get(_HALF_OPEN.format(side)))
    return otherwise if found is None else found


SERVICE_RULES = (
    *(
        Rule(identity, SERVICE, sentence, _API, find)
        for identity, sentence, find in (
            ("service-container", "A load balancer names a container and its port.", _balancer_has_its_container),
            ("service-group-in-use", "A target group has a load balancer.", _groups_have_a_balancer),
            ("service-group-type", "With awsvpc target groups take addresses.", _groups_take_addresses),
            ("service-grace", "A grace period needs a load balancer.", _grace_needs_a_balancer),
            ("service-percent", "A deployment may stop or start a task.", _deployments_can_move),
            ("service-network", "awsvpc needs a network configuration.", _awsvpc_has_a_network),
            ("service-launch", "A service is launched one way.", _launched_one_way),
            ("service-exec", "ECS Exec needs a task role.", _exec_has_a_role),
            ("service-name", "Services of a cluster have different names.", _names_are_free),
        )
    ),
    Rule(
        "target-bounds",
        _TARGET,
        "The minimum is not above the maximum.",
        "RegisterScalableTarget",
        _bounds_are_in_order,
    ),
    Rule(
        "policy-type",
        _POLICY,
        "A policy has the configuration of its type.",
        "PutScalingPolicy",
        _policy_has_what_its_type_needs,
    ),
    Rule("policy-steps", _POLICY, "A step policy says how it steps.", _STEPS, _steps_are_whole),
    Rule("policy-bounds", _POLICY, "Steps meet, and none overlaps another.", _STEPS, _steps_meet),
)
