"""The life of sessions."""

from typing import Any

import pytest

from seatrials.evidence.history import Broken, ClocksApart
from tests.support.story import BALANCER, BEGAN, JSON, ONE, Happened, session, status_path

NEW = {"at": 0.0, "status": "initializing"}
DEACTIVATE = f"POST /hermes/api/sessions/{ONE}/deactivate"
KEEPALIVE = f"POST /hermes/api/sessions/{ONE}/keepalive"


def ms(seconds: float) -> int:
    """Return a moment as `lastActivity` has it."""
    return int((BEGAN + seconds) * 1000)


def active(seconds: float) -> dict[str, Any]:
    """Return the times of a session that was last active then."""
    return {"lastActivity": ms(seconds), "ttl": int(BEGAN + seconds) + 1800}


def begun() -> Happened:
    """Return a session that has become active."""
    return Happened().wrote(at=0.0, status="initializing").wrote(at=30.0)


def test_a_whole_life_is_no_finding() -> None:
    """A session is made, kept alive, ended, and deleted."""
    happened = (
        begun()
        .asked(KEEPALIVE, 200, active(60), at=60.0)
        .wrote(at=60.05, **active(60))
        .asked(DEACTIVATE, 202, {"status": "draining"}, at=70.0)
        .wrote(at=70.05, status="draining", **active(60))
        .wrote(at=75.0, status="expired", **active(60))
        .wrote(at=9000.0, by="", gone=True)
    )

    assert happened.found_by("life") == []


def test_what_is_new_is_judged_where_the_platform_made_it() -> None:
    """A scenario may make an item of any status, and a deletion of what is not there makes none."""
    own, of_scenario = Happened().wrote(at=0.0), Happened().wrote(at=0.0, by="")
    deleted = Happened().wrote(at=0.0, gone=True)

    assert [each.broken("life") for each in (own, of_scenario, deleted)] == [["life-forward"], [], []]


@pytest.mark.parametrize("date", ["", "soon", "Mon, 99 Foo 2026 00:00:00 GMT"])
def test_a_date_that_is_none_tells_nothing(date: str) -> None:
    """An application may answer anything: what it tells besides is judged all the same."""
    told = (JSON, ("date", date))
    happened = Happened().made().asked(KEEPALIVE, 200, active(60), at=60.0, told=told)

    assert happened.found_by("life") == []


def test_idleness_is_a_reason_to_drain() -> None:
    """A session that nobody uses drains after five minutes, and not after four."""
    late, early = begun().wrote(at=301.0, status="draining"), begun().wrote(at=240.0, status="draining")

    assert (late.broken("life"), early.broken("life")) == ([], ["drains-for-a-reason"])


@pytest.mark.parametrize(
    ("status", "broken"),
    [(202, []), (0, []), (503, []), (404, ["drains-for-a-reason"]), (405, ["drains-for-a-reason"])],
)
def test_a_deactivation_is_a_reason_to_drain_unless_it_was_refused(status: int, broken: list[str]) -> None:
    """What was not answered, or badly, may have been done."""
    happened = begun().asked(f"POST /hermes/api/sessions/{ONE}/deactivate", status, at=60.0)

    assert happened.wrote(at=60.5, status="draining").broken("life") == broken


@pytest.mark.parametrize(
    ("invariant", "happened"),
    [
        ("life-forward", Happened().wrote(at=0.0)),
        ("life-forward", begun().wrote(at=31.0, status="initializing")),
        ("life-forward", begun().wrote(at=301.0, status="draining").wrote(at=302.0)),
        ("life-forward", begun().wrote(at=301.0, status="expired")),
        ("activity-forward", begun().wrote(at=31.0, lastActivity=ms(-60))),
        ("activity-forward", begun().wrote(at=31.0, ttl=BEGAN + 60)),
        (
            "ttl-of-activity",
            begun().asked(KEEPALIVE, 200, at=60.0).wrote(at=60.0, **{**active(60), "ttl": BEGAN + 9000}),
        ),
        ("only-activity-counts", begun().wrote(at=90.0, **active(90))),
        ("only-activity-counts", begun().asked(f"GET {status_path()}", 200, at=90.0).wrote(at=90.05, **active(90))),
        ("over-stays-over", begun().asked(KEEPALIVE, 200, at=1900.0).wrote(at=1900.0, **active(1900))),
        (
            "over-stays-over",
            begun()
            .wrote(at=301.0, status="draining")
            .asked(KEEPALIVE, 200, at=302.0)
            .wrote(at=302.0, status="draining", **active(302)),
        ),
        ("over-stays-over", begun().wrote(at=31.0, by="", gone=True).wrote(at=32.0)),
        ("over-stays-over", begun().asked(KEEPALIVE, 410, at=400.0).asked(KEEPALIVE, 200, active(401), at=401.0)),
    ],
)
def test_what_may_not_be_is_found(invariant: str, happened: Happened) -> None:
    """Each departure from a session's life is a finding of its own invariant."""
    assert happened.broken("life") == [invariant]


