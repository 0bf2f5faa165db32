"""One node of a load balancer: its place in the network, and its own copy of rules, attributes and targets."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from seatrials.twin.balancer.following import Following
from seatrials.twin.balancer.groups import GroupCatalogue
from seatrials.twin.balancer.node_targets import NodeTargets
from seatrials.twin.balancer.view import LoadBalancerView
from seatrials.twin.physics.network import Host


class Node:
    """A node of one Availability Zone.

    Source: Elastic Load Balancing User Guide, "How Elastic Load Balancing works".
    """

    def __init__(self, host: Host, view: LoadBalancerView, targets: NodeTargets, following: Following) -> None:
        """*view* and the groups of *targets* are the node's own, unless it follows at once."""
        self.host = host
        self.view = view
        self.targets = targets
        self._following = following

    def hear(self, operation: str, parameters: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        """Learn of a call that has changed ELBv2, and follow it when its time has come."""
        if self._following.is_prompt:
            self.targets.use_changed()
        else:
            change = partial(self._take_over, operation, parameters, answer)
            self._following.follow(change, is_new_rule=operation == "CreateRule")

    def _take_over(self, operation: str, parameters: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        take_over(self.view, self.targets.groups, operation, parameters, answer)
        self.targets.use_changed()


def take_over(
    view: LoadBalancerView,
    groups: GroupCatalogue,
    operation: str,
    parameters: Mapping[str, Any],
    answer: Mapping[str, Any],
) -> None:
    """Let copies follow a call: they take over a rule or a group, and read anything else again when it is needed."""
    if "Rule" in operation:
        view.rules_changed(operation, parameters, answer)
    elif "TargetGroup" in operation:
        groups.changed(operation, parameters, answer)
    else:
        view.invalidate()
        groups.invalidate()
