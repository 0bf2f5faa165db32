"""Sessions beside one another: how many are live, and for whose work."""

from tests.support.story import BEGAN, ONE, OTHER, Happened, session, status_path

IDS = [f"{ONE[:-2]}{number:02}" for number in range(14)]


def seen(happened: Happened, session_id: str, *moments: float, **fields: str | int) -> Happened:
    """Add looks at a session, which shows itself live unless *fields* say otherwise."""
    for at in moments:
        happened.asked(f"GET {status_path(session_id)}", 200, {**session(session_id), **fields}, at=at)
    return happened


def test_the_thirteenth_session_that_is_written_is_found() -> None:
    """Twelve may live; those that are past their ttl do not count."""
    happened = Happened()
    happened.wrote(IDS[0], at=0.0, status="initializing", ttl=BEGAN + 1)
    for session_id in IDS[1:13]:
        happened.wrote(session_id, at=2.0, status="initializing", clientId=session_id)
    before = happened.broken("together")
    happened.wrote(IDS[13], at=3.0, status="initializing")

    assert (before, happened.broken("together")) == ([], ["twelve-at-most"])


def test_a_second_session_that_is_written_for_the_same_work_is_found() -> None:
    """Another session of client, user and thread may come when the first is over, and not before."""
    same = {name: session(ONE, "client-of-1")[name] for name in ("clientId", "userId", "threadId")}
    over = Happened().wrote(at=0.0).wrote(at=30.0, status="draining").wrote(OTHER, at=31.0, **same)
    live = Happened().wrote(at=0.0).wrote(OTHER, at=31.0, **same)

    assert (over.broken("together"), live.broken("together")) == ([], ["one-for-the-same-work"])


def test_the_thirteenth_session_that_is_seen_is_found() -> None:
    """Where no write is seen, those count that were live before and after the last one came."""
    happened = Happened()
    for session_id in IDS[:12]:
        seen(happened.made(session_id, session_id), session_id, 100.0)
    before = happened.broken("together")
    seen(happened.made(IDS[12], IDS[12], at=50.0), IDS[12], 100.0)

    assert (before, happened.broken("together")) == ([], ["twelve-at-most"])


def test_two_sessions_that_are_seen_for_the_same_work_are_found() -> None:
    """Both were live at one moment for certain, whichever answers said so."""
    happened = seen(Happened().made(), ONE, 100.0)
    seen(happened.made(OTHER, at=50.0), OTHER, 100.0)

    assert happened.broken("together") == ["one-for-the-same-work"]


def test_what_may_have_been_over_is_no_finding() -> None:
    """A session that was not seen again, drains, is past its ttl, or was changed by the scenario may be over."""
    drains = seen(Happened().made(), ONE, 40.0)
    seen(drains, ONE, 50.0, 100.0, status="draining")
    late = seen(Happened().made(), ONE, 100.0, ttl=BEGAN + 60)
    changed = seen(Happened().made(), ONE, 100.0)
    changed.history.disturb(ONE)

    for happened in (Happened().made(), drains, late, changed):
        seen(happened.made(OTHER, at=50.0), OTHER, 100.0)
        assert happened.broken("together") == []
