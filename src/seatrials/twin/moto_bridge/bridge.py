"""What a world does to moto beyond calls: tasks, counts, events and deployments, which the scheduler owns."""

from collections.abc import Mapping, Sequence
from typing import Any

from moto.backends import get_backend
from moto.moto_api._internal import mock_random

from seatrials.seams.application import AwsClient
from seatrials.twin.metrics.store import Metric, Metrics, Point
from seatrials.twin.moto_bridge.clients import TWIN, aws_client
from seatrials.twin.moto_bridge.hooks import ACCOUNT, Hooks
from seatrials.twin.moto_bridge.roles import find_file_system_policy, find_role
from seatrials.twin.permissions import Role
from seatrials.twin.tasks import TaskRecord


class Bridge(Hooks):
    """A world's hooks, its clients, and its way into ECS's records."""

    def client(self, caller: str, service: str) -> AwsClient:
        """Return the client of *service* with which *caller* speaks; one is kept for the life of the process."""
        return aws_client(self.region, caller, service)

    def own_client(self, service: str) -> AwsClient:
        """Return the twin's own client of *service*."""
        return aws_client(self.region, TWIN, service)

    def with_arns(self, service: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a call's parameters with the ARN of a secret that they name, which ends in characters of AWS's."""
        name = parameters.get("SecretId") if service == "secretsmanager" else None
        found = get_backend("secretsmanager")[ACCOUNT][self.region].secrets.get(name) if isinstance(name, str) else None
        return parameters if found is None else {**parameters, "SecretId": found.arn}

    def role(self, arn: str) -> Role | None:
        """Return a role as IAM has it."""
        return find_role(arn, ACCOUNT, self.region)

    def file_system_policy(self, file_system: str) -> str | None:
        """Return the policy of an EFS file system, or None when it has none of its own."""
        return find_file_system_policy(file_system, ACCOUNT, self.region)

    def add_task(self, cluster_name: str, task: TaskRecord) -> None:
        """Let ECS know *task*; later changes of the record show by themselves."""
        self.touched("ecs")
        tasks: dict[str, Any] = self._ecs().tasks.setdefault(cluster_name, {})
        tasks[task.task_arn] = task

    def show_service(self, cluster_name: str, service_name: str, **attributes: Any) -> None:  # noqa: ANN401
        """Set what DescribeServices answers; attribute names are the API's in snake case."""
        self.touched("ecs")
        service = self._ecs().services[f"{cluster_name}:{service_name}"]
        for name, value in attributes.items():
            setattr(service, name, value)

    def attach_interface(self, identifier: str, subnet: str, address: str, groups: Sequence[str], owner: str) -> None:
        """Let EC2 describe the network interface of a task, which AWS makes for it.

        Source: Amazon ECS Developer Guide, "Fargate task networking"; botocore, ec2.NetworkInterface.
        """
        self.touched("ec2")
        # moto draws an identifier for it, and what it draws for others must not change by that.
        drawn = mock_random.getstate()
        interfaces = self._ec2()
        made = interfaces.create_network_interface(subnet, address, group_ids=list(groups), description=owner)
        mock_random.setstate(drawn)
        del interfaces.enis[made.id]
        made.id, made.status, made.requester_managed = identifier, "in-use", True
        interfaces.enis[identifier] = made

    def detach_interface(self, identifier: str) -> None:
        """Let EC2 forget the network interface of a task."""
        self.touched("ec2")
        self._ec2().enis.pop(identifier, None)

    def item(self, table: str, key: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return an item of DynamoDB as clients have it, or None: a call takes ten times as long, and more is written.

        *table* must be there, and *key* must be whole, as they are behind a write.
        """
        found: Any = get_backend("dynamodb")[ACCOUNT][self.region].get_item(table, dict(key))
        item: dict[str, Any] | None = None if found is None else found.to_json()["Attributes"]
        return item

    def metrics(self) -> Metrics:
        """Return CloudWatch's metrics, which CloudWatch and who watches them share."""
        backend: Any = get_backend("cloudwatch")[ACCOUNT][self.region]
        metrics: Metrics = backend.metrics
        return metrics

    def publish(self, metric: Metric, point: Point) -> None:
        """Store a point of a metric that AWS itself publishes."""
        self.touched("cloudwatch")
        self.metrics().add(metric, point)

    def has_log_group(self, name: str) -> bool:
        """Return whether CloudWatch Logs has the group *name*."""
        return name in get_backend("logs")[ACCOUNT][self.region].groups

    def forced_deployments(self, cluster_name: str, service_name: str) -> int:
        """Return how often UpdateService has asked for a new deployment of the same task definition."""
        return int(getattr(self._ecs().services[f"{cluster_name}:{service_name}"], "forced_deployments", 0))

    def _ec2(self) -> Any:  # noqa: ANN401  # moto's backend
        return get_backend("ec2")[ACCOUNT][self.region]

    def _ecs(self) -> Any:  # noqa: ANN401  # moto's backend, which holds records of ours as its own
        return get_backend("ecs")[ACCOUNT][self.region]
