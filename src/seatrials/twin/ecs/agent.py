"""ECS's agent, which starts a task with its execution role: it pulls images and asks for secrets and log streams.

Source: Amazon ECS Developer Guide, "Amazon ECS task execution IAM role".
"""

from collections.abc import Mapping
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError

from seatrials.twin.ecs.images import Image
from seatrials.twin.ecs.runtime import ImageError
from seatrials.twin.moto_bridge import Bridge
from seatrials.twin.permissions import Denial, Need, Principal, refusal_of

# What a pull takes once there is a token. Source: Amazon ECR User Guide, "Required IAM permissions for pulling images".
_OF_A_PULL = ("BatchGetImage", "GetDownloadUrlForLayer")


class Agent:
    """The agent of one task; what it does is judged by the task's execution role."""

    def __init__(self, definition: Mapping[str, Any], task_id: str, bridge: Bridge) -> None:
        self._principal = Principal(definition.get("executionRoleArn"), task_id)
        self._bridge = bridge
        self.region = bridge.region

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:  # noqa: ANN401  # the API's own
        """Call AWS; raises what a client of boto3 would, also when the execution role does not allow it."""
        client = self._bridge.own_client(service)
        self.check(service, operation, **parameters)
        answer: dict[str, Any] = getattr(client, xform_name(operation))(**parameters)
        return answer

    def check(self, service: str, operation: str, **parameters: Any) -> None:  # noqa: ANN401  # the API's own
        """Raise botocore's `ClientError` when the execution role does not allow a call."""
        denial = self._denial_of(service, operation, parameters)
        if denial is not None:
            code, message, _ = refusal_of(denial, self._bridge.own_client(service).meta.service_model)
            raise ClientError({"Error": {"Code": code, "Message": message}}, operation)

    def may(self, service: str, operation: str, **parameters: Any) -> bool:  # noqa: ANN401  # the API's own
        """Whether the execution role allows a call."""
        return self._denial_of(service, operation, parameters) is None

    def has_log_group(self, name: str) -> bool:
        """Return whether CloudWatch Logs has the group *name*."""
        return self._bridge.has_log_group(name)

    def check_pull(self, name: str) -> None:
        """Raise `ImageError` when the execution role may not pull an image; the wording follows public reports."""
        image = Image.of(name)
        if image.ecr is None:
            return
        arn = f"arn:aws:ecr:{image.ecr.region}:{image.ecr.account}:repository/{image.repository}"
        if self._denial(*(Need(f"ecr:{action}", arn) for action in _OF_A_PULL)) is not None:
            status = f"failed with status code [manifests {image.tag}]: 403 Forbidden"
            msg = (
                "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref "
                f"{image}: pulling from host {image.host} {status}"
            )
            raise ImageError(msg)

    def _denial_of(self, service: str, operation: str, parameters: Mapping[str, Any]) -> Denial | None:
        signing_name = self._bridge.own_client(service).meta.service_model.signing_name
        return self._denial(*self._bridge.permissions.needs_of(service, signing_name, operation, parameters))

    def _denial(self, *needs: Need) -> Denial | None:
        return self._bridge.permissions.denial(self._principal, needs)


def role_that_cannot_be_assumed(definition: Mapping[str, Any], bridge: Bridge) -> str | None:
    """Return the ARN of a role of a task definition that ECS may not take for a task; None when it may take them."""
    roles = (definition.get("executionRoleArn"), definition.get("taskRoleArn"))
    return next((each for each in roles if each and not bridge.permissions.can_be_assumed(each)), None)
