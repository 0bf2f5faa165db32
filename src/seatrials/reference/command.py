"""`seatrials reference`: write the pages of the reference, or compare them with the code."""

from pathlib import Path
from typing import Annotated

import typer

from seatrials.environments.variables import aws_variables_forgotten
from seatrials.errors import ConfigurationError
from seatrials.output.output import AsJson, Output
from seatrials.output.paths import path_option

_FOLDER = Path("docs/reference")


def reference(
    context: typer.Context,
    *,
    write: Annotated[bool, typer.Option("--write", help="write the pages")] = False,
    check: Annotated[bool, typer.Option("--check", help="fail when a page is out of date")] = False,
    folder: Annotated[Path, path_option(metavar="DIR", help="where the pages are")] = _FOLDER,
    as_json: AsJson = False,
) -> None:
    """Write or check the pages of the reference that are made of the code; without an option, list them."""
    if write and check:
        msg = "take --write or --check"
        raise ConfigurationError(msg)
    # moto, which comes with the mutants, reads some of them.
    with aws_variables_forgotten():
        from seatrials.reference.pages import pages  # noqa: PLC0415  # it imports all that pages are about

        made = pages(folder, context.find_root().command)
    output = Output(as_json=as_json)
    stale = [path for path, text in made.items() if not _holds(path, text)]
    for path in stale if write else ():
        _write(path, made[path])
    # A folder without any of the pages may be none, and what it has is not ours.
    strange = sorted(path for path in folder.glob("*.md") if path not in made) if len(stale) < len(made) else []
    problems = [f"{path} is out of date: run `seatrials reference --write`" for path in stale] if check else []
    problems += [f"{path} is a page of nothing: remove it" for path in strange] if check else []
    for path in made if not (write or check) else ():
        output.say(path)
    output.complain(problems)
    output.tell(pages=[str(path) for path in made], problems=problems)
    raise typer.Exit(1 if problems else 0)


def _holds(path: Path, text: str) -> bool:
    try:
        return path.read_bytes() == text.encode()
    except OSError:
        # Whatever keeps it from being read, the page is not there.
        return False


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        msg = f"--folder: {path} cannot be written ({error.strerror}): give another place"
        raise ConfigurationError(msg) from error
