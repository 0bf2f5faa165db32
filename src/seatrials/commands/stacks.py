"""Commands that look after a stack which runs share."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seatrials.configuration import require_wait
from seatrials.environments.variables import read_variables
from seatrials.output.output import AsJson, Output
from seatrials.output.paths import EnvironmentsFile

if TYPE_CHECKING:
    from seatrials.environments.environment import Environment


def doctor(
    *,
    name: Annotated[str, typer.Argument(metavar="ENVIRONMENT", help="staging, production or rehearsal")],
    environments: EnvironmentsFile = Path("environments.toml"),
    as_json: AsJson = False,
) -> None:
    """Say what keeps a run on a real stack from beginning, and what to do; changes nothing."""
    from seatrials.stacks.live import command as tending

    environment, variables = _real_environment(name, environments)
    output = Output(as_json=as_json)
    raise typer.Exit(tending.doctor(environment, variables, output.console, output.tell))


def sweep(
    *,
    name: Annotated[str, typer.Argument(metavar="ENVIRONMENT", help="staging, production or rehearsal")],
    yes: Annotated[bool, typer.Option("--yes", help="remove what is shown")] = False,
    confirm: Annotated[str | None, typer.Option(metavar="WORD", help="as for a run, if it wants it")] = None,
    wait: Annotated[
        float, typer.Option(metavar="SECONDS", help="how long to wait for the stack; 75 if its run is dead")
    ] = 0.0,
    environments: EnvironmentsFile = Path("environments.toml"),
    as_json: AsJson = False,
) -> None:
    """Show what runs that were killed have left on a real stack, and with --yes remove it."""
    from seatrials.stacks.live import command as tending

    require_wait("--wait", wait)
    environment, variables = _real_environment(name, environments)
    tending.sweep(
        environment,
        variables,
        (output := Output(as_json=as_json)).console,
        output.tell,
        yes=yes,
        confirmation=confirm,
        wait_seconds=wait,
    )


def _real_environment(name: str, path: Path) -> tuple["Environment", dict[str, str]]:
    from seatrials.environments.file import load_shared_environment

    variables = read_variables()
    return load_shared_environment(name, path, variables), variables
