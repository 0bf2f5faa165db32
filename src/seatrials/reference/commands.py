"""The page of the commands of `seatrials`, with their arguments and options, as Typer knows them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from seatrials.reference.markdown import code, first_paragraph, table

_PREFACE = """\
# Commands

Every command of `seatrials`, with its options; `seatrials COMMAND --help` shows the same.
What a command shows with `--json` is in [programs.md](../programs.md), and what it may end with in
[exit-codes.md](exit-codes.md).
"""


def commands(root: Any) -> str:  # noqa: ANN401  # Typer's own
    """Return the page, for the command line's group."""
    parts = [_PREFACE]
    for name, command in _all(root, "seatrials"):
        arguments = [each for each in command.params if each.param_type_name == "argument"]
        options = [each for each in command.params if each.param_type_name == "option"]
        usage = " ".join([name, *(["[OPTIONS]"] if options else []), *map(_written, arguments)])
        parts += [f"## {name}", "", first_paragraph(command.help), "", "```text", usage, "```", ""]
        rows = [_row(each) for each in (*arguments, *options)]
        parts += table(("option", "what it says", "default"), rows) if rows else []
    return "\n".join(parts)


def _all(group: Any, prefix: str) -> Iterator[tuple[str, Any]]:  # noqa: ANN401  # Typer's own
    for name, command in group.commands.items():
        whole = f"{prefix} {name}"
        if hasattr(command, "commands"):
            yield from _all(command, whole)
        else:
            yield whole, command


def _row(parameter: Any) -> tuple[str, str, str]:  # noqa: ANN401  # Typer's own
    is_option = parameter.param_type_name == "option"
    name = ", ".join(parameter.opts) if is_option else _written(parameter)
    value = f" {_written(parameter)}" if is_option and not parameter.is_flag else ""
    # A bracket of a help text that is none of Rich's stands behind a backslash.
    said = (parameter.help or "").replace(r"\[", "[")
    return code(f"{name}{value}"), said + (" (may be repeated)" if _is_repeated(parameter) else ""), _default(parameter)


def _written(parameter: Any) -> str:  # noqa: ANN401  # Typer's own
    return str(parameter.metavar or parameter.name.upper())


def _is_repeated(parameter: Any) -> bool:  # noqa: ANN401  # Typer's own
    return bool(getattr(parameter, "multiple", False))


def _default(parameter: Any) -> str:  # noqa: ANN401  # Typer's own
    if parameter.required:
        return "needed"
    if parameter.default in (None, "", False) or not getattr(parameter, "show_default", True):
        return ""
    default = parameter.default
    return code(default.as_posix() if isinstance(default, Path) else default)
