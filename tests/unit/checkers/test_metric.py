"""What Hermes publishes of its sessions."""

from typing import Any

import pytest

from tests.support.story import BEGAN, ONE, OTHER, Happened, session, status_path


def two_live() -> Happened:
    """Return two sessions, of which one drains later on."""
    return Happened().wrote(at=0.0).wrote(OTHER, at=10.0).wrote(at=100.0, status="draining")


def test_the_number_of_live_sessions_is_no_finding() -> None:
    """It is right as of any moment since it was counted, and past a ttl a session counts no more."""
    happened = (
        two_live()
        .published(at=5.0, Value=1)
        .published(at=60.0, Value=2)
        .published(at=100.5, counted_at=99.5, Value=2)
        .published(at=110.0, Value=1)
        .published(at=2000.0, Value=0)
    )

    assert happened.found_by("metric") == []


@pytest.mark.parametrize(
    ("invariant", "datum"),
    [
        ("metric-true", {"Value": 1}),
        ("metric-true", {"Value": 3}),
        ("metric-plain", {"Value": 2, "Unit": "None"}),
        ("metric-plain", {"Value": 2, "Dimensions": [{"Name": "Service", "Value": "hermes"}]}),
        ("metric-plain", {"Values": [2.0]}),
    ],
)
def test_another_publication_is_found(invariant: str, datum: dict[str, Any]) -> None:
    """A wrong number, another unit, a dimension, and several values are found."""
    assert two_live().published(at=60.0, **datum).broken("metric") == [invariant]


def test_a_hermes_that_stops_is_silent() -> None:
    """What it publishes then is a change that it has just made, or a finding."""
    changed, idle = (
        two_live().published(at=12.0, stopping=True, Value=2),
        two_live().published(at=60.0, stopping=True, Value=2),
    )

    assert (changed.broken("metric"), idle.broken("metric")) == ([], ["metric-silent"])


def test_a_change_that_a_fault_held_has_just_been_made() -> None:
    """A Hermes that hung with the change in its hands publishes it when it is resumed, and not at any time later."""
    held, later = (
        two_live().something_broken(8.0, 40.0).published(at=at, stopping=True, Value=2) for at in (42.0, 60.0)
    )

    assert (held.broken("metric"), later.broken("metric")) == ([], ["metric-silent"])


def test_what_is_published_without_the_table_is_found() -> None:
    """Nobody can count what is away; a call that had begun before may end later."""
    begun, hearsay, back = (
        two_live().something_broken(20.0, 80.0, "table_away").published(at=at, Value=2) for at in (25.0, 60.0, 81.0)
    )

    assert (begun.found_by("metric"), back.found_by("metric")) == ([], [])
    assert hearsay.broken("metric") == ["metric-silent"]


def test_a_second_value_is_found() -> None:
    """A publication is one value."""
    happened = two_live().published(at=60.0, Value=2)
    publication = happened.history.publications.pop()
    data = [*publication.data, {"MetricName": "Other", "Value": 1}]
    happened.history.publications.append(type(publication)(**{**vars(publication), "data": data}))

    assert happened.broken("metric") == ["metric-plain"]
    assert publication.at == BEGAN + 60


def live_for_three_minutes() -> Happened:
    """Return a session that was live at both ends of three minutes."""
    return Happened().made().asked(f"GET {status_path(ONE)}", 200, session(), at=180.0)


def test_a_minute_that_may_be_right_is_no_finding() -> None:
    """Others may have sessions too, and a minute may have begun before the session, or be read before its end."""
    happened = live_for_three_minutes().read_metric(-60.0, 0, 1).read_metric(60.0, 1, 12).read_metric(120.0, 0, 1)

    assert happened.found_by("metric") == []


@pytest.mark.parametrize(
    ("invariant", "minimum", "maximum", "unit"),
    [("metric-true", 0, 1, "Count"), ("metric-true", 1, 13, "Count"), ("metric-plain", 1, 1, "None")],
)
def test_a_minute_that_cannot_be_right_is_found(invariant: str, minimum: int, maximum: int, unit: str) -> None:
    """Fewer than were live all the time, more than are ever live, and another unit."""
    assert live_for_three_minutes().read_metric(60.0, minimum, maximum, unit).broken("metric") == [invariant]
