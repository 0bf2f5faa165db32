"""Roles, policies and sessions as moto's IAM has them, without the calls that would ask for them one by one."""

import json
from functools import cache
from typing import Any

from moto.backends import get_backend
from moto.iam import urls as iam_urls
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, IAMBackend
from moto.iam.models import Role as IamRole
from moto.sts import urls as sts_urls
from moto.sts.models import STSBackend
from moto.utilities.utils import get_partition

from seatrials.twin.moto_bridge.hooks import current
from seatrials.twin.permissions import Role

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
    """STS that knows the session of a task. Source: AWS STS API Reference, GetCallerIdentity."""

    _url_module = sts_urls

    def get_caller_identity(self, access_key_id: str, region: str) -> tuple[str, str, str]:
        hooks = current()
        principal = None if hooks is None else hooks.caller(access_key_id)
        if hooks is None or principal is None or principal.role_arn is None:
            return super().get_caller_identity(access_key_id, region)
        roles: dict[str, Any] = get_backend("iam")[self.account_id][get_partition(region)].roles
        role = next((each.id for each in roles.values() if each.arn == principal.role_arn), "AROA")
        return f"{role}:{principal.session}", hooks.permissions.arn_of(principal), self.account_id


@cache
def _policies_of_aws() -> dict[str, Any]:
    policies: dict[str, Any] = json.loads(aws_managed_policies_data)
    return policies


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
