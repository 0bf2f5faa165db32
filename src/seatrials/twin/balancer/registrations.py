"""What is registered in target groups, and what nodes have reported of it: the control plane's side of targets."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from seatrials.twin.balancer.health import Health, State, TargetState
from seatrials.twin.physics.clock import Timer
from seatrials.twin.trace import Trace

Address = tuple[str, int]


@dataclass(eq=False)
class Registration:
    """An address in a target group, from its registration until it has drained."""

    group_arn: str
    ip: str
    port: int
    # What a node has reported last.
    health: Health = field(default_factory=Health)
    # The end of the deregistration delay.
    drained: Timer | None = None

    @property
    def address(self) -> Address:
        """Address and port."""
        return self.ip, self.port

    @property
    def is_draining(self) -> bool:
        """Whether it was deregistered."""
        return self.health.state is State.DRAINING

    @property
    def label(self) -> str:
        """What the timeline calls it."""
        # The group may have been deleted by now, and the trace must not call AWS from an event of the clock.
        name = self.group_arn.split("/")[1] if "/" in self.group_arn else self.group_arn
        return f"{name} {self.ip}:{self.port}"


class Registrations:
    """Every registration of a world."""

    def __init__(self, trace: Trace, on_change: Callable[[], None]) -> None:
        """*on_change* hears whenever what `describe` answers may have changed."""
        self._trace = trace
        self.on_change = on_change
        self._groups: dict[str, dict[Address, Registration]] = {}
        # Addresses whose checks are answered 503, for faults.
        self.faulty: set[Address] = set()

    def __iter__(self) -> Iterator[Registration]:
        """Give every registration."""
        return (each for group in self._groups.values() for each in group.values())

    def groups(self) -> list[str]:
        """Return the groups that have had targets."""
        return list(self._groups)

    def find(self, group_arn: str, address: Address) -> Registration | None:
        """Return what is registered at an address."""
        return self._groups.get(group_arn, {}).get(address)

    def add(self, group_arn: str, address: Address) -> Registration | None:
        """Return a new registration, in place of one that drains; None when there is one that stays."""
        group = self._groups.setdefault(group_arn, {})
        before = group.get(address)
        if before is not None and not before.is_draining:
            return None
        if before is not None and before.drained is not None:
            before.drained.cancel()
        group[address] = Registration(group_arn, *address)
        self.on_change()
        return group[address]

    def found(self, registration: Registration, health: Health) -> None:
        """Hear what a node has found of a target: the one that has found something last is believed."""
        if self._is_listed(registration) and not registration.is_draining:
            registration.health = health
            self.on_change()

    def drain(self, registration: Registration) -> None:
        """Show that a target was deregistered."""
        registration.health = Health()
        registration.health.deregister()
        self.on_change()
        health = registration.health
        self._trace.add("target_health", registration.label, state=health.state.value, reason=health.reason)
        self._trace.more(description=health.description)

    def end_draining(self, registration: Registration) -> None:
        """Show that the deregistration delay is over."""
        self._trace.add("target_health", registration.label, state="unused", reason="Target.NotRegistered")
        self.forget(registration)

    def forget(self, registration: Registration) -> None:
        """List a target no more."""
        if registration.drained is not None:
            registration.drained.cancel()
        if self._is_listed(registration):
            del self._groups[registration.group_arn][registration.address]
        self.on_change()

    def describe(self, group_arn: str, targets: Sequence[Address] | None, *, in_use: bool) -> list[TargetState]:
        """Return the states of these targets, or of all that the group lists."""
        listed = self._groups.get(group_arn, {})
        addresses = listed if targets is None else targets
        return [_describe(address, listed.get(address), in_use=in_use) for address in addresses]

    def _is_listed(self, registration: Registration) -> bool:
        return self.find(registration.group_arn, registration.address) is registration


def _describe(address: Address, registration: Registration | None, *, in_use: bool) -> TargetState:
    ip, port = address
    if registration is None:
        description = "Target is not registered to the target group"
        return TargetState(ip, port, "unused", "Target.NotRegistered", description)
    if not in_use:
        description = "Target group is not configured to receive traffic from the load balancer"
        return TargetState(ip, port, "unused", "Target.NotInUse", description)
    health = registration.health
    return TargetState(ip, port, health.state.value, health.reason, health.description)
