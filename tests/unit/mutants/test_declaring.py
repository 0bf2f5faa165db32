"""How mutants are declared: what stands in for what, and where it is put back."""

import json
import types
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from unittest.mock import patch

import pytest

from seatrials.errors import ConfigurationError
from seatrials.mutants import Mutant, Mutants, memory_of, replace, skip, wrap
from seatrials.mutants.mutant import Change, Plan
from seatrials.twin.calibration import DEFAULT


class Door:
    """Something with functions of every kind."""

    def __init__(self) -> None:
        self.log: list[str] = []

    def knock(self, name: str, *, times: int = 1) -> str:
        """Answer who knocks."""
        return f"{name} x{times}"

    @staticmethod
    def material() -> str:
        """Answer without a door."""
        return "wood"

    @classmethod
    def kind(cls) -> str:
        """Answer for all doors."""
        return cls.__name__

    @contextmanager
    def opened(self) -> Iterator[str]:
        """Be open for a while."""
        yield "open"


def greeting() -> str:
    """Return what a module's function says."""
    return "hello"


@contextmanager
def living(*changes: Change) -> Iterator[list[str]]:
    """Let *changes* live, as in a world, and give the mistakes that they make."""
    plan, mutant = Plan(DEFAULT), Mutant("a", "COLD-01", "A.", changes)
    mutant.apply(plan)
    with ExitStack() as held:
        for owner, name, value in plan.replacements:
            held.enter_context(patch.object(owner, name, value))
        yield mutant.mistakes


def test_a_method_is_wrapped_and_put_back() -> None:
    """The changed method gets the original first and the arguments of the call after it; then all is as before."""
    with living(wrap(Door.knock, lambda original, door, name, **how: original(door, name.upper(), **how))):
        changed = Door().knock("anna", times=2)

    assert (changed, Door().knock("anna")) == ("ANNA x2", "anna x1")


def test_functions_of_a_class_keep_their_kind() -> None:
    """Static and class methods are called as before, by the class or by an object."""
    with living(
        wrap(Door.material, lambda original: f"old {original()}"),
        wrap(Door.kind, lambda original: f"front {original()}"),
    ):
        assert (Door.material(), Door().material()) == ("old wood", "old wood")
        assert (Door.kind(), Door().kind()) == ("front Door", "front Door")


def test_a_context_manager_stays_one() -> None:
    """A generator that stands in for a context manager is entered and left as that is."""

    @contextmanager
    def ajar(original: Callable[[Door], AbstractContextManager[str]], door: Door) -> Iterator[str]:
        with original(door) as state:
            yield f"half {state}"
        door.log.append("shut")

    door = Door()
    with living(wrap(Door.opened, ajar)), door.opened() as state:
        assert state == "half open"

    assert door.log == ["shut"]


def test_a_function_is_replaced_where_it_is_used() -> None:
    """Another module's name for a function is replaced alone when it is named."""
    user = types.ModuleType("user")
    user.greeting = greeting  # type: ignore[attr-defined]  # as `from … import greeting` does

    with living(wrap(greeting, lambda original: f"{original()}!", used_by=user)):
        assert (user.greeting(), greeting()) == ("hello!", "hello")


def test_a_function_that_is_not_there_is_refused() -> None:
    """A module that does not use the function, and a function that nobody finds, are told."""

    def inner() -> None:
        raise NotImplementedError

    with pytest.raises(ConfigurationError, match="name the module that uses it"):
        wrap(greeting, lambda _: "", used_by=types.ModuleType("stranger"))
    with pytest.raises(ConfigurationError, match="cannot find where"):
        wrap(inner, lambda _: None)


def test_a_declared_mutant_is_read_from_its_function() -> None:
    """The decorator gives a mutant with the docstring as its sentence; further functions are added to the last one."""
    mutants = Mutants()

    @mutants.replacing(Door.knock, "deaf", breaks="COLD-01")
    def _(_original: object, _door: Door, _name: str) -> str:
        """Nobody answers at the door.

        However loud the knock is.
        """
        return ""

    @mutants.and_replacing(Door.material)
    def _(_original: object) -> str:
        return "steel"

    mutants.rows["COLD-02"] = {"mute": ("It says nothing.", skip(Door.kind), replace(Door, "__doc__", "mute"))}
    with living(*mutants[0].changes):
        changed = (Door().knock("anna"), Door.material())

    assert changed == ("", "steel")
    assert [(each.id, each.breaks, each.sentence, len(each.changes)) for each in mutants] == [
        ("deaf", "COLD-01", "Nobody answers at the door.", 2),
        ("mute", "COLD-02", "It says nothing.", 2),
    ]


def test_a_mutant_without_a_sentence_is_refused() -> None:
    """A function without a docstring does not say what is wrong."""
    with pytest.raises(ConfigurationError, match="'silent' has no docstring"):
        Mutants().replacing(greeting, "silent", breaks="COLD-01")(lambda _original: "")


def test_a_memory_lasts_as_long_as_its_owner() -> None:
    """What a mutant remembers belongs to one object."""
    door = Door()
    memory_of(door)["seen"] = 1

    assert (memory_of(door), memory_of(Door())) == ({"seen": 1}, {})


def field(_original: object) -> str:
    """Ask for what is not there."""
    fields: dict[str, str] = {}
    return fields["colour"]


@contextmanager
def broken(_original: object, _door: Door) -> Iterator[str]:
    """Fail on the way in."""
    yield "open"[9]


@pytest.mark.parametrize(
    ("change", "mistake"),
    [
        (wrap(Door.material, field), "KeyError: 'colour'"),
        (wrap(Door.material, lambda: "too few arguments"), "TypeError"),
        (wrap(Door.opened, broken), "IndexError"),
        (replace(Door, "knock", lambda *_: 1 / 0), "ZeroDivisionError"),
    ],
)
def test_the_mistake_of_a_change_is_noted(change: Change, mistake: str) -> None:
    """What the code of a mutant itself does wrong is noted, though the platform takes the error for its own."""
    with living(change) as mistakes, suppress(LookupError, TypeError, ZeroDivisionError):
        Door.material()
        Door().knock("anna")
        with Door().opened():
            pass

    assert len(mistakes) == 1
    assert mistakes[0].startswith(mistake)
    assert f"({__file__}:" in mistakes[0] or "TypeError" in mistakes[0]


def test_an_error_of_the_platform_is_no_mistake() -> None:
    """An error that a change raises on purpose, or that comes out of what it calls, is not the mutant's."""

    def refuse(_original: object) -> str:
        msg = "no material today"
        raise ConfigurationError(msg)

    with living(wrap(Door.material, refuse)) as raised, pytest.raises(ConfigurationError):
        Door.material()
    with living(wrap(Door.material, lambda _: json.loads("{"))) as called, pytest.raises(ValueError, match="Expecting"):
        Door.material()

    assert (raised, called) == ([], [])
