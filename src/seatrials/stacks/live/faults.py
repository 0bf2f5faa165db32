"""What can be broken on a real stack: what an operator can do with plain AWS calls, and nothing that a twin does."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import NoReturn

from seatrials.errors import ConfigurationError
from seatrials.safety.changes import describe_service
from seatrials.seams.application import AwsClient


class LiveFaults:
    """Faults of a real stack."""

    def __init__(self, aws: Callable[[str], AwsClient], cluster: str, services: Mapping[str, str]) -> None:
        """*services* gives the ECS service's name for each short name, such as `edit`."""
        self._aws = aws
        self._cluster = cluster
        self._services = services

    @contextmanager
    def stopped(self, service: str) -> Iterator[None]:
        """Stop every task of *service* with SIGTERM, let none start, and have as many again as were found."""
        ecs, name = self._aws("ecs"), self._services[service]
        found = describe_service(ecs, self._cluster, name)["desiredCount"]
        ecs.update_service(cluster=self._cluster, service=name, desiredCount=0)
        try:
            pages = ecs.get_paginator("list_tasks").paginate(cluster=self._cluster, serviceName=name)
            for arn in [each for page in pages for each in page["taskArns"]]:
                ecs.stop_task(cluster=self._cluster, task=arn, reason=f"{service} is stopped by a scenario")
            yield
        finally:
            ecs.update_service(cluster=self._cluster, service=name, desiredCount=found)

    def image_missing(self, service: str) -> AbstractContextManager[None]:
        """Is not to be had: it would take a task definition of the run's own."""
        _refuse(f"image_missing({service})", "faults.image")

    def task_killed(self, task_arn: str) -> AbstractContextManager[None]:
        """Is not to be had: StopTask sends SIGTERM first, and a test of SIGKILL must not pass on less."""
        _refuse(f"task_killed({task_arn})", "faults.kill")

    def expiry_hurried(self, delay_seconds: float) -> AbstractContextManager[None]:
        """Is not to be had: DynamoDB deletes expired items when it likes."""
        _refuse(f"expiry_hurried({delay_seconds:g})", "expiry")

    def table_throttling(self, *, passing: int = 0, refused: int | None = None) -> AbstractContextManager[None]:
        """Is not to be had: a table on demand throttles by its traffic, and it is everybody's."""
        _refuse(f"table_throttling(passing={passing}, refused={refused})", "faults.table")

    def hanging(self, task_arn: str) -> AbstractContextManager[None]:
        """Is not to be had: nothing outside a container of Fargate stops its process."""
        _refuse(f"hanging({task_arn})", "faults.hang")

    def hanging_up(self, task_arn: str) -> AbstractContextManager[None]:
        """Is not to be had: nothing outside a container of Fargate closes its connections."""
        _refuse(f"hanging_up({task_arn})", "faults.network")

    def failing_health_checks(self, task_arns: Sequence[str], port: int) -> AbstractContextManager[None]:
        """Is not to be had: health checks are answered by the application."""
        _refuse(f"failing_health_checks({len(task_arns)} tasks, {port})", "faults.hang")


def _refuse(fault: str, capability: str) -> NoReturn:
    msg = f"{fault} cannot be had on AWS: mark the scenario with @pytest.mark.needs({capability!r})"
    raise ConfigurationError(msg)
