"""What a scenario's `==` says when it does not hold: both sides whole, or what is different about them.

pytest cuts both sides in the middle, which may be just where they differ, and shows the rest only with -v.
"""

from collections import Counter
from collections.abc import Generator, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from seatrials.evidence.history import Exchange
from seatrials.evidence.redaction import redact
from seatrials.run.items import RECORDER_KEY

# Of both sides together, so that a line of the summary holds them behind the name of the scenario.
_CHARACTERS_MAX = 200
_SIDE_CHARACTERS_MAX = 90
_REQUESTS_SHOWN = 2


class Comparisons:
    """Puts a whole first line above pytest's own explanation of a comparison."""

    def __init__(self) -> None:
        # Of the scenario that runs.
        self._exchanges: Sequence[Exchange] = ()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        """Know what was asked and answered while the scenario compares."""
        self._exchanges = item.stash[RECORDER_KEY].history.exchanges if RECORDER_KEY in item.stash else ()
        try:
            return (yield)
        finally:
            self._exchanges = ()

    @pytest.hookimpl(wrapper=True)
    def pytest_assertrepr_compare(
        self, op: str, left: object, right: object
    ) -> Generator[None, list[list[str]], list[list[str]]]:
        """Tell the comparison; what pytest has nothing to say about stays without a word."""
        told = yield
        if op != "==":
            return told
        answered = who_answered(left, right, self._exchanges)
        # Of two numbers pytest says nothing.
        told = told or ([[""]] if answered else [])
        return [[f"{comparison(left, right)}{answered}", *lines[1:]] for lines in told]


def comparison(left: object, right: object) -> str:
    """Return `left == right`, or where that is long the differences, and whose answer a side is, where it says so."""
    return f"{_compared(left, right)}{_answered(left, right)}"


def _answered(*sides: object) -> str:
    """Return the request and the status of the first of *sides* that is the JSON of an answer; its body is told."""
    answers = [str(side.answer) for side in sides if hasattr(side, "answer")]
    return f" (answered: {redact(answers[0].partition(': ')[0].strip('<>'))})" if answers else ""


def who_answered(left: object, right: object, exchanges: Sequence[Exchange]) -> str:
    """Return which requests were the last to be answered as *left* has it and *right* has not.

    Empty where the sides are not statuses alone: those tell by themselves nothing of what was asked.
    """
    seen, agreed = _statuses(left), _statuses(right)
    told = []
    for status in Counter(seen) - Counter(agreed) if agreed else ():
        asked = [f"{each.method} {_cut(redact(each.target))}" for each in exchanges if each.status == status]
        told += [f"{status} was last answered to {' and '.join(asked[-_REQUESTS_SHOWN:])}"] if asked else []
    return f" ({'; '.join(told)})" if told else ""


def _statuses(side: object) -> list[int]:
    """Return the statuses of HTTP that a side consists of; none where it is anything else."""
    parts: list[Any] = list(side) if isinstance(side, list | tuple) else [side]
    are_statuses = all(isinstance(each, int) and 100 <= each < 600 for each in parts)  # noqa: PLR2004  # HTTP's own
    return parts if are_statuses else []


def _compared(left: object, right: object) -> str:
    whole = f"{left!r} == {right!r}"
    if len(whole) <= _CHARACTERS_MAX:
        return whole
    told = "; ".join(_differences(left, right))
    if not told:
        return f"{_cut(redact(repr(left)))} == {_cut(redact(repr(right)))}"
    return told if len(told) <= 2 * _CHARACTERS_MAX else f"{told[: 2 * _CHARACTERS_MAX - 1]}…"


def _differences(left: object, right: object) -> Iterable[str]:
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        yield from _of_mappings(left, right)
    elif isinstance(left, AbstractSet) and isinstance(right, AbstractSet):
        yield from _of_items(left - right, right - left)
    elif isinstance(left, list) and isinstance(right, list):
        yield from _of_items([each for each in left if each not in right], [each for each in right if each not in left])
    elif is_dataclass(left) and not isinstance(left, type) and type(left) is type(right):
        names = [field.name for field in fields(left) if field.compare]
        yield from _of_mappings(*({name: getattr(side, name) for name in names} for side in (left, right)))


def _of_mappings(left: Mapping[Any, object], right: Mapping[Any, object]) -> Iterable[str]:
    for key in (*left, *(key for key in right if key not in left)):
        if key not in right:
            yield f"{key} is {_shown(key, left[key])}, and should not be there"
        elif key not in left:
            yield f"{key} is missing, and should be {_shown(key, right[key])}"
        elif left[key] != right[key]:
            yield f"{key} is {_shown(key, left[key])}, not {_shown(key, right[key])}"


def _of_items(left: Iterable[object], right: Iterable[object]) -> Iterable[str]:
    """Yield what one side alone has; a long item may hold what differs in its middle, so it is not cut."""
    for words, items in (("should not be there", left), ("is missing", right)):
        yield from (f"{redact(repr(each))} {words}" for each in items)


def _shown(key: object, value: object) -> str:
    """Return a value as its key lets it be shown; once cut, or without its key, no secret could be told."""
    return _cut(redact(f"{key!r}: {value!r}").partition(": ")[2])


def _cut(text: str) -> str:
    if len(text) <= _SIDE_CHARACTERS_MAX:
        return text
    half = _SIDE_CHARACTERS_MAX // 2
    return f"{text[:half]}…{text[-half:]}"
