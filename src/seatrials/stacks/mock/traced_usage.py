"""What a scenario on the twin used of what costs money on AWS, told from its trace of events."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from seatrials.environments.parts import ResourceNames
from seatrials.platform import contract
from seatrials.seams.application import AwsClient
from seatrials.twin.trace import Event
from seatrials.twin.world import World

_WRITES = ("dynamodb.PutItem", "dynamodb.UpdateItem", "dynamodb.DeleteItem")
_READS = ("dynamodb.GetItem", "dynamodb.Query", "dynamodb.Scan")
# An item of a session is below 1 KB: one unit a write, and half of one an eventually consistent read. What moto says of
# consumed capacity are constants too, some of them wrong.
_UNITS_PER_WRITE = 1.0
_UNITS_PER_READ = 0.5
_ACTIVATE = f"POST {contract.ACTIVATE_PATH}"
_CREATED = 201
_US_PER_SECOND = 1_000_000
# What is counted as it is told.
_COUNTED = ("aws_requests", "cloudwatch_requests", "http_requests", "metrics_put", "sessions")


@dataclass(frozen=True, kw_only=True)
class TaskSize:
    """What a task of a service reserves, and so costs, whether it uses it or not."""

    vcpu: float
    memory_gb: float


class Account:
    """What events tell of what was used; each is told it once, and none is kept."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        # By the task: when it was created, and of which service.
        self._running: dict[str, tuple[int, str]] = {}
        # By the service: how many tasks have stopped, and how long they lived.
        self._stopped: Counter[str] = Counter()
        self._lived_us: Counter[str] = Counter()

    def take(self, events: Iterable[Event]) -> None:
        """Count what *events* tell."""
        for event in events:
            match event.kind:
                case "aws_call":
                    self._take_call(str(event.details["operation"]))
                case "request":
                    self._counts["http_requests"] += 1
                    self._counts["sessions"] += _is_new_session(event)
                case "metric":
                    self._counts["metrics_put"] += 1
                case "task":
                    self._take_task(event)

    def used(self, sizes: Mapping[str, TaskSize], now_us: int, log_bytes: int) -> dict[str, float]:
        """Return the quantities used until *now_us*, by the names that `seatrials.cost` prices.

        Tasks count from created to stopped, of services in *sizes* alone; one that still runs counts until *now_us*.
        """
        counts = self._counts
        return {
            **self._tasks(sizes, now_us),
            "dynamodb_write_units": _UNITS_PER_WRITE * counts["writes"],
            "dynamodb_read_units": _UNITS_PER_READ * counts["reads"],
            **{name: float(counts[name]) for name in _COUNTED},
            "log_bytes": float(log_bytes),
        }

    def _take_call(self, operation: str) -> None:
        self._counts["aws_requests"] += 1
        self._counts["writes"] += operation in _WRITES
        self._counts["reads"] += operation in _READS
        self._counts["cloudwatch_requests"] += operation.startswith("cloudwatch.")

    def _take_task(self, event: Event) -> None:
        created_us, service = self._running.setdefault(event.subject, (event.at_us, str(event.details["service"])))
        if event.details["state"] == "stopped":
            del self._running[event.subject]
            self._stopped[service] += 1
            self._lived_us[service] += event.at_us - created_us

    def _tasks(self, sizes: Mapping[str, TaskSize], now_us: int) -> dict[str, float]:
        tasks, lived_us = self._stopped.copy(), self._lived_us.copy()
        for created_us, service in self._running.values():
            tasks[service] += 1
            lived_us[service] += now_us - created_us
        seconds = {service: lived_us[service] / _US_PER_SECOND for service in sizes}
        return {
            "tasks": float(sum(tasks[service] for service in sizes)),
            "task_seconds": round(sum(seconds.values()), 6),
            "fargate_vcpu_seconds": round(sum(seconds[each] * size.vcpu for each, size in sizes.items()), 6),
            "fargate_memory_gb_seconds": round(sum(seconds[each] * size.memory_gb for each, size in sizes.items()), 6),
        }


def _is_new_session(event: Event) -> bool:
    return event.subject == _ACTIVATE and event.details["status"] == _CREATED


def usage_of_world(world: World, names: ResourceNames, account: Account) -> dict[str, float]:
    """Return what was used in a world by its *account*, with the tasks of the edit service.

    Hermes stands without a run too.
    """
    ecs = world.aws("ecs")
    services = ecs.describe_services(cluster=names.cluster, services=[names.edit_service])["services"]
    sizes = {each["serviceName"]: _size(ecs, each["taskDefinition"]) for each in services}
    return account.used(sizes, world.clock.elapsed_us(), world.runtime.log_bytes)


def _size(ecs: AwsClient, definition: str) -> TaskSize:
    described = ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"]
    # CPU is told in units of 1/1024 vCPU, memory in MiB.
    return TaskSize(vcpu=int(described["cpu"]) / 1024, memory_gb=int(described["memory"]) / 1024)
