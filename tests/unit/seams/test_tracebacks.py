"""An error is told with the line of code that raised it, in the same words on every machine."""

import json
import re

import pytest

from seatrials.environments.scopes import SCOPES
from seatrials.seams.tracebacks import place_of, traceback_lines
from seatrials.twin.physics.clock import VirtualClock


def test_a_place_in_the_package_is_told_from_the_package_on() -> None:
    """The path of the checkout is no part of it."""
    with pytest.raises(ValueError, match="back") as caught:
        VirtualClock(0).sleep(-1)

    told = place_of(caught.value)

    assert re.fullmatch(r"seatrials/twin/physics/clock\.py:\d+ in sleep", told)


def test_a_library_is_passed_over() -> None:
    """The innermost line that is no library's is where to look."""
    with pytest.raises(ValueError, match="Expecting") as caught:
        json.loads("{")

    told = place_of(caught.value)

    assert re.fullmatch(r"test_tracebacks\.py:\d+ in test_a_library_is_passed_over", told)


def test_a_syntax_error_is_where_it_stands() -> None:
    """Not where the file was imported."""
    with pytest.raises(SyntaxError) as caught:
        compile("x = 1\nif:\n", "/somewhere/main.py", "exec")

    assert place_of(caught.value) == "main.py:2"


def test_a_traceback_is_lines() -> None:
    """As Python writes it: the heading first, the error last."""
    with pytest.raises(KeyError) as caught:
        SCOPES["nowhere"]

    lines = traceback_lines(caught.value)

    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-1] == "KeyError: 'nowhere'"
