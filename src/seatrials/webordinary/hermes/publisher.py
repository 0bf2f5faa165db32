"""Publishes how many sessions are live, which is what the edit service scales on.

One actor publishes, so that a count never overtakes a newer one; who changed the table asks and waits for it.
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
# An answer waits no longer than this for the metric.
_PATIENCE_SECONDS = 3


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
        self._waiting: list[Signal] = []
        # Whether a change was made of which nothing is published yet.
        self._is_owed = False

    def start(self) -> None:
        """Publish in the background from now on."""
        self._clock.spawn(self._run, "metric-publisher")

    def publish(self) -> None:
        """Have the count published as it is now; call it after the table was changed, never before."""
        published = self._clock.signal()
        self._waiting.append(published)
        self._wake.set()
        published.wait(_PATIENCE_SECONDS)

    def live_count(self) -> int:
        """Return the number that is published."""
        return self._store.live_count()

    def _run(self) -> None:
        while True:
            self._wake.clear()
            is_done = not self._is_due() or self._publish_now()
            self._wake.wait(PUBLISH_SECONDS if is_done else _RETRY_SECONDS)

    def _is_due(self) -> bool:
        return bool(self._waiting) or self._is_owed or not self._leaving.is_set()

    def _publish_now(self) -> bool:
        asked = [self._waiting.pop(0) for _ in range(len(self._waiting))]
        self._is_owed = self._is_owed or bool(asked)
        try:
            count = self.live_count()
            # Counting may have taken long, and this Hermes may have been told to stop meanwhile.
            if self._is_due():
                self._put(count)
            self._is_owed = False
        except (StoreUnavailableError, ClientError, BotoCoreError) as error:
            # Without the table the count is unknown, and an unknown count is not published: the metric must not lie.
            self._log(f"{METRIC_NAME} not published: {error}")
            return False
        finally:
            for published in asked:
                published.set()
        return True

    def _put(self, count: int) -> None:
        datum = {"MetricName": METRIC_NAME, "Value": count, "Unit": "Count"}
        self._cloudwatch.put_metric_data(Namespace=self._namespace, MetricData=[datum])
