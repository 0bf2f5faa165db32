"""What a mutant is: an id, a sentence, the requirement it breaks, and a small declared change to the mock platform.

A change is made with one of

- `replace(owner, name, value)`: another value for an attribute of a module or class, while the mutant lives;
- `edit_template(function)`: *function* changes the template's plain dict before it is deployed;
- `calibrate(**durations)`: other durations of AWS (`twin/calibration.py`);
- `lifeless()`: moto's control plane, with nothing that acts.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from seatrials.errors import ConfigurationError
from seatrials.twin.calibration import Calibration


@dataclass
class Plan:
    """How a world will be made; changes alter it before it is."""

    calibration: Calibration
    alive: bool = True
    template_edits: list[Callable[[dict[str, Any]], None]] = dataclasses.field(default_factory=list)
    replacements: list[tuple[object, str, object]] = dataclasses.field(default_factory=list)


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

    def apply(self, plan: Plan) -> None:
        """Make the mutant's changes to *plan*."""
        for change in self.changes:
            change(plan)


def replace(owner: object, name: str, value: object) -> Change:
    """Return the change that gives attribute *name* of a module or class another *value*."""
    if not hasattr(owner, name):
        msg = f"a mutant replaces {name!r} of {owner!r}, which has no such attribute: name one that it has"
        raise ConfigurationError(msg)
    return lambda plan: plan.replacements.append((owner, name, value))


def edit_template(edit: Callable[[dict[str, Any]], None]) -> Change:
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


def memory_of(owner: object) -> dict[str, Any]:
    """Return what a mutant remembers for *owner*, as long as that lives."""
    remembered: dict[str, Any] = vars(owner).setdefault("_mutants_memory", {})
    return remembered
