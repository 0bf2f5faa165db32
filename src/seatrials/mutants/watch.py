"""Tells a mutant that is broken itself from a broken platform: whose mistake an exception is.

A change that raises KeyError in its own line breaks the platform too, and every scenario would seem to notice the
defect that the mutant declares. Such mistakes are noted, and the matrix does not count them as kills.
"""

import inspect
import traceback
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FunctionType
from typing import Any

# What code raises that is wrong. An error type of the platform is raised on purpose, and a failing connection is AWS's.
_MISTAKES = (ArithmeticError, AssertionError, AttributeError, LookupError, NameError, TypeError, ValueError)


def watched(value: object, mistakes: list[str], *first: object) -> object:
    """Return *value*; a function as one that gets *first* before its arguments, and notes its own *mistakes*.

    What a function leaves for later, such as an actor that it spawns, is not watched.
    """
    if not isinstance(value, FunctionType):
        return value
    generator = getattr(value, "__wrapped__", None)
    if inspect.isgeneratorfunction(generator):
        return contextmanager(_watched_generator(generator, mistakes, first))
    if inspect.isgeneratorfunction(value):
        return _watched_generator(value, mistakes, first)

    def run(*arguments: Any, **named: Any) -> Any:
        try:
            return value(*first, *arguments, **named)
        except _MISTAKES as error:
            _note(error, value, mistakes)
            raise

    return run


def _watched_generator(
    function: Callable[..., Generator[Any, Any, Any]], mistakes: list[str], first: tuple[object, ...]
) -> Callable[..., Generator[Any, Any, Any]]:
    def run(*arguments: Any, **named: Any) -> Generator[Any, Any, Any]:
        try:
            return (yield from function(*first, *arguments, **named))
        except _MISTAKES as error:
            _note(error, function, mistakes)
            raise

    return run


def _note(error: Exception, function: Callable[..., object], mistakes: list[str]) -> None:
    """Note *error* when it was raised in the file of *function*, or by the call of it with other arguments."""
    innermost = traceback.extract_tb(error.__traceback__)[-1]
    if innermost.filename in (inspect.getfile(function), __file__):
        place = f"{innermost.filename}:{innermost.lineno}"
        mistakes.append(f"{type(error).__name__}: {error} ({place})")
