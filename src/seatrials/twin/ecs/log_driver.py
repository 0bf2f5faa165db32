"""What containers write, in CloudWatch Logs: the awslogs driver of ECS.

Source: Amazon ECS Developer Guide, "Send Amazon ECS logs to CloudWatch".
"""

from collections import Counter
from collections.abc import Mapping

from seatrials.seams.application import AwsClient
from seatrials.twin.ecs.runtime import Container
from seatrials.twin.physics.clock import VirtualClock
from seatrials.twin.trace import Trace

_FLUSH_SECONDS = 1.0
# Counted with each event. Source: CloudWatch Logs API Reference, PutLogEvents.
_EVENT_BYTES = 26


class LogDriver:
    """Sends the lines of a world's containers to their log groups, those of a second together."""

    def __init__(self, clock: VirtualClock, logs: AwsClient, trace: Trace) -> None:
        self._clock = clock
        self._logs = logs
        self._trace = trace
        # Lines that are still to be sent, and the streams that exist, by (group, stream).
        self._waiting: dict[tuple[str, str], list[dict[str, object]]] = {}
        self._streams: dict[tuple[str, str], bool] = {}
        self._written = clock.signal()
        # By group, the bytes of the events that were taken since `take_volume` was last asked.
        self._volume: Counter[str] = Counter()

    def start(self) -> None:
        """Begin to send."""
        self._clock.spawn_in(self._clock.world, self._loop, "awslogs")

    def write(self, container: Container, line: str) -> None:
        """Take a line of a container; one without a log group keeps its lines to itself."""
        if container.log_stream is not None and line:
            event = {"timestamp": self._clock.epoch_ms(), "message": line}
            self._waiting.setdefault(container.log_stream, []).append(event)
            self._written.set()

    def take_volume(self) -> Mapping[str, int]:
        """Return how many bytes each log group has taken since this was last asked."""
        volume, self._volume = self._volume, Counter()
        return volume

    def flush(self) -> None:
        """Send what is waiting."""
        waiting, self._waiting = self._waiting, {}
        for (group, stream), events in waiting.items():
            with self._clock.supervisor.turn("the awslogs driver", f"log group {group}"):
                if self._is_there(group, stream):
                    self._put(group, stream, events)

    def _loop(self) -> None:
        while True:
            self._written.wait()
            self._written.clear()
            self._clock.sleep(_FLUSH_SECONDS)
            self.flush()

    def _put(self, group: str, stream: str, events: list[dict[str, object]]) -> None:
        try:
            self._logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
            self._volume[group] += sum(len(str(each["message"]).encode()) + _EVENT_BYTES for each in events)
        except self._logs.exceptions.ResourceNotFoundException:  # a client has deleted it meanwhile
            self._streams[group, stream] = False
            self._trace.add("log_group_missing", group, stream=stream)

    def _is_there(self, group: str, stream: str) -> bool:
        """Return whether the stream exists, having made it in a group that does."""
        if (group, stream) not in self._streams:
            found = self._logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
            self._streams[group, stream] = any(each["logGroupName"] == group for each in found)
            if self._streams[group, stream]:
                self._logs.create_log_stream(logGroupName=group, logStreamName=stream)
            else:
                self._trace.add("log_group_missing", group, stream=stream)
        return self._streams[group, stream]
