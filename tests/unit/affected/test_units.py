"""The parts of a Python file that can change by themselves."""

import pytest

from seatrials.affected.units import REST, units_of

SOURCE = '''"""A module."""

LIMIT = 3


def first(count=LIMIT):
    """Do it."""

    def inner():
        return count

    return inner() + 1


class Thing:
    size = 1

    def first(self):
        return 2

    @property
    def last(self):
        return sorted([1], key=lambda each: -each)


def _(value):
    return value


def _(value):  # another one
    return value
'''


def changed_by(was: str, now: str) -> list[str]:
    """Return which units an edit of the source changes."""
    assert was in SOURCE
    before, after = units_of(SOURCE.encode()), units_of(SOURCE.replace(was, now).encode())
    return sorted(each for each in {*before, *after} if before.get(each) != after.get(each))


def test_every_function_is_a_unit_and_the_rest_is_one() -> None:
    """Functions have a unit each, also when names recur; what stands in a function belongs to it."""
    units = units_of(SOURCE.encode())

    assert sorted(units) == sorted([REST, "first:1", "Thing.first:1", "Thing.last:1", "_:1", "_:2"])


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [
        ("inner() + 1", "inner() + 2", ["first:1"]),
        ("return count", "return -count", ["first:1"]),
        ("lambda each: -each", "lambda each: each", ["Thing.last:1"]),
        ("return 2", "return 3", ["Thing.first:1"]),
        ("# another one\n    return value", "# another one\n    return -value", ["_:2"]),
    ],
    ids=["statement", "inner function", "lambda", "method", "second of a name"],
)
def test_the_body_of_a_function_changes_alone(was: str, now: str, expected: list[str]) -> None:
    """An edit within a function changes that function and nothing else."""
    assert changed_by(was, now) == expected


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("LIMIT = 3", "LIMIT = 4"),
        ("size = 1", "size = 2"),
        ("count=LIMIT", "count=7"),
        ("    @property\n", ""),
        ("class Thing:", "class Thing(list):"),
    ],
    ids=["constant", "attribute", "default", "decorator", "base"],
)
def test_what_runs_at_import_is_the_rest(was: str, now: str) -> None:
    """Constants, defaults, decorators and bases belong to what runs when the file is imported."""
    assert changed_by(was, now) == [REST]


def test_a_new_function_changes_the_rest() -> None:
    """Whoever adds a function changes what the import does: it may take the place of an inherited one."""
    assert changed_by("    size = 1\n", "    size = 1\n\n    def __eq__(self, other):\n        return True\n") == [
        REST,
        "Thing.__eq__:1",
    ]


@pytest.mark.parametrize(
    ("was", "now"),
    [("# another one", "# yet another"), ('"""Do it."""', '"""Does it."""'), ('"""A module."""', '"""One."""')],
    ids=["comment", "docstring", "docstring of the module"],
)
def test_words_for_people_change_nothing(was: str, now: str) -> None:
    """Comments and docstrings belong to no unit."""
    assert changed_by(was, now) == []
