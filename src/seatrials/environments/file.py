"""From environments.toml, the variables and a stack's outputs to an environment, or to all that is wrong with them."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from seatrials.configuration import describe_problems, nearest, read_toml
from seatrials.environments.environment import Environment
from seatrials.environments.overrides import outputs_by_key, overridden
from seatrials.environments.parts import ResourceNames
from seatrials.errors import ConfigurationError


def load_environment(name: str, path: Path, variables: Mapping[str, str], *, is_reached: bool = True) -> Environment:
    """Return the environment *name* of the file *path*, which must say how it is reached, if it *is reached*.

    A variable such as SEATRIALS_CLUSTER takes the place of the key of that name (`overrides.py`). Raises
    `ConfigurationError` that lists every problem of every environment of the file, for a file is right or wrong whole.
    """
    tables = read_toml(path, "name it with --environments FILE, or change folder")
    known = [each for each, table in tables.items() if isinstance(table, dict)]
    if name not in known:
        msg = f"{path}: no environment is called {name!r}; {nearest(name, known)}"
        raise ConfigurationError(msg)
    problems: list[str] = []
    environments: dict[str, Environment] = {}
    for each, table in tables.items():
        try:
            chosen = variables if each == name else None
            environments[each] = _build(each, table, chosen, path.parent, is_reached=is_reached)
        except ValidationError as error:
            problems += describe_problems(error, Environment, str(path), each)
    if problems:
        raise ConfigurationError("\n".join(problems))
    return environments[name]


def load_shared_environment(name: str, path: Path, variables: Mapping[str, str]) -> Environment:
    """Return the environment *name*, whose stack outlives a run; raises `ConfigurationError` for a mock, too."""
    environment = load_environment(name, path, variables)
    if not environment.kind.is_shared:
        msg = f"{name} is a mock, which is made anew for each scenario: name a real stack or a rehearsal"
        raise ConfigurationError(msg)
    return environment


def with_outputs(environment: Environment, outputs: Mapping[str, str]) -> Environment:
    """Return *environment* with the outputs of its `outputs_stack` as the values that nobody gave.

    Raises `ConfigurationError` for outputs of another stack than the platform's, and for what is wrong with a value.
    """
    stack = str(environment.outputs_stack)
    given = environment.model_dump(exclude_unset=True)
    names = dict(given.get("names", {}))
    for key, value in outputs_by_key(outputs, stack).items():
        table, _, name = key.rpartition(".")
        (names if table else given).setdefault(name, value)
    if given.get("base_url") is None:
        msg = f"the stack {stack} has no output AlbUrl: set `base_url`"
        raise ConfigurationError(msg)
    try:
        return Environment.model_validate({**given, "names": names})
    except ValidationError as error:
        problems = describe_problems(error, Environment, f"outputs of {stack}", environment.name)
        raise ConfigurationError("\n".join(problems)) from error


def _build(
    name: str, table: object, variables: Mapping[str, str] | None, folder: Path, *, is_reached: bool
) -> Environment:
    """Validate a table; whatever is wrong with it is the `ValidationError` of the model.

    Without *variables* it is not the chosen one, and what they could have given is not asked for.
    """
    if not isinstance(table, dict):
        return Environment.model_validate(table)
    context = {"folder": folder, "table": name, "chosen": variables is not None and is_reached}
    changed = overridden(table, variables or {}, ResourceNames)
    return Environment.model_validate({"name": name, **changed}, context=context)
