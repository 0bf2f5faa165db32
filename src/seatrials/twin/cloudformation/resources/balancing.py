"""Resource types of the load balancer and of its certificate.

Source: AWS CloudFormation template reference, AWS::ElasticLoadBalancingV2 and AWS::CertificateManager (return values).
"""

from collections.abc import Callable, Mapping

from seatrials.twin.cloudformation.resources.certificates import self_signed
from seatrials.twin.cloudformation.resources.kind import Creation, Extra, Facts, Properties, ResourceType

# A load balancer's or target group's name, as ELB limits it.
_NAME_LENGTH_MAX = 32


def _certificate_to_import(properties: Properties, creation: Creation) -> Properties:
    """Return what imports a certificate in place of requesting one.

    CloudFormation waits until a requested certificate is validated and issued; an imported one is issued at once. And
    moto makes a 2048-bit RSA key for each request, which takes longer than the rest of the stack.
    """
    domain = properties.pop("DomainName", None)
    if domain is None:
        creation.problems.append(f"{creation.where}: lacks DomainName")
    names = (str(domain), *map(str, properties.pop("SubjectAlternativeNames", ())))
    certificate = self_signed(tuple(dict.fromkeys(names)))
    return {**properties, "Certificate": certificate.certificate_pem, "PrivateKey": certificate.key_pem}


def _after(marker: str, arn: Callable[[Facts], object]) -> Callable[[Facts], str]:
    return lambda facts: str(arn(facts)).rpartition(marker)[2]


def _attributes(property_name: str, operation: str, owner: str, member: str = "Attributes") -> Extra:
    return Extra(
        property=property_name,
        operation=operation,
        parameters=lambda facts, value: {owner: facts.reference, member: value},
    )


BALANCING: Mapping[str, ResourceType] = {
    "AWS::ElasticLoadBalancingV2::LoadBalancer": ResourceType(
        service="elbv2",
        operation="create_load_balancer",
        reference="{response[LoadBalancers][0][LoadBalancerArn]}",
        attributes={
            "LoadBalancerArn": "{response[LoadBalancers][0][LoadBalancerArn]}",
            "LoadBalancerName": "{response[LoadBalancers][0][LoadBalancerName]}",
            "DNSName": "{response[LoadBalancers][0][DNSName]}",
            "CanonicalHostedZoneID": "{response[LoadBalancers][0][CanonicalHostedZoneId]}",
            "LoadBalancerFullName": _after(
                "loadbalancer/", lambda facts: facts.response["LoadBalancers"][0]["LoadBalancerArn"]
            ),
        },
        name="Name",
        name_length_max=_NAME_LENGTH_MAX,
        inert=(
            "EnableCapacityReservationProvisionStabilize",
            "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic",
            "MinimumLoadBalancerCapacity",
        ),
        extras=(_attributes("LoadBalancerAttributes", "modify_load_balancer_attributes", "LoadBalancerArn"),),
    ),
    "AWS::ElasticLoadBalancingV2::TargetGroup": ResourceType(
        service="elbv2",
        operation="create_target_group",
        reference="{response[TargetGroups][0][TargetGroupArn]}",
        attributes={
            "TargetGroupArn": "{response[TargetGroups][0][TargetGroupArn]}",
            "TargetGroupName": "{response[TargetGroups][0][TargetGroupName]}",
            "TargetGroupFullName": lambda facts: str(facts.response["TargetGroups"][0]["TargetGroupArn"]).rpartition(
                ":"
            )[2],
        },
        name="Name",
        name_length_max=_NAME_LENGTH_MAX,
        extras=(
            _attributes("TargetGroupAttributes", "modify_target_group_attributes", "TargetGroupArn"),
            _attributes("Targets", "register_targets", "TargetGroupArn", "Targets"),
        ),
    ),
    "AWS::ElasticLoadBalancingV2::Listener": ResourceType(
        service="elbv2",
        operation="create_listener",
        reference="{response[Listeners][0][ListenerArn]}",
        attributes={"ListenerArn": "{response[Listeners][0][ListenerArn]}"},
        extras=(_attributes("ListenerAttributes", "modify_listener_attributes", "ListenerArn"),),
    ),
    "AWS::ElasticLoadBalancingV2::ListenerRule": ResourceType(
        service="elbv2",
        operation="create_rule",
        reference="{response[Rules][0][RuleArn]}",
        attributes={"RuleArn": "{response[Rules][0][RuleArn]}", "IsDefault": "false"},
    ),
    "AWS::CertificateManager::Certificate": ResourceType(
        service="acm",
        operation="import_certificate",
        reference="{response[CertificateArn]}",
        attributes={"CertificateArn": "{response[CertificateArn]}"},
        adjust=_certificate_to_import,
        inert=(
            "CertificateAuthorityArn",
            "CertificateExport",
            "CertificateTransparencyLoggingPreference",
            "DomainValidationOptions",
            "KeyAlgorithm",
            "ValidationMethod",
        ),
    ),
}
