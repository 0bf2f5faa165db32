"""Tests of what is removed: a scenario's sessions through Hermes, and at its end all that a run made."""

import pytest

from seatrials.errors import LeftoversError
from tests.support.live_run import Begin, platform_of
from tests.support.small_platform import SmallPlatform


def test_a_scenario_s_sessions_end_with_it(begin: Begin, small_platform: SmallPlatform) -> None:
    """What a scenario started is ended after it, and somebody else's session is not."""
    stranger = small_platform.add_session("acme")
    stacks = begin()
    with stacks.open("COLD-03") as run:
        session = platform_of(run).sessions.start()
        during = small_platform.sessions()[session.id]
    after = small_platform.sessions()
    stacks.close()

    assert session.client_id == "TEST_run-1_COLD-03-client-1"
    assert during == "active"
    assert after[session.id] == "expired"
    assert after[stranger] == "active"


def test_a_scenario_s_sessions_end_though_it_fails(begin: Begin, small_platform: SmallPlatform) -> None:
    """A failed assertion leaves no session running."""
    stacks = begin()

    def fail() -> None:
        with stacks.open("COLD-03") as run:
            assert platform_of(run).sessions.start() is None, "on purpose"

    with pytest.raises(AssertionError, match="on purpose"):
        fail()
    statuses = small_platform.sessions()
    stacks.close()

    assert statuses == {"session-1": "expired"}


def test_a_hermes_that_ends_nothing_fails_the_scenario(begin: Begin, small_platform: SmallPlatform) -> None:
    """Sessions are ended through Hermes only: without it, the clean-up fails and says so."""
    stacks = begin()

    def lose_hermes() -> None:
        with stacks.open("COLD-03") as run:
            platform_of(run).sessions.start()
            small_platform.is_hermes_up = False

    with pytest.raises(LeftoversError, match="Hermes does not end session-1, but answers 503"):
        lose_hermes()
    small_platform.is_hermes_up = True
    stacks.close()


def test_a_run_leaves_nothing(begin: Begin, small_platform: SmallPlatform) -> None:
    """At its end a run has deleted its items, its journal and its lease, and looked whether anything is left."""
    stranger = small_platform.add_session("acme")
    stacks = begin()
    with stacks.open("COLD-03") as run:
        platform_of(run).sessions.start()
    before = stacks.leftovers()
    stacks.close()

    assert (before, stacks.leftovers()) == (None, [])
    assert (small_platform.sessions(), small_platform.runs_items()) == ({stranger: "active"}, [])
