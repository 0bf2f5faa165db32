"""The ECS services: what they should be, what they are, and what scaled them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from seatrials.environments.parts import ResourceNames
from seatrials.platform.calls import Listed
from seatrials.platform.ownership import Ownership
from seatrials.seams.application import AwsClient
from seatrials.seams.clock import NotYet


@dataclass(frozen=True)
class Counts:
    """How many tasks a service wants and has."""

    desired: int
    running: int
    pending: int


@dataclass(frozen=True)
class Scaling:
    """One change of a service's desired count by Application Auto Scaling."""

    # Epoch seconds, by AWS's clock.
    began_at: float
    desired: int
    # In AWS's words: the alarm and the policy, or the bound.
    cause: str


# Source: Application Auto Scaling API Reference, ScalingActivity, examples.
_DESIRED = re.compile(r"Setting desired count to (\d+)\.")


class Services:
    """Reads ECS and Application Auto Scaling, and does to tasks what an operator does."""

    def __init__(self, ecs: AwsClient, autoscaling: AwsClient, names: ResourceNames) -> None:
        self._ecs = ecs
        self._autoscaling = autoscaling
        self._names = names
        self._own = Ownership(names, lambda _service: ecs)

    def edit_counts(self) -> Counts:
        """Return the edit service's counts."""
        service = self.edit()
        return Counts(service["desiredCount"], service["runningCount"], service["pendingCount"])

    def edit(self) -> dict[str, Any]:
        """Return the edit service as ECS describes it."""
        return self._describe(self._names.edit_service)

    def hermes(self) -> dict[str, Any]:
        """Return Hermes's service as ECS describes it."""
        return self._describe(self._names.hermes_service)

    def edit_tasks(self) -> list[dict[str, Any]]:
        """Return the edit service's tasks that are not asked to stop."""
        return self._tasks(self._names.edit_service, "RUNNING")

    def edit_task_arns(self) -> list[str]:
        """Return the ARNs of the edit service's tasks, sorted."""
        return sorted(task["taskArn"] for task in self.edit_tasks())

    def has_ended(self, task_arn: str) -> bool:
        """Whether every container of a task has exited; fails the scenario when ECS does not know the task."""
        return "executionStoppedAt" in self._known([task_arn])[0]

    def last_statuses(self, task_arns: Iterable[str]) -> list[str]:
        """Return how far each of these tasks has come; fails the scenario when ECS does not know one."""
        return [str(task["lastStatus"]) for task in self._known(list(task_arns))]

    def redeploy_edit(self) -> None:
        """Have every task of the edit service replaced, as a new deployment does."""
        names = self._names
        self._ecs.update_service(cluster=names.cluster, service=names.edit_service, forceNewDeployment=True)

    def redeploy_hermes(self) -> None:
        """Have every task of Hermes replaced, as a new deployment does."""
        names = self._names
        self._ecs.update_service(cluster=names.cluster, service=names.hermes_service, forceNewDeployment=True)

    def are_rolled_out(self) -> bool | NotYet:
        """Whether each service has one deployment, which is done, and no task of another."""
        for service in (self.edit(), self.hermes()):
            states = [(each["status"], each["rolloutState"]) for each in service["deployments"]]
            if states != [("PRIMARY", "COMPLETED")]:
                return NotYet(f"the deployments of {service['serviceName']} are {states}")
        return True

    def hermes_task_arns(self) -> list[str]:
        """Return the ARNs of Hermes's tasks that are not asked to stop, sorted."""
        return sorted(task["taskArn"] for task in self._tasks(self._names.hermes_service, "RUNNING"))

    def scale_hermes(self, count: int) -> None:
        """Have so many tasks of Hermes, which an operator may set to 0..2."""
        names = self._names
        self._ecs.update_service(cluster=names.cluster, service=names.hermes_service, desiredCount=count)

    def hermes_running(self) -> int:
        """Return how many tasks of Hermes run."""
        return int(self.hermes()["runningCount"])

    def stopped_edit_tasks(self) -> list[dict[str, Any]]:
        """Return the edit service's stopped and stopping tasks that ECS still shows, oldest first."""
        return sorted(self._tasks(self._names.edit_service, "STOPPED"), key=lambda task: task["createdAt"])

    def edit_scalings(self, since: float) -> Listed[Scaling]:
        """Return what scaling did to the edit service's desired count since then (epoch seconds), oldest first.

        AWS tells of six weeks, newest first, and of changed bounds too, which set no count.
        """
        found = [_scaling(activity) for activity in self._activities(since)]
        scalings = sorted((each for each in found if each is not None), key=lambda each: each.began_at)
        return Listed(scalings, "scalings of the edit service")

    def _activities(self, since: float) -> Iterator[dict[str, Any]]:
        resource = f"service/{self._names.cluster}/{self._names.edit_service}"
        pages = self._autoscaling.get_paginator("describe_scaling_activities")
        for page in pages.paginate(ServiceNamespace="ecs", ResourceId=resource):
            newer = [each for each in page["ScalingActivities"] if each["StartTime"].timestamp() >= since]
            yield from newer
            if not newer:
                return

    def _describe(self, name: str) -> dict[str, Any]:
        return describe_service(self._ecs, self._names.cluster, name)

    def _tasks(self, service: str, desired_status: str) -> list[dict[str, Any]]:
        # One that was listed may have been forgotten by now.
        return self._described(self._own.tasks(service, desired_status))

    def _known(self, task_arns: list[str]) -> list[dict[str, Any]]:
        tasks = {task["taskArn"]: task for task in self._described(task_arns)}
        missing = [arn for arn in task_arns if arn not in tasks]
        assert not missing, f"ECS knows no task {', '.join(missing)}"
        return [tasks[arn] for arn in task_arns]

    def _described(self, task_arns: list[str]) -> list[dict[str, Any]]:
        """Return those of a hundred tasks at most that ECS knows."""
        return list(self._own.described_tasks(task_arns))


def _scaling(activity: dict[str, Any]) -> Scaling | None:
    """Return the scaling that an activity was, None for one that set no count."""
    wanted = _DESIRED.fullmatch(activity["Description"])
    return wanted and Scaling(activity["StartTime"].timestamp(), int(wanted[1]), activity["Cause"])


def describe_service(ecs: AwsClient, cluster: str, name: str) -> dict[str, Any]:
    """Return a service as ECS describes it; fails the scenario when there is none of that name."""
    services = ecs.describe_services(cluster=cluster, services=[name])["services"]
    assert services, f"ECS knows no service {name} in cluster {cluster}"
    service: dict[str, Any] = services[0]
    return service
