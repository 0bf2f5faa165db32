"""Tests in forks of one process."""

import os

import pytest

from seatrials.run.record import in_forks
from seatrials.run.recorder import asks_for_all

pytest_plugins = ["pytester"]
SEEN: list[str] = []


def note(test: str) -> list[str]:
    """Return what this process has seen, this test included."""
    SEEN.append(test)
    return SEEN


def test_no_test_sees_another_one() -> None:
    """What a test leaves behind, as in a cache, the next one does not find."""
    assert dict(in_forks(["one", "two", "three"], note, 2)) == {"one": ["one"], "two": ["two"], "three": ["three"]}


def test_a_test_that_ends_its_process_has_no_result() -> None:
    """A crash is told as one, and the others go on."""
    found = dict(in_forks(["one", "two"], lambda test: os._exit(3) if test == "one" else test, 1))

    assert found == {"one": None, "two": "two"}


def test_the_first_comes_first() -> None:
    """With one process the results come in the order of the tests."""
    assert [test for test, _ in in_forks(["one", "two", "three"], note, 1)] == ["one", "two", "three"]


@pytest.mark.parametrize(
    "narrowed", [("-k", "idle"), ("-m", "staging"), ("test_a.py",), ("--deselect", "test_a.py::b")]
)
def test_a_recording_of_some_tests_is_no_whole_one(pytester: pytest.Pytester, narrowed: tuple[str, ...]) -> None:
    """Whatever names tests leaves others out, of which nothing is known then."""
    pytester.makepyfile(test_a="def test_b(): pass")

    assert not asks_for_all(pytester.parseconfig(*narrowed))
    assert asks_for_all(pytester.parseconfig(str(pytester.path)))
