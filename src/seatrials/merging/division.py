"""Whether shards are all parts of one run, and whether they are all of them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from seatrials.evidence.record import ShardRecord
from seatrials.merging.piece import Piece

_NAMED_MAX = 3
_NOTHING = "none"
Value = TypeVar("Value")


def problems_of_division(pieces: Sequence[Piece]) -> list[str]:
    """Return what keeps *pieces*, of one environment or all of mutants, from being one whole, a sentence each."""
    none = [f"{each.told} ran without --shard, so it is no part of a run" for each in pieces if each.shard is None]
    shards = [(each, each.shard) for each in pieces if each.shard is not None]
    if none or not shards:
        return none
    # What ran on another commit, or was divided otherwise, says nothing of the parts that are missing.
    return [
        *_of_facts(pieces),
        *_of_numbers(shards),
    ] or [*_of_tests(shards), *_of_sources(pieces)]


def all_sources(pieces: Iterable[Piece]) -> dict[str, str] | None:
    """Return what ran in all of them; None when one does not tell."""
    whole: dict[str, str] = {}
    for each in pieces:
        if each.sources is None:
            return None
        whole.update(each.sources)
    return whole


def _of_facts(pieces: Sequence[Piece]) -> Iterator[str]:
    """Yield where a shard has another commit, seed or the like than most of them."""
    names = dict.fromkeys(name for each in pieces for name in each.facts)
    for name in names:
        yield from _others([(each, each.facts.get(name, _NOTHING)) for each in pieces], name)


def _of_numbers(shards: Sequence[tuple[Piece, ShardRecord]]) -> Iterator[str]:
    """Yield which shards are of another division, doubled or missing."""
    of = _usual(shard.of for _, shard in shards)
    yield from (
        f"{each.told} is of another division: most are of {of} parts" for each, shard in shards if shard.of != of
    )
    by_number = {
        number: [each for each, shard in shards if (shard.number, shard.of) == (number, of)]
        for number in range(1, of + 1)
    }
    for number, found in by_number.items():
        if not found:
            yield f"shard {number}/{of} is missing"
        if len(found) > 1:
            yield f"shard {number}/{of} is there {len(found)} times: {', '.join(str(each.path) for each in found)}"


def _of_tests(shards: Sequence[tuple[Piece, ShardRecord]]) -> Iterator[str]:
    """Yield where shards have divided other tests, and which tests are in none of them, or in two."""
    untold = [each.told for each, shard in shards if shard.chosen is None or shard.tests is None]
    if untold:
        yield f"{', '.join(untold)} ended before it knew its tests"
        return
    chosen = _usual(shard.chosen or () for _, shard in shards)
    for each, shard in shards:
        if shard.chosen != chosen:
            others = sorted({*chosen} ^ {*(shard.chosen or ())})
            yield f"{each.told} is of another division: of other tests than most, such as {_named(others)}"
            return
    ran = Counter(test for _, shard in shards for test in shard.tests or ())
    nowhere, twice = sorted({*chosen} - {*ran}), sorted(test for test, count in ran.items() if count > 1)
    strange = sorted({*ran} - {*chosen})
    if nowhere or twice or strange:
        said = {"in no shard": nowhere, "in several shards": twice, "not among those that were divided": strange}
        told = "; ".join(f"{_named(tests)} {where}" for where, tests in said.items() if tests)
        yield f"these shards are of several divisions: {told}"


def _of_sources(pieces: Sequence[Piece]) -> Iterator[str]:
    """Yield which files are not the same in all shards that ran them."""
    paths = dict.fromkeys(path for each in pieces for path in each.sources or {})
    for path in paths:
        having = [(each, each.sources[path]) for each in pieces if each.sources and path in each.sources]
        yield from _others(having, f"file {path}")


def _others(told: Sequence[tuple[Piece, str]], name: str) -> Iterator[str]:
    usual = _usual(value for _, value in told)
    for each, value in told:
        if value != usual:
            yield f"{each.told} is of another {name}: {value}, and most have {usual}"


def _usual(values: Iterable[Value]) -> Value:
    """Return what most have; of two that are as frequent, the one that comes first."""
    return Counter(values).most_common(1)[0][0]


def _named(tests: Sequence[str]) -> str:
    more = f" and {len(tests) - _NAMED_MAX} more" if len(tests) > _NAMED_MAX else ""
    return ", ".join(tests[:_NAMED_MAX]) + more
