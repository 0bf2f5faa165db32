"""How mutants are declared: a list that a decorator, or a table of a row, adds to."""

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import TypeVar

from seatrials.errors import ConfigurationError
from seatrials.mutants.mutant import Change, Edit, Mutant, edit_template, wrap

Returned = TypeVar("Returned")
Changed = Callable[..., Returned]


class Mutants(list[Mutant]):
    """Mutants in the order in which they are declared; the docstring of a change is its mutant's sentence."""

    def replacing(
        self, function: Callable[..., Returned], name: str, *, breaks: str, used_by: ModuleType | None = None
    ) -> Callable[[Changed[Returned]], Changed[Returned]]:
        """Declare the mutant *name*, in which the decorated function stands in for *function*; `wrap` says how."""

        def declare(changed: Changed[Returned]) -> Changed[Returned]:
            self.append(Mutant(name, breaks, _sentence(name, changed), (wrap(function, changed, used_by=used_by),)))
            return changed

        return declare

    def and_replacing(
        self, function: Callable[..., Returned], *, used_by: ModuleType | None = None
    ) -> Callable[[Changed[Returned]], Changed[Returned]]:
        """Let the mutant that was declared last replace *function* with the decorated one too."""

        def declare(changed: Changed[Returned]) -> Changed[Returned]:
            self.and_with(wrap(function, changed, used_by=used_by))
            return changed

        return declare

    def editing(self, name: str, *, breaks: str) -> Callable[[Edit], Edit]:
        """Declare the mutant *name*, for which the decorated function edits the template's document in place."""

        def declare(edit: Edit) -> Edit:
            self.append(Mutant(name, breaks, _sentence(name, edit), (edit_template(edit),)))
            return edit

        return declare

    @property
    def rows(self) -> "Rows":
        """Where the mutants of a row are declared that are values alone: `MUTANTS.rows["COLD-01"] = {...}`."""
        return Rows(self)

    def and_with(self, *changes: Change) -> None:
        """Give further changes to the mutant that was declared last."""
        self[-1] = dataclasses.replace(self[-1], changes=(*self[-1].changes, *changes))


class Rows:
    """Tables of mutants: each has, by its id, a sentence and one change or more."""

    def __init__(self, mutants: Mutants) -> None:
        self._mutants = mutants

    def __setitem__(self, breaks: str, table: Mapping[str, tuple[str, *tuple[Change, ...]]]) -> None:
        """Declare the mutants of the row *breaks*."""
        for name, (sentence, *changes) in table.items():
            self._mutants.append(Mutant(name, breaks, sentence, tuple(changes)))


def _sentence(name: str, change: Callable[..., object]) -> str:
    sentence = inspect.getdoc(change)
    if not sentence:
        msg = f"the mutant {name!r} has no docstring: say in it, in one sentence, what is wrong with the platform"
        raise ConfigurationError(msg)
    return " ".join(sentence.partition("\n\n")[0].split())
