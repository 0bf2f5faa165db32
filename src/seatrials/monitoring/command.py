"""The command line of `seatrials dashboard`."""

from pathlib import Path
from typing import Annotated

import typer

from seatrials.environments.file import load_shared_environment
from seatrials.environments.variables import read_variables
from seatrials.output.output import AsJson, Output
from seatrials.output.paths import EnvironmentsFile, path_option


def dashboard(
    *,
    name: Annotated[str, typer.Argument(metavar="ENVIRONMENT", help="staging, production or rehearsal")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="change nothing, and exit with 1 where something would be")
    ] = False,
    to: Annotated[
        str | None, typer.Option(metavar="sns:ARN", help="a topic that every alarm tells, beside those that it tells")
    ] = None,
    confirm: Annotated[str | None, typer.Option(metavar="WORD", help="as for a run, if it wants it")] = None,
    criteria: Annotated[Path, path_option(metavar="FILE", help="whose bounds the alarms have")] = Path("gate.toml"),
    environments: EnvironmentsFile = Path("environments.toml"),
    as_json: AsJson = False,
) -> None:
    """Make the dashboard and the alarms on the figures of runs as they are to be, and show each difference."""
    from seatrials.monitoring.upkeep import keep  # noqa: PLC0415  # boto3, half a second that others save

    variables = read_variables()
    environment = load_shared_environment(name, environments, variables)
    output = Output(as_json=as_json)
    code = keep(environment, variables, output, criteria=criteria, target=to, confirmation=confirm, is_dry=dry_run)
    raise typer.Exit(code)
