"""The ECS services: what they should be, what they are, and what scaled them."""

import re
from dataclasses import dataclass
from typing import Any

from seatrials.environments.parts import ResourceNames
from seatrials.platform.calls import Listed
from seatrials.seams.application import AwsClient


@dataclass(frozen=True)
class Counts:
    """How many tasks a service wants and has."""

    desired: int
    running: int
    pending: int


@dataclass(frozen=True)
class Scaling:
    """One change of a service's desired count by Application Auto Scaling."""

    # Epoch seconds.
    began_at: float
    desired: int


# Source: Application Auto Scaling API Reference, ScalingActivity, examples.
_DESIRED = re.compile(r"Setting desired count to (\d+)\.")


class Services:
    """Reads ECS and Application Auto Scaling, and does to tasks what an operator does."""

    def __init__(self, ecs: AwsClient, autoscaling: AwsClient, names: ResourceNames) -> None:
        self._ecs = ecs
        self._autoscaling = autoscaling
        self._names = names

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

    def stop_task(self, task_arn: str) -> None:
        """Have ECS stop a task, which gets SIGTERM; its service starts another one."""
        self._ecs.stop_task(cluster=self._names.cluster, task=task_arn, reason="stopped by a scenario")

    def has_ended(self, task_arn: str) -> bool:
        """Whether every container of a task has exited; fails the scenario when ECS does not know the task."""
        cluster = self._names.cluster
        tasks = self._ecs.describe_tasks(cluster=cluster, tasks=[task_arn])["tasks"]
        assert tasks, f"ECS knows no task {task_arn}"
        return "executionStoppedAt" in tasks[0]

    def redeploy_edit(self) -> None:
        """Have every task of the edit service replaced, as a new deployment does."""
        names = self._names
        self._ecs.update_service(cluster=names.cluster, service=names.edit_service, forceNewDeployment=True)

    def scale_hermes(self, count: int) -> None:
        """Have so many tasks of Hermes, which an operator may set to 0..2."""
        names = self._names
        self._ecs.update_service(cluster=names.cluster, service=names.hermes_service, desiredCount=count)

    def hermes_running(self) -> int:
        """Return how many tasks of Hermes run."""
        return int(self.hermes()["runningCount"])

    def stopped_edit_tasks(self) -> list[dict[str, Any]]:
        """Return the edit service's stopped and stopping tasks that ECS still shows."""
        return self._tasks(self._names.edit_service, "STOPPED")

    def edit_activities(self) -> Listed[dict[str, Any]]:
        """Return the scaling activities of the edit service, newest first."""
        resource = f"service/{self._names.cluster}/{self._names.edit_service}"
        answer = self._autoscaling.describe_scaling_activities(ServiceNamespace="ecs", ResourceId=resource)
        return Listed(answer["ScalingActivities"], "scaling activities of the edit service")

    def edit_scalings(self, since: float = 0.0) -> list[Scaling]:
        """Return what scaling did to the edit service's desired count since then (epoch seconds), oldest first."""
        scalings = []
        for activity in reversed(self.edit_activities()):
            wanted = _DESIRED.fullmatch(activity["Description"])
            assert wanted is not None, f"a scaling activity does not say what it set: {activity['Description']!r}"
            scalings.append(Scaling(activity["StartTime"].timestamp(), int(wanted[1])))
        return [each for each in scalings if each.began_at >= since]

    def _describe(self, name: str) -> dict[str, Any]:
        return describe_service(self._ecs, self._names.cluster, name)

    def _tasks(self, service: str, desired_status: str) -> list[dict[str, Any]]:
        cluster = self._names.cluster
        arns = self._ecs.list_tasks(cluster=cluster, serviceName=service, desiredStatus=desired_status)["taskArns"]
        if not arns:
            return []
        return list(self._ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"])


def describe_service(ecs: AwsClient, cluster: str, name: str) -> dict[str, Any]:
    """Return a service as ECS describes it; fails the scenario when there is none of that name."""
    services = ecs.describe_services(cluster=cluster, services=[name])["services"]
    assert services, f"ECS knows no service {name} in cluster {cluster}"
    service: dict[str, Any] = services[0]
    return service
