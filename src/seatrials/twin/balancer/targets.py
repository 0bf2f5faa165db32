"""The life of every target of every target group: registered, checked, chosen, drained, gone.

Source: AWS ALB User Guide, "Target groups for your Application Load Balancers" and "Health checks for Application Load
Balancer target groups". The actors here belong to the world, whoever registers a target: they outlive its caller.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random

from seatrials.seams.application import AwsClient
from seatrials.twin.balancer.groups import GroupCatalogue, TargetGroup
from seatrials.twin.balancer.health import Health, Outcome, State, TargetState, judge_status, probe
from seatrials.twin.physics.clock import Timer, VirtualClock
from seatrials.twin.physics.network import Host
from seatrials.twin.trace import Trace

# The first check follows registration soon: 2.3 s from the registration event to healthy were measured on AWS.
_FIRST_CHECK_SECONDS = (1.0, 2.5)
# How long a target is left alone after a look at it that the twin failed at; ours.
_AFTER_FAILURE_SECONDS = 30.0

Address = tuple[str, int]


@dataclass(eq=False)
class Flight:
    """A request that a target has not finished with."""

    target: "Target"
    # Ends it when the deregistration delay is over; must not block.
    cut: Callable[[], None]

    def land(self) -> None:
        """Note that the request is finished."""
        if self in self.target.flights:
            self.target.flights.remove(self)


@dataclass(eq=False)
class Target:
    """An address in a target group."""

    group_arn: str
    ip: str
    port: int
    health: Health = field(default_factory=Health)
    flights: list[Flight] = field(default_factory=list)
    # The end of the deregistration delay.
    drained: Timer | None = None
    # Whether the group still lists it: true also while it drains.
    listed: bool = True
    # What the last check found, so that the timeline tells of changes alone.
    last_outcome: Outcome | None = None

    @property
    def checked(self) -> bool:
        """Whether health checks go on."""
        return self.listed and self.health.state is not State.DRAINING

    def take_off(self, cut: Callable[[], None]) -> Flight:
        """Count a request that *cut* would end."""
        flight = Flight(self, cut)
        self.flights.append(flight)
        return flight


class TargetRegistry:
    """Every target of every group of a world."""

    def __init__(
        self,
        *,
        clock: VirtualClock,
        host: Host,
        elbv2: AwsClient,
        trace: Trace,
        random: Random,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        """*on_change* hears whenever what `describe` answers may have changed."""
        self.groups = GroupCatalogue(elbv2)
        self._clock = clock
        self._host = host
        self._trace = trace
        self._random = random
        self._on_change = on_change
        self._targets: dict[str, dict[Address, Target]] = {}
        self._turns: dict[str, int] = {}
        self._users: list[Callable[[str], bool]] = []
        self._changed = clock.signal()
        # Addresses whose checks are answered 503, for faults.
        self.faulty: set[Address] = set()

    def use(self, forwards_to: Callable[[str], bool]) -> None:
        """Let *forwards_to* say of a group whether one more load balancer sends it requests."""
        self._users.append(forwards_to)
        self._changed.pulse()

    def invalidate(self) -> None:
        """Read the groups' settings again when they are next needed; to be called after every change of ELBv2."""
        self.groups.invalidate()
        self.use_changed()

    def use_changed(self) -> None:
        """Look again which groups a listener rule forwards to."""
        self._on_change()
        self._changed.pulse()

    def in_use(self, group_arn: str) -> bool:
        """Whether a listener rule forwards to the group."""
        return any(forwards_to(group_arn) for forwards_to in self._users)

    def register(self, group_arn: str, targets: Sequence[Address]) -> None:
        """Add targets to a group; one that is there already stays, one that drains begins anew."""
        group = self._targets.setdefault(group_arn, {})
        for ip, port in targets:
            before = group.get((ip, port))
            if before is not None and before.health.state is not State.DRAINING:
                continue
            if before is not None:
                self._delist(before)
            target = group[ip, port] = Target(group_arn, ip, port)
            self._on_change()
            self._clock.spawn_in(self._clock.world, partial(self._watch, target), f"health-{ip}:{port}")

    def deregister(self, group_arn: str, targets: Sequence[Address]) -> None:
        """Give targets no new requests, and those in flight until the end of the deregistration delay.

        A target stays `draining` for the whole delay, even with nothing in flight. A group that no rule uses has no
        delay: its targets are gone at once (our reading; the guide does not say).
        """
        for address in targets:
            target = self._targets.get(group_arn, {}).get(address)
            if target is None or target.health.state is State.DRAINING:
                continue
            if not self.in_use(group_arn):
                self._delist(target)
                continue
            target.health.deregister()
            self._note(target)
            delay_seconds = float(self.groups.attribute(group_arn, "deregistration_delay.timeout_seconds", "300"))
            target.drained = self._clock.call_later(delay_seconds, partial(self._end_draining, target))

    def describe(self, group_arn: str, targets: Sequence[Address] | None = None) -> list[TargetState]:
        """Return the states of these targets, or of all that the group lists."""
        listed = self._targets.get(group_arn, {})
        in_use = self.in_use(group_arn)
        addresses = listed if targets is None else targets
        return [_describe(address, listed.get(address), in_use=in_use) for address in addresses]

    def listed_groups(self) -> list[str]:
        """Return the groups that have had targets."""
        return list(self._targets)

    def choose(self, group_arn: str) -> Target | None:
        """Return the target that the next request of a group goes to, or None when there is none for it (503).

        Only healthy targets are chosen; when there are only unhealthy ones, all of them are (fail-open). Source: AWS
        ALB User Guide, "Health checks for Application Load Balancer target groups". That targets which are still
        `initial` get nothing is our reading. Slow start would weigh the candidates here.
        """
        candidates = self._candidates(group_arn)
        if not candidates:
            return None
        algorithm = self.groups.attribute(group_arn, "load_balancing.algorithm.type", "round_robin")
        if algorithm == "least_outstanding_requests":
            return min(candidates, key=lambda target: len(target.flights))
        if algorithm == "weighted_random":
            return self._random.choice(candidates)
        turn = self._turns.get(group_arn)
        turn = self._random.randrange(len(candidates)) if turn is None else turn + 1
        self._turns[group_arn] = turn
        return candidates[turn % len(candidates)]

    def choosable(self, group_arn: str, address: Address) -> Target | None:
        """Return the target at *address* when it may get requests now, for a client that sticks to it."""
        return next((each for each in self._candidates(group_arn) if (each.ip, each.port) == address), None)

    def _candidates(self, group_arn: str) -> list[Target]:
        targets = list(self._targets.get(group_arn, {}).values())
        healthy = [target for target in targets if target.health.state is State.HEALTHY]
        return healthy or [target for target in targets if target.health.state is State.UNHEALTHY]

    def _watch(self, target: Target) -> None:
        """Check a target for as long as it is registered."""
        fresh = True
        while target.checked:
            with self._clock.supervisor.turn("a health check", f"target {self._label(target)}") as turn:
                fresh = self._look_after(target, fresh=fresh)
            if turn.failed:
                self._clock.sleep(_AFTER_FAILURE_SECONDS)

    def _look_after(self, target: Target, *, fresh: bool) -> bool:
        """Do what a target needs next; return whether it is still to be checked for the first time.

        Intervals count from the beginning of a check.
        """
        group = self.groups.find(target.group_arn)
        if group is None:
            self._delist(target)
        elif not self.in_use(target.group_arn):
            target.health = Health()
            self._changed.wait_pulse()
            return True
        elif fresh:
            self._note(target)
            self._clock.sleep(self._random.uniform(*_FIRST_CHECK_SECONDS))
        else:
            self._check(target, group)
        return False

    def _check(self, target: Target, group: TargetGroup) -> None:
        began = self._clock.now()
        target.health.begin_checks()
        outcome = self._probe(target, group)
        if not target.checked:
            return
        self._note_check(target, group, outcome)
        if target.health.judge(outcome, group.health_check):
            self._note(target)
        self._clock.sleep(max(0.0, began + group.health_check.interval_seconds - self._clock.now()))

    def _probe(self, target: Target, group: TargetGroup) -> Outcome:
        if (target.ip, target.port) in self.faulty:
            return judge_status(b"503", group.health_check)
        return probe(self._clock, self._host, target.ip, target.port, group.health_check)

    def _end_draining(self, target: Target) -> None:
        for flight in list(target.flights):
            flight.cut()
        self._trace.add("target_health", self._label(target), state="unused", reason="Target.NotRegistered")
        self._delist(target)

    def _delist(self, target: Target) -> None:
        target.listed = False
        self._on_change()
        if target.drained is not None:
            target.drained.cancel()
        group = self._targets.get(target.group_arn, {})
        if group.get((target.ip, target.port)) is target:
            del group[target.ip, target.port]

    def _note(self, target: Target) -> None:
        health = target.health
        self._on_change()
        self._trace.add("target_health", self._label(target), state=health.state.value, reason=health.reason)
        if health.description is not None:
            self._trace.more(description=health.description)

    def _note_check(self, target: Target, group: TargetGroup, outcome: Outcome) -> None:
        """Note a check that ended otherwise than the one before it."""
        if outcome == target.last_outcome:
            return
        target.last_outcome = outcome
        found = "passed" if outcome.passed else "failed"
        self._trace.note(
            "health_check",
            self._label(target),
            path=group.health_check.path,
            outcome=found,
            reason=outcome.reason,
            description=outcome.description,
        )

    def _label(self, target: Target) -> str:
        # The group may have been deleted by now, and the trace must not call AWS from an event of the clock.
        name = target.group_arn.split("/")[1] if "/" in target.group_arn else target.group_arn
        return f"{name} {target.ip}:{target.port}"


def _describe(address: Address, target: Target | None, *, in_use: bool) -> TargetState:
    ip, port = address
    if target is None:
        description = "Target is not registered to the target group"
        return TargetState(ip, port, "unused", "Target.NotRegistered", description)
    if not in_use:
        description = "Target group is not configured to receive traffic from the load balancer"
        return TargetState(ip, port, "unused", "Target.NotInUse", description)
    return TargetState(ip, port, target.health.state.value, target.health.reason, target.health.description)
