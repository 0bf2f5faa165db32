"""Which sessions count, when they end, and how idleness is told."""

import dataclasses

import pytest

from seatrials.webordinary.hermes import lifecycle
from seatrials.webordinary.hermes.idleness import IdleWatch
from seatrials.webordinary.hermes.items import answer_of, attributes, item_of, session_of
from seatrials.webordinary.hermes.lifecycle import Status
from tests.support.hermes import ACTIVE_SESSION, START_SECONDS

NOW = START_SECONDS


def test_a_session_lives_thirty_minutes_after_its_last_activity() -> None:
    """The ttl is in seconds, the activity in milliseconds."""
    assert lifecycle.ttl_of(NOW * 1000 + 999) == NOW + 30 * 60


@pytest.mark.parametrize(
    ("status", "is_live"),
    [("initializing", True), ("active", True), ("draining", False), ("expired", False), ("error", False)],
)
def test_a_session_that_starts_or_is_active_is_live(status: str, is_live: bool) -> None:  # noqa: FBT001  # the case
    """The others count no more."""
    session = dataclasses.replace(ACTIVE_SESSION, status=Status(status))

    assert is_live == lifecycle.is_live(session, NOW)


def test_a_session_past_its_ttl_is_expired_whatever_the_item_says() -> None:
    """DynamoDB may take days to delete it. Source: DynamoDB Developer Guide, Time to Live."""
    seen = [
        (lifecycle.is_live(ACTIVE_SESSION, at), lifecycle.reported_status(ACTIVE_SESSION, at))
        for at in (NOW + 1799, NOW + 1800)
    ]

    assert seen == [(True, Status.ACTIVE), (False, Status.EXPIRED)]


def test_an_item_is_the_session_and_back() -> None:
    """Nothing is lost or changed on the way through the table, nested metadata included."""
    session = dataclasses.replace(ACTIVE_SESSION, task_arn="arn:task/1", instruction_done=True)

    assert session == session_of(item_of(session))


def test_an_answer_has_the_contracts_fields_and_no_other() -> None:
    """Hermes's own attributes stay in the table."""
    expected = ["sessionId", "userId", "clientId", "threadId", "status", "previewUrl"]
    expected += ["createdAt", "lastActivity", "ttl", "metadata"]

    assert expected == list(answer_of(dataclasses.replace(ACTIVE_SESSION, instruction_done=True)))


def test_an_item_that_is_no_session_is_passed_over() -> None:
    """The lock lives in the same table."""
    assert session_of(attributes({"sessionId": "lock-activation", "userId": "lock"})) is None


def idle_seconds(looks: list[tuple[float, float]]) -> float:
    """Return the idle time at the last of the looks, each a time and the lastActivity seen then, in seconds."""
    watch = IdleWatch()
    idle = 0.0
    for now, last_activity in looks:
        session = dataclasses.replace(ACTIVE_SESSION, last_activity=round(last_activity * 1000))
        watch.look([session], now)
        idle = watch.idle_seconds(session, now)
    return idle


def test_idleness_is_counted_from_the_last_activity() -> None:
    """As long as the clocks agree, when Hermes happens to look plays no part."""
    assert idle_seconds([(NOW, NOW), (NOW + 10, NOW + 7), (NOW + 302, NOW + 7)]) == 295.0


@pytest.mark.parametrize("skew", [-90, 90])
def test_idleness_is_told_right_when_the_containers_clock_is_wrong(skew: int) -> None:
    """Activity stamped 90 s early or late moves the end by no more than the time between two looks."""
    idle = idle_seconds([(NOW, NOW), (NOW + 240, NOW), (NOW + 250, NOW + 245 + skew), (NOW + 500, NOW + 245 + skew)])

    assert idle in {250.0, 260.0}


def test_idleness_is_taken_from_the_item_at_the_first_look() -> None:
    """A Hermes that has just started does not grant every session five minutes more."""
    assert idle_seconds([(NOW + 200, NOW)]) == 200.0
