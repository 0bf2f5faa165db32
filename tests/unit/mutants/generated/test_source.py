"""Where changes are found in a package, what they are called, and that they act."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from seatrials.mutants.generated.source import Generated, generate, sample

_PACKAGE = '''
import functools
from dataclasses import dataclass

LIMIT = 7


def decorated(function):
    @functools.wraps(function)
    def run(*arguments):
        return function(*arguments)
    return run


@decorated
def is_over(count, most=5):
    """Whether it is too many: 3."""
    return count > most


@dataclass
class Box:
    size: int = 3

    @property
    def doubled(self) -> int:
        return self.size * 2

    @staticmethod
    def empty():
        return Box(0)

    def kept(self):
        def later(value):
            return value == self.size
        return later

    def told(self, log, code):
        if self.size > 7:
            log(f"{self.size + 7} is large")
            self._log("large")
            return self.size + 7
        if self.size > 9:
            log(self.size)
        if code == 7:
            msg = f"{self.size + 7} of 7"
            raise ValueError(msg + f"{code + 7}")
        raise OSError(7, "small" if self.size < 7 else f"{code + 7}", f"{code + 8}" + "8")

    def twice(self, items):
        items.append(1)
        items.append(1)
        return items


class BoxError(Exception):
    def __init__(self, text):
        super().__init__(text)
'''


@pytest.fixture(name="package")
def _package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    folder = tmp_path / "changed_here"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "box.py").write_text(_PACKAGE)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("changed_here")
    for name in ("changed_here", "changed_here.box"):
        sys.modules.pop(name, None)


def _box(package: ModuleType) -> Any:  # noqa: ANN401  # a module made here
    return importlib.import_module(f"{package.__name__}.box")


def _one(package: ModuleType, identifier: str) -> Generated:
    return {each.id: each for each in generate(package)}[identifier]


def test_a_changed_function_acts_for_who_has_it_already(package: ModuleType) -> None:
    """A changed function acts for who has it already."""
    had = _box(package).is_over

    assert _one(package, "box:is_over: return count > most -> return count >= most").apply()
    assert had(5)


def test_methods_properties_and_functions_in_functions_are_changed(package: ModuleType) -> None:
    """Methods properties and functions in functions are changed."""
    box = _box(package).Box(4)

    for change in (
        "box:Box.doubled: return self.size * 2 -> return self.size * 3",
        "box:Box.empty: return Box(0) -> return Box(1)",
        "box:Box.kept: return value == self.size -> return value != self.size",
    ):
        assert _one(package, change).apply()

    assert (box.doubled, type(box).empty().size, box.kept()(4)) == (12, 1, False)


def test_alike_lines_have_ids_of_their_own_and_the_second_changes_alone(package: ModuleType) -> None:
    """Alike lines have ids of their own and the second changes alone."""
    found = [each.id for each in generate(package)]

    assert len(set(found)) == len(found)
    assert _one(package, "box:Box.twice #2: items.append(1) -> pass").apply()
    assert _box(package).Box().twice([]) == [1]


def test_docstrings_defaults_and_what_stands_outside_of_functions_are_left_alone(package: ModuleType) -> None:
    """Docstrings defaults and what stands outside of functions are left alone."""
    changed = {each.was for each in generate(package)}

    assert not changed & {
        "LIMIT = 7",
        "size: int = 3",
        '"""Whether it is too many: 3."""',
        "def is_over(count, most=5):",
    }


def test_the_text_that_an_error_is_made_with_is_left_alone(package: ModuleType) -> None:
    """An error without it is as good an error."""
    assert [each.id for each in generate(package) if "BoxError" in each.id] == []


def test_what_is_said_in_a_log_or_an_error_is_left_alone_and_what_leads_there_is_not(package: ModuleType) -> None:
    """What is said in a log or an error is left alone, and what leads there is not."""
    told = [each for each in generate(package) if each.function == "box:Box.told"]
    raised = 'raise OSError(7, "small" if self.size < 7 else f"{code + 7}", f"{code + 8}" + "8")'

    assert {(each.was, each.now) for each in told} == {
        ("if self.size > 7:", "if self.size >= 7:"),
        ("if self.size > 7:", "if self.size > 8:"),
        ("return self.size + 7", "return self.size - 7"),
        ("return self.size + 7", "return self.size + 8"),
        ("if code == 7:", "if code != 7:"),
        ("if code == 7:", "if code == 8:"),
        ('raise ValueError(msg + f"{code + 7}")', "pass"),
        (raised, "pass"),
        (raised, raised.replace("OSError(7", "OSError(8")),
    }


def test_a_mutant_knows_its_lines(package: ModuleType) -> None:
    """A mutant knows its lines."""
    found = _one(package, "box:Box.doubled: return self.size * 2 -> return self.size * 3")

    assert [_PACKAGE.splitlines()[number - 1].strip() for number in found.lines] == ["return self.size * 2"]


def test_a_sample_is_drawn_by_the_seed_and_keeps_its_own_when_others_go(package: ModuleType) -> None:
    """A sample is drawn by the seed and keeps its own when others go."""
    found = generate(package)
    chosen = sample(found, 4, seed=1)
    without = [each for each in found if each in chosen or each.function != "box:Box.twice"]

    assert len(chosen) == 4
    assert chosen == sample(without, 4, seed=1)
    assert chosen != sample(found, 4, seed=2)
