"""DynamoDB's time to live: an expired item goes, but only after minutes to days.

Until then it can be read, is billed and can be rescued by a later time. Only numbers count, in seconds, and nothing
that expired more than five years ago. Source: Amazon DynamoDB Developer Guide, "Time to Live (TTL)".
"""

from random import Random
from typing import Any

from seatrials.seams.application import AwsClient
from seatrials.twin.calibration import Calibration
from seatrials.twin.physics.clock import VirtualClock
from seatrials.twin.trace import Trace

_SCAN_INTERVAL_SECONDS = 300.0
_HURRIED_INTERVAL_SECONDS = 1.0
_FIVE_YEARS_SECONDS = 5 * 365 * 86_400


class Expiry:
    """Deletes expired items of every table that has time to live enabled."""

    def __init__(
        self, clock: VirtualClock, dynamodb: AwsClient, calibration: Calibration, random: Random, trace: Trace
    ) -> None:
        self._clock = clock
        self._dynamodb = dynamodb
        self._calibration = calibration
        self._random = random
        self._trace = trace
        # When each expired item will be deleted, by table and key.
        self._due: dict[tuple[str, str], float] = {}
        self._hurried_delay_seconds: float | None = None
        self._pace_changed = clock.signal()

    def start(self) -> None:
        """Begin to look for expired items."""
        self._clock.spawn(self._loop, "dynamodb ttl")

    def hurry(self, delay_seconds: float | None) -> None:
        """Delete items so soon after they expire, looking every second; None: as DynamoDB usually does."""
        self._hurried_delay_seconds = delay_seconds
        self._pace_changed.pulse()

    def _loop(self) -> None:
        while True:
            is_hurried = self._hurried_delay_seconds is not None
            self._pace_changed.wait_pulse(_HURRIED_INTERVAL_SECONDS if is_hurried else _SCAN_INTERVAL_SECONDS)
            # Anew each time: a table may be made later, and its time to live switched on and off.
            for name in self._dynamodb.get_paginator("list_tables").paginate().build_full_result()["TableNames"]:
                with self._clock.supervisor.turn("DynamoDB's time to live", f"table {name}"):
                    self._look_at(name)

    def _look_at(self, table: str) -> None:
        attribute = self._ttl(table)
        if attribute is not None:
            self._sweep(table, attribute)

    def _ttl(self, table: str) -> str | None:
        description = self._dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
        enabled = description.get("TimeToLiveStatus") == "ENABLED"
        return str(description["AttributeName"]) if enabled else None

    def _sweep(self, table: str, attribute: str) -> None:
        try:
            schema = self._dynamodb.describe_table(TableName=table)["Table"]["KeySchema"]
        except self._dynamodb.exceptions.ResourceNotFoundException:  # a client has deleted it
            return
        # All pages: one has a megabyte at most.
        items = self._dynamodb.get_paginator("scan").paginate(TableName=table).build_full_result()["Items"]
        for item in items:
            key = {each["AttributeName"]: item[each["AttributeName"]] for each in schema}
            name = (table, repr(key))
            if not self._is_expired(item, attribute):
                self._due.pop(name, None)
            elif self._clock.now() >= self._due.setdefault(name, self._draw()):
                del self._due[name]
                self._dynamodb.delete_item(TableName=table, Key=key)
                self._trace.add("ttl_delete", table, key=key)

    def _draw(self) -> float:
        if self._hurried_delay_seconds is not None:
            return self._clock.now() + self._hurried_delay_seconds
        return self._clock.now() + self._calibration.expiry_delay.draw(self._random)

    def _is_expired(self, item: dict[str, Any], attribute: str) -> bool:
        number = item.get(attribute, {}).get("N")
        if number is None:
            return False
        age = self._clock.now() - float(number)
        return 0 < age < _FIVE_YEARS_SECONDS
