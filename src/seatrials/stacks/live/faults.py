"""What can be broken on a real stack: what an operator can do with plain AWS calls, and nothing that a twin does.

The words are those of `seatrials.platform.faults`, which refuses what has no method here. A task definition of the
run's own, a table that throttles by its traffic, or SIGKILL, which StopTask sends only after SIGTERM, would break more
than the scenario's own, or less than was asked.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

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
    def task_stopped(self, *task_arns: str) -> Iterator[None]:
        """Have ECS stop tasks at once, which gives them SIGTERM."""
        for arn in task_arns:
            self._aws("ecs").stop_task(cluster=self._cluster, task=arn, reason="stopped by a scenario")
        yield

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
