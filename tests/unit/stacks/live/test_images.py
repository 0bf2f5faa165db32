"""The images of the tasks that run are told as ECS tells them, with the digest where there is one."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from seatrials.environments.parts import ResourceNames
from seatrials.stacks.live.images import running_images

NAMES = ResourceNames()
DEFINITIONS = {
    "hermes:1": [{"name": NAMES.hermes_container, "image": "r/hermes:1.4.2"}],
    "edit:7": [{"name": "sidecar", "image": "r/proxy:1"}, {"name": NAMES.edit_container, "image": "r/edit:2.0.1"}],
}


class FakeEcs:
    """ECS with the tasks that a test gives it, by service."""

    def __init__(self, **tasks: list[dict[str, Any]]) -> None:
        self.tasks = {getattr(NAMES, f"{name}_service"): each for name, each in tasks.items()}
        self.refused = False

    def get_paginator(self, operation: str) -> "FakeEcs":
        """Return what lists tasks."""
        assert operation == "list_tasks"
        return self

    def paginate(self, *, cluster: str, serviceName: str, desiredStatus: str) -> list[dict[str, Any]]:  # noqa: N803  # AWS's
        """Return the tasks of a service."""
        assert (cluster, desiredStatus) == (NAMES.cluster, "RUNNING")
        return [{"taskArns": [f"{serviceName}/{index}" for index, _ in enumerate(self.tasks.get(serviceName, []))]}]

    def describe_tasks(self, *, cluster: str, tasks: list[str]) -> dict[str, Any]:
        """Return what is known of tasks."""
        assert cluster == NAMES.cluster
        return {"tasks": self.tasks[tasks[0].partition("/")[0]]}

    def describe_task_definition(self, *, taskDefinition: str) -> dict[str, Any]:  # noqa: N803  # AWS's
        """Return a task definition."""
        if self.refused:
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "DescribeTaskDefinition")
        return {"taskDefinition": {"containerDefinitions": DEFINITIONS[taskDefinition]}}


def task(definition: str, status: str = "RUNNING", **container: str) -> dict[str, Any]:
    """Return a task as ECS describes it."""
    return {"taskDefinitionArn": definition, "lastStatus": status, "containers": [container]}


def test_the_digest_is_that_of_the_services_own_container() -> None:
    """A sidecar's is none of it, and a task that does not run yet says nothing."""
    ecs = FakeEcs(
        hermes=[task("hermes:1", name=NAMES.hermes_container, imageDigest="sha256:aa")],
        edit=[
            task("edit:7", name="sidecar", imageDigest="sha256:bb"),
            task("edit:7", name=NAMES.edit_container, imageDigest="sha256:cc"),
            task("edit:7", "PROVISIONING", name=NAMES.edit_container, imageDigest="sha256:dd"),
        ],
    )

    assert running_images(lambda _service: ecs, NAMES) == {
        "hermes": ("r/hermes:1.4.2@sha256:aa",),
        "edit": ("r/edit:2.0.1", "r/edit:2.0.1@sha256:cc"),
    }


def test_without_tasks_there_is_no_image() -> None:
    """A service at zero runs nothing."""
    assert running_images(lambda _service: FakeEcs(), NAMES) == {"hermes": (), "edit": ()}


@pytest.mark.parametrize("name", ["hermes", "edit"])
def test_what_aws_refuses_is_not_known(name: str) -> None:
    """The scenario goes on, and the gate says that nobody knows what ran."""
    ecs = FakeEcs(**{name: [task("hermes:1")]})
    ecs.refused = True

    assert running_images(lambda _service: ecs, NAMES) == {}
