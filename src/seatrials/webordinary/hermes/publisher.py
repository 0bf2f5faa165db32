"""Publishes how many sessions are live, which is what the edit service scales on.

One actor publishes, so that a count never overtakes a newer one; who changed the table asks for it, and waits for
nothing.
"""

from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError

from seatrials.seams.application import AwsClient
from seatrials.seams.clock import Clock, Signal
from seatrials.webordinary.hermes.store import SessionStore
from seatrials.webordinary.hermes.table import StoreUnavailableError

METRIC_NAME = "ActiveSessionCount"
PUBLISH_SECONDS = 60
_RETRY_SECONDS = 5


class Publisher:
    """The metric of live sessions, after every change, and every minute until this Hermes is told to stop."""

    def __init__(
        self,
        clock: Clock,
        cloudwatch: AwsClient,
        namespace: str,
        store: SessionStore,
        log: Callable[[str], None],
        leaving: Signal,
    ) -> None:
        """From *leaving* on only changes are published: another Hermes has the minutes then."""
        self._clock = clock
        self._cloudwatch = cloudwatch
        self._namespace = namespace
        self._store = store
        self._log = log
        self._leaving = leaving
        self._wake = clock.signal()
        # What stands for the last change, and for the last one that had been made when what is published was counted.
        self._change = self._told = object()

    def start(self) -> None:
        """Publish in the background from now on."""
        self._clock.spawn(self._run, "metric-publisher")

    def publish(self) -> None:
        """Have the count published as it is from now on; call it after the table was changed, never before."""
        self._change = object()
        self._wake.set()

    def owes(self) -> bool:
        """Whether a change was made of which nothing is published yet."""
        return self._told is not self._change

    def live_count(self) -> int:
        """Return the number that is published."""
        return self._store.live_count()

    def _run(self) -> None:
        while True:
            self._wake.clear()
            self._wake.wait(PUBLISH_SECONDS if self._publish_now() else _RETRY_SECONDS)

    def _publish_now(self) -> bool:
        """Publish what is due; return whether it could be."""
        # What changes from here on may not be counted.
        change = self._change
        try:
            count = self.live_count()
            # After it is counted, for that may take long, and this Hermes may be told to stop meanwhile.
            if change is not self._told or not self._leaving.is_set():
                self._put(count)
            self._told = change
        except (StoreUnavailableError, ClientError, BotoCoreError) as error:
            # Without the table the count is unknown, and an unknown count is not published: the metric must not lie.
            self._log(f"{METRIC_NAME} not published: {error}")
            return False
        return True

    def _put(self, count: int) -> None:
        datum = {"MetricName": METRIC_NAME, "Value": count, "Unit": "Count"}
        self._cloudwatch.put_metric_data(Namespace=self._namespace, MetricData=[datum])
