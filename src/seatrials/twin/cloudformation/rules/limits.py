"""Bounds of single properties that the CloudFormation schemas leave out and the services enforce, as one table."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from seatrials.twin.cloudformation.rules.declarations import Declarations, Declared, Finding, is_known, mapping, number
from seatrials.twin.cloudformation.rules.rule import Rule


@dataclass(frozen=True, kw_only=True)
class Limit:
    """What a property must be; of a list, `minimum` and `maximum` count its items."""

    path: str
    minimum: float | None = None
    maximum: float | None = None
    pattern: str | None = None
    # What the pattern means, for the message.
    meaning: str = ""
    # The name of what is asked for, where there is no property at the path.
    is_required: bool = False

    def find(self, resource: Declared, _: Declarations) -> Iterator[Finding]:
        """Yield what is outside the limit."""
        if self.is_required:
            parent, _dot, name = self.path.rpartition(".")
            owners = list(resource.at(parent)) if parent else [("", resource.properties)]
            yield from ((f"{path}.{name}".lstrip("."), "lacks") for path, owner in owners if name not in mapping(owner))
        for path, value in resource.at(self.path):
            reason = self._reason(value)
            if reason is not None:
                yield path, reason

    def _reason(self, value: object) -> str | None:
        if isinstance(value, list):
            return self._outside(len(value), f"has {len(value)} items")
        if not is_known(value):
            return None
        if self.pattern is not None and not re.fullmatch(self.pattern, str(value)):
            return f"is {str(value)[:80]!r}; it must be {self.meaning}"
        size = number(value)
        return None if size is None else self._outside(size, f"is {size:g}")

    def _outside(self, size: float, seen: str) -> str | None:
        low, high = self.minimum, self.maximum
        if (low is None or size >= low) and (high is None or size <= high):
            return None
        wanted = f"{low:g} to {high:g}" if low is not None and high is not None else f"at least {low}"
        return f"{seen}; allowed are {wanted if low is not None else f'at most {high}'}"


_NAME = r"[A-Za-z0-9_-]{1,255}"
_NAME_MEANING = "up to 255 letters, digits, underscores and hyphens"
_ELB_NAME = r"(?!internal-)(?!-)[A-Za-z0-9-]{1,32}(?<!-)"
_ELB_NAME_MEANING = (
    "up to 32 letters, digits and hyphens, neither beginning nor ending with a hyphen nor beginning with internal-"
)
_CONTENT = r"text/plain|text/css|text/html|application/javascript|application/json"
_CONTENT_MEANING = "text/plain, text/css, text/html, application/javascript or application/json"
_REDIRECT_PORT = r"#\{port\}|[1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5]"
_FIELDS = "host-header|path-pattern|http-header|query-string|http-request-method|source-ip"
_POLICIES = r"ELBSecurityPolicy-(2015-05|2016-08|TLS-1-[012]-.+|FS-.+|TLS13-.+)"


def _action_limits(actions: str) -> tuple[Limit, ...]:
    return (
        Limit(path=f"{actions}.*.ForwardConfig.TargetGroups", minimum=1, maximum=5),
        Limit(path=f"{actions}.*.ForwardConfig.TargetGroups.*.Weight", minimum=0, maximum=999),
        Limit(path=f"{actions}.*.FixedResponseConfig.ContentType", pattern=_CONTENT, meaning=_CONTENT_MEANING),
        Limit(path=f"{actions}.*.RedirectConfig.Port", pattern=_REDIRECT_PORT, meaning="1 to 65535 or #{port}"),
        Limit(
            path=f"{actions}.*.RedirectConfig.Path", pattern=r"/.{0,127}", meaning="up to 128 characters from a / on"
        ),
    )


LIMITS: dict[str, tuple[str, tuple[Limit, ...]]] = {
    "AWS::ECS::TaskDefinition": (
        "ECS RegisterTaskDefinition",
        (
            Limit(path="ContainerDefinitions.*.Name", pattern=_NAME, meaning=_NAME_MEANING),
            Limit(path="ContainerDefinitions.*.HealthCheck.Interval", minimum=5, maximum=300),
            Limit(path="ContainerDefinitions.*.HealthCheck.Timeout", minimum=2, maximum=60),
            Limit(path="ContainerDefinitions.*.HealthCheck.Retries", minimum=1, maximum=10),
            Limit(path="ContainerDefinitions.*.HealthCheck.StartPeriod", minimum=0, maximum=300),
            Limit(path="ContainerDefinitions.*.PortMappings.*.ContainerPort", minimum=1, maximum=65535),
            Limit(path="EphemeralStorage.SizeInGiB", minimum=21, maximum=200),
            Limit(path="Family", pattern=_NAME, meaning=_NAME_MEANING),
            Limit(path="Volumes.*.Name", pattern=_NAME, meaning=_NAME_MEANING),
        ),
    ),
    "AWS::ECS::Cluster": (
        "ECS CreateCluster",
        (Limit(path="ClusterName", pattern=_NAME, meaning=_NAME_MEANING),),
    ),
    "AWS::ECS::Service": (
        "ECS CreateService",
        (
            Limit(path="DesiredCount", minimum=0),
            Limit(path="ServiceName", pattern=_NAME, meaning=_NAME_MEANING),
            Limit(path="HealthCheckGracePeriodSeconds", minimum=0, maximum=2_147_483_647),
            Limit(path="LoadBalancers", minimum=0, maximum=5),
            Limit(path="NetworkConfiguration.AwsvpcConfiguration.Subnets", minimum=1, maximum=16, is_required=True),
            Limit(path="NetworkConfiguration.AwsvpcConfiguration.SecurityGroups", maximum=5),
        ),
    ),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": (
        "ELB CreateLoadBalancer",
        (Limit(path="Name", pattern=_ELB_NAME, meaning=_ELB_NAME_MEANING),),
    ),
    "AWS::ElasticLoadBalancingV2::TargetGroup": (
        "ELB CreateTargetGroup",
        (
            Limit(path="Name", pattern=_ELB_NAME, meaning=_ELB_NAME_MEANING),
            Limit(path="HealthCheckPath", pattern=r"/.{0,1023}", meaning="up to 1,024 characters, the first a /"),
        ),
    ),
    "AWS::ElasticLoadBalancingV2::Listener": (
        "ELB CreateListener",
        (
            Limit(path="DefaultActions", minimum=1),
            Limit(path="SslPolicy", pattern=_POLICIES, meaning="the name of a security policy of ELB"),
            *_action_limits("DefaultActions"),
        ),
    ),
    "AWS::ElasticLoadBalancingV2::ListenerRule": (
        "ELB CreateRule",
        (
            Limit(path="Conditions", minimum=1),
            Limit(path="Conditions.*.Field", pattern=_FIELDS, meaning=_FIELDS.replace("|", ", ")),
            *_action_limits("Actions"),
        ),
    ),
    "AWS::ApplicationAutoScaling::ScalableTarget": (
        "Application Auto Scaling RegisterScalableTarget",
        (
            Limit(path="MinCapacity", minimum=0),
            Limit(path="MaxCapacity", minimum=0),
            Limit(path="ResourceId", pattern=r"(?!service/[^/]*$).+", meaning="service/CLUSTER/SERVICE"),
        ),
    ),
}

LIMIT_RULES = tuple(
    Rule(f"limit {limit.path}", type_name, "A property is within its limit.", source, limit.find)
    for type_name, (source, limits) in LIMITS.items()
    for limit in limits
)
