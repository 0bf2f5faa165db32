"""The behaviours of the tables beside this file, of which the page on the twin's fidelity is made.

A row says what AWS does, what the twin does, where AWS says so, and which tests below `tests/unit/twin/` would fail if
the twin did not: a function, or a whole file about that behaviour alone.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Behaviour:
    """One row."""

    aws: str
    twin: str
    source: str
    # A file of tests, most often with `::` and one of its functions.
    tests: tuple[str, ...]


@cache
def behaviours() -> Mapping[str, tuple[Behaviour, ...]]:
    """Return the rows of each section, by its name on the page."""
    found = [each for each in files(__package__).iterdir() if each.name.endswith(".toml")]
    return {each.name.removesuffix(".toml"): _rows(each.read_text("utf-8")) for each in sorted(found, key=str)}


def _rows(text: str) -> tuple[Behaviour, ...]:
    rows = tomllib.loads(text)["rows"]
    return tuple(Behaviour(each["aws"], each["twin"], each["source"], tuple(each["tests"])) for each in rows)
