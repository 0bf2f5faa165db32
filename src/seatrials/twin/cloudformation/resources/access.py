"""Resource types of IAM.

Source: AWS CloudFormation template reference, AWS::IAM (return values).
"""

from collections.abc import Mapping
from typing import Any

from seatrials.twin.cloudformation.resources.kind import Extra, Facts, Properties, ResourceType, mapping_of

# What makes up a policy that lives inside a role, a user or a group.
_INLINE = ("PolicyName", "PolicyDocument")


# The older of the two versions of the language is what a policy without one is written in; moto refuses it.
_VERSION = "2012-10-17"


def _versioned(policy: Mapping[str, Any]) -> Properties:
    """Return a policy whose document names its version, as moto wants it and IAM does not."""
    document = policy.get("PolicyDocument")
    if not isinstance(document, Mapping):
        return dict(policy)
    stated = {**document, "Version": _VERSION} if document.get("Version", "2008-10-17") == "2008-10-17" else document
    return {**policy, "PolicyDocument": stated}


def _inline(member: str) -> Any:  # noqa: ANN401
    def parameters(facts: Facts, principal: Any) -> Properties:  # noqa: ANN401
        document = {name: value for name, value in facts.properties.items() if name in _INLINE}
        return {member: principal, **_versioned(document)}

    return parameters


def _attached(member: str) -> Any:  # noqa: ANN401
    return lambda facts, principal: {member: principal, "PolicyArn": facts.reference}


ACCESS: Mapping[str, ResourceType] = {
    "AWS::IAM::Role": ResourceType(
        service="iam",
        operation="create_role",
        reference="{response[Role][RoleName]}",
        attributes={"Arn": "{response[Role][Arn]}", "RoleId": "{response[Role][RoleId]}"},
        name="RoleName",
        name_length_max=64,
        extras=(
            Extra(
                property="ManagedPolicyArns",
                operation="attach_role_policy",
                parameters=lambda facts, arn: {"RoleName": facts.reference, "PolicyArn": arn},
                each=True,
            ),
            Extra(
                property="Policies",
                operation="put_role_policy",
                parameters=lambda facts, policy: {
                    "RoleName": facts.reference,
                    **_versioned(mapping_of(policy, "Policies item")),
                },
                each=True,
            ),
        ),
    ),
    "AWS::IAM::Policy": ResourceType(
        service="iam",
        operation=None,
        reference="{properties[PolicyName]}",
        name="PolicyName",
        known=_INLINE,
        extras=(
            Extra(property="Roles", operation="put_role_policy", parameters=_inline("RoleName"), each=True),
            Extra(property="Users", operation="put_user_policy", parameters=_inline("UserName"), each=True),
            Extra(property="Groups", operation="put_group_policy", parameters=_inline("GroupName"), each=True),
        ),
    ),
    "AWS::IAM::ManagedPolicy": ResourceType(
        service="iam",
        operation="create_policy",
        reference="{response[Policy][Arn]}",
        attributes={"PolicyArn": "{response[Policy][Arn]}", "PolicyId": "{response[Policy][PolicyId]}"},
        name="ManagedPolicyName",
        name_length_max=128,
        renames={"ManagedPolicyName": "PolicyName"},
        adjust=lambda properties, _: _versioned(properties),
        extras=(
            Extra(property="Roles", operation="attach_role_policy", parameters=_attached("RoleName"), each=True),
            Extra(property="Users", operation="attach_user_policy", parameters=_attached("UserName"), each=True),
            Extra(property="Groups", operation="attach_group_policy", parameters=_attached("GroupName"), each=True),
        ),
    ),
}
