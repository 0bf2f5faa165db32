"""Roles, policies and sessions as moto's IAM has them, without the calls that would ask for them one by one.

Who calls from outside has credentials that are made up. Where a template makes a role for people of its account, who
may assume it by its trust policy, such a caller is a session of it; whose else could it be?
"""

import json
from functools import cache
from typing import Any

from moto.backends import get_backend
from moto.core.responses import ActionResult
from moto.iam import urls as iam_urls
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.exceptions import NotFoundException
from moto.iam.models import AWSManagedPolicy, IAMBackend
from moto.iam.models import Role as IamRole
from moto.iam.responses import IamResponse
from moto.sts import urls as sts_urls
from moto.sts.models import STSBackend
from moto.utilities.utils import get_partition

from seatrials.twin.moto_bridge.hooks import current
from seatrials.twin.permissions import Need, Role
from seatrials.twin.permissions.policies import statements_of

_OF_AWS = ":iam::aws:policy/"
# AWS has more policies than moto's list knows; one that is not in it allows nothing here, as the denials will say.
_UNKNOWN = {
    "Document": {"Version": "2012-10-17", "Statement": []},
    "CreateDate": "2015-02-06T18:40:58+00:00",
    "UpdateDate": "2015-02-06T18:40:58+00:00",
    "DefaultVersionId": "v1",
}


class TwinIam(IAMBackend):
    """IAM that has a policy of AWS's own once a role is given it; moto has none, or all thousand of them."""

    # moto finds a backend's URLs by the name of the module of its class.
    _url_module = iam_urls

    def attach_role_policy(self, policy_arn: str, role_name: str) -> None:
        self._have(policy_arn)
        super().attach_role_policy(policy_arn, role_name)

    def create_role(
        self,
        role_name: str,
        assume_role_policy_document: str,
        path: str,
        permissions_boundary: str | None,
        *arguments: Any,  # noqa: ANN401  # moto's own
        **parameters: Any,  # noqa: ANN401  # moto's own
    ) -> IamRole:
        if permissions_boundary:
            self._have(permissions_boundary)
        document = assume_role_policy_document
        return super().create_role(role_name, document, path, permissions_boundary, *arguments, **parameters)

    def put_role_permissions_boundary(self, role_name: str, permissions_boundary: str) -> None:
        self._have(permissions_boundary)
        super().put_role_permissions_boundary(role_name, permissions_boundary)

    def _have(self, policy_arn: str) -> None:
        """Know a policy, if it is one of AWS's own."""
        if _OF_AWS in policy_arn and policy_arn not in self.managed_policies:
            path, _, name = policy_arn.partition(_OF_AWS)[2].rpartition("/")
            data = {**_policies_of_aws().get(name, _UNKNOWN), "Path": f"/{path}/" if path else "/"}
            policy = AWSManagedPolicy.from_data(name, self.account_id, self.region_name, data)
            self.managed_policies[policy_arn] = policy


class TwinSts(STSBackend):
    """STS that knows the session of a task, and of who calls from outside.

    Source: AWS STS API Reference, GetCallerIdentity.
    """

    _url_module = sts_urls

    def get_caller_identity(self, access_key_id: str, region: str) -> tuple[str, str, str]:
        hooks = current()
        principal = None if hooks is None else hooks.caller(access_key_id)
        if hooks is not None and principal is not None and principal.role_arn is not None:
            roles: dict[str, Any] = get_backend("iam")[self.account_id][get_partition(region)].roles
            role_id = next((each.id for each in roles.values() if each.arn == principal.role_arn), "AROA")
            return f"{role_id}:{principal.session}", hooks.permissions.arn_of(principal), self.account_id
        user, arn, account = super().get_caller_identity(access_key_id, region)
        role = None if self.get_assumed_role_from_access_key(access_key_id) else _role_of_callers(account, region)
        if role is None:
            return user, arn, account
        session = f"arn:{get_partition(region)}:sts::{account}:assumed-role/{role.name}/client"
        return f"{role.id}:client", session, account


@cache
def _policies_of_aws() -> dict[str, Any]:
    policies: dict[str, Any] = json.loads(aws_managed_policies_data)
    return policies


class TwinIamResponse(IamResponse):
    """IAM with its simulator, which moto does not implement."""

    def simulate_principal_policy(self) -> ActionResult:
        """Answer SimulatePrincipalPolicy, for roles: each action on each resource, or on `*` alone.

        Source: IAM API Reference, SimulatePrincipalPolicy, ResourceArns and ContextEntries.
        """
        hooks, source = current(), self._get_param("PolicySourceArn")
        if hooks is None or hooks.role(source) is None:
            msg = f"The entity with ARN {source} cannot be found."
            raise NotFoundException(msg)
        resources = self._get_param("ResourceArns") or ["*"]
        keys = tuple(
            (str(each["ContextKeyName"]).lower(), tuple(each["ContextKeyValues"]))
            for each in self._get_param("ContextEntries") or []
        )
        results = [
            {
                "EvalActionName": action,
                "EvalResourceName": resource,
                "EvalDecision": hooks.permissions.decision(source, Need(action, resource, keys)),
            }
            for action in self._get_param("ActionNames")
            for resource in resources
        ]
        return ActionResult({"EvaluationResults": results, "IsTruncated": False})


def _role_of_callers(account: str, region: str) -> Any:  # noqa: ANN401  # moto's role
    """Return the role that the account's own people may assume, by its trust policy; None without one."""
    backend: Any = get_backend("iam")[account][get_partition(region)]
    root = ("AWS", f"arn:{get_partition(region)}:iam::{account}:root")
    roles = sorted(backend.roles.values(), key=lambda each: str(each.name))
    return next((each for each in roles if _trusts(each, root)), None)


def _trusts(role: Any, principal: tuple[str, str]) -> bool:  # noqa: ANN401  # moto's role
    return any(each.allows and each.is_for(principal) for each in statements_of(role.assume_role_policy_document))


def find_role(arn: str, account: str, region: str) -> Role | None:
    """Return the role of an ARN, or None when there is none."""
    backend: Any = get_backend("iam")[account][get_partition(region)]
    found = next((each for each in backend.roles.values() if each.arn == arn), None)
    if found is None:
        return None
    attached = [_text_of(each) for each in found.managed_policies.values()]
    boundary = backend.managed_policies.get(found.permissions_boundary_arn)
    return Role(
        arn=arn,
        trust=found.assume_role_policy_document,
        policies=(*found.policies.values(), *attached),
        boundary=None if boundary is None else _text_of(boundary),
    )


def find_file_system_policy(file_system: str, account: str, region: str) -> str | None:
    """Return the policy of an EFS file system, or None when it has none of its own."""
    backend: Any = get_backend("efs")[account][region]
    found = backend.file_systems_by_id.get(file_system)
    policy: str | None = None if found is None else found.file_system_policy
    return policy


def _text_of(policy: Any) -> str:  # noqa: ANN401  # moto's policy
    return str(next(each.document for each in policy.versions if each.is_default))
