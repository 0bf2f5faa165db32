"""The command line: `seatrials mutants`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from seatrials.errors import SeatrialsError
from seatrials.mutants.run import run_mutants

app = typer.Typer(
    help="Decides whether a release of the Webordinary platform may go out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def _seatrials() -> None:
    """Decides whether a release of the Webordinary platform may go out."""


@app.command()
def mutants(  # one parameter an option
    *,
    file: Annotated[
        Path | None, typer.Option("--mutants", metavar="FILE", help="a Python file with further MUTANTS")
    ] = None,
    only: Annotated[list[str] | None, typer.Option(metavar="ID", help="run these mutants alone")] = None,
    scenarios: Annotated[str, typer.Option("-k", metavar="NAMES", help="run the scenarios that match alone")] = "",
    seed: Annotated[int, typer.Option(help="what chance in the worlds comes from")] = 1,
    workers: Annotated[str, typer.Option("-n", metavar="N", help="worker processes; 0 runs in this one")] = "auto",
    path: Annotated[Path, typer.Option(metavar="DIR", help="where the scenarios are")] = Path("tests/integration"),
    evidence: Annotated[Path, typer.Option(metavar="DIR", help="where the matrix is written")] = Path("evidence"),
) -> None:
    """Run the scenarios on the broken platforms: each must be found by some scenario."""
    code = run_mutants(
        file=file, only=only or [], scenarios=scenarios, seed=seed, workers=workers, path=path, evidence=evidence
    )
    raise typer.Exit(code)


def main() -> None:
    """Run the command line; an error of ours ends with its text and its own exit code."""
    try:
        app()
    except SeatrialsError as error:
        print(f"seatrials: {error}", file=sys.stderr)  # noqa: T201  # the one place where errors are shown
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
