"""A service of ECS between two turns of the scheduler: what it asks for, what runs of it, and what has been told."""

from typing import Any

from seatrials.twin.ecs.deployments import Deployment
from seatrials.twin.ecs.task_run import TaskRun

_FARGATE = ("FARGATE", "FARGATE_SPOT")


class ServiceState:
    """A service as the scheduler knows it."""

    def __init__(self, description: dict[str, Any]) -> None:
        self.description = description
        self.deployments: list[Deployment] = []
        self.runs: list[TaskRun] = []
        self.events: list[dict[str, Any]] = []
        self.events_ever = 0
        self.failures = 0
        self.not_before = 0.0
        # The deployment that a failed one rolls back to; none while it is on its way back itself.
        self.last_completed: Deployment | None = None
        self.steady = False

    @property
    def name(self) -> str:
        """The service's name."""
        return str(self.description["serviceName"])

    @property
    def cluster(self) -> str:
        """The cluster's name."""
        return str(self.description["clusterArn"]).rsplit("/", 1)[-1]

    @property
    def desired(self) -> int:
        """The desired count; 0 for a service that is deleted."""
        return int(self.description["desiredCount"]) if self.description["status"] == "ACTIVE" else 0

    @property
    def controller(self) -> str:
        """Who deploys: only what ECS does itself acts here."""
        return str((self.description.get("deploymentController") or {}).get("type", "ECS"))

    @property
    def is_on_fargate(self) -> bool:
        """Whether tasks have a place: there are no container instances here, of EC2 or of anyone else."""
        strategy = self.description.get("capacityProviderStrategy") or []
        providers = [each["capacityProvider"] for each in strategy]
        on_fargate = self.description.get("launchType") == "FARGATE" or any(each in _FARGATE for each in providers)
        return on_fargate and "awsvpcConfiguration" in (self.description.get("networkConfiguration") or {})

    @property
    def primary(self) -> Deployment:
        """The newest deployment."""
        return self.deployments[0]

    def wanted(self, deployment: Deployment | None = None) -> list[TaskRun]:
        """Return the tasks that nobody has asked to stop, of one deployment or of all."""
        return [
            run
            for run in self.runs
            if run.record.is_wanted and (deployment is None or run.record.started_by == deployment.id)
        ]
