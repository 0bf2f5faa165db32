"""Putting a function of moto's in another's place, for the life of the process."""

from collections.abc import Callable
from typing import Any

_replaced: set[tuple[str, str]] = set()


def replace_once(owner: Any, name: str, change: Callable[[Any], Any]) -> None:  # noqa: ANN401  # a module or class of moto
    """Put *change* of a function of moto in its place, unless that has been done."""
    if (owner.__name__, name) not in _replaced:
        _replaced.add((owner.__name__, name))
        setattr(owner, name, change(getattr(owner, name)))
