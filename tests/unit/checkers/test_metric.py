"""What Hermes publishes of its sessions."""

from typing import Any

import pytest

from tests.support.story import BEGAN, OTHER, Happened


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


def test_a_second_value_is_found() -> None:
    """A publication is one value."""
    happened = two_live().published(at=60.0, Value=2)
    publication = happened.history.publications.pop()
    data = [*publication.data, {"MetricName": "Other", "Value": 1}]
    happened.history.publications.append(type(publication)(**{**vars(publication), "data": data}))

    assert happened.broken("metric") == ["metric-plain"]
    assert publication.at == BEGAN + 60
