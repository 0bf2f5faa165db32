"""The way to CloudWatch of `seatrials dashboard`: guarded as a run's is, and let write what is wanted alone.

There is no lease and no journal. A run changes neither dashboards nor alarms, each call here sets one thing as a whole,
and whoever makes it again sets the same.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from seatrials.environments.environment import Environment
from seatrials.monitoring.difference import Change, Seen
from seatrials.monitoring.wanted import Document, Wanted
from seatrials.safety.aws_errors import translated
from seatrials.safety.guard import Guard
from seatrials.safety.identity import confirm_identity
from seatrials.safety.rates import Rates
from seatrials.safety.usage import Usage
from seatrials.seams.application import AwsClient
from seatrials.seams.aws import error_code
from seatrials.seams.clock import SystemClock
from seatrials.stacks.live.aws_session import AwsSession

# Source: CloudWatch API Reference, GetDashboard: its error's code, and its name in protocols that tell the name.
_NO_DASHBOARD = ("ResourceNotFound", "DashboardNotFoundError")


class Permitted:
    """What may be written: the wanted dashboard and the wanted alarms, by their names."""

    def __init__(self, wanted: Wanted) -> None:
        self._names = {
            ("cloudwatch", "PutDashboard"): {wanted.dashboard},
            ("cloudwatch", "PutMetricAlarm"): set(wanted.alarms),
        }

    def refusal(self, service: str, operation: str, given: Mapping[str, Any]) -> str:
        """Return why a call that changes something may not be made, "" when it may."""
        names = self._names.get((service, operation), set())
        name = given.get("DashboardName") or given.get("AlarmName")
        return "" if name in names else f"{name or operation} is not one of {', '.join(sorted(names)) or 'its calls'}"


def open_cloudwatch(
    environment: Environment, variables: Mapping[str, str], wanted: Wanted, *, may_write: bool
) -> AwsClient:
    """Return CloudWatch's client, after the account was confirmed; raises our errors as a run does.

    The environment's `role_arn` is left alone: it is the role of runs, which must not be able to silence an alarm.
    """
    clock = SystemClock(environment.pace, environment.epoch_seconds)
    guard = Guard(Rates(clock), Usage())
    place = environment.model_copy(update={"role_arn": None})
    session = AwsSession(place, variables, guard, {}, policy="")
    confirm_identity(place, session.client)
    if may_write:
        guard.confirm_identity(Permitted(wanted))
        guard.confirm_lease(lambda: True, lambda *_call: None, None)
    return session.client("cloudwatch")


def look(cloudwatch: AwsClient, wanted: Wanted) -> Seen:
    """Return what is there of the wanted names, alarms of any type; reads nothing else."""
    names = list(wanted.alarms)
    with translated("read the alarms"):
        answer = cloudwatch.describe_alarms(AlarmNames=names, AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    found = [*answer.get("MetricAlarms", []), *answer.get("CompositeAlarms", [])]
    alarms: dict[str, Document] = {each["AlarmName"]: each for each in found if each["AlarmName"] in wanted.alarms}
    return Seen(body=_body(cloudwatch, wanted.dashboard), alarms=alarms)


def make(cloudwatch: AwsClient, changes: Sequence[Change]) -> list[str]:
    """Make the *changes*, one call each, and return what CloudWatch has to say about them, a line each."""
    said: list[str] = []
    for change in changes:
        with translated(f"write the {change.kind} {change.name}"):
            answer = getattr(cloudwatch, change.operation)(**change.parameters)
        messages = (answer or {}).get("DashboardValidationMessages", [])
        said += [f"{each.get('DataPath', change.name)}: {each.get('Message', '')}" for each in messages]
    return said


def _body(cloudwatch: AwsClient, name: str) -> str | None:
    with translated(f"read the dashboard {name}"):
        try:
            return str(cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"])
        except ClientError as error:
            if error_code(error) not in _NO_DASHBOARD:
                raise
            return None
