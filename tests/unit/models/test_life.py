"""The model of a session's life, at the moments that decide."""

from seatrials.models.life import Lived, Lives, Work

BEGAN = 1_800_000_000.0
WORK = Work("c", "u", "t")


def lived(status: str = "active", *, ended: float | None = None, ttl: int = 1800) -> Lived:
    """Return a session that was active at its beginning, and at no time since."""
    return Lived("s", WORK, BEGAN, int(BEGAN * 1000), int(BEGAN) + ttl, status, ended)


def may_be(session: Lived, seconds: float) -> set[str]:
    """Return what a session may be so many seconds after its beginning."""
    return set(session.may_be(BEGAN + seconds, BEGAN + seconds))


def test_an_idle_session_drains_after_five_minutes_and_is_over_after_six() -> None:
    """Before, it is active in any case, and after them it is not."""
    assert may_be(lived(), 297) == {"active"}
    assert may_be(lived(), 299) == {"active", "draining", "expired"}
    assert may_be(lived(), 363) == {"expired"}


def test_a_session_that_was_told_to_end_is_live_no_more() -> None:
    """It drains, and is over a minute later."""
    assert may_be(lived("draining", ended=BEGAN + 10), 11) == {"draining", "expired"}
    assert may_be(lived("draining", ended=BEGAN + 10), 73) == {"expired"}


def test_past_its_ttl_a_session_is_over_whatever_else_is_true() -> None:
    """A nearer `ttl` ends an active session."""
    assert may_be(lived(ttl=20), 17) == {"active"}
    assert may_be(lived(ttl=20), 23) == {"expired"}


def test_a_session_that_initializes_has_two_minutes() -> None:
    """Until then it may become active, then it may be an error, and later it initializes no more."""
    assert may_be(lived("initializing"), 100) == {"initializing", "active"}
    assert may_be(lived("initializing"), 121) == {"initializing", "active", "error"}
    assert may_be(lived("initializing"), 190) == {"active", "error"}


def test_the_instruction_is_an_activity_on_the_way_to_active() -> None:
    """It is carried out unseen, which takes the session beyond a `ttl` that is near, and beyond six minutes."""
    assert may_be(lived("initializing", ttl=200), 240) == {"active", "error", "draining", "expired"}
    assert may_be(lived("initializing"), 400) == {"active", "error", "draining", "expired"}
    assert may_be(lived("initializing"), 483) == {"expired"}


def test_no_activity_comes_after_the_ttl_nor_from_before_it_was_set() -> None:
    """What was set to be past is past; up to a `ttl` that is near the instruction may be carried out."""
    past, near = lived("initializing", ttl=20), lived("initializing", ttl=20)
    past.seen = BEGAN + 50
    assert may_be(past, 50) == {"expired"}
    assert may_be(near, 375) == {"active", "error", "draining", "expired"}
    assert may_be(near, 383) == {"expired"}


def test_an_activation_is_answered_by_the_sessions_that_live() -> None:
    """The same work gets its session, the thirteenth of other work none, and one that may be over is either."""
    eleven = {str(number): lived() for number in range(11)}
    for each in eleven.values():
        each.work = Work("d", "u", "t")
    lives = Lives({**eleven, "s": lived()})

    assert lives.answers_to(WORK, BEGAN, BEGAN) == {200}
    assert lives.answers_to(Work("C", "u", "t"), BEGAN, BEGAN) == {429}
    assert lives.answers_to(WORK, BEGAN + 299, BEGAN + 299) == {200, 201, 429}
    assert lives.answers_to(WORK, BEGAN + 400, BEGAN + 400) == {201}
