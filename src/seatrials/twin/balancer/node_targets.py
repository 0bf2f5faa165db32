"""The targets of every group as one node of a load balancer knows them: checked by it, and chosen by it in turn.

Source: AWS ALB User Guide, "Target groups for your Application Load Balancers" and "Health checks for Application Load
Balancer target groups": each node checks the health of each target, and routes to those that it has found healthy. The
actors here belong to the world, whoever registers a target: they outlive its caller.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from random import Random

from seatrials.twin.balancer.following import Following
from seatrials.twin.balancer.groups import GroupCatalogue, TargetGroup
from seatrials.twin.balancer.health import Health, Outcome, State, judge_status, probe
from seatrials.twin.balancer.registrations import Address, Registration, Registrations
from seatrials.twin.physics.clock import VirtualClock
from seatrials.twin.physics.network import Host
from seatrials.twin.trace import Trace

# The first check follows registration soon: 2.3 s from the registration event to healthy were measured on AWS.
_FIRST_CHECK_SECONDS = (1.0, 2.5)
# How long a target is left alone after a look at it that the twin failed at; ours.
_AFTER_FAILURE_SECONDS = 30.0


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
    """A registered address, as one node knows it."""

    registration: Registration
    health: Health = field(default_factory=Health)
    flights: list[Flight] = field(default_factory=list)
    # Whether the node knows it still: true also while it drains.
    listed: bool = True
    # What the last check found, so that the timeline tells of changes alone.
    last_outcome: Outcome | None = None

    @property
    def ip(self) -> str:
        """The address."""
        return self.registration.ip

    @property
    def port(self) -> int:
        """The port."""
        return self.registration.port

    @property
    def checked(self) -> bool:
        """Whether health checks go on."""
        return self.listed and self.health.state is not State.DRAINING

    def take_off(self, cut: Callable[[], None]) -> Flight:
        """Count a request that *cut* would end."""
        flight = Flight(self, cut)
        self.flights.append(flight)
        return flight


@dataclass(eq=False, kw_only=True)
class NodeTargets:
    """What one node knows of all targets."""

    clock: VirtualClock
    host: Host
    # The groups' settings, as the node knows them.
    groups: GroupCatalogue
    # Whether a rule that the node knows forwards to a group.
    forwards_to: Callable[[str], bool]
    following: Following
    registrations: Registrations
    trace: Trace
    random: Random
    # What tells this node from others in the timeline; empty for one that is alone.
    label: str = ""
    _targets: dict[str, dict[Address, Target]] = field(default_factory=dict, init=False)
    _turns: dict[str, int] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Prepare to wait for changes."""
        self._changed = self.clock.signal()

    def add(self, registration: Registration) -> None:
        """Learn of a target that is registered from now on; it replaces one of its address that drains."""
        self.following.follow(partial(self._add, registration))

    def drain(self, registration: Registration, delay_seconds: float) -> None:
        """Learn that a target gets no more requests, and those in flight until the deregistration delay is over."""
        self.following.follow(partial(self._drain, registration, delay_seconds))

    def drop(self, registration: Registration) -> None:
        """Learn that a target is registered no more."""
        self.following.follow(partial(self._drop, registration))

    def invalidate(self) -> None:
        """Read the groups' settings again when they are next needed."""
        self.groups.invalidate()
        self.use_changed()

    def use_changed(self) -> None:
        """Look again which groups a listener rule forwards to."""
        self._changed.pulse()

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
            return self.random.choice(candidates)
        turn = self._turns.get(group_arn)
        turn = self.random.randrange(len(candidates)) if turn is None else turn + 1
        self._turns[group_arn] = turn
        return candidates[turn % len(candidates)]

    def has_checked(self, registration: Registration) -> bool:
        """Whether the node knows a target and has checked it, or has no rule that leads there."""
        target = self._find(registration)
        is_checked = target is not None and target.health.state is not State.INITIAL
        return is_checked or not self.forwards_to(registration.group_arn)

    def choosable(self, group_arn: str, address: Address) -> Target | None:
        """Return the target at *address* when it may get requests now, for a client that sticks to it."""
        return next((each for each in self._candidates(group_arn) if (each.ip, each.port) == address), None)

    def _candidates(self, group_arn: str) -> list[Target]:
        targets = list(self._targets.get(group_arn, {}).values())
        healthy = [target for target in targets if target.health.state is State.HEALTHY]
        return healthy or [target for target in targets if target.health.state is State.UNHEALTHY]

    def _add(self, registration: Registration) -> None:
        group = self._targets.setdefault(registration.group_arn, {})
        before = group.get(registration.address)
        if before is not None:
            before.listed = False
        target = group[registration.address] = Target(registration)
        name = f"health-{registration.ip}:{registration.port}"
        self.clock.spawn_in(self.clock.world, partial(self._watch, target), name)

    def _drain(self, registration: Registration, delay_seconds: float) -> None:
        target = self._find(registration)
        if target is not None:
            target.health.deregister()
            self.clock.call_later(delay_seconds, partial(self._end_draining, target))

    def _end_draining(self, target: Target) -> None:
        if target.listed:
            for flight in list(target.flights):
                flight.cut()
            self._drop(target.registration)

    def _drop(self, registration: Registration) -> None:
        target = self._find(registration)
        if target is not None:
            target.listed = False
            del self._targets[registration.group_arn][registration.address]

    def _find(self, registration: Registration) -> Target | None:
        target = self._targets.get(registration.group_arn, {}).get(registration.address)
        return target if target is not None and target.registration is registration else None

    def _watch(self, target: Target) -> None:
        """Check a target for as long as it is registered."""
        fresh = True
        while target.checked:
            with self.clock.supervisor.turn("a health check", f"target {target.registration.label}") as turn:
                fresh = self._look_after(target, fresh=fresh)
            if turn.failed:
                self.clock.sleep(_AFTER_FAILURE_SECONDS)

    def _look_after(self, target: Target, *, fresh: bool) -> bool:
        """Do what a target needs next; return whether it is still to be checked for the first time.

        Intervals count from the beginning of a check.
        """
        group = self.groups.find(target.registration.group_arn)
        if group is None:
            self.registrations.forget(target.registration)
            self._drop(target.registration)
        elif not self.forwards_to(group.arn):
            target.health = Health()
            if not fresh:
                self.registrations.found(target.registration, target.health)
            self._changed.wait_pulse()
            return True
        elif fresh:
            self._note(target)
            self.clock.sleep(self.random.uniform(*_FIRST_CHECK_SECONDS))
        else:
            self._check(target, group)
        return False

    def _check(self, target: Target, group: TargetGroup) -> None:
        began = self.clock.now()
        target.health.begin_checks()
        outcome = self._probe(target, group)
        if not target.checked:
            return
        self._note_check(target, group, outcome)
        if target.health.judge(outcome, group.health_check):
            self._note(target)
        self.clock.sleep(max(0.0, began + group.health_check.interval_seconds - self.clock.now()))

    def _probe(self, target: Target, group: TargetGroup) -> Outcome:
        if target.registration.address in self.registrations.faulty:
            return judge_status(b"503", group.health_check)
        return probe(self.clock, self.host, target.ip, target.port, group.health_check)

    def _note(self, target: Target) -> None:
        """Report what a target has become."""
        health = target.health
        self.registrations.found(target.registration, health)
        self.trace.add(
            "target_health", target.registration.label, state=health.state.value, reason=health.reason, **self._who()
        )
        if health.description is not None:
            self.trace.more(description=health.description)

    def _note_check(self, target: Target, group: TargetGroup, outcome: Outcome) -> None:
        """Note a check that ended otherwise than the one before it."""
        if outcome == target.last_outcome:
            return
        target.last_outcome = outcome
        found = "passed" if outcome.passed else "failed"
        self.trace.note(
            "health_check",
            target.registration.label,
            path=group.health_check.path,
            outcome=found,
            reason=outcome.reason,
            description=outcome.description,
            **self._who(),
        )

    def _who(self) -> dict[str, str]:
        return {"node": self.label} if self.label else {}
