"""The guard on every call to AWS of a run: it hooks into boto3's session, so that no code can go around it.

A call that changes something is sent only after the account and the region were confirmed, while the run has the
lease, when the run may touch what it names, and after the journal has it. Every call is counted, and waits for its turn
below AWS's limits.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from seatrials.errors import LeaseLostError, RefusedWriteError
from seatrials.safety.budget import Spending
from seatrials.safety.permitted import Permitted, is_reading
from seatrials.safety.rates import Rates
from seatrials.safety.usage import READS, WRITES, Usage

# Told what is about to be changed, before it is: service, operation, parameters.
Announce = Callable[[str, str, Mapping[str, Any]], None]


class Guard:
    """Says of each call whether it may be made; begins by allowing reading calls alone."""

    def __init__(self, rates: Rates, usage: Usage) -> None:
        self._rates = rates
        self._usage = usage
        self._permitted: Permitted | None = None
        self._holds: Callable[[], bool] | None = None
        self._announce: Announce | None = None
        self._spending: Spending | None = None

    def attach(self, events: Any) -> None:  # noqa: ANN401  # botocore's emitters have no type
        """Watch all clients that the boto3 session of *events* makes from now on."""
        events.register("before-parameter-build", self._before)
        events.register("before-send", self._take_turn)
        events.register("after-call", self._count)

    def confirm_identity(self, permitted: Permitted) -> None:
        """Allow the lease to be taken, for account and region are the environment's."""
        self._permitted = permitted

    def confirm_lease(self, holds: Callable[[], bool], announce: Announce, spending: Spending | None) -> None:
        """Allow what the run may change, while *holds* says that the stack is its own."""
        self._holds, self._announce, self._spending = holds, announce, spending

    @contextmanager
    def cleaning(self) -> Iterator[None]:
        """Let calls be made though the budget is used up, for what a run made must be undone."""
        spending, self._spending = self._spending, None
        try:
            yield
        finally:
            self._spending = spending

    def _before(self, params: dict[str, Any], model: Any, **_rest: Any) -> None:  # noqa: ANN401  # botocore's
        service, operation = str(model.service_model.service_name), str(model.name)
        if service == "dynamodb" and operation in READS | WRITES:
            params["ReturnConsumedCapacity"] = "TOTAL"
        if not is_reading(operation):
            self._check_write(service, operation, params)
        elif self._spending is not None:
            self._spending.check()

    def _check_write(self, service: str, operation: str, params: Mapping[str, Any]) -> None:
        what = f"{service} {operation} was not called"
        if self._permitted is None:
            msg = f"{what}, for nothing is written before the account and the region are confirmed"
            raise RefusedWriteError(msg)
        if self._permitted.is_of_runs(service, params):
            return
        if self._holds is None or self._announce is None:
            msg = f"{what}, for nothing but the lease is written before the run has the stack"
            raise RefusedWriteError(msg)
        if not self._holds():
            msg = f"{what}, for this run no longer has the lease of the stack: run it again"
            raise LeaseLostError(msg)
        if self._spending is not None:
            self._spending.check()
        reason = self._permitted.refusal(service, operation, params)
        if reason:
            msg = f"{what}: {reason}"
            raise RefusedWriteError(msg)
        self._announce(service, operation, params)

    def _take_turn(self, event_name: str, **_rest: Any) -> None:  # noqa: ANN401  # botocore's
        # before-send.<service id>.<operation>, once for each try, which AWS counts too.
        service = event_name.split(".")[1]
        self._rates.take(_SERVICES.get(service, service))

    def _count(self, parsed: Mapping[str, Any], model: Any, **_rest: Any) -> None:  # noqa: ANN401  # botocore's
        service, operation = str(model.service_model.service_name), str(model.name)
        self._usage.add("aws_requests")
        if service == "cloudwatch":
            self._usage.add("cloudwatch_requests")
        if service == "dynamodb":
            self._usage.add_capacity(operation, parsed)


# What botocore's events call a service, where clients are made under another name.
_SERVICES = {
    "application-auto-scaling": "application-autoscaling",
    "cloudwatch-logs": "logs",
    "elastic-load-balancing-v2": "elbv2",
}
