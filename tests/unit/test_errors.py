"""Tests of the errors of the whole project: the exit code tells whoever starts a run what to mend."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest

import seatrials
from seatrials.errors import SeatrialsError

EXIT_CODE_MIN = 64


@pytest.fixture(scope="module")
def errors() -> list[type[BaseException]]:
    """Return every class of error of the package, whichever module has it."""
    for module in pkgutil.walk_packages(seatrials.__path__, "seatrials."):
        # Which would start a program, or make greenlets of the threads and sockets of this one.
        if not module.name.endswith((".__main__", ".locustfile")):
            importlib.import_module(module.name)
    return [each for each in subclasses(BaseException) if each.__module__.startswith("seatrials.")]


def subclasses(parent: type[BaseException]) -> Iterator[type[BaseException]]:
    """Yield the classes that derive from *parent*, at whatever distance; one of two parents may come twice."""
    for child in parent.__subclasses__():
        yield child
        yield from subclasses(child)


def test_every_refusal_has_an_exit_code_of_its_own(errors: list[type[BaseException]]) -> None:
    """Who starts a run can tell from its exit code what to mend."""
    codes = [each.exit_code for each in set(errors) if issubclass(each, SeatrialsError)]

    assert len(set(codes)) == len(codes)
    assert min(codes) >= EXIT_CODE_MIN


def test_errors_elsewhere_end_no_run(errors: list[type[BaseException]]) -> None:
    """An error that a module keeps to itself is for its callers to catch: it has no exit code of a run."""
    elsewhere = {each for each in errors if each.__module__ != SeatrialsError.__module__}

    assert elsewhere
    assert [each for each in elsewhere if hasattr(each, "exit_code")] == []
