"""What a server is started with, and what is wrong with it: all of it at once."""

import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

from seatrials.configuration import nearest
from seatrials.environments.environment import Environment
from seatrials.errors import ConfigurationError, MissingProgramError
from seatrials.twin.calibration import WORLDS
from seatrials.twin.cloudformation.inputs import NO_INPUTS, Inputs

_PACE_MIN, _PACE_MAX = 0.001, 100_000.0


@dataclass(frozen=True, kw_only=True)
class ServerOptions:
    """The choices of one server; a port of 0 is any free one."""

    template: Path
    region: str
    pace: float = 1.0
    # Whether a machine that cannot hold the pace gets a slower one.
    slows_down: bool = False
    seed: int = 1
    world: str = "default"
    address: str = "127.0.0.1"
    https_port: int = 0
    http_port: int = 0
    aws_port: int = 0
    # Where the files with the variables and the certificate go; None: a new directory.
    directory: Path | None = None
    # Whether the server ends with its standard input, which is how it learns that who started it was killed.
    ends_with_stdin: bool = False
    # Whether the mock's editor answers `POST /api/exec`, which is a shell of this user's for all who reach the port.
    allow_exec: bool = False
    # What the template is given.
    inputs: Inputs = NO_INPUTS
    # Whether a template is refused that uses what the twin leaves out.
    strict: bool = False
    # The command that a container runs in place of the mock's application, by the container's name.
    commands: Mapping[str, Sequence[str]] = field(default_factory=dict)


def server_options(  # noqa: PLR0913  # one parameter an option of the command
    environment: Environment,
    *,
    template: Path | None = None,
    pace: float | None = None,
    slows_down: bool = False,
    seed: int = 1,
    world: str | None = None,
    address: str = "127.0.0.1",
    https_port: int = 0,
    http_port: int = 0,
    aws_port: int = 0,
    directory: Path | None = None,
    ends_with_stdin: bool = False,
    allow_exec: bool = False,
    inputs: Inputs = NO_INPUTS,
    strict: bool = False,
    run: Sequence[str] = (),
) -> ServerOptions:
    """Return the choices that were made; what is left out is the environment's.

    Raises `ConfigurationError` with everything that is wrong, `MissingProgramError` for a command that is not there.
    """
    chosen_template, chosen_world = template or environment.template, world or environment.world
    chosen_pace = environment.pace if pace is None else pace
    commands, problems = _commands(run)
    problems += _address_problems(address)
    problems += _template_problems(chosen_template, environment.name)
    problems += pace_problems(chosen_pace)
    problems += world_problems(chosen_world)
    if problems:
        raise ConfigurationError("\n".join(problems))
    _check_programs(commands)
    assert chosen_template is not None, "told above"
    return ServerOptions(
        template=chosen_template,
        region=environment.region,
        pace=chosen_pace,
        slows_down=slows_down,
        seed=seed,
        world=chosen_world,
        address=address,
        https_port=https_port,
        http_port=http_port,
        aws_port=aws_port,
        directory=directory,
        ends_with_stdin=ends_with_stdin,
        allow_exec=allow_exec,
        inputs=inputs,
        strict=strict,
        commands=commands,
    )


def pace_problems(pace: float) -> list[str]:
    """Return what is wrong with a pace: beyond these bounds waits are longer than a clock tells, or none at all."""
    if _PACE_MIN <= pace <= _PACE_MAX:
        return []
    allowed = f"from {_PACE_MIN:g} to {_PACE_MAX:g} platform seconds per second"
    return [f"--pace: must be above 0, {allowed}, not {pace:g}"]


def _template_problems(template: Path | None, environment: str) -> list[str]:
    if template is None:
        return [f"environment {environment!r} has no template to deploy: name one with --stack FILE"]
    if not template.is_file():
        return [f"--stack: there is no template {template}: give a CloudFormation template's path"]
    return []


def world_problems(world: str) -> list[str]:
    """Return what is wrong with the name of a world."""
    return [] if world in WORLDS else [f"--world: no world is called {world!r}; {nearest(world, list(WORLDS))}"]


def _commands(run: Sequence[str]) -> tuple[dict[str, list[str]], list[str]]:
    commands: dict[str, list[str]] = {}
    problems = []
    for each in run:
        name, _, text = each.partition("=")
        try:
            words = shlex.split(text)
        except ValueError as error:
            problems.append(f"--run {each!r}: the command cannot be read as a shell would: {error}")
            continue
        if not name or not words:
            problems.append(f"--run {each!r}: must be a container's name, = and a command: edit='node server.js'")
        commands[name] = words
    return commands, problems


def _address_problems(address: str) -> list[str]:
    try:
        is_loopback = ip_address(address).is_loopback and ip_address(address).version == 4  # noqa: PLR2004  # IPv4
    except ValueError:
        is_loopback = False
    if is_loopback:
        return []
    return [f"--address: must be an address of this machine's loopback such as 127.0.0.1, not {address!r}"]


def _check_programs(commands: Mapping[str, Sequence[str]]) -> None:
    missing = [f"{name}: {words[0]}" for name, words in commands.items() if shutil.which(words[0]) is None]
    if missing:
        msg = f"--run names programs that are not on the path: {', '.join(missing)}; install them or give their path"
        raise MissingProgramError(msg)
