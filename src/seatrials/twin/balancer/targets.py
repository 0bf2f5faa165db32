"""Who is registered in which target group, for the API that tells of it and for the nodes that send requests there.

Source: AWS ALB User Guide, "Target groups for your Application Load Balancers", and ELBv2's API Reference.
"""

from collections.abc import Callable, Sequence
from functools import partial

from seatrials.seams.application import AwsClient
from seatrials.twin.balancer.groups import GroupCatalogue
from seatrials.twin.balancer.health import TargetState
from seatrials.twin.balancer.node_targets import NodeTargets
from seatrials.twin.balancer.registrations import Address, Registration, Registrations
from seatrials.twin.physics.clock import VirtualClock
from seatrials.twin.trace import Trace


class TargetRegistry:
    """Every target of every group of a world."""

    def __init__(
        self,
        *,
        clock: VirtualClock,
        elbv2: AwsClient,
        trace: Trace,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        """*on_change* hears whenever what `describe` answers may have changed."""
        self.groups = GroupCatalogue(elbv2)
        self.registrations = Registrations(trace, on_change)
        self._clock = clock
        self._users: list[Callable[[str], bool]] = []
        self._nodes: list[NodeTargets] = []

    def use(self, forwards_to: Callable[[str], bool], nodes: Sequence[NodeTargets]) -> None:
        """Let *forwards_to* say of a group whether one more load balancer sends it requests, by its *nodes*."""
        self._users.append(forwards_to)
        self._nodes += nodes
        for registration in self.registrations:
            for node in nodes:
                node.add(registration)

    def invalidate(self) -> None:
        """Read the groups' settings again when they are next needed; to be called after every change of ELBv2."""
        self.groups.invalidate()
        self.use_changed()

    def use_changed(self) -> None:
        """Look again which groups a listener rule forwards to."""
        self.registrations.on_change()

    def in_use(self, group_arn: str) -> bool:
        """Whether a listener rule forwards to the group."""
        return any(forwards_to(group_arn) for forwards_to in self._users)

    def register(self, group_arn: str, targets: Sequence[Address]) -> None:
        """Add targets to a group; one that is there already stays, one that drains begins anew."""
        for address in targets:
            registration = self.registrations.add(group_arn, address)
            if registration is not None:
                for node in self._nodes:
                    node.add(registration)

    def deregister(self, group_arn: str, targets: Sequence[Address]) -> None:
        """Give targets no new requests, and those in flight until the end of the deregistration delay.

        A target stays `draining` for the whole delay, even with nothing in flight. A group that no rule uses has no
        delay: its targets are gone at once (our reading; the guide does not say).
        """
        for address in targets:
            registration = self.registrations.find(group_arn, address)
            if registration is None or registration.is_draining:
                continue
            if self.in_use(group_arn):
                self._drain(registration)
                continue
            self.registrations.forget(registration)
            for node in self._nodes:
                node.drop(registration)

    def describe(self, group_arn: str, targets: Sequence[Address] | None = None) -> list[TargetState]:
        """Return the states of these targets, or of all that the group lists, as nodes have reported them."""
        return self.registrations.describe(group_arn, targets, in_use=self.in_use(group_arn))

    def listed_groups(self) -> list[str]:
        """Return the groups that have had targets."""
        return self.registrations.groups()

    def is_settled(self) -> bool:
        """Whether each node has checked each target that may get requests from it."""
        settled = [each for each in self.registrations if not each.is_draining]
        return all(node.has_checked(each) for node in self._nodes for each in settled)

    @property
    def faulty(self) -> set[Address]:
        """Addresses whose checks are answered 503, for faults."""
        return self.registrations.faulty

    def _drain(self, registration: Registration) -> None:
        self.registrations.drain(registration)
        key = "deregistration_delay.timeout_seconds"
        delay_seconds = float(self.groups.attribute(registration.group_arn, key, "300"))
        for node in self._nodes:
            node.drain(registration, delay_seconds)
        end = partial(self.registrations.end_draining, registration)
        registration.drained = self._clock.call_later(delay_seconds, end)
