"""What a world does to moto beyond calls: tasks, counts, events and deployments, which the scheduler owns."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from moto.ecs.models import ecs_backends

from seatrials.seams.application import AwsClient
from seatrials.twin.moto_bridge.backends import ACCOUNT
from seatrials.twin.moto_bridge.clients import aws_client
from seatrials.twin.moto_bridge.hooks import Hooks
from seatrials.twin.moto_bridge.index_lag import IndexLag
from seatrials.twin.tasks import TaskRecord


class Bridge(Hooks):
    """A world's hooks, its clients, and its way into ECS's records."""

    index_lag: IndexLag | None = None

    @contextmanager
    def answering(self, service: str, operation: str, parameters: Mapping[str, Any]) -> Iterator[None]:
        """Let indexes lag behind their table."""
        if service != "dynamodb" or self.index_lag is None:
            yield
            return
        self.index_lag.note(operation, parameters)
        with self.index_lag.of_read(parameters):
            yield

    def client(self, caller: str, service: str) -> AwsClient:
        """Return the client of *service* with which *caller* speaks; one is kept for the life of the process."""
        return aws_client(self.region, caller, service)

    def add_task(self, cluster_name: str, task: TaskRecord) -> None:
        """Let ECS know *task*; later changes of the record show by themselves."""
        self.forget("ecs")
        tasks: dict[str, Any] = self._ecs().tasks.setdefault(cluster_name, {})
        tasks[task.task_arn] = task

    def show_service(self, cluster_name: str, service_name: str, **attributes: Any) -> None:  # noqa: ANN401
        """Set what DescribeServices answers; attribute names are the API's in snake case."""
        self.forget("ecs")
        service = self._ecs().services[f"{cluster_name}:{service_name}"]
        for name, value in attributes.items():
            setattr(service, name, value)

    def forced_deployments(self, cluster_name: str, service_name: str) -> int:
        """Return how often UpdateService has asked for a new deployment of the same task definition."""
        return int(getattr(self._ecs().services[f"{cluster_name}:{service_name}"], "forced_deployments", 0))

    def _ecs(self) -> Any:  # noqa: ANN401  # moto's backend, which holds records of ours as its own
        return ecs_backends[ACCOUNT][self.region]
