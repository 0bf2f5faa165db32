"""What the platform says of itself: metrics, service events, and an explanation when a wait fails."""

from datetime import UTC, datetime
from typing import Any

from seatrials.environments.parts import ResourceNames
from seatrials.platform.balancer import Balancer
from seatrials.platform.services import Services
from seatrials.seams.application import AwsClient
from seatrials.seams.clock import Clock

_EVENTS_SHOWN = 6
_MINUTE = 60


class Telemetry:
    """Reads CloudWatch, and sums up the platform's state for people."""

    def __init__(
        self, cloudwatch: AwsClient, clock: Clock, names: ResourceNames, services: Services, balancer: Balancer
    ) -> None:
        self._cloudwatch = cloudwatch
        self._clock = clock
        self._names = names
        self._services = services
        self._balancer = balancer

    def newest_active_sessions(self) -> float | None:
        """Return the newest published ActiveSessionCount of the last minute, None when it cannot be told.

        CloudWatch keeps no order within a second: when two values of the newest second differ, neither is the newest.
        """
        newest = self._newest_point()
        if newest is None or newest["Maximum"] != newest["Minimum"]:
            return None
        return float(newest["Maximum"])

    def _newest_point(self) -> dict[str, Any] | None:
        now = self._clock.now()
        answer = self._cloudwatch.get_metric_statistics(
            Namespace=self._names.metric_namespace,
            MetricName=self._names.metric,
            StartTime=datetime.fromtimestamp(int(now) - _MINUTE, UTC),
            EndTime=datetime.fromtimestamp(int(now) + 1, UTC),
            Period=1,
            Statistics=["Maximum", "Minimum"],
        )
        return max(answer["Datapoints"], key=lambda point: point["Timestamp"], default=None)

    def explain(self) -> str:
        """Return the state of the platform in a few lines, for the message of a wait that failed."""
        service = self._services.edit()
        counts = ", ".join(f"{name} {service[f'{name}Count']}" for name in ("desired", "running", "pending"))
        lines = [f"edit service: {counts}"]
        lines += [f"  event: {event['message']}" for event in service["events"][:_EVENTS_SHOWN]]
        lines += [f"  stopped: {_why(task)}" for task in self._services.stopped_edit_tasks()[-3:]]
        lines += [self._metric_line(), *self._target_lines()]
        return "\n".join(lines)

    def _metric_line(self) -> str:
        name, point = self._names.metric, self._newest_point()
        if point is None:
            return f"{name}: not published for a minute"
        values = " and ".join(f"{value:g}" for value in sorted({point["Minimum"], point["Maximum"]}))
        return f"{name}: {values}, published {self._clock.now() - point['Timestamp'].timestamp():.0f} s ago"

    def _target_lines(self) -> list[str]:
        states = {
            group["TargetGroupName"]: self._balancer.targets(group["TargetGroupArn"])
            for group in self._balancer.target_groups()
        }
        return [f"target group {name}: {targets or 'no targets'}" for name, targets in states.items()]


def _why(task: dict[str, object]) -> str:
    return f"{str(task['taskArn']).rsplit('/', 1)[-1]}: {task.get('stopCode')}: {task.get('stoppedReason')}"
