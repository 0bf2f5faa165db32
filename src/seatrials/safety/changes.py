"""What a run changes of others' things: noted in the journal before each call, and put back from there."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from seatrials.environments.parts import ResourceNames
from seatrials.errors import MissingResourceError
from seatrials.platform.ownership import Ownership
from seatrials.safety.aws_errors import translated
from seatrials.safety.journal import Entry, Journal
from seatrials.seams.application import AwsClient

# Parameters of UpdateService with a value that can be put back; a forced deployment, for one, has none.
_SERVICE_KEYS = ("desiredCount", "taskDefinition")

Parameters = Mapping[str, Any]


class Changes:
    """Announces changes, and undoes them as the journal has them."""

    def __init__(self, names: ResourceNames, aws: Callable[[str], AwsClient], journal: Journal) -> None:
        self._names = names
        self._aws = aws
        self._journal = journal
        self._announcers: dict[tuple[str, str], Callable[[Parameters], None]] = {
            ("ecs", "UpdateService"): self._announce_service,
            ("ecs", "StopTask"): lambda given: self._note("task", task=given["task"]),
            ("elbv2", "DeregisterTargets"): self._announce_targets,
        }

    def announce(self, service: str, operation: str, given: Parameters) -> None:
        """Write down what a call is about to change of things that the run did not make."""
        announcer = self._announcers.get((service, operation))
        if announcer is not None:
            announcer(given)

    def _announce_service(self, given: Parameters) -> None:
        name = str(given["service"])
        service = describe_service(self._aws("ecs"), self._names.cluster, name)
        found = {key: service[key] for key in _SERVICE_KEYS if key in given}
        self._note("service", service=name, found=found)

    def _announce_targets(self, given: Parameters) -> None:
        self._note("targets", group=given["TargetGroupArn"], targets=given["Targets"])

    def _note(self, kind: str, **details: Any) -> None:  # noqa: ANN401  # any JSON value
        self._journal.note(kind, **details)


def as_found(entries: Iterable[Entry]) -> list[Entry]:
    """Return entries with what was found before a process of a run changed it, and not what that has set itself.

    Who stops a service and starts it again has noted two values of it, of which the first is the stack's own.
    """
    known: set[tuple[str, str, str]] = set()
    kept = []
    for each in entries:
        if each.kind != "service":
            kept.append(each)
            continue
        process, service = each.name.rpartition("/")[0], str(each.details["service"])
        found = {key: value for key, value in each.details["found"].items() if (process, service, key) not in known}
        known |= {(process, service, key) for key in found}
        kept.append(replace(each, details={**each.details, "found": found}))
    return kept


def put_back(entry: Entry, names: ResourceNames, aws: Callable[[str], AwsClient]) -> None:
    """Undo the change of an entry, in whatever state it is; doing so twice does no harm."""
    if entry.kind == "service":
        _put_service_back(entry.details, names.cluster, aws("ecs"))
    elif entry.kind == "targets":
        _put_targets_back(entry.details, names, aws)


def is_put_back(entry: Entry, names: ResourceNames, aws: Callable[[str], AwsClient]) -> bool:
    """Whether nothing of an entry's change is left to undo."""
    if entry.kind == "service":
        service = describe_service(aws("ecs"), names.cluster, entry.details["service"])
        return all(service[key] == value for key, value in entry.details["found"].items())
    if entry.kind == "targets":
        return not _missing_targets(entry.details, names, aws)
    return True


def tasks_stopped(entries: Iterable[Entry]) -> frozenset[str]:
    """Return the ids of the tasks that calls of a run have stopped, which stay stopped."""
    return frozenset(str(each.details.get("task")).rpartition("/")[2] for each in entries if each.kind == "task")


def describe_service(ecs: AwsClient, cluster: str, name: str) -> dict[str, Any]:
    """Return a service as ECS describes it; raises our errors."""
    with translated(f"describe the service {name}"):
        answer = ecs.describe_services(cluster=cluster, services=[name])
    if not answer["services"]:
        msg = f"there is no service {name} in {cluster}: correct the environment's names, or deploy the stack"
        raise MissingResourceError(msg)
    service: dict[str, Any] = answer["services"][0]
    return service


def _put_service_back(details: Mapping[str, Any], cluster: str, ecs: AwsClient) -> None:
    service = describe_service(ecs, cluster, details["service"])
    if any(service[key] != value for key, value in details["found"].items()):
        with translated(f"put the service {details['service']} back as it was"):
            ecs.update_service(cluster=cluster, service=details["service"], **details["found"])


def _put_targets_back(details: Mapping[str, Any], names: ResourceNames, aws: Callable[[str], AwsClient]) -> None:
    missing = _missing_targets(details, names, aws)
    if missing:
        with translated("put targets back into their group"):
            aws("elbv2").register_targets(TargetGroupArn=details["group"], Targets=missing)


def _missing_targets(
    details: Mapping[str, Any], names: ResourceNames, aws: Callable[[str], AwsClient]
) -> list[dict[str, Any]]:
    """Return the targets that were taken out, whose tasks still run, and which are not in their group."""
    alive = task_addresses(aws, names, names.edit_service)
    with translated("read the targets of a group"):
        health = aws("elbv2").describe_target_health(TargetGroupArn=details["group"])["TargetHealthDescriptions"]
    inside = [each["Target"]["Id"] for each in health if each["TargetHealth"]["State"] not in {"draining", "unused"}]
    return [each for each in details["targets"] if each["Id"] in alive and each["Id"] not in inside]


def task_addresses(aws: Callable[[str], AwsClient], names: ResourceNames, service: str) -> set[str]:
    """Return the addresses of a service's tasks; raises our errors."""
    own = Ownership(names, aws)
    with translated(f"list the tasks of {service}"):
        tasks = list(own.described_tasks(own.tasks(service)))
    attachments = [each for task in tasks for each in task.get("attachments", [])]
    details = [detail for each in attachments for detail in each.get("details", [])]
    return {detail["value"] for detail in details if detail["name"] == "privateIPv4Address"}
