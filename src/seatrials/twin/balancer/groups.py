"""The settings of target groups, read from ELBv2 when they are needed and kept until they may have changed."""

from dataclasses import dataclass

from seatrials.seams.application import AwsClient
from seatrials.twin.balancer.rule_documents import Document
from seatrials.twin.balancer.table import pages


@dataclass(frozen=True, kw_only=True)
class HealthCheckSettings:
    """How the targets of a group are checked."""

    protocol: str
    path: str
    # None: the port that the target gets its traffic on.
    port: int | None
    interval_seconds: float
    timeout_seconds: float
    healthy_threshold: int
    unhealthy_threshold: int
    # The statuses that pass, as inclusive ranges.
    matcher: tuple[tuple[int, int], ...]

    def accepts(self, status: int) -> bool:
        """Whether a target that answers *status* is well."""
        return any(low <= status <= high for low, high in self.matcher)


@dataclass(frozen=True)
class TargetGroup:
    """What a target group is called and how its targets are checked."""

    arn: str
    name: str
    protocol: str
    health_check: HealthCheckSettings


class GroupCatalogue:
    """All target groups, as far as they were asked for."""

    def __init__(self, client: AwsClient) -> None:
        self._client = client
        self._groups: dict[str, TargetGroup] = {}
        self._attributes: dict[str, dict[str, str]] = {}

    def invalidate(self) -> None:
        """Read everything again when it is next asked for."""
        self._groups = {}
        self._attributes = {}

    def changed(self, operation: str, parameters: Document, answer: Document) -> None:
        """Take over what a call has changed: tasks come and go with their groups, and reading all anew is dear."""
        for document in answer.get("TargetGroups", []):
            self._groups[document["TargetGroupArn"]] = _group(document)
        arn = parameters.get("TargetGroupArn")
        if arn is not None:
            self._attributes.pop(arn, None)
        if operation == "DeleteTargetGroup":
            self._groups.pop(parameters["TargetGroupArn"], None)

    def find(self, arn: str) -> TargetGroup | None:
        """Return a group, or None when it does not exist."""
        if arn not in self._groups:
            groups = [_group(each) for each in pages(self._client, "describe_target_groups", "TargetGroups")]
            self._groups = {group.arn: group for group in groups}
        return self._groups.get(arn)

    def attribute(self, arn: str, key: str, default: str) -> str:
        """Return an attribute of a group; *default* for one that was deleted, which a node may not know yet."""
        if arn not in self._attributes:
            try:
                answer = self._client.describe_target_group_attributes(TargetGroupArn=arn)
            except self._client.exceptions.TargetGroupNotFoundException:
                return default
            self._attributes[arn] = {each["Key"]: each["Value"] for each in answer["Attributes"]}
        return self._attributes[arn].get(key, default)


def _group(document: Document) -> TargetGroup:
    """Return a group; the defaults are those of the AWS ALB User Guide, "Target group health checks"."""
    port = document.get("HealthCheckPort", "traffic-port")
    matcher = (document.get("Matcher") or {}).get("HttpCode") or "200"
    health_check = HealthCheckSettings(
        protocol=document.get("HealthCheckProtocol", "HTTP"),
        path=document.get("HealthCheckPath") or "/",
        port=None if port == "traffic-port" else int(port),
        interval_seconds=float(document.get("HealthCheckIntervalSeconds", 30)),
        timeout_seconds=float(document.get("HealthCheckTimeoutSeconds", 5)),
        healthy_threshold=int(document.get("HealthyThresholdCount", 5)),
        unhealthy_threshold=int(document.get("UnhealthyThresholdCount", 2)),
        matcher=parse_matcher(matcher),
    )
    name = document["TargetGroupName"]
    return TargetGroup(document["TargetGroupArn"], name, document.get("Protocol", "HTTP"), health_check)


def parse_matcher(text: str) -> tuple[tuple[int, int], ...]:
    """Return a matcher such as `200,301-302` as inclusive ranges."""
    ranges = [part.partition("-") for part in text.split(",")]
    return tuple((int(low), int(high or low)) for low, _, high in ranges)
