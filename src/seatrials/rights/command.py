"""The command line of policies: `seatrials policy` writes the documents of one environment, all of them or one."""

import json
from pathlib import Path
from typing import Annotated

import typer

from seatrials.environments.file import load_environment
from seatrials.environments.variables import read_variables
from seatrials.output.output import AsJson, Output
from seatrials.output.paths import EnvironmentsFile


def policy(
    *,
    name: Annotated[str, typer.Argument(metavar="ENVIRONMENT", help="whose names, account and region it is about")],
    purpose: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="run, sweep, publish, dashboard, history or trust; all without it"),
    ] = None,
    history: Annotated[
        str | None, typer.Option(metavar="s3://BUCKET/KEY", help="of `history`: where the gate keeps it")
    ] = None,
    repository: Annotated[
        str | None, typer.Option(metavar="OWNER[@ID]/REPOSITORY[@ID]", help="of `trust`: whose jobs")
    ] = None,
    github_environment: Annotated[
        str | None, typer.Option(metavar="NAME", help="of `trust`: in which environment of it (that of the same name)")
    ] = None,
    environments: EnvironmentsFile = Path("environments.toml"),
    as_json: AsJson = False,
) -> None:
    """Write the IAM policies that a run needs, and what is done around it, as narrow as AWS lets them be."""
    from seatrials.rights.documents import Asked, documents, too_long  # noqa: PLC0415  # what others need not read

    environment = load_environment(name, environments, read_variables(), is_reached=False)
    found = documents(environment, purpose, Asked(history, repository, github_environment))
    output = Output(as_json=as_json)
    output.say(json.dumps(found if purpose is None else found[purpose], indent=2))
    output.complain(list(too_long(found)))
    output.tell(environment=environment.name, policies=found)
