"""Reads what ELBv2 holds into the values that the balancer works with.

All reads go through boto3 calls that exist on AWS, and follow their markers: moto too gives long lists in pages.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from seatrials.errors import ConfigurationError
from seatrials.seams.application import AwsClient
from seatrials.twin.balancer.rules import (
    Action,
    Condition,
    FixedResponse,
    Forward,
    HostHeader,
    HttpHeader,
    PathPattern,
    QueryString,
    Redirect,
    RequestMethod,
    Rule,
    SourceIp,
)

Document = Mapping[str, Any]


@dataclass(frozen=True)
class ListenerSettings:
    """A port that the balancer listens on."""

    arn: str
    port: int
    protocol: str
    # Of an HTTPS listener, its default certificate.
    certificate_arn: str | None


@dataclass(frozen=True, kw_only=True)
class LoadBalancerSettings:
    """The load balancer's attributes. Source of names and defaults: AWS ALB User Guide, "Edit attributes"."""

    idle_timeout_seconds: float = 60.0
    client_keep_alive_seconds: float = 3600.0
    # append, preserve or remove.
    forwarded_for_mode: str = "append"
    preserve_host_header: bool = False
    # monitor, defensive or strictest.
    desync_mode: str = "defensive"
    # Whether headers whose names are more than letters, digits and hyphens stay here.
    drop_invalid_headers: bool = False


def pages(client: AwsClient, operation: str, key: str, **parameters: object) -> Iterator[Document]:
    """Yield the items of every page of an ELBv2 operation."""
    answer = getattr(client, operation)(**parameters)
    yield from answer[key]
    while marker := answer.get("NextMarker"):
        answer = getattr(client, operation)(**parameters, Marker=marker)
        yield from answer[key]


def read_settings(client: AwsClient, load_balancer_arn: str) -> LoadBalancerSettings:
    """Return the attributes of a load balancer; one that is not set has its default."""
    answer = client.describe_load_balancer_attributes(LoadBalancerArn=load_balancer_arn)
    values = {each["Key"]: each["Value"] for each in answer["Attributes"]}
    return LoadBalancerSettings(
        idle_timeout_seconds=float(values.get("idle_timeout.timeout_seconds", "60")),
        client_keep_alive_seconds=float(values.get("client_keep_alive.seconds", "3600")),
        forwarded_for_mode=values.get("routing.http.xff_header_processing.mode", "append"),
        preserve_host_header=values.get("routing.http.preserve_host_header.enabled", "false") == "true",
        desync_mode=values.get("routing.http.desync_mitigation_mode", "defensive"),
        drop_invalid_headers=values.get("routing.http.drop_invalid_header_fields.enabled", "false") == "true",
    )


def read_listeners(client: AwsClient, load_balancer_arn: str) -> list[ListenerSettings]:
    """Return the listeners of a load balancer, by port."""
    listeners = [
        ListenerSettings(
            each["ListenerArn"],
            int(each["Port"]),
            each["Protocol"],
            next((item["CertificateArn"] for item in each.get("Certificates", [])), None),
        )
        for each in pages(client, "describe_listeners", "Listeners", LoadBalancerArn=load_balancer_arn)
    ]
    return sorted(listeners, key=lambda listener: listener.port)


def read_rules(client: AwsClient, listener_arn: str) -> dict[str, Rule]:
    """Return the rules of a listener by their ARNs, in no order that means anything."""
    documents = pages(client, "describe_rules", "Rules", ListenerArn=listener_arn)
    return {document["RuleArn"]: rule_of(document) for document in documents}


def rule_of(document: Document) -> Rule:
    """Return a rule that ELBv2 describes."""
    priority = None if document["Priority"] == "default" else int(document["Priority"])
    conditions = tuple(_condition(each) for each in document.get("Conditions", []))
    # With several actions, the last by order is the one that routes; those before it authenticate.
    actions = sorted(document["Actions"], key=lambda action: action.get("Order", 1))
    return Rule(priority, conditions, _action(actions[-1]))


def _condition(document: Document) -> Condition:
    field = document["Field"]
    if field == "http-header":
        config = document["HttpHeaderConfig"]
        return HttpHeader(config["HttpHeaderName"], tuple(config["Values"]))
    if field == "query-string":
        pairs = document["QueryStringConfig"]["Values"]
        return QueryString(tuple((pair.get("Key") or "", pair["Value"]) for pair in pairs))
    values = _values(document)
    if field == "path-pattern":
        return PathPattern(values)
    if field == "host-header":
        return HostHeader(values)
    if field == "http-request-method":
        return RequestMethod(values)
    if field == "source-ip":
        return SourceIp(tuple(ip_network(value, strict=False) for value in values))
    msg = f"the balancer knows no rule condition {field!r}: use one of the six fields of the ELBv2 API"
    raise ConfigurationError(msg)


def _values(document: Document) -> tuple[str, ...]:
    """Return a condition's values, which stand in `Values`, or in the field's own `...Config`, or in both."""
    configs = [value for name, value in document.items() if name.endswith("Config") and value]
    values = document.get("Values") or next((config.get("Values") for config in configs), None)
    if not values:
        msg = f"the balancer cannot evaluate a {document['Field']} condition without Values: {dict(document)!r}"
        raise ConfigurationError(msg)
    return tuple(values)


def _action(document: Document) -> Action:
    kind = document["Type"]
    if kind == "forward":
        return _forward(document)
    if kind == "fixed-response":
        config = document["FixedResponseConfig"]
        content_type = config.get("ContentType") or "text/plain"
        return FixedResponse(int(config["StatusCode"]), content_type, config.get("MessageBody") or "")
    if kind == "redirect":
        config = document["RedirectConfig"]
        names = ("Protocol", "Host", "Port", "Path", "Query")
        parts = {name.lower(): config[name] for name in names if config.get(name) is not None}
        return Redirect(status=int(config["StatusCode"].removeprefix("HTTP_")), **parts)
    msg = f"the balancer cannot do a rule's action {kind!r}: it does forward, fixed-response and redirect"
    raise ConfigurationError(msg)


def _forward(document: Document) -> Forward:
    config = document.get("ForwardConfig") or {}
    groups = tuple((each["TargetGroupArn"], int(each.get("Weight", 1))) for each in config.get("TargetGroups", []))
    stickiness = config.get("TargetGroupStickinessConfig") or {}
    seconds = int(stickiness.get("DurationSeconds", 1)) if stickiness.get("Enabled") else None
    return Forward(groups or ((document["TargetGroupArn"], 1),), seconds)
