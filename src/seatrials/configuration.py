"""What is wrong with a configuration file, told in the file's own terms: key, problem, value seen, what is allowed."""

import difflib
import math
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from seatrials.errors import ConfigurationError

_VALUE_CHARACTERS_MAX = 80
_CHARACTERS_MAX = 10_000_000

T = TypeVar("T")


def read_toml(path: Path, remedy: str) -> dict[str, Any]:
    """Return what stands in a TOML file.

    Raises `ConfigurationError` for a file that cannot be read, with the *remedy*, or that is not TOML.
    """
    try:
        # In text mode, which takes every way to end a line for a newline; no further, for a device has no end.
        with path.open(encoding="utf-8") as file:
            text = file.read(_CHARACTERS_MAX + 1)
        if len(text) > _CHARACTERS_MAX:
            msg = f"{path}: is larger than {_CHARACTERS_MAX // 1_000_000} MB, which no configuration is: {remedy}"
            raise ConfigurationError(msg)
        return tomllib.loads(text)
    except FileNotFoundError as error:
        msg = f"{path}: there is no such file (looked for {path.absolute()}): {remedy}"
        raise ConfigurationError(msg) from error
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror}): {remedy}"
        raise ConfigurationError(msg) from error
    except UnicodeDecodeError as error:
        msg = f"{path}: is not UTF-8 (byte {error.start}), as TOML must be"
        raise ConfigurationError(msg) from error
    except (ValueError, RecursionError) as error:
        # Not `TOMLDecodeError` alone: numbers of too many digits and tables too deep are refused by Python itself.
        msg = f"{path}: is not TOML: {error}"
        raise ConfigurationError(msg) from error


def describe_problems(error: ValidationError, model: type[BaseModel], file: str, table: str) -> list[str]:
    """Return a line for each problem of *table* in *file*, which was validated against *model*.

    The table of a file that is validated whole has no name.
    """
    return [_describe(problem, model, file, table) for problem in error.errors(include_url=False)]


def not_empty(value: T) -> T:
    """Refuse a list or table of a configuration file that holds nothing; for pydantic's `AfterValidator`."""
    if not value:
        msg = "must not be empty"
        raise ValueError(msg)
    return value


def require_wait(option: str, seconds: float) -> None:
    """Raise `ConfigurationError` for a wait of an *option* that would never end, or is none."""
    if not (math.isfinite(seconds) and seconds >= 0):
        msg = f"{option}: must be a number of seconds from 0 on, not {seconds:g}"
        raise ConfigurationError(msg)


def require_workers(option: str, workers: object) -> None:
    """Raise `ConfigurationError` for a number of worker processes that is none; what is below 0 is no 0."""
    if str(workers) not in ("auto", "logical") and not (str(workers).isascii() and str(workers).isdigit()):
        msg = f"{option}: must be auto, logical, or a number of worker processes from 0 on, not {str(workers)!r}"
        raise ConfigurationError(msg)


def refuse_with(option: str, others: Mapping[str, object]) -> None:
    """Raise `ConfigurationError` naming all of the *others* that have a value, which *option* does not go with."""
    given = [name for name, value in others.items() if value]
    if given:
        msg = f"{option} does not go with {', '.join(given)}: leave out one or the other"
        raise ConfigurationError(msg)


def nearest(word: str, known: Sequence[str]) -> str:
    """Return the continuation of "there is no *word*": the known word that was probably meant, or all of them."""
    close = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"allowed: {', '.join(known) or 'none'}"


def _describe(problem: ErrorDetails, model: type[BaseModel], file: str, table: str) -> str:
    location = [str(part) for part in problem["loc"]]
    where = f"{file}: {'.'.join([table, *location] if table else location) or 'the file'}"
    seen = _seen(problem["input"])
    match problem["type"]:
        case "extra_forbidden":
            return f"{where}: is not a key; {nearest(location[-1], _keys_beside(model, location))}"
        case "missing":
            return f"{where}: is missing"
        case "value_error":
            return f"{where}: {problem['ctx']['error']}{seen}"
        case "model_type":
            return f"{where}: must be a table{seen}"
        case _:
            return f"{where}: {_sentence(problem['msg'])}{seen}"


def _sentence(message: str) -> str:
    """Turn pydantic's "Input should be ..." into our "must be ..."."""
    _, found, rest = message.partition(" should ")
    return f"must {rest}" if found else message


def _seen(value: object) -> str:
    """Show the value of a key; a table is not shown, for it stands in the file, nor is a key that is not there."""
    if value is None or isinstance(value, (Mapping, BaseModel)):
        return ""
    shown = repr(value)
    if len(shown) > _VALUE_CHARACTERS_MAX:
        shown = f"{shown[:_VALUE_CHARACTERS_MAX]}..."
    return f", not {shown}"


def _keys_beside(model: type[BaseModel], location: Sequence[str]) -> list[str]:
    """Return the known keys of the table that the last part of *location* stands in."""
    for part in location[:-1]:
        if part in model.model_fields:
            nested = _model_within(model.model_fields[part].annotation)
            if nested is None:
                return []
            model = nested
    return list(model.model_fields)


def _model_within(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401  # whatever stands after a colon
    """Return the model of a table, or of the tables that a list or a table of tables holds."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for each in get_args(annotation) if (found := _model_within(each)) is not None), None)
