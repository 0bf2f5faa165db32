"""Which part of a whole a shard is."""

import random  # draws what is divided, by a seed

import pytest

from seatrials.errors import ConfigurationError
from seatrials.shard import Shard


def parts(weights: dict[str, int], of: int) -> list[frozenset[str]]:
    """Return all parts of a division."""
    return [Shard(number, of).part(weights) for number in range(1, of + 1)]


@pytest.mark.parametrize(
    "written", ["0/4", "5/4", "x", "", "4", "1/0", "-1/4", "1/4/4", " 1/4", "1/4\n", "1/99999", "٢/٤"]
)
def test_what_is_no_part_is_refused(written: str) -> None:
    """The text says what was given, and what a shard looks like."""
    with pytest.raises(ConfigurationError) as refused:
        Shard.parse(written)

    assert str(refused.value) == (
        f"--shard: must be one of so many parts, such as 2/4, the second of four, not {written!r}"
    )


def test_a_part_is_read_as_it_is_written() -> None:
    """The second of four is 2/4."""
    assert Shard.parse("2/4") == Shard(2, 4)
    assert str(Shard(2, 4)) == "2/4"


@pytest.mark.parametrize("of", [1, 2, 3, 7, 40])
@pytest.mark.parametrize("seed", range(5))
def test_everything_is_in_one_part(of: int, seed: int) -> None:
    """No part is empty, and no part is longer than another by more than what takes longest."""
    drawn = random.Random(seed)
    weights = {f"row-{index}": drawn.randrange(1000) for index in range(40)}
    divided = parts(weights, of)

    assert sorted(name for part in divided for name in part) == sorted(weights)
    assert all(divided)
    sums = [sum(weights[name] for name in part) for part in divided]
    assert max(sums) - min(sums) <= max(weights.values())


def test_the_order_of_names_changes_nothing() -> None:
    """One machine collects rows in another order than another, with as many that take equally long."""
    weights = {f"row-{index}": index % 3 for index in range(30)}

    assert parts(dict(reversed(weights.items())), 4) == parts(weights, 4)


def test_what_takes_no_time_is_divided_too() -> None:
    """A part has as many as another."""
    assert [len(part) for part in parts(dict.fromkeys("abcdefgh", 0), 4)] == [2, 2, 2, 2]


def test_seeds_are_divided() -> None:
    """What is divided may be numbers."""
    assert len(Shard(2, 4).part(dict.fromkeys(range(1, 501), 1))) == 125


def test_more_parts_than_names_are_refused() -> None:
    """Every shard is, for none of them is one of the whole."""
    for number in (1, 3):
        with pytest.raises(ConfigurationError, match=f"{number}/3 is of more parts than there are rows: 2 of them"):
            Shard(number, 3).part({"a": 1, "b": 1})
