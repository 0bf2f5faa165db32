"""Which of the calls that change something a run may make: everything else is refused before it is sent.

A run changes what it made itself, and the two services while nobody else has a live session on them.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from seatrials.environments.parts import ResourceNames
from seatrials.platform import contract
from seatrials.safety.store import KEY_PREFIX
from seatrials.safety.under_test import UnderTest, family_of

# Every run's names begin with this, and a run's own with `TEST_<run>_`.
TEST_PREFIX = "TEST_"

# What changes the services under test, by service and operation.
OF_CONTROL = frozenset(
    {("ecs", "StopTask"), ("ecs", "UpdateService"), ("elbv2", "DeregisterTargets"), ("elbv2", "RegisterTargets")}
)
_SCALING = {"cluster", "service", "desiredCount"}
_OF_A_SERVICE = _SCALING | {"taskDefinition", "forceNewDeployment"}

# The condition that there is an item; what follows may only narrow it.
_EXISTS = re.compile(r"attribute_exists\(\s*(?:sessionId|userId)\s*\)(?!.*\bOR\b)", re.IGNORECASE | re.DOTALL)

Parameters = Mapping[str, Any]
# Returns why a call may not be made, "" when it may.
Rule = Callable[[Parameters], str]


class Permitted:
    """What a run may change on a stack."""

    def __init__(self, names: ResourceNames, prefix: str, under_test: UnderTest, *, has_control: bool = True) -> None:
        """*prefix* is that of the run's names; without *control* of the services a run leaves them as they are."""
        self._names = names
        self._prefix = prefix
        self._under_test = under_test
        self._has_control = has_control
        self._tasks_max = {names.edit_service: contract.TASKS_MAX, names.hermes_service: contract.HERMES_TASKS_MAX}
        # Addresses that this process took out of a target group, and may put back though their task has gone.
        self._taken_out: set[tuple[str, str]] = set()
        # ARNs that a sweep has found to be left by a run.
        self.left_behind: set[str] = set()
        self._rules: dict[tuple[str, str], Rule] = {
            ("cloudwatch", "PutMetricData"): self._metric,
            ("dynamodb", "DeleteItem"): self._ended_item,
            ("dynamodb", "PutItem"): lambda _: "sessions are made by Hermes only",
            ("dynamodb", "UpdateItem"): self._updated_item,
            ("ecs", "StopTask"): self._task,
            ("ecs", "UpdateService"): self._service,
            ("efs", "DeleteAccessPoint"): self._left(lambda given: given["AccessPointId"]),
            ("elbv2", "DeleteRule"): self._left(lambda given: given["RuleArn"]),
            ("elbv2", "DeregisterTargets"): self._targets_out,
            ("elbv2", "RegisterTargets"): self._targets_in,
        }

    def refusal(self, service: str, operation: str, given: Parameters) -> str:
        """Return why a call that changes something may not be made, "" when it may."""
        rule = self._rules.get((service, operation))
        if rule is None:
            return "no run makes such a call"
        if (service, operation) in OF_CONTROL and not self._has_control:
            return "the environment does not have the capability 'control'"
        return rule(given)

    @property
    def operations(self) -> frozenset[tuple[str, str]]:
        """What may be called at all, on conditions, by service and operation."""
        return frozenset(self._rules)

    def _metric(self, given: Parameters) -> str:
        wanted, seen = self._names.run_metric_namespace, given.get("Namespace")
        return "" if seen == wanted else f"a run publishes to {wanted} only, not to {seen}"

    def _updated_item(self, given: Parameters) -> str:
        if not self._is_of_a_test(given):
            return f"the item is no session of a client {self._prefix}*: {given['Key']}"
        # Without it, or-ed with anything or of no key, UpdateItem makes an item where there is none.
        is_of_one = _EXISTS.match(given.get("ConditionExpression", "")) is not None
        return "" if is_of_one else "an item is updated on the condition `attribute_exists(sessionId)` first of all"

    def _ended_item(self, given: Parameters) -> str:
        if not self._is_of_a_test(given):
            return f"the item is no session of a user {self._prefix}*: {given['Key']}"
        return (
            "" if "ConditionExpression" in given else "an item is deleted on the condition that its session has ended"
        )

    def _is_of_a_test(self, given: Parameters) -> bool:
        session_id, user_id = (str(given["Key"].get(name, {}).get("S", "")) for name in ("sessionId", "userId"))
        return (
            given.get("TableName") == self._names.table
            and user_id.startswith(self._prefix)
            # Lease and journal are the store's, whatever a run is called that an entry is named after.
            and not session_id.startswith(KEY_PREFIX)
        )

    def _service(self, given: Parameters) -> str:
        service = given.get("service")
        if given.get("cluster") != self._names.cluster or service not in self._tasks_max:
            return f"the run knows the services {', '.join(self._tasks_max)} of {self._names.cluster} only"
        if set(given) - _OF_A_SERVICE:
            return f"of a service a run changes {', '.join(sorted(_OF_A_SERVICE))} only, not all of {sorted(given)}"
        refusal = self._count(given) or self._definition(given)
        if refusal:
            return refusal
        if set(given) == _SCALING and given["desiredCount"] >= self._under_test.desired_count(service):
            # A service that was scaled down or stopped is put back, whoever came meanwhile: more tasks disturb nobody.
            return ""
        return self._nobody_else(f"change {service}")

    def _count(self, given: Parameters) -> str:
        if "desiredCount" not in given:
            return ""
        service, most = given["service"], self._tasks_max[given["service"]]
        if not 0 <= given["desiredCount"] <= most:
            return f"{service} has 0 to {most} tasks, and {given['desiredCount']} were asked for"
        found = self._under_test.desired_count(service)
        # It could not be put back.
        return "" if found <= most else f"{service} was found with {found} tasks, and the contract has {most}"

    def _definition(self, given: Parameters) -> str:
        wanted = given.get("taskDefinition")
        if wanted is None:
            return ""
        family = self._under_test.family(given["service"])
        return "" if family_of(wanted) == family else f"{given['service']} runs the family {family}, not {wanted}"

    def _task(self, given: Parameters) -> str:
        if given.get("cluster") != self._names.cluster:
            return f"the run stops tasks of {self._names.cluster} only"
        if not self._under_test.has_task(given["task"]):
            return f"{given['task']} is no task of {' or '.join(self._tasks_max)}"
        return self._nobody_else("stop a task")

    def _targets_out(self, given: Parameters) -> str:
        refusal = self._group(given) or self._nobody_else("take targets out of a group")
        if not refusal:
            self._taken_out |= {(given["TargetGroupArn"], each["Id"]) for each in given["Targets"]}
        return refusal

    def _targets_in(self, given: Parameters) -> str:
        return self._group(given) or self._addresses(given) or self._nobody_else("put targets into a group")

    def _group(self, given: Parameters) -> str:
        arn = given["TargetGroupArn"]
        is_ours = arn in self._under_test.target_groups()
        return "" if is_ours else f"{arn} is no target group of the services under test or of a session"

    def _addresses(self, given: Parameters) -> str:
        arn = given["TargetGroupArn"]
        unknown = [each["Id"] for each in given["Targets"] if (arn, each["Id"]) not in self._taken_out]
        foreign = sorted(set(unknown) - self._under_test.addresses()) if unknown else []
        return f"{', '.join(foreign)} is no address of a task of the services under test" if foreign else ""

    def _nobody_else(self, what: str) -> str:
        others = self._under_test.strangers(self._prefix)
        return f"to {what} would disturb live sessions of others: {', '.join(others)}" if others else ""

    def _left(self, name: Callable[[Parameters], str]) -> Rule:
        def rule(given: Parameters) -> str:
            return "" if name(given) in self.left_behind else f"{name(given)} was not found to be left by a run"

        return rule
