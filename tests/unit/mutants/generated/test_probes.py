"""Which statements of a package ran, as notes in its functions tell."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from seatrials.mutants.generated.probes import probed

_PACKAGE = '''import functools


def chosen(number):
    """Say which."""
    if number > 1:
        return "many"
    elif number == 1:
        return "one"
    try:
        return [
            number / number
        ]
    except ZeroDivisionError:
        return "none"


class Box:
    def __init__(self, size):
        self.size = size

    @functools.cached_property
    def doubled(self):
        def twice():
            return self.size * 2
        return twice()

    @classmethod
    def empty(cls):
        return cls(0)
'''


@pytest.fixture(name="package")
def _package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    folder = tmp_path / "noted_here"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "box.py").write_text(_PACKAGE)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("noted_here")
    for name in ("noted_here", "noted_here.__init__", "noted_here.box"):
        sys.modules.pop(name, None)


def test_the_first_lines_of_the_statements_that_ran_are_noted(package: ModuleType) -> None:
    """The first lines of the statements that ran are noted: of branches, handlers, methods, and functions in them."""
    box = importlib.import_module("noted_here.box")
    with probed(package) as ran:
        answers = [box.chosen(1), box.chosen(0), box.Box(3).doubled, box.Box.empty().size]
        lines = ran[str(Path(str(box.__file__)))]

    assert answers == ["one", "none", 6, 0]
    assert sorted(lines) == [5, 6, 8, 9, 10, 11, 15, 20, 24, 25, 26, 30]


def test_what_was_noted_runs_as_before_afterwards(package: ModuleType) -> None:
    """What was noted has its own code again afterwards."""
    box = importlib.import_module("noted_here.box")
    before = box.chosen.__code__
    with probed(package) as ran:
        assert box.chosen.__code__ is not before
    box.chosen(1)

    assert box.chosen.__code__ is before
    assert [lines for lines in ran.values() if lines] == []
