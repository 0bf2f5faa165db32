"""What was met, and whether more seeds show more."""

from collections import Counter

from seatrials.explore.coverage import met, new_by_hundred, table


def test_a_fault_meets_each_state_that_there_is_once() -> None:
    """Sessions of the same state are one."""
    expected = {("active", "task killed", "begins"), ("draining", "task killed", "begins")}

    assert met(["active", "draining", "active"], "task killed", "begins") == expected


def test_the_table_shows_what_nothing_has_met() -> None:
    """Faults stand by phase, states in columns; what was never met is empty."""
    lines = table(Counter({("active", "task killed", "begins"): 3, ("error", "task killed", "is over"): 1}))
    shown = [line for line in lines if line.startswith("| task killed")]

    assert shown == ["| task killed | begins |  | 3 |  |  |  |", "| task killed | is over |  |  |  |  | 1 |"]


def test_hundreds_of_seeds_that_show_nothing_new_are_seen() -> None:
    """The last hundred may be a part of one."""
    assert new_by_hundred([5, *[0] * 98, 1, *[0] * 100, 2]) == [6, 0, 2]
