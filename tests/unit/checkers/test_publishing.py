"""That the metric is published in time."""

import pytest

from tests.support.story import Happened

LATER = "GET /hermes/health"
HEALTH = {"status": "healthy", "service": "hermes", "version": "1"}


def test_every_change_and_every_minute_is_no_finding() -> None:
    """A change is told within seconds, and a minute later it is told again."""
    happened = (
        Happened()
        .wrote(at=0.0, status="initializing")
        .published(at=1.0, Value=1)
        .wrote(at=20.0)
        .published(at=61.0, Value=1)
        .wrote(at=100.0, status="draining")
        .published(at=104.0, Value=0)
        .wrote(at=110.0, status="expired")
        .published(at=164.0, Value=0)
        .asked(LATER, 200, HEALTH, at=170.0)
    )

    assert happened.found_by("publishing") == []


def test_a_change_that_is_not_told_is_found() -> None:
    """A session that ends in error is told of with the next minute only: it is a finding once ten seconds are over."""
    happened = Happened().wrote(at=0.0, status="initializing").published(at=1.0, Value=1)
    happened.wrote(at=30.0, status="error").asked(LATER, 200, HEALTH, at=39.0)

    assert happened.broken("publishing") == []
    assert happened.asked(LATER, 200, HEALTH, at=41.0).broken("publishing") == ["metric-in-time"]
    assert "as error, which was initializing" in happened.found_by("publishing")[0].event


@pytest.mark.parametrize(
    ("broken", "is_excused"),
    [
        (("image_missing", "edit"), False),
        (("failing_health_checks", "['task']", "4321"), False),
        (("image_missing", "hermes"), True),
        (("table_away",), True),
    ],
)
def test_what_breaks_edit_containers_alone_is_no_excuse(broken: tuple[str, ...], is_excused: bool) -> None:  # noqa: FBT001  # a parameter of a test
    """Hermes counts and publishes whatever becomes of the containers; without itself or its table it cannot."""
    happened = Happened().wrote(at=0.0, status="initializing").published(at=1.0, Value=1)
    with happened.history.something_broken(*broken):
        happened.wrote(at=30.0, status="error").asked(LATER, 200, HEALTH, at=41.0)

        assert happened.broken("publishing") == ([] if is_excused else ["metric-in-time"])


def test_a_hermes_that_was_killed_tells_nothing() -> None:
    """Nobody can tell of a change who is killed just after it."""
    happened = Happened().published(at=-5.0, Value=0)
    with happened.history.something_broken():
        happened.wrote(at=0.0, status="initializing").asked(LATER, 200, HEALTH, at=41.0)

    assert happened.found_by("publishing") == []


def test_a_long_pause_is_found() -> None:
    """Two minutes between two publications are too long, unless the table was away."""
    happened = Happened().published(at=0.0, Value=0).published(at=120.0, Value=0)

    assert happened.broken("publishing") == ["metric-in-time"]
    with happened.history.something_broken():
        assert happened.found_by("publishing") == []
