"""`seatrials reference`: write the pages of the reference, or compare them with the code."""

from pathlib import Path
from typing import Annotated

import typer

from seatrials.environments.variables import forget_aws_variables
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
    forget_aws_variables()
    from seatrials.reference.pages import pages  # noqa: PLC0415  # it imports all that pages are about

    output, made = Output(as_json=as_json), pages(folder, context.find_root().command)
    stale = [path for path, text in made.items() if not path.is_file() or path.read_bytes() != text.encode()]
    for path in stale if write else ():
        _write(path, made[path])
    strange = sorted(path for path in folder.glob("*.md") if path not in made)
    problems = [f"{path} is out of date: run `seatrials reference --write`" for path in stale] if check else []
    problems += [f"{path} is a page of nothing: remove it" for path in strange] if check else []
    for path in made if not (write or check) else ():
        output.say(path)
    output.complain(problems)
    output.tell(pages=[str(path) for path in made], problems=problems)
    raise typer.Exit(1 if problems else 0)


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        msg = f"--folder: {path} cannot be written ({error.strerror}): give another place"
        raise ConfigurationError(msg) from error
