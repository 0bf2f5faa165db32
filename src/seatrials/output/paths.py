"""Options and arguments that are paths: all commands take them alike.

An empty text is no path: `Path("")` is the working folder, to which a variable of the shell that is not set would lead.
"""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer


def _path(given: str | Path) -> Path:
    # Typer hands on defaults as well.
    text = str(given)
    if not text:
        msg = "it is empty, which names no file and no folder; give a path, and . for the working folder"
        raise typer.BadParameter(msg)
    if "\0" in text:
        msg = f"{text!r} has a NUL, which no name of a file has"
        raise typer.BadParameter(msg)
    return Path(given)


# As Typer's own, for a `Path`, a `Path | None` or a `list[Path]`.
path_option = partial(typer.Option, parser=_path)
path_argument = partial(typer.Argument, parser=_path)
EnvironmentsFile = Annotated[Path, path_option("--environments", metavar="FILE", help="where environments are")]