def seen_from_outside(seconds: float) -> Happened:
    """Return a session as answers of a real stack show it, at last as one that was active then."""
    happened = Happened().made().asked(f"GET {status_path()}", 200, session(), at=60.0)
    return happened.asked(f"GET {status_path()}", 200, session(**active(seconds)), at=91.0)


def test_answers_show_a_life_where_no_write_is_seen() -> None:
    """On a real stack what answers say of a session is held against one another."""
    fine, moved = seen_from_outside(0), seen_from_outside(75)

    assert (fine.broken("life"), moved.broken("life")) == ([], ["only-activity-counts"])


def test_sessions_of_others_are_nobodys_affair_here() -> None:
    """What a shared table has of sessions that this scenario has not made, it can say nothing about."""
    happened = Happened()
    happened.history.now = lambda: BEGAN + 100.0
    happened.history.read(BEGAN + 10.0, [session(**active(10))])
    happened.history.read(BEGAN + 100.0, [session(**active(90), status="expired")])

    assert happened.found_by("life") == []


@pytest.mark.parametrize(
    ("dates", "broken"),
    [((), True), (("09:00:04",), False), (("09:00:00", "09:00:00", "09:00:04"), True), (("11:00:00",), True)],
    ids=["none", "behind", "one-wrong-date", "two-hours-off"],
)
def test_a_clock_that_is_wrong_excuses_as_much_as_it_is(dates: tuple[str, ...], *, broken: bool) -> None:
    """How far the platform's clock is from this process's most dates of its answers tell, up to what a run may have."""
    happened = seen_from_outside(59 if dates == ("11:00:00",) else 55).asked(KEEPALIVE, 200, active(0), at=50.0)
    for date in dates:
        told = (JSON, ("date", f"Mon, 02 Mar 2026 {date} GMT"))
        happened.asked("GET /hermes/health", 200, {"status": "healthy"}, told=told)

    assert happened.broken("life") == ["only-activity-counts"] * broken


def test_a_platform_that_is_late_is_excused_by_as_much() -> None:
    """A busy machine's rehearsal writes down moments of a clock that is behind."""
    happened = seen_from_outside(75).asked(KEEPALIVE, 200, active(0), at=50.0)
    before = happened.broken("life")
    happened.history.late_seconds = 30.0

    assert (before, happened.broken("life")) == (["only-activity-counts"], [])


def test_what_the_scenario_changes_is_its_own_affair() -> None:
    """A ttl that a scenario has set is none that went back."""
    happened = begun().wrote(at=40.0, by="", ttl=BEGAN + 35)
    happened.history.disturbed[ONE] = [BEGAN + 40.0]
    happened.wrote(at=42.0, status="draining", ttl=BEGAN + 35)

    assert happened.found_by("life") == []


@pytest.mark.parametrize(
    ("clocks", "broken"),
    [
        ([], ["only-activity-counts"]),
        ([ClocksApart(BEGAN, 90.0)], []),
        ([ClocksApart(BEGAN, 90.0, ended=BEGAN + 100)], []),
        ([ClocksApart(BEGAN, 20.0)], ["only-activity-counts"]),
        ([ClocksApart(BEGAN, 90.0, ended=BEGAN + 20)], ["only-activity-counts"]),
    ],
    ids=["right", "wrong", "wrong then", "less wrong", "right again"],
)
def test_clocks_that_a_scenario_set_wrong_are_allowed_that_much(clocks: list[ClocksApart], broken: list[str]) -> None:
    """An activity may have the time of a clock that was wrong then, by as much as it was, and no other."""
    happened = begun().asked(KEEPALIVE, 200, at=60.0).wrote(at=60.05, **active(140))
    happened.history.clocks = clocks

    assert happened.broken("life") == broken


@pytest.mark.parametrize(
    ("status", "faults", "broken"),
    [
        (504, [(50, 150)], []),
        (0, [(50, 150)], []),
        (502, [(50, 100), (90, 150)], []),
        (504, [(50, 140)], ["only-activity-counts"]),
        (504, [(50, 90), (100, 150)], ["only-activity-counts"]),
        (504, [(70, 150)], ["only-activity-counts"]),
        (503, [], ["only-activity-counts"]),
        (404, [(50, 150)], ["only-activity-counts"]),
    ],
    ids=["cut", "no answer", "one after the other", "mended", "another one", "later", "nothing broken", "refused"],
)
def test_what_nobody_was_told_of_may_be_done_once_nothing_is_broken(
    status: int, faults: list[tuple[float, float]], broken: list[str]
) -> None:
    """A request that was given up while something was broken may be carried out until that is mended, and no later."""
    happened = begun().asked(f"GET /session/{ONE}", status, at=60.0, told=BALANCER).wrote(at=150.0, **active(149.5))
    happened.history.broken = [Broken(BEGAN + since, BEGAN + until) for since, until in faults]

    assert happened.broken("life") == broken
