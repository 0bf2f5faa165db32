"""What a task must reach before it starts, and the words in which ECS tells that it does not."""

from typing import Any

import pytest

from seatrials.twin.ecs.connections import TaskConnections
from seatrials.twin.ecs.images import Image
from seatrials.twin.ecs.initialization import InitializationError
from seatrials.twin.ecs.runtime import ImageError
from seatrials.twin.filesystem import MountError
from seatrials.twin.physics.clock import VirtualClock
from seatrials.twin.vpc.places import Blocked
from seatrials.twin.vpc.vpc import Vpc

ECR = "123456789012.dkr.ecr.us-west-2.amazonaws.com"
NOTHING: dict[str, Any] = {"name": "web", "image": "nginx"}
SECRET = "arn:aws:secretsmanager:us-west-2:123456789012:secret:key"  # noqa: S105  # its name


class _Closed(Vpc):
    """A network that reaches everything but what is named."""

    def __init__(self, *closed: str, is_unresolved: bool = False) -> None:
        self.closed = closed
        self.is_unresolved = is_unresolved

    def _ask(self, name: str) -> Blocked | None:
        return Blocked("rtb-1", "leads nowhere", self.is_unresolved) if name in self.closed else None

    def reach_service(self, _source: str, name: str) -> Blocked | None:
        return self._ask(name)

    def reach_host(self, _source: str, host: str) -> Blocked | None:
        return self._ask(host)

    def reach_file_system(self, _source: str, file_system: str) -> Blocked | None:
        return self._ask(file_system)


def start(vpc: Vpc, *, volumes: tuple[dict[str, Any], ...] = (), **container: Any) -> float:  # noqa: ANN401
    """Check a task of one container, and return how long that took."""
    clock = VirtualClock(0)
    definition = {"containerDefinitions": [{**NOTHING, **container}], "volumes": list(volumes)}
    with clock.closing():
        TaskConnections(vpc, clock, "10.0.1.10", "us-west-2").check(definition)
        return clock.now()


LOGS = {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/web", "awslogs-region": "us-west-2"}}
ELSEWHERE = {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/web", "awslogs-region": "eu-west-1"}}
VOLUME = {"name": "data", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}
MOUNTED = {"mountPoints": [{"sourceVolume": "data", "containerPath": "/data"}]}


@pytest.mark.parametrize(
    ("closed", "container", "error", "words"),
    [
        ("registry-1.docker.io", {}, ImageError, "failed to resolve ref docker.io/library/nginx:latest: "),
        ("quay.io", {"image": "quay.io/a/b:1"}, ImageError, 'Head "https://quay.io/v2/a/b/manifests/1": dial tcp '),
        ("ecr.api", {"image": f"{ECR}/a:1"}, InitializationError, "unable to retrieve ecr registry auth: "),
        ("ecr.dkr", {"image": f"{ECR}/a:1"}, ImageError, f"failed to resolve ref {ECR}/a:1: "),
        ("s3", {"image": f"{ECR}/a:1"}, ImageError, "ref pull has been retried 5 time(s): failed to copy: "),
        (
            "secretsmanager",
            {"secrets": [{"name": "KEY", "valueFrom": SECRET}]},
            InitializationError,
            "execution resource retrieval failed: unable to retrieve secret from asm: ",
        ),
        (
            "ssm",
            {"secrets": [{"name": "KEY", "valueFrom": "key"}]},
            InitializationError,
            "unable to retrieve secrets from ssm: ",
        ),
        (
            "s3",
            {"environmentFiles": [{"value": "arn:aws:s3:::a/b.env", "type": "s3"}]},
            InitializationError,
            "failed to download env files: ",
        ),
        ("logs", {"logConfiguration": LOGS}, InitializationError, "failed to create Cloudwatch log stream: "),
        (
            "logs.eu-west-1.amazonaws.com",
            {"logConfiguration": ELSEWHERE},
            InitializationError,
            'Post "https://logs.eu-west-1.amazonaws.com/": dial tcp 198.51.100.1:443: i/o timeout. ',
        ),
        ("fs-1", MOUNTED, MountError, "stderr: mount.nfs4: Connection timed out : unsuccessful EFS utils command "),
    ],
    ids=[
        "docker hub",
        "registry",
        "auth",
        "manifest",
        "layers",
        "secret",
        "parameter",
        "file",
        "logs",
        "region",
        "efs",
    ],
)
def test_what_is_not_reached_keeps_a_task_from_starting(
    closed: str, container: dict[str, Any], error: type[Exception], words: str
) -> None:
    """Each thing that a task needs has its own words (ECS Developer Guide, "Stopped tasks errors"; public reports)."""
    with pytest.raises(error) as raised:
        start(_Closed(closed), volumes=(VOLUME,), **container)

    assert words in str(raised.value)


def test_what_is_not_needed_need_not_be_reached() -> None:
    """A container without secrets, files, logs and volumes takes its image alone, at once."""
    closed = _Closed("ecr.api", "ecr.dkr", "s3", "secretsmanager", "ssm", "logs", "fs-1")

    assert start(closed, volumes=(VOLUME,)) == 0


def test_a_name_that_is_not_resolved_is_known_at_once() -> None:
    """What is lost is tried for minutes; a resolver that says no is believed."""
    with pytest.raises(MountError, match=r'Failed to resolve "fs-1\.efs\.us-west-2\.amazonaws\.com" - check that'):
        start(_Closed("fs-1", is_unresolved=True), volumes=(VOLUME,), **MOUNTED)


@pytest.mark.parametrize(
    ("name", "whole", "host"),
    [
        ("nginx", "docker.io/library/nginx:latest", "registry-1.docker.io"),
        ("webordinary/edit:1.0.0", "docker.io/webordinary/edit:1.0.0", "registry-1.docker.io"),
        ("localhost:5000/a", "localhost:5000/a:latest", "localhost:5000"),
        (f"{ECR}/team/a@sha256:12ab", f"{ECR}/team/a@sha256:12ab", ECR),
    ],
)
def test_images_have_whole_names(name: str, whole: str, host: str) -> None:
    """What is left out of a name is Docker Hub, its library, and the tag latest (distribution/reference)."""
    image = Image.of(name)

    assert (str(image), image.host) == (whole, host)
