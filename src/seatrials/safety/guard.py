"""The guard on all that a run sends: the one decision about changes, and the hooks in boto3 that ask it for each call.

What changes something is sent only after the account and the region were confirmed, while the run has the lease, and
when it may touch what it names; a call to AWS also after the journal has it. `http_guard` asks for what goes to the
load balancer. Lease and journal come before all this: their items are written by the store's own client alone.
Every call to AWS is counted, and waits for its turn below AWS's limits.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, Protocol

from seatrials.errors import LeaseLostError, RefusedWriteError
from seatrials.safety.budget import Spending
from seatrials.safety.rates import Rates
from seatrials.safety.reading import is_reading
from seatrials.safety.usage import READS, WRITES, Usage

# Told what is about to be changed, before it is: service, operation, parameters.
Announce = Callable[[str, str, Mapping[str, Any]], None]


class Permits(Protocol):
    """What may be changed at all, and of which the guard asks for each change."""

    def refusal(self, service: str, operation: str, given: Mapping[str, Any]) -> str:
        """Return why a call that changes something may not be made, "" when it may."""


class Guard:
    """Says of each call whether it may be made; begins by allowing reading calls alone."""

    def __init__(self, rates: Rates, usage: Usage) -> None:
        self._rates = rates
        self._usage = usage
        self._permitted: Permits | None = None
        self._holds: Callable[[], bool] | None = None
        self._announce: Announce | None = None
        self._spending: Spending | None = None

    def attach(self, events: Any) -> None:  # noqa: ANN401  # botocore's emitters have no type
        """Watch all clients that the boto3 session of *events* makes from now on."""
        events.register("before-parameter-build", self._before)
        events.register("before-send", self._before_send)
        events.register("after-call", self._count)

    def attach_store(self, events: Any, table: str) -> None:  # noqa: ANN401  # botocore's emitters have no type
        """Let the one client of *events* write to the items of *table* that runs keep there, and nothing else."""
        events.unregister("before-parameter-build", self._before)
        events.register("before-parameter-build", partial(self._before_store, table))
        # Whether the lease is held is asked by this very client.
        events.unregister("before-send", self._before_send)
        events.register("before-send", self._take_turn)

    def confirm_identity(self, permitted: Permits) -> None:
        """Allow the lease to be taken, for account and region are the environment's."""
        self._permitted = permitted

    def confirm_lease(self, holds: Callable[[], bool], announce: Announce, spending: Spending | None) -> None:
        """Allow what the run may change, while *holds* says that the stack is its own."""
        self._holds, self._announce, self._spending = holds, announce, spending

    @contextmanager
    def cleaning(self) -> Iterator[None]:
        """Let calls be made however far beyond its budget a run is, for what it made must be undone."""
        spending, self._spending = self._spending, None
        try:
            yield
        finally:
            self._spending = spending

    def allow(self, what: str, refusal: Callable[[], str]) -> None:
        """Decide about a change; *what* says that it was not made, *refusal* returns why it may not be, "" if it may.

        Raises `LeaseLostError`, `RefusedWriteError` or, far beyond the budget, `BudgetExceededError`.
        """
        self._require_identity(what)
        if self._holds is None:
            msg = f"{what}, for nothing but the lease is written before the run has the stack"
            raise RefusedWriteError(msg)
        if not self._holds():
            msg = f"{what}, for this run no longer has the lease of the stack: run it again"
            raise LeaseLostError(msg)
        self.require_time()
        reason = refusal()
        if reason:
            msg = f"{what}: {reason}"
            raise RefusedWriteError(msg)

    def require_time(self) -> None:
        """Raise `BudgetExceededError` when the row that runs must end; that no other one begins is asked elsewhere."""
        if self._spending is not None:
            self._spending.check_overrun()

    def _before(self, params: dict[str, Any], model: Any, **_rest: Any) -> None:  # noqa: ANN401  # botocore's
        service, operation = _name_of(params, model)
        if is_reading(service, operation):
            self.require_time()
            return
        permitted = self._require_identity(f"{service} {operation} was not called")
        self.allow(f"{service} {operation} was not called", lambda: permitted.refusal(service, operation, params))
        if self._announce is not None:
            self._announce(service, operation, params)

    def _before_store(self, table: str, params: dict[str, Any], model: Any, **_rest: Any) -> None:  # noqa: ANN401  # botocore's
        service, operation = _name_of(params, model)
        if is_reading(service, operation):
            return
        what = f"{service} {operation} was not called"
        self._require_identity(what)
        # A transaction has several writes.
        parts = [part for item in params.get("TransactItems", []) for part in item.values()] or [params]
        if operation not in WRITES or any(part.get("TableName") != table for part in parts):
            msg = f"{what}, for the store writes to items of {table} alone"
            raise RefusedWriteError(msg)

    def _require_identity(self, what: str) -> Permits:
        if self._permitted is None:
            msg = f"{what}, for nothing is written before the account and the region are confirmed"
            raise RefusedWriteError(msg)
        return self._permitted

    def _before_send(self, event_name: str, **_rest: Any) -> None:  # noqa: ANN401  # botocore's
        """Ask once more for each try of a change, for it may have waited for its turn, or for a try before it."""
        self._take_turn(event_name)
        service, operation = _sent(event_name)
        if not is_reading(service, operation) and not (self._holds is not None and self._holds()):
            msg = f"{service} {operation} was not sent, for this run no longer has the lease of the stack: run it again"
            raise LeaseLostError(msg)

    def _take_turn(self, event_name: str, **_rest: Any) -> None:  # noqa: ANN401  # botocore's
        # Once for each try, which AWS counts too. What this returned, botocore would take for the answer.
        self._rates.take(_sent(event_name)[0])

    def _count(self, parsed: Mapping[str, Any], model: Any, **_rest: Any) -> None:  # noqa: ANN401  # botocore's
        service, operation = str(model.service_model.service_name), str(model.name)
        self._usage.add("aws_requests")
        if service == "cloudwatch":
            self._usage.add("cloudwatch_requests")
        if service == "dynamodb":
            self._usage.add_capacity(operation, parsed)


def _sent(event_name: str) -> tuple[str, str]:
    """Return service and operation of an event `before-send.<service id>.<operation>`."""
    _, service_id, operation = event_name.split(".")
    return _SERVICES.get(service_id, service_id), operation


def _name_of(params: dict[str, Any], model: Any) -> tuple[str, str]:  # noqa: ANN401  # botocore's
    """Return service and operation of a call, which is asked to tell the units that it used where it has any."""
    service, operation = str(model.service_model.service_name), str(model.name)
    if service == "dynamodb" and operation in READS | WRITES:
        params["ReturnConsumedCapacity"] = "TOTAL"
    return service, operation


# What botocore's events call a service, where clients are made under another name.
_SERVICES = {
    "application-auto-scaling": "application-autoscaling",
    "cloudwatch-logs": "logs",
    "elastic-load-balancing-v2": "elbv2",
}
