"""The figures of a published run let the stack's own alarms fire, in the twin, as CloudWatch evaluates them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from seatrials.publishing.publisher import Publisher
from seatrials.twin.control_plane import moto_running
from tests.support.published_run import NAMESPACE, run_of
from tests.support.twin import Twin, Worlds

ALARMS = {
    "webordinary-run-success-rate": ("TestSuccessRate", 94.0, 95.0),
    "webordinary-run-cold-start": ("ColdStartLatency", 61.0, 60.0),
    "webordinary-run-cost": ("TestCost", 3.0, 2.99),
}
# The alarms' period and the two before it, whose points may stand in for missing ones, are empty again.
_OVER_SECONDS = 4 * 300


@pytest.fixture(scope="module")
def twin() -> Iterator[Twin]:
    """Return a world for all of these, which only wait in it."""
    with moto_running(), Worlds().open() as twin:
        yield twin


def publish(twin: Twin, folder: Path, figures: dict[str, float]) -> None:
    """Publish a run that began six hours ago, and let CloudWatch look at it."""
    now = twin.world.clock.now()
    began = datetime.fromtimestamp(now, UTC) - timedelta(hours=6)
    publisher = Publisher(cloudwatch=twin.world.aws("cloudwatch"), namespace=NAMESPACE, markers=folder, now_seconds=now)
    run = run_of(started=began.isoformat())
    assert publisher.publish(replace(run, path=folder / f"run-{now:.0f}"), figures)
    twin.sleep(90)


def firing(twin: Twin) -> set[str]:
    """Return the names of the stack's alarms on runs that fire."""
    alarms = twin.world.aws("cloudwatch").describe_alarms()["MetricAlarms"]
    return {each["AlarmName"] for each in alarms if each["StateValue"] == "ALARM" and each["AlarmName"] in ALARMS}


@pytest.mark.parametrize("alarm", ALARMS)
def test_each_alarm_fires_on_a_published_run(twin: Twin, tmp_path: Path, alarm: str) -> None:
    """Each on its own figure, at the contract's bound and not before; after a while it is over."""
    metric, bad, good = ALARMS[alarm]
    publish(twin, tmp_path, {metric: good})
    before = firing(twin)
    twin.sleep(_OVER_SECONDS)
    publish(twin, tmp_path, {metric: bad})
    after = firing(twin)
    twin.sleep(_OVER_SECONDS)

    assert (before, after, firing(twin)) == (set(), {alarm}, set())
