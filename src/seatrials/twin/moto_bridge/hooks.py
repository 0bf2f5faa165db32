"""What a world plugs into moto: its time, its ears, and the answers that it remembers."""

import pickle
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seatrials.twin.balancer.targets import TargetRegistry
    from seatrials.twin.tasks import TaskRecord

# What target health is remembered under: it changes without a call.
TARGET_HEALTH = "target health"
_MEMORABLE_SERVICES = ("application-autoscaling", "cloudwatch", "dynamodb", "ec2", "ecs", "efs", "elbv2")
_READ_ONLY = ("Describe", "List", "Get", "Query", "Scan", "BatchGet", "TransactGet", "Filter")

# A question is (operation, parameters).
Question = tuple[str, str]
# Parsed answers by what they are about (a service, or TARGET_HEALTH) and by question; pickled, for askers change them.
Memory = dict[str, dict[Question, bytes]]

_current: "list[Hooks]" = []


class Hooks:
    """What moto's calls are heard and answered by while a world runs."""

    def __init__(
        self,
        *,
        region: str,
        pristine: Memory,
        now: Callable[[], float],
        on_call: Callable[[str, str], None],
        on_change: Callable[[str, str, Mapping[str, Any], dict[str, Any]], None],
    ) -> None:
        """*on_call* hears (caller, operation) before a call.

        *pristine* holds the answers that are true of the control plane as it was restored; more are added to it.
        *on_change* hears (service, operation, parameters, answer) after one that may have changed something.
        """
        self.region = region
        self.now = now
        self.on_call = on_call
        self.on_change = on_change
        self.targets: TargetRegistry | None = None
        self.on_stop_task: Callable[[TaskRecord, str], None] | None = None
        # In the API's names, times as epoch seconds; oldest first.
        self.activities: list[dict[str, Any]] = []
        # Answers to reads of services that have not changed since.
        self._memory: Memory = {subject: dict(known) for subject, known in pristine.items()}
        self._pristine = pristine
        self._touched: set[str] = set()

    def plug_in(self) -> None:
        """Let every call of this process be this world's, until `unplug`."""
        _current[:] = [self]

    def timestamp(self) -> datetime:
        """Return the world's time as moto stores times."""
        return datetime.fromtimestamp(self.now(), UTC)

    @contextmanager
    def answering(self, _service: str, _operation: str, _parameters: Mapping[str, Any]) -> Iterator[None]:
        """Surround the answering of a call by moto."""
        yield

    def forget(self, service: str) -> None:
        """Note that something of *service* has changed: no read of it may be answered from memory."""
        self._touched.add(service)
        self._memory.pop(service, None)

    def recall(self, service: str, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return what a read was answered when nothing of its service has changed since, else None."""
        if not _is_memorable(service, operation, parameters):
            return None
        subject, question = _question(service, operation, parameters)
        found = self._memory.get(subject, {}).get(question)
        answer: dict[str, Any] | None = None if found is None else pickle.loads(found)  # noqa: S301  # see `answered`
        return answer

    def answered(
        self, service: str, operation: str, parameters: Mapping[str, Any], status: int, answer: dict[str, Any]
    ) -> None:
        """Note an answer of moto: a read is remembered, also for later worlds if nothing has changed yet."""
        is_success = status < 300  # noqa: PLR2004  # HTTP's own
        if not reads_only(operation):
            self.forget(service)
            if is_success:
                self.on_change(service, operation, parameters, answer)
        elif is_success and _is_memorable(service, operation, parameters):
            subject, question = _question(service, operation, parameters)
            pickled = pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)
            self._memory.setdefault(subject, {})[question] = pickled
            if subject not in self._touched:
                self._pristine.setdefault(subject, {})[question] = pickled


def current() -> Hooks | None:
    """Return the hooks of the world that runs now."""
    return _current[0] if _current else None


def unplug() -> None:
    """Let calls be nobody's."""
    _current.clear()


def reads_only(operation: str) -> bool:
    """Whether an operation of AWS's API changes nothing, by its name."""
    return operation.startswith(_READ_ONLY)


def _is_memorable(service: str, operation: str, parameters: Mapping[str, Any]) -> bool:
    """Whether an operation reads only what the calls of its own service, and the scheduler, change."""
    if "IndexName" in parameters:
        return False  # what an index shows changes with time alone
    reads = reads_only(operation) and operation != "DescribeScalingActivities"
    return reads and service in _MEMORABLE_SERVICES


def _question(service: str, operation: str, parameters: Mapping[str, Any]) -> tuple[str, Question]:
    subject = TARGET_HEALTH if operation == "DescribeTargetHealth" else service
    return subject, (operation, repr(parameters))
