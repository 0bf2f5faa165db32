"""The command line of policies: `seatrials policy` writes the documents of one environment, all of them or one."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from seatrials.configuration import nearest
from seatrials.environments.environment import Environment
from seatrials.environments.file import load_environment
from seatrials.environments.variables import read_variables
from seatrials.errors import ConfigurationError
from seatrials.output.output import AsJson, Output
from seatrials.output.paths import EnvironmentsFile
from seatrials.rights import policies
from seatrials.rights.calls import Purpose
from seatrials.rights.policies import (
    MANAGED_CHARACTERS_MAX,
    TRUST_CHARACTERS_MAX,
    Address,
    Document,
    characters,
)
from seatrials.rights.trust import trust

TRUST = "trust"
NAMES = (*map(str, Purpose), TRUST)
_OPTIONS = {Purpose.HISTORY: "--history s3://BUCKET/KEY", TRUST: "--repository OWNER/REPOSITORY"}


@dataclass(frozen=True)
class Asked:
    """What the environment's file does not say, as it was given; None where it was not."""

    # s3://bucket/key
    history: str | None
    # owner/name, and the environment on GitHub; without the latter, of the name of ours.
    repository: str | None
    github_environment: str | None


def documents(environment: Environment, name: str | None, asked: Asked) -> dict[str, Document]:
    """Return the documents by their names, without *name* all that can be written with what was *asked*.

    Raises `ConfigurationError` for an unknown name, and for one that lacks what it is about.
    """
    if name is not None and name not in NAMES:
        msg = f"--purpose {name}: there is no such purpose; {nearest(name, NAMES)}"
        raise ConfigurationError(msg)
    given = {Purpose.HISTORY: asked.history, TRUST: asked.repository}
    if name in given and given[name] is None:
        msg = f"--purpose {name} is about something that no environment names: give {_OPTIONS[name]}"
        raise ConfigurationError(msg)
    written = [each for each in NAMES if given.get(each, "") is not None]
    return {each: _document(environment, each, asked) for each in written if name in (None, each)}


def _document(environment: Environment, name: str, asked: Asked) -> Document:
    if name == TRUST:
        assert asked.repository is not None, "it is only written with one"
        return trust(environment, asked.repository, asked.github_environment or environment.name)
    address = None if asked.history is None else Address.parse(asked.history)
    return policies.policy(Purpose(name), environment, address)


def policy(
    *,
    name: Annotated[str, typer.Argument(metavar="ENVIRONMENT", help="whose names, account and region it is about")],
    purpose: Annotated[
        str | None, typer.Option(metavar="NAME", help="run, sweep, publish, history or trust; all without it")
    ] = None,
    history: Annotated[
        str | None, typer.Option(metavar="s3://BUCKET/KEY", help="of `history`: where the gate keeps it")
    ] = None,
    repository: Annotated[str | None, typer.Option(metavar="OWNER/REPOSITORY", help="of `trust`: whose jobs")] = None,
    github_environment: Annotated[
        str | None, typer.Option(metavar="NAME", help="of `trust`: in which environment of it (that of the same name)")
    ] = None,
    environments: EnvironmentsFile = Path("environments.toml"),
    as_json: AsJson = False,
) -> None:
    """Write the IAM policies that a run, a sweep, publishing, a history and CI need, as narrow as AWS lets them be."""
    environment = load_environment(name, environments, read_variables(), is_reached=False)
    found = documents(environment, purpose, Asked(history, repository, github_environment))
    output = Output(as_json=as_json)
    output.say(json.dumps(found if purpose is None else found[purpose], indent=2))
    output.complain(list(_too_long(found)))
    output.tell(environment=environment.name, policies=found)


def _too_long(found: Mapping[str, Document]) -> Iterator[str]:
    """Yield a sentence for each document that IAM takes only in another way."""
    for name, document in found.items():
        length, most = characters(document), TRUST_CHARACTERS_MAX if name == TRUST else MANAGED_CHARACTERS_MAX
        if length > most:
            yield f"{name}: it has {length} characters of {most}: split its statements among several policies"
