"""What ELBv2 holds of one load balancer now: read when it is needed, and kept until it may have changed."""

from seatrials.seams.application import AwsClient
from seatrials.twin.balancer.header_policy import HeaderPolicy
from seatrials.twin.balancer.rule_documents import Document, rule_of
from seatrials.twin.balancer.rules import Rule, RuleList
from seatrials.twin.balancer.table import (
    ListenerSettings,
    LoadBalancerSettings,
    read_header_policy,
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
        # By listener ARN: its rules by their own ARNs, and in the order of their evaluation.
        self._rules: dict[str, dict[str, Rule]] = {}
        self._ordered: dict[str, RuleList] = {}
        self._settings: LoadBalancerSettings | None = None
        # By listener ARN.
        self._policies: dict[str, HeaderPolicy] = {}

    def rules_changed(self, operation: str, parameters: Document, answer: Document) -> None:
        """Take over what a call has changed: sessions come and go, and reading all rules anew is dear."""
        self._ordered = {}
        for document in answer.get("Rules", []):
            arn = document["RuleArn"]
            for listener_arn, rules in self._rules.items():
                if arn in rules or listener_arn == parameters.get("ListenerArn"):
                    rules[arn] = rule_of(document)
        if operation == "DeleteRule":
            for rules in self._rules.values():
                rules.pop(parameters["RuleArn"], None)

    def invalidate(self) -> None:
        """Read everything again when it is next asked for."""
        self._listeners = None
        self._rules = {}
        self._ordered = {}
        self._settings = None
        self._policies = {}

    def load(self) -> None:
        """Read listeners and rules as they are now."""
        for listener in self.listeners():
            self.rules(listener)

    def listeners(self) -> list[ListenerSettings]:
        """Return the listeners, by port."""
        if self._listeners is None:
            try:
                self._listeners = read_listeners(self._elbv2, self._load_balancer_arn)
            except self._elbv2.exceptions.LoadBalancerNotFoundException:  # a client has deleted it, and them with it
                self._listeners = []
        return self._listeners

    def has(self, listener: ListenerSettings) -> bool:
        """Whether a listener is still there, whatever its settings are by now."""
        return any(each.arn == listener.arn for each in self.listeners())

    def rules(self, listener: ListenerSettings) -> RuleList:
        """Return the rules of a listener."""
        if listener.arn not in self._ordered:
            if listener.arn not in self._rules:
                self._rules[listener.arn] = read_rules(self._elbv2, listener.arn)
            self._ordered[listener.arn] = RuleList.of(list(self._rules[listener.arn].values()))
        return self._ordered[listener.arn]

    def settings(self) -> LoadBalancerSettings:
        """Return the load balancer's attributes."""
        if self._settings is None:
            self._settings = read_settings(self._elbv2, self._load_balancer_arn)
        return self._settings

    def header_policy(self, listener: ListenerSettings) -> HeaderPolicy:
        """Return what a listener changes in headers."""
        if listener.arn not in self._policies:
            self._policies[listener.arn] = read_header_policy(self._elbv2, listener.arn)
        return self._policies[listener.arn]

    def forwards_to(self, group_arn: str) -> bool:
        """Whether a rule of a listener sends requests to the target group."""
        return any(group_arn in self.rules(listener).group_arns for listener in self.listeners())
