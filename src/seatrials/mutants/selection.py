"""Which mutants a run is about: the catalogue's, those of a file, or some of them by id."""

import difflib
import importlib.util
from collections.abc import Sequence
from pathlib import Path

from seatrials.errors import ConfigurationError
from seatrials.mutants.catalogue import CATALOGUE
from seatrials.mutants.mutant import Mutant


def load_mutants(file: Path | None, only: Sequence[str] = ()) -> list[Mutant]:
    """Return the catalogue's mutants and those of *file*, or of these the ones that *only* names.

    The file is a Python module with a list `MUTANTS`. Raises `ConfigurationError` listing everything that is wrong.
    """
    mutants = [*CATALOGUE, *(_mutants_of(file) if file is not None else [])]
    ids = [mutant.id for mutant in mutants]
    problems = [f"two mutants are called {name!r}: give each an id of its own" for name in _twice(ids)]
    problems += [f"no mutant is called {name!r}; {_meant(name, ids)}" for name in only if name not in ids]
    if problems:
        raise ConfigurationError("\n".join(problems))
    return [mutant for mutant in mutants if not only or mutant.id in only]


def is_relevant(mutant: Mutant, scenario: str, *, whole_suite: bool = False) -> bool:
    """Whether *scenario* is run on *mutant*: the row that it breaks or its suite, and all rows on a hollow platform."""
    if mutant.hollow:
        return True
    if whole_suite:
        return scenario.partition("-")[0] == mutant.breaks.partition("-")[0]
    return scenario == mutant.breaks


def _mutants_of(file: Path) -> list[Mutant]:
    if not file.is_file():
        msg = f"there is no file {file} with mutants: give the path of a Python module with MUTANTS"
        raise ConfigurationError(msg)
    spec = importlib.util.spec_from_file_location(f"mutants_of_{file.stem}", file)
    assert spec is not None, "a file that exists has a spec"
    assert spec.loader is not None, "and Python can load it"
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (SyntaxError, ImportError, AttributeError, NameError, TypeError) as error:
        msg = f"{file} cannot be loaded: {type(error).__name__}: {error}"
        raise ConfigurationError(msg) from error
    mutants = getattr(module, "MUTANTS", None)
    if not isinstance(mutants, list) or not all(isinstance(each, Mutant) for each in mutants):
        msg = f"{file} must define MUTANTS, a list of seatrials.mutants.Mutant; it has {mutants!r}"
        raise ConfigurationError(msg)
    return mutants


def _meant(name: str, ids: Sequence[str]) -> str:
    """Return which mutant was probably meant, or where all of them stand: a terminal has no room for hundreds."""
    close = difflib.get_close_matches(name, ids)
    listed = f"docs/reference/mutants.md lists {len(CATALOGUE)}, and those of a file want --mutants FILE"
    return f"did you mean {' or '.join(map(repr, close))}?" if close else listed


def _twice(names: list[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})
