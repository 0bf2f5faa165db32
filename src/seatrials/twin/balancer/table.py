"""Reads what ELBv2 holds into the values that the balancer works with.

All reads go through boto3 calls that exist on AWS, and follow their markers: moto too gives long lists in pages.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from seatrials.seams.application import AwsClient
from seatrials.twin.balancer.header_policy import HeaderPolicy
from seatrials.twin.balancer.rule_documents import Document, rule_of
from seatrials.twin.balancer.rules import Rule


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
    # Whether the client's port stands behind its address in X-Forwarded-For.
    forwards_client_port: bool = False
    # Whether targets are told protocol and cipher suite of the client's TLS.
    tells_tls: bool = False


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
        forwards_client_port=values.get("routing.http.xff_client_port.enabled", "false") == "true",
        tells_tls=values.get("routing.http.x_amzn_tls_version_and_cipher_suite.enabled", "false") == "true",
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


def read_header_policy(client: AwsClient, listener_arn: str) -> HeaderPolicy:
    """Return what a listener's attributes change in headers."""
    answer = client.describe_listener_attributes(ListenerArn=listener_arn)
    return HeaderPolicy.of({each["Key"]: each["Value"] for each in answer["Attributes"]})


def read_rules(client: AwsClient, listener_arn: str) -> dict[str, Rule]:
    """Return the rules of a listener by their ARNs, in no order that means anything."""
    documents = pages(client, "describe_rules", "Rules", ListenerArn=listener_arn)
    return {document["RuleArn"]: rule_of(document) for document in documents}
