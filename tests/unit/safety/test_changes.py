"""Tests of what a run changes of others' things: it is written down before, and put back after."""

from pathlib import Path

import pytest

from tests.support.live_run import AwsCalls, Begin, edit_desired, update_edit
from tests.support.small_platform import SmallPlatform


def test_a_changed_service_is_put_back(begin: Begin, small_platform: SmallPlatform) -> None:
    """What a scenario left changed is as it was found when the run has ended."""
    stacks = begin()
    with stacks.open("COLD-12") as run:
        update_edit(run, desiredCount=2)
    during = edit_desired(small_platform)
    stacks.close()

    assert (during, edit_desired(small_platform)) == (2, 0)


def test_what_a_scenario_has_undone_itself_stays_undone(begin: Begin, small_platform: SmallPlatform) -> None:
    """Of two changes of one service the value before the first is the stack's, and the one between is the run's own."""
    stacks = begin()
    with stacks.open("COLD-12") as run:
        update_edit(run, desiredCount=2)
        update_edit(run, desiredCount=0)
    stacks.close()

    assert edit_desired(small_platform) == 0


def test_a_change_is_in_the_journal_before_it_is_made(
    begin: Begin, small_platform: SmallPlatform, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A run that dies in the moment of a change has written down what it was about to change, on disk and in AWS."""
    calls = AwsCalls(monkeypatch)
    stacks = begin()
    with stacks.open("COLD-12") as run:
        calls.writes.clear()
        update_edit(run, desiredCount=2)
        made = list(calls.writes)
        noted = len(small_platform.runs_items())
    written = "".join(path.read_text() for path in (tmp_path / "run-1" / "journal").iterdir())
    stacks.close()

    assert made == ["UpdateService", "TransactWriteItems"]
    assert noted == 3
    assert '"service": "webordinary-edit-service", "found": {"desiredCount": 0}' in written
