"""What ELBv2 holds of one load balancer now: read when it is needed, and kept until it may have changed."""

from seatrials.application import AwsClient
from seatrials.twin.balancer.rules import RuleList
from seatrials.twin.balancer.table import (
    ListenerSettings,
    LoadBalancerSettings,
    read_listeners,
    read_rules,
    read_settings,
)


class LoadBalancerView:
    """The listeners, rules and attributes of a load balancer."""

    def __init__(self, elbv2: AwsClient, load_balancer_arn: str) -> None:
        self._elbv2 = elbv2
        self._load_balancer_arn = load_balancer_arn
        self._listeners: list[ListenerSettings] | None = None
        self._rules: dict[str, RuleList] = {}
        self._settings: LoadBalancerSettings | None = None

    def invalidate(self) -> None:
        """Read everything again when it is next asked for."""
        self._listeners = None
        self._rules = {}
        self._settings = None

    def listeners(self) -> list[ListenerSettings]:
        """Return the listeners, by port."""
        if self._listeners is None:
            self._listeners = read_listeners(self._elbv2, self._load_balancer_arn)
        return self._listeners

    def rules(self, listener: ListenerSettings) -> RuleList:
        """Return the rules of a listener."""
        if listener.arn not in self._rules:
            self._rules[listener.arn] = read_rules(self._elbv2, listener.arn)
        return self._rules[listener.arn]

    def settings(self) -> LoadBalancerSettings:
        """Return the load balancer's attributes."""
        if self._settings is None:
            self._settings = read_settings(self._elbv2, self._load_balancer_arn)
        return self._settings

    def forwards_to(self, group_arn: str) -> bool:
        """Whether a rule of a listener sends requests to the target group."""
        return any(self.rules(listener).forwards_to(group_arn) for listener in self.listeners())
