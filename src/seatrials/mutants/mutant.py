"""What a mutant is: an id, a sentence, the requirement it breaks, and a small declared change to the mock platform.

A change is made with one of

- `wrap(function, changed)`: *changed* in place of a function or method, which it gets as its first argument;
- `skip(function)`: nothing in place of a function or method;
- `replace(owner, name, value)`: another value for an attribute of a module or class, while the mutant lives;
- `edit_template(function)`: *function* changes the template's plain dict before it is deployed; `template_edits.py`
  has the edits that are made often;
- `calibrate(**durations)`: other durations of AWS (`twin/calibration.py`);
- `lifeless()`: moto's control plane, with nothing that acts.
"""

import dataclasses
import inspect
import operator
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from seatrials.errors import ConfigurationError
from seatrials.mutants.watch import watched
from seatrials.twin.calibration import Calibration

Edit = Callable[[dict[str, Any]], object]


@dataclass
class Plan:
    """How a world will be made; changes alter it before it is."""

    calibration: Calibration
    # Of the template's parameters, beside what the run gives.
    parameters: Mapping[str, str] = dataclasses.field(default_factory=dict)
    alive: bool = True
    template_edits: list[Edit] = dataclasses.field(default_factory=list)
    replacements: list[tuple[object, str, object]] = dataclasses.field(default_factory=list)
    # What the changes themselves did wrong while the world lived.
    mistakes: list[str] = dataclasses.field(default_factory=list)


Change = Callable[[Plan], None]


@dataclass(frozen=True)
class Mutant:
    """One broken platform."""

    id: str
    # The id of the catalogue's row whose sentence no longer holds.
    breaks: str
    sentence: str
    changes: tuple[Change, ...]
    # Whether the platform only pretends to be one: no scenario may pass on it.
    hollow: bool = False
    # The invariant of the contract that no longer holds, where that and no row's own assertion sees it.
    invariant: str = ""
    # What its own code did wrong in the last world that it was applied to.
    mistakes: list[str] = dataclasses.field(default_factory=list, compare=False, repr=False)

    def apply(self, plan: Plan) -> None:
        """Make the mutant's changes to *plan*, and begin to note the mistakes of its own code."""
        self.mistakes.clear()
        plan.mistakes = self.mistakes
        for change in self.changes:
            change(plan)


def replace(owner: object, name: str, value: object) -> Change:
    """Return the change that gives attribute *name* of a module or class another *value*."""
    if not hasattr(owner, name):
        msg = f"a mutant replaces {name!r} of {owner!r}, which has no such attribute: name one that it has"
        raise ConfigurationError(msg)
    return lambda plan: plan.replacements.append((owner, name, watched(value, plan.mistakes)))


def wrap(
    function: Callable[..., object], changed: Callable[..., object], *, used_by: ModuleType | None = None
) -> Change:
    """Return the change that calls *changed* in place of *function*, with *function* before the arguments of the call.

    *function* is replaced where it is defined. A module that imported it by name goes on with the original, unless it
    is the one that *used_by* names, where alone it is replaced.
    """
    owner, name = _home_of(function) if used_by is None else (used_by, function.__name__)
    if getattr(owner, name, None) != function:
        msg = f"a mutant replaces {name!r} of {owner!r}, which is not {function!r}: name the module that uses it"
        raise ConfigurationError(msg)
    is_unbound = isinstance(inspect.getattr_static(owner, name), staticmethod | classmethod)

    def change(plan: Plan) -> None:
        value: Any = watched(changed, plan.mistakes, function)
        plan.replacements.append((owner, name, staticmethod(value) if is_unbound else value))

    return change


def skip(function: Callable[..., object]) -> Change:
    """Return the change that does nothing, and returns None, in place of *function*."""
    return wrap(function, lambda *_, **__: None)


def edit_template(edit: Edit) -> Change:
    """Return the change that lets *edit* alter the template's document in place."""
    return lambda plan: plan.template_edits.append(edit)


def calibrate(**durations: object) -> Change:
    """Return the change of some durations of AWS."""

    def change(plan: Plan) -> None:
        plan.calibration = dataclasses.replace(plan.calibration, **durations)  # type: ignore[arg-type]  # by name

    return change


def lifeless() -> Change:
    """Return the change that leaves moto alone: everything is stored, nothing acts."""

    def change(plan: Plan) -> None:
        plan.alive = False

    return change


def memory_of(owner: object) -> dict[Any, Any]:
    """Return what a mutant remembers for *owner*, as long as that lives."""
    remembered: dict[Any, Any] = vars(owner).setdefault("_mutants_memory", {})
    return remembered


def _home_of(function: Callable[..., object]) -> tuple[object, str]:
    """Return the module or class that *function* is defined in, and its name there."""
    parents, _, name = function.__qualname__.rpartition(".")
    module = sys.modules[function.__module__]
    try:
        return operator.attrgetter(parents)(module) if parents else module, name
    except AttributeError:
        msg = f"a mutant cannot find where {function!r} is kept: give its owner and name to replace(owner, name, value)"
        raise ConfigurationError(msg) from None
