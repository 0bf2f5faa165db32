"""What a world plugs into moto: its time, its ears, and what it knows better than moto does."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import time_machine
from botocore.exceptions import ClientError, NoCredentialsError

from seatrials.seams.application import AwsClient
from seatrials.twin.door import Asked, Refusal, check
from seatrials.twin.moto_bridge.waits import patiently
from seatrials.twin.permissions import Permissions, Place, Principal, Role, refusal_of

if TYPE_CHECKING:  # both need moto, which is imported when it is known whether quickly
    from seatrials.twin.balancer.targets import TargetRegistry
    from seatrials.twin.moto_bridge.health_view import HealthView
    from seatrials.twin.moto_bridge.index_lag import IndexLag
    from seatrials.twin.moto_bridge.neighbours import Neighbours
    from seatrials.twin.tasks import TaskRecord

ACCOUNT = "123456789012"
# The subject that changes without a call: the health of targets.
TARGET_HEALTH = "target health"
# What the calls of one service change of another: the alarms of a tracking policy, the interface of a mount target.
_CHANGES_TOO = {"application-autoscaling": ("cloudwatch",), "efs": ("ec2",)}
# Of DynamoDB's, these show a write late unless they ask for consistency.
LATE_READS = ("GetItem", "Query", "Scan")
_READ_ONLY = ("Describe", "List", "Get", "Query", "Scan", "BatchGet", "TransactGet", "Filter")

# Of a task without a role, which has no key on AWS. Source: the API references, "Common Errors".
_NO_SUCH_KEY = ("UnrecognizedClientException", "The security token included in the request is invalid.")

# Source: DynamoDB Developer Guide, "Error handling with DynamoDB"; the first is that of other services too.
_THROTTLED = ("ThrottlingException", "ProvisionedThroughputExceededException", "RequestLimitExceeded")

_current: "list[Hooks]" = []


@dataclass(frozen=True)
class Call:
    """One call of this process, as a client of boto3 was asked for it."""

    service: str
    operation: str
    parameters: Mapping[str, Any]
    client: AwsClient
    # Makes it as botocore and moto do: by an HTTP message that moto intercepts.
    ordinary: Callable[[], dict[str, Any]]


class Shortcuts(Protocol):
    """A quicker way to the same answers; `quick/` has it, and nothing is answered otherwise without it."""

    def answer(self, call: Call, region: str, asking: Callable[[], AbstractContextManager[object]]) -> dict[str, Any]:
        """Return what the ordinary way would, and raise what it would; moto may be asked within *asking* only."""

    def forget(self, subject: str) -> None:
        """Take nothing that was known of *subject*, a service or TARGET_HEALTH, for true any longer."""


@dataclass(frozen=True)
class Living:
    """What acts in a world, where moto only stores."""

    targets: "TargetRegistry"
    # Hears (task, reason) of StopTask.
    stop_task: "Callable[[TaskRecord, str], None]"
    # Hears (cluster, service, task definition, desired count) of UpdateService, before it is answered.
    update_service: Callable[[str, str, str, int], None] = lambda _cluster, _service, _definition, _desired: None
    # Answers DescribeTargetHealth in place of the targets themselves, where it is late.
    health_view: "HealthView | None" = None


@dataclass
class Trouble:
    """Which calls are in trouble: so many pass, then so many are not, or all."""

    passing: int = 0
    troubled: int | None = None

    def takes_next(self) -> bool:
        """Count the next call; return whether it is in trouble."""
        if self.passing > 0:
            self.passing -= 1
            return False
        if self.troubled is None:
            return True
        self.troubled -= 1
        return self.troubled >= 0


class Hooks(ABC):
    """What moto's calls are heard and answered by while a world runs."""

    def __init__(  # noqa: PLR0913  # each is another way in or out of a world
        self,
        *,
        region: str,
        now: Callable[[], float],
        on_call: Callable[[str, str], None],
        on_change: Callable[[str, str, Mapping[str, Any], dict[str, Any]], None],
        sleep: Callable[[float], None],
        on_refusal: Callable[[str, str, ClientError], None] = lambda _service, _operation, _error: None,
        index_lag: "IndexLag | None" = None,
        shortcuts: Shortcuts | None = None,
        principal: Callable[[str | None], Principal | None] = lambda _key: None,
        tell: Callable[..., None] = lambda _kind, _subject, **_details: None,
        neighbours: "Neighbours | None" = None,
        page_max: int | None = None,
    ) -> None:
        """*on_call* hears (caller, operation) before a call.

        *principal* says by whose role a call with an access key is judged, or without one that of the running actor;
        *tell* hears what the role did not allow.

        *on_change* hears (service, operation, parameters, answer) after one that may have changed something,
        *on_refusal* (service, operation, error) after one from inside that was refused; *sleep* lets time pass while
        AWS would keep a call waiting.
        *neighbours* are what others have, which moto answers for alone; *page_max* is the most elements of a page.
        Without *index_lag*, indexes show every write at once; without *shortcuts*, each call goes the ordinary way.
        """
        self.region = region
        self.now = now
        self.on_call = on_call
        self.sleep = sleep
        self._on_change = on_change
        self._on_refusal = on_refusal
        self._index_lag = index_lag
        self._shortcuts = shortcuts
        self._principal = principal
        self.neighbours = neighbours
        self.page_max = page_max
        self.permissions = Permissions(Place(region, ACCOUNT), self.role, tell)
        # What throttles the calls of tasks, each with its service.
        self.throttling: list[tuple[str, Trouble]] = []
        # How many were, for a table has more than one word for it.
        self._throttled = 0
        # What loses the answers to their writes.
        self.unsure: list[tuple[str, Trouble]] = []
        # In the API's names, times as epoch seconds; oldest first.
        self.activities: list[dict[str, Any]] = []
        self._attached: list[Living | None] = []
        # The call from inside that moto is being asked for: no other actor runs until it has answered.
        self._asked: Call | None = None

    def attach(self, living: Living | None) -> None:
        """Say, once, what acts in this world, or that nothing does: it needs the bridge's clients to be made.

        Raises `RuntimeError` when it has been said before.
        """
        if self._attached:
            msg = "this bridge has its balancer and scheduler already: a world attaches them once, as it is made"
            raise RuntimeError(msg)
        self._attached.append(living)

    @property
    def living(self) -> Living | None:
        """What acts in this world; raises `RuntimeError` before `attach`."""
        if not self._attached:
            msg = "this bridge has no balancer and no scheduler yet: call attach() before calls that they answer"
            raise RuntimeError(msg)
        return self._attached[0]

    def plug_in(self) -> None:
        """Let every call of this process be this world's, until `unplug`."""
        _current[:] = [self]

    def timestamp(self) -> datetime:
        """Return the world's time as moto stores times."""
        return datetime.fromtimestamp(self.now(), UTC)

    def admit(self, call: Call) -> None:
        """Raise what a client of boto3 raises for a call that AWS refuses at its door; one that only reads passes."""
        if reads_only(call.operation):
            return
        try:
            model = call.client.meta.service_model
            check(Asked(model, call.operation, call.parameters, self.own_client), before_sdk=True)
        except Refusal as refusal:
            raise _error(call, refusal.code, refusal.message, 400) from refusal

    def authorize(self, call: Call) -> None:
        """Raise what a client of boto3 raises for a call that the role of its task does not allow.

        Without a role there are no credentials to call with. Source: Amazon ECS Developer Guide, "Amazon ECS task IAM
        role".
        """
        principal = self._principal(None)
        if principal is None:
            return
        if principal.role_arn is None:
            raise NoCredentialsError
        if _is_troubled(self.throttling, call):
            code = _THROTTLED[self._throttled % len(_THROTTLED)] if call.service == "dynamodb" else _THROTTLED[0]
            self._throttled += 1
            raise _error(call, code, "Rate of requests exceeds the allowed throughput.", 400)
        try:
            self._judge(principal, call.client.meta.service_model, call.operation, call.parameters)
        except Refusal as refusal:
            raise _error(call, refusal.code, refusal.message, refusal.status) from refusal

    def authorize_key(self, key: str, model: Any, operation: str, parameters: Mapping[str, Any]) -> None:  # noqa: ANN401  # botocore's model
        """Raise the `Refusal` of a call from outside, with the access key of a task, that its role does not allow."""
        principal = self._principal(key)
        if principal is None:
            return
        if principal.role_arn is None:
            raise Refusal(*_NO_SUCH_KEY)
        self._judge(principal, model, operation, parameters)

    def caller(self, key: str) -> Principal | None:
        """Return who makes the call that moto is asked for, by its key or as the running actor; None for no task."""
        return self._principal(key) or self._principal(None)

    def _judge(self, principal: Principal, model: Any, operation: str, parameters: Mapping[str, Any]) -> None:  # noqa: ANN401  # botocore's model
        told = self.with_arns(model.service_name, parameters)
        needs = self.permissions.needs_of(model.service_name, model.signing_name, operation, told)
        denial = self.permissions.denial(principal, needs)
        if denial is not None:
            raise Refusal(*refusal_of(denial, model))

    @abstractmethod
    def own_client(self, service: str) -> AwsClient:
        """Return the twin's own client of *service*."""

    def with_arns(self, service: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:  # noqa: ARG002  # to override
        """Return a call's parameters with ARNs for names from which AWS alone can tell them."""
        return parameters

    def role(self, arn: str) -> Role | None:
        """Return a role as IAM has it."""
        raise NotImplementedError

    def answer(self, call: Call) -> dict[str, Any]:
        """Answer a call from inside, and let the world hear what it has changed; raises what botocore raises."""
        try:
            answer = patiently(partial(self._answer, call), self.now, self.sleep)
        except ClientError as error:
            self._on_refusal(call.service, call.operation, error)
            if not reads_only(call.operation):
                self.touched(call.service)
            self._check_told(call)
            raise
        self.heard(call.service, call.operation, call.parameters, answer)
        self._check_told(call)
        return answer

    def _check_told(self, call: Call) -> None:
        """Raise the error by which a task cannot tell what has become of its write.

        Source: DynamoDB Developer Guide, "Error handling with DynamoDB", InternalServerError: a write that is answered
        with it may have succeeded or failed.
        """
        if reads_only(call.operation) or self._principal(None) is None:
            return
        if _is_troubled(self.unsure, call):
            raise _error(call, "InternalServerError", "The request processing has failed because of an error.", 500)

    def _answer(self, call: Call) -> dict[str, Any]:
        self._asked = call
        try:
            if self._shortcuts is None:
                return call.ordinary()
            return self._shortcuts.answer(call, self.region, self.asking)
        finally:
            self._asked = None

    def asking(self) -> AbstractContextManager[object]:
        """Return what surrounds the moment at which moto answers: it has the world's time, and its indexes lag."""
        in_time = time_machine.travel(self.now(), tick=False)
        call = self._asked
        if call is None or call.service != "dynamodb" or self._index_lag is None:
            return in_time
        return _both(in_time, self._index_lag.around(call.operation, call.parameters))

    def heard(self, service: str, operation: str, parameters: Mapping[str, Any], answer: dict[str, Any]) -> None:
        """Hear of a call that moto has answered, whoever made it."""
        if not reads_only(operation):
            for subject in (service, *_CHANGES_TOO.get(service, ())):
                self.touched(subject)
            self._on_change(service, operation, parameters, answer)

    def touched(self, subject: str) -> None:
        """Hear that something of *subject*, a service or TARGET_HEALTH, has changed, with a call or without."""
        if subject == "iam":
            self.permissions.forget()
        if self._shortcuts is not None:
            self._shortcuts.forget(subject)


def _is_troubled(troubles: Sequence[tuple[str, Trouble]], call: Call) -> bool:
    """Whether a call is in one of these, by the services that they are of; each counts it, whichever takes it."""
    troubled = [each.takes_next() for service, each in troubles if service == call.service]
    return any(troubled)


@contextmanager
def _both(outer: AbstractContextManager[object], inner: AbstractContextManager[object]) -> Iterator[None]:
    with outer, inner:
        yield


def _error(call: Call, code: str, message: str, status: int) -> Exception:
    """Return the exception of a client of boto3 for an answer that refuses a call."""
    answer = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status, "RetryAttempts": 0},
    }
    error: Exception = call.client.exceptions.from_code(code)(answer, call.operation)
    return error


def current() -> Hooks | None:
    """Return the hooks of the world that runs now."""
    return _current[0] if _current else None


def unplug() -> None:
    """Let calls be nobody's."""
    _current.clear()


def reads_only(operation: str) -> bool:
    """Whether an operation of AWS's API changes nothing, by its name."""
    return operation.startswith(_READ_ONLY)
