"""What a task must reach before its containers start: registries, secrets, files of variables, logs, file systems.

Each is asked of the network as the task's own interface has it; what is not reached is a reason of ECS, after the time
that its agent tries. The wording follows public reports.
Source: Amazon ECS Developer Guide, "Fargate task networking", "Resolve Amazon ECS ResourceInitializationError errors",
"CannotPullContainer task errors"; Amazon ECR User Guide, "Amazon ECR interface VPC endpoints": an image takes ecr.api,
ecr.dkr and, for its layers, S3.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from seatrials.twin.ecs.images import Image
from seatrials.twin.ecs.initialization import InitializationError
from seatrials.twin.ecs.runtime import ImageError
from seatrials.twin.filesystem import MountError
from seatrials.twin.physics.clock import VirtualClock
from seatrials.twin.vpc.places import INTERNET_ADDRESS, Blocked
from seatrials.twin.vpc.vpc import Vpc

# Whoever connects gives up after so long, which is what Go's dialers have here, and tries so many times.
_DIAL_SECONDS = 30.0
_IMAGE_TRIES = 5
_AUTH_TRIES = 4
_SERVICE_TRIES = 2
# How long mount.nfs4 tries. Source: nfs(5), retry: two minutes.
_MOUNT_SECONDS = 120.0

_NOT_PULLED = "unable to pull secrets or registry auth: execution resource retrieval failed"
_NO_MOUNT = "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes"
_UNRESOLVED = (
    'Failed to resolve "{host}" - check that your file system ID is correct, and ensure that the VPC has an EFS mount '
    "target for this file system ID."
)
_CANCELLED = "RequestCanceled: request context canceled caused by: context deadline exceeded"


class TaskConnections:
    """Looks for what the task at *address* of a world must reach."""

    def __init__(self, vpc: Vpc, clock: VirtualClock, address: str, region: str) -> None:
        self._vpc = vpc
        self._clock = clock
        self._address = address
        self._region = region

    def check(self, definition: Mapping[str, Any]) -> None:
        """Raise `InitializationError`, `ImageError` or `MountError` for the first thing that is not reached."""
        containers = definition["containerDefinitions"]
        images = [Image.of(str(each["image"])) for each in containers]
        for image in images:
            self._registry_auth(image)
        for each in containers:
            self._secrets(each)
        for each in containers:
            self._files(each)
        for each in _file_systems(definition):
            self._file_system(each)
        for image in images:
            self._pull(image)
        for each in containers:
            self._logs(each)

    def _registry_auth(self, image: Image) -> None:
        if image.is_in_ecr(self._region):
            blocked = self._vpc.reach_service(self._address, "ecr.api")
            sent = _sent(f"api.ecr.{self._region}.amazonaws.com", blocked)
            failed = f"unable to retrieve ecr registry auth: service call has been retried 3 time(s): {sent}"
            self._require(blocked, _AUTH_TRIES, _NOT_PULLED, failed)

    def _secrets(self, container: Mapping[str, Any]) -> None:
        for secret in container.get("secrets", []):
            if ":secretsmanager:" in str(secret["valueFrom"]):
                blocked = self._vpc.reach_service(self._address, "secretsmanager")
                failed = f"failed to fetch secret {secret['valueFrom']} from secrets manager: {_CANCELLED}"
                words = ("unable to retrieve secret from asm: service call has been retried 1 time(s)", failed)
            else:
                blocked = self._vpc.reach_service(self._address, "ssm")
                words = ("unable to retrieve secrets from ssm: service call has been retried 1 time(s)", _CANCELLED)
            self._require(blocked, _SERVICE_TRIES, _NOT_PULLED, *words)

    def _files(self, container: Mapping[str, Any]) -> None:
        if container.get("environmentFiles"):
            blocked = self._vpc.reach_service(self._address, "s3")
            words = "failed to download env files: file download command: non empty error stream"
            self._require(blocked, _SERVICE_TRIES, words, _CANCELLED)

    def _logs(self, container: Mapping[str, Any]) -> None:
        configuration = container.get("logConfiguration") or {}
        if configuration.get("logDriver") != "awslogs":
            return
        region = (configuration.get("options") or {}).get("awslogs-region", self._region)
        host = f"logs.{region}.amazonaws.com"
        # Endpoints are of a VPC's own region; another one is reached over the internet.
        is_here = region == self._region
        blocked = self._service("logs") if is_here else self._vpc.reach_host(self._address, host)
        failed = f"failed to create Cloudwatch log stream: {_sent(host, blocked)}"
        words = ("failed to validate logger args", f"create stream has been retried 1 times: {failed}")
        self._require(blocked, _SERVICE_TRIES, *words, "exit status 1")

    def _pull(self, image: Image) -> None:
        own = image.is_in_ecr(self._region)
        blocked = self._service("ecr.dkr") if own else self._vpc.reach_host(self._address, image.host)
        url = f"https://{image.host}/v2/{image.repository}/manifests/{image.tag}"
        if blocked is not None:
            failed = f'failed to resolve ref {image}: failed to do request: Head "{url}"'
            self._fail_to_pull("pull image manifest", failed, image.host, blocked)
        if own and (no_layers := self._service("s3")) is not None:
            bucket = f"prod-{self._region}-starport-layer-bucket.s3.{self._region}.amazonaws.com"
            failed = f'failed to copy: httpReadSeeker: failed open: failed to do request: Get "https://{bucket}/"'
            self._fail_to_pull("ref pull", failed, bucket, no_layers)

    def _fail_to_pull(self, what: str, failed: str, host: str, blocked: Blocked) -> None:
        self._try(blocked, _IMAGE_TRIES)
        retried = f"CannotPullContainerError: {what} has been retried {_IMAGE_TRIES} time(s)"
        msg = f"{retried}: {failed}: {_dial(host, blocked)}"
        raise ImageError(msg)

    def _file_system(self, identifier: str) -> None:
        blocked = self._vpc.reach_file_system(self._address, identifier)
        if blocked is None:
            return
        problem, code = _UNRESOLVED.format(host=f"{identifier}.efs.{self._region}.amazonaws.com"), 1
        if not blocked.is_unresolved:
            self._clock.sleep(_MOUNT_SECONDS)
            problem, code = "mount.nfs4: Connection timed out", 32
        msg = f"{_NO_MOUNT}: stderr: {problem} : unsuccessful EFS utils command execution; code: {code}"
        raise MountError(msg)

    def _service(self, name: str) -> Blocked | None:
        return self._vpc.reach_service(self._address, name)

    def _require(self, blocked: Blocked | None, tries: int, *words: str) -> None:
        if blocked is not None:
            self._try(blocked, tries)
            raise InitializationError(*words)

    def _try(self, blocked: Blocked, times: int) -> None:
        """Let the time pass that the attempts take: a name that is not resolved is known at once."""
        if not blocked.is_unresolved:
            self._clock.sleep(times * _DIAL_SECONDS)


def _sent(host: str, blocked: Blocked | None) -> str:
    told = "" if blocked is None else _dial(host, blocked)
    check = "Please check your task network configuration."
    return f'RequestError: send request failed caused by: Post "https://{host}/": {told}. {check}'


def _dial(host: str, blocked: Blocked) -> str:
    if blocked.is_unresolved:
        return f"dial tcp: lookup {host}: no such host"
    return f"dial tcp {INTERNET_ADDRESS}:443: i/o timeout"


def _file_systems(definition: Mapping[str, Any]) -> Iterator[str]:
    """Yield the file systems that containers of a task mount, once each."""
    volumes = {each["name"]: each.get("efsVolumeConfiguration") for each in definition.get("volumes", [])}
    mounts = [mount for each in definition["containerDefinitions"] for mount in each.get("mountPoints", [])]
    used = [volumes.get(each["sourceVolume"]) for each in mounts]
    yield from dict.fromkeys(str(each["fileSystemId"]) for each in used if each)
