"""The control plane's view of target health, which comes after what the load balancer's nodes have found.

A target gets requests as soon as its check has passed, and DescribeTargetHealth says so some seconds later. What a call
has done, to register or to deregister, it tells at once. Source: AWS ALB User Guide, "Health checks for Application
Load Balancer target groups": each node checks; how late the API is, users have measured (aws-load-balancer-controller,
issue 1719).
"""

from collections.abc import Callable, Sequence
from functools import partial

from seatrials.twin.balancer.health import State, TargetState
from seatrials.twin.balancer.registrations import Address
from seatrials.twin.balancer.targets import TargetRegistry
from seatrials.twin.physics.clock import VirtualClock

# What only a check brings about.
_FOUND = (State.HEALTHY, State.UNHEALTHY)
_Key = tuple[str, Address]


class HealthView:
    """What DescribeTargetHealth answers."""

    def __init__(
        self, clock: VirtualClock, targets: TargetRegistry, lag: Callable[[], float], on_change: Callable[[], None]
    ) -> None:
        """*lag* draws by how many seconds the next change is told late; *on_change* hears when it is."""
        self._clock = clock
        self._targets = targets
        self._lag = lag
        self._on_change = on_change
        self._found: dict[_Key, TargetState] = {}
        self._told: dict[_Key, TargetState] = {}

    def changed(self) -> None:
        """Hear that the health of some target may have changed."""
        # Why not look here: who says so may be an event of the clock, which must not ask AWS.
        self._clock.spawn_in(self._clock.world, self._look, "target health view")

    def describe(self, group_arn: str, targets: Sequence[Address] | None = None) -> list[TargetState]:
        """Return the states of these targets, or of all that the group lists, as far as they have been told."""
        return [self._as_told(group_arn, each) for each in self._targets.describe(group_arn, targets)]

    def _as_told(self, group_arn: str, target: TargetState) -> TargetState:
        told = self._told.get((group_arn, (target.ip, target.port)))
        return target if told is None or target.state not in _FOUND else told

    def _look(self) -> None:
        now = {
            (group, (each.ip, each.port)): each
            for group in self._targets.listed_groups()
            for each in self._targets.describe(group)
        }
        for key, target in now.items():
            before = self._found.get(key)
            if before is None or target.state not in _FOUND:
                self._told[key] = target
            elif target != before:
                self._clock.call_later(self._lag(), partial(self._tell, key, target))
        self._found = now
        self._told = {key: target for key, target in self._told.items() if key in now}

    def _tell(self, key: _Key, target: TargetState) -> None:
        # Registered anew or taken out meanwhile, it has been told of since.
        if self._found.get(key) == target:
            self._told[key] = target
            self._on_change()
