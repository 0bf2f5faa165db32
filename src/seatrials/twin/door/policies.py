"""What IAM and EFS refuse of policies, and their models do not say.

Sources: IAM User Guide, "IAM JSON policy elements reference": Principal is of policies of resources alone, Resource is
not of trust policies; AWS IAM API Reference, CreateRole, PutRolePolicy and PutRolePermissionsBoundary; Amazon EFS API
Reference, PutFileSystemPolicy. The sentences follow public reports.
"""

import json
from collections.abc import Mapping
from typing import Any

from seatrials.twin.door.refusal import Asked, Refusal, rule

_MALFORMED = "MalformedPolicyDocument"
_INVALID = "InvalidPolicyException"
_IN_USE = "DeleteConflict"
_STATEMENT = ("Action", "NotAction")


@rule("iam", "CreateRole", "UpdateAssumeRolePolicy")
def trust_policies(asked: Asked) -> None:
    """A trust policy says who may assume a role, and names no resource: it is about the role."""
    text = asked.parameters.get("AssumeRolePolicyDocument", asked.parameters.get("PolicyDocument"))
    for statement in _statements(text, _MALFORMED):
        if "Principal" not in statement and "NotPrincipal" not in statement:
            raise Refusal(_MALFORMED, "Missing required field Principal")
        if "Resource" in statement or "NotResource" in statement:
            raise Refusal(_MALFORMED, "Has prohibited field Resource")


@rule("iam", "PutRolePolicy", "CreatePolicy", "CreatePolicyVersion")
def policies_of_identities(asked: Asked) -> None:
    """A policy of a role names nobody: it is the role's."""
    for statement in _statements(asked.parameters["PolicyDocument"], _MALFORMED):
        if "Principal" in statement or "NotPrincipal" in statement:
            raise Refusal(_MALFORMED, "Policy document should not specify a principal.")


@rule("efs", "PutFileSystemPolicy")
def policies_of_file_systems(asked: Asked) -> None:
    """A policy of a file system names whom it is about."""
    for statement in _statements(asked.parameters["Policy"], _INVALID):
        if "Principal" not in statement and "NotPrincipal" not in statement:
            raise Refusal(_INVALID, "Missing required field Principal")


def _statements(text: object, code: str) -> list[Mapping[str, Any]]:
    """Return the statements of a policy; raises `Refusal` for what is none."""
    try:
        policy = json.loads(str(text))
    except ValueError as error:
        raise Refusal(code, "This policy contains invalid Json") from error
    stated = policy.get("Statement") if isinstance(policy, dict) else None
    listed: list[Any] = stated if isinstance(stated, list) else [stated]
    for each in listed:
        if not isinstance(each, dict) or each.get("Effect") not in ("Allow", "Deny"):
            raise Refusal(code, "Syntax errors in policy: a statement has an Effect, Allow or Deny")
        if not any(each.get(name) for name in _STATEMENT):
            raise Refusal(code, "Policy statement must contain actions.")
        if not isinstance(each.get("Condition", {}), dict) or not isinstance(each.get("Principal", {}), dict | str):
            raise Refusal(code, "Syntax errors in policy.")
    return listed


@rule("iam", "CreateRole", "PutRolePermissionsBoundary")
def boundaries(asked: Asked) -> None:
    """A boundary is a policy that is there; one of AWS's own is there once it is asked for."""
    arn = asked.parameters.get("PermissionsBoundary")
    if arn is not None and ":iam::aws:policy/" not in arn:
        asked.aws("iam").get_policy(PolicyArn=arn)


@rule("iam", "DeletePolicy")
def policies_in_use(asked: Asked) -> None:
    """A policy that bounds a role stays."""
    wanted = asked.parameters["PolicyArn"]
    for role in asked.aws("iam").list_roles()["Roles"]:
        found = asked.aws("iam").get_role(RoleName=role["RoleName"])["Role"].get("PermissionsBoundary") or {}
        if found.get("PermissionsBoundaryArn") == wanted:
            raise Refusal(_IN_USE, "Cannot delete a policy attached to entities.", 409)
