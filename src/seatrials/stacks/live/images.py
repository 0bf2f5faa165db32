"""Which images the tasks of the services run, as ECS tells it."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from seatrials.environments.parts import ResourceNames
from seatrials.errors import SeatrialsError
from seatrials.platform.ownership import Ownership
from seatrials.seams.application import AwsClient


def running_images(aws: Callable[[str], AwsClient], names: ResourceNames) -> dict[str, tuple[str, ...]]:
    """Return the images of the tasks that run now, by `hermes` and `edit`; of a service without tasks nothing is told.

    Where AWS refuses a call nothing is told either: what is not known is no proof, which the gate says.
    """
    wanted = {
        "hermes": (names.hermes_service, names.hermes_container),
        "edit": (names.edit_service, names.edit_container),
    }
    try:
        own = Ownership(names, aws)
        return {name: _images(aws("ecs"), own, *each) for name, each in wanted.items()}
    except (BotoCoreError, ClientError, SeatrialsError):
        return {}


def _images(ecs: AwsClient, own: Ownership, service: str, container: str) -> tuple[str, ...]:
    running = [task for task in own.described_tasks(own.tasks(service)) if task.get("lastStatus") == "RUNNING"]
    named = {
        arn: _image_of(ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"], container)
        for arn in {task["taskDefinitionArn"] for task in running}
    }
    images = (_with_digest(named[task["taskDefinitionArn"]], task.get("containers", []), container) for task in running)
    return tuple(sorted({image for image in images if image}))


def _image_of(definition: Mapping[str, Any], container: str) -> str:
    return next((str(each["image"]) for each in definition["containerDefinitions"] if each["name"] == container), "")


def _with_digest(image: str, containers: Iterable[Mapping[str, Any]], container: str) -> str:
    """Return *image* with the digest of what was pulled for it: a tag may lead elsewhere tomorrow."""
    digest = next((str(each.get("imageDigest") or "") for each in containers if each.get("name") == container), "")
    return f"{image}@{digest}" if digest and image and "@" not in image else image
