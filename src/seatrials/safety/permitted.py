"""Which calls change something, and which of these a run may make: everything else is refused before it is sent.

A run changes what it made itself, and the two services while nobody else has a live session on them.
"""

from collections.abc import Callable, Mapping
from typing import Any

from seatrials.environments.parts import ResourceNames
from seatrials.safety.store import is_own_key

# Whatever begins otherwise changes something, as far as this project is concerned.
_READING = ("BatchGet", "Describe", "Filter", "Get", "List", "Query", "Scan", "Simulate")
# Every run's names begin with this, and a run's own with `TEST_<run>_`.
TEST_PREFIX = "TEST_"

_SCALING = {"cluster", "service", "desiredCount"}

Parameters = Mapping[str, Any]
# Returns why a call may not be made, "" when it may.
Rule = Callable[[Parameters], str]


def is_reading(operation: str) -> bool:
    """Whether an operation of AWS, such as DescribeServices, changes nothing; so does one that gives credentials."""
    return operation.startswith(_READING) or operation == "AssumeRole"


class Permitted:
    """What a run may change on a stack."""

    def __init__(
        self,
        names: ResourceNames,
        prefix: str,
        *,
        strangers: Callable[[], list[str]],
        desired_count: Callable[[str], int],
    ) -> None:
        """*prefix* is that of the run's names; *strangers* returns the ids of live sessions of anyone else."""
        self._names = names
        self._prefix = prefix
        self._strangers = strangers
        self._desired_count = desired_count
        # ARNs that a sweep has found to be left by a run.
        self.left_behind: set[str] = set()
        self._rules: dict[tuple[str, str], Rule] = {
            ("cloudwatch", "PutMetricData"): self._metric,
            ("dynamodb", "DeleteItem"): self._ended_item,
            ("dynamodb", "PutItem"): self._own_item,
            ("dynamodb", "UpdateItem"): self._updated_item,
            ("ecs", "StopTask"): self._task,
            ("ecs", "UpdateService"): self._service,
            ("efs", "DeleteAccessPoint"): self._left(lambda given: given["AccessPointId"]),
            ("elbv2", "DeleteRule"): self._left(lambda given: given["RuleArn"]),
            ("elbv2", "DeregisterTargets"): lambda _: self._nobody_else("take targets out of a group"),
            ("elbv2", "RegisterTargets"): lambda _: self._nobody_else("put targets into a group"),
        }

    def refusal(self, service: str, operation: str, given: Parameters) -> str:
        """Return why a call that changes something may not be made, "" when it may."""
        rule = self._rules.get((service, operation))
        if rule is None:
            return "no run makes such a call"
        return rule(given)

    def is_of_runs(self, service: str, given: Parameters) -> bool:
        """Whether a call is about the lease or the journal, which come before anything else."""
        tables = (self._names.table, self._names.lease_table)
        # A transaction has several writes, and is about these only if each one is.
        parts = [part for item in given.get("TransactItems", []) for part in item.values()] or [given]
        return service == "dynamodb" and all(
            part.get("TableName") in tables and is_own_key(part.get("Key") or part.get("Item") or {}) for part in parts
        )

    def _metric(self, given: Parameters) -> str:
        wanted, seen = self._names.run_metric_namespace, given.get("Namespace")
        return "" if seen == wanted else f"a run publishes to {wanted} only, not to {seen}"

    def _own_item(self, given: Parameters) -> str:
        return "" if is_own_key(given["Item"]) else "sessions are made by Hermes only"

    def _updated_item(self, given: Parameters) -> str:
        if is_own_key(given["Key"]) or self._is_of_a_test(given):
            return ""
        return f"the item is no session of a client {self._prefix}*: {given['Key']}"

    def _ended_item(self, given: Parameters) -> str:
        if is_own_key(given["Key"]):
            return ""
        if not self._is_of_a_test(given):
            return f"the item is no session of a user {self._prefix}*: {given['Key']}"
        return (
            "" if "ConditionExpression" in given else "an item is deleted on the condition that its session has ended"
        )

    def _is_of_a_test(self, given: Parameters) -> bool:
        is_in_table = given.get("TableName") == self._names.table
        return is_in_table and str(given["Key"].get("userId", {}).get("S", "")).startswith(self._prefix)

    def _service(self, given: Parameters) -> str:
        known = (self._names.edit_service, self._names.hermes_service)
        if given.get("cluster") != self._names.cluster or given.get("service") not in known:
            return f"the run knows the services {', '.join(known)} of {self._names.cluster} only"
        if set(given) == _SCALING and given["desiredCount"] >= self._desired_count(given["service"]):
            # A service that was scaled down or stopped is put back, whoever came meanwhile: more tasks disturb nobody.
            return ""
        return self._nobody_else(f"change {given['service']}")

    def _task(self, given: Parameters) -> str:
        if given.get("cluster") != self._names.cluster:
            return f"the run stops tasks of {self._names.cluster} only"
        return self._nobody_else("stop a task")

    def _nobody_else(self, what: str) -> str:
        others = self._strangers()
        return f"to {what} would disturb live sessions of others: {', '.join(others)}" if others else ""

    def _left(self, name: Callable[[Parameters], str]) -> Rule:
        def rule(given: Parameters) -> str:
            return "" if name(given) in self.left_behind else f"{name(given)} was not found to be left by a run"

        return rule
