"""What a scenario on the twin used of what costs money on AWS, told from its trace of events."""

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


@dataclass(frozen=True, kw_only=True)
class TaskSize:
    """What a task of a service reserves, and so costs, whether it uses it or not."""

    vcpu: float
    memory_gb: float


def usage_of(events: Iterable[Event], sizes: Mapping[str, TaskSize], now_us: int, log_bytes: int) -> dict[str, float]:
    """Return the quantities used until *now_us*, by the names that `seatrials.cost` prices.

    Tasks count from created to stopped, of services in *sizes* alone; one that still runs counts until *now_us*.
    """
    events = list(events)
    operations = [str(event.details["operation"]) for event in events if event.kind == "aws_call"]
    requests = [event for event in events if event.kind == "request"]
    return {
        **_tasks(events, sizes, now_us),
        "dynamodb_write_units": _UNITS_PER_WRITE * sum(each in _WRITES for each in operations),
        "dynamodb_read_units": _UNITS_PER_READ * sum(each in _READS for each in operations),
        "aws_requests": float(len(operations)),
        "cloudwatch_requests": float(sum(each.startswith("cloudwatch.") for each in operations)),
        "http_requests": float(len(requests)),
        "metrics_put": float(sum(event.kind == "metric" for event in events)),
        "log_bytes": float(log_bytes),
        "sessions": float(sum(_is_new_session(event) for event in requests)),
    }


def _tasks(events: Iterable[Event], sizes: Mapping[str, TaskSize], now_us: int) -> dict[str, float]:
    created: dict[str, tuple[int, str]] = {}
    stopped: dict[str, int] = {}
    for event in events:
        if event.kind == "task" and event.details["service"] in sizes:
            created.setdefault(event.subject, (event.at_us, str(event.details["service"])))
            if event.details["state"] == "stopped":
                stopped[event.subject] = event.at_us
    seconds = vcpu = memory = 0.0
    for task, (since_us, service) in created.items():
        lived = (stopped.get(task, now_us) - since_us) / _US_PER_SECOND
        seconds += lived
        vcpu += lived * sizes[service].vcpu
        memory += lived * sizes[service].memory_gb
    return {
        "tasks": float(len(created)),
        "task_seconds": round(seconds, 6),
        "fargate_vcpu_seconds": round(vcpu, 6),
        "fargate_memory_gb_seconds": round(memory, 6),
    }


def _is_new_session(event: Event) -> bool:
    return event.subject == _ACTIVATE and event.details["status"] == _CREATED


def usage_of_world(world: World, names: ResourceNames) -> dict[str, float]:
    """Return what was used in a world so far, with the tasks of the edit service: Hermes stands without a run too."""
    ecs = world.aws("ecs")
    services = ecs.describe_services(cluster=names.cluster, services=[names.edit_service])["services"]
    sizes = {each["serviceName"]: _size(ecs, each["taskDefinition"]) for each in services}
    return usage_of(world.trace.events, sizes, world.clock.elapsed_us(), world.runtime.log_bytes)


def _size(ecs: AwsClient, definition: str) -> TaskSize:
    described = ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"]
    # CPU is told in units of 1/1024 vCPU, memory in MiB.
    return TaskSize(vcpu=int(described["cpu"]) / 1024, memory_gb=int(described["memory"]) / 1024)
