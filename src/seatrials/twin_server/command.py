"""The command line of the server: `seatrials twin serve` and `seatrials twin run`."""

import gc
import os
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from seatrials.environments.file import load_environment
from seatrials.environments.variables import forget_aws_variables, read_variables
from seatrials.errors import ConfigurationError, MissingProgramError, exit_code_of
from seatrials.output.output import AsJson, Output
from seatrials.output.paths import path_option
from seatrials.shipped import here_or_shipped

app = typer.Typer(help="The living platform without AWS.", no_args_is_help=True)
_AllowExec = Annotated[bool, typer.Option("--allow-exec", help="let whoever reaches it run commands as you: /api/exec")]
_NICER_THAN_THE_SERVER = 5
# Of the machine: how long a command gets to end by itself after Ctrl-C.
_FAREWELL_SECONDS = 60.0
_SlowsDown = Annotated[bool, typer.Option("--slows-down", help="a machine that cannot hold the pace gets a slower one")]
_Parameter = Annotated[
    list[str] | None, typer.Option(metavar="KEY=VALUE", help="the value of a parameter of the template")
]
_Parameters = Annotated[
    list[Path] | None,
    path_option(metavar="FILE", help="JSON with values of parameters, a map or as the AWS CLI takes it"),
]
_Import = Annotated[
    list[str] | None,
    typer.Option("--import", metavar="NAME=VALUE", help="what another stack exports, or ssm:KEY=VALUE of a store"),
]
_Strict = Annotated[bool, typer.Option("--strict", help="refuse a template that uses what the twin leaves out")]
_Run = Annotated[
    list[str] | None, typer.Option(metavar="NAME=CMD", help="let the container NAME run a command of this machine")
]
_Environments = Annotated[
    Path | None, path_option(metavar="FILE", help="where environments are (environments.toml, or the shipped one)")
]
_World = Annotated[
    str | None, typer.Option(metavar="NAME", help="default, slow as Fargate is measured, hard to examine, or apart")
]
_Port = Annotated[int, typer.Option(metavar="N", min=0, max=65_535, help="0 takes a free one")]


@app.callback()
def _twin() -> None:
    """The living platform without AWS."""


@app.command()
def serve(  # noqa: PLR0913  # one parameter an option
    *,
    environment: Annotated[str, typer.Option(metavar="NAME", help="whose names, region and template it has")] = "mock",
    environments: _Environments = None,
    stack: Annotated[Path | None, path_option(metavar="FILE", help="another CloudFormation template")] = None,
    parameter: _Parameter = None,
    parameters: _Parameters = None,
    imports: _Import = None,
    strict: _Strict = False,
    pace: Annotated[float | None, typer.Option(metavar="N", help="seconds of platform time per second")] = None,
    slows_down: _SlowsDown = False,
    seed: Annotated[int, typer.Option(metavar="N", help="what chance comes from")] = 1,
    world: _World = None,
    https_port: _Port = 0,
    http_port: _Port = 0,
    aws_port: _Port = 0,
    directory: Annotated[Path | None, path_option(metavar="DIR", help="where variables and certificate go")] = None,
    run: _Run = None,
    address: Annotated[str, typer.Option(help="an address of the loopback; nothing else is served")] = "127.0.0.1",
    ends_with_stdin: Annotated[bool, typer.Option("--ends-with-stdin", help="stop when standard input ends")] = False,
    allow_exec: _AllowExec = False,
    as_json: AsJson = False,
) -> None:
    """Serve the platform on the loopback until Ctrl-C: AWS's API over HTTP, and the load balancer."""
    _prepare()
    from seatrials.twin.cloudformation.inputs import read_inputs  # noqa: PLC0415
    from seatrials.twin_server.options import server_options  # noqa: PLC0415  # imports moto, a second that others save
    from seatrials.twin_server.server import Server  # noqa: PLC0415

    variables = read_variables()
    chosen = load_environment(environment, environments or here_or_shipped("environments.toml"), variables)
    options = server_options(
        chosen,
        template=stack,
        pace=pace,
        slows_down=slows_down,
        seed=seed,
        world=world,
        address=address,
        https_port=https_port,
        http_port=http_port,
        aws_port=aws_port,
        directory=directory,
        ends_with_stdin=ends_with_stdin,
        allow_exec=allow_exec,
        inputs=read_inputs(parameter or (), parameters or (), imports or ()),
        strict=strict,
        run=run or (),
    )
    Server(options, chosen, variables, Output(as_json=as_json).say_at_once).run()


def _prepare() -> None:
    """Let the shell lead this process nowhere, before anything imports moto, and look for no garbage."""
    forget_aws_variables()
    # What is made until the server is ready stays; looking through it for garbage takes longer than making it.
    gc.disable()


@app.command()
def run(  # noqa: PLR0913  # one parameter an option
    command: Annotated[list[str], typer.Argument(metavar="-- COMMAND", help="what to run, with its arguments")],
    *,
    pace: Annotated[float, typer.Option(metavar="N", help="seconds of platform time per second")] = 1.0,
    slows_down: _SlowsDown = False,
    seed: Annotated[int, typer.Option(metavar="N", help="what chance comes from")] = 1,
    world: _World = None,
    stack: Annotated[Path | None, path_option(metavar="FILE", help="another CloudFormation template")] = None,
    parameter: _Parameter = None,
    parameters: _Parameters = None,
    imports: _Import = None,
    strict: _Strict = False,
    allow_exec: _AllowExec = False,
    _as_json: Annotated[bool, typer.Option("--json", help="show errors as JSON; the output is the command's")] = False,
) -> None:
    """Run a command with a server of its own, whose variables it gets; end with the command's exit code."""
    from seatrials.twin_server.options import pace_problems, world_problems  # noqa: PLC0415  # they import the twin
    from seatrials.twin_server.process import running_server  # noqa: PLC0415  # the server's own process needs it not

    problems = [*pace_problems(pace), *(world_problems(world) if world else [])]
    if problems:
        raise ConfigurationError("\n".join(problems))
    template = () if stack is None else ("--stack", str(stack))
    flags = {"--allow-exec": allow_exec, "--slows-down": slows_down, "--strict": strict}
    given = [flag for flag, is_given in flags.items() if is_given]
    given += [f"--world={world}"] if world else []
    given += [f"--parameter={each}" for each in parameter or ()]
    given += [f"--parameters={each}" for each in parameters or ()]
    given += [f"--import={each}" for each in imports or ()]
    with running_server("--pace", f"{pace:g}", "--seed", str(seed), *template, *given) as server:
        variables = {**read_variables(), **server.variables}
        raise typer.Exit(_run(command, variables))


def _run(command: list[str], variables: Mapping[str, str]) -> int:
    """Return the exit code of the user's own *command*, which leaves the server the first turn on a busy machine."""
    try:
        process = subprocess.Popen(command, env=variables)  # noqa: S603  # as asked for
    except OSError as error:
        msg = f"{command[0]} cannot be run ({error.strerror}): give a program of the path, or its own path"
        raise MissingProgramError(msg) from error
    try:
        # The delays of a platform change what happens on it, those of a client only when it is seen.
        os.setpriority(os.PRIO_PROCESS, process.pid, os.getpriority(os.PRIO_PROCESS, 0) + _NICER_THAN_THE_SERVER)
        return exit_code_of(process.wait())
    except KeyboardInterrupt:
        # A terminal tells the command too, which may have much to write and to take down; a second Ctrl-C hurries it.
        with suppress(subprocess.TimeoutExpired):
            return exit_code_of(process.wait(_FAREWELL_SECONDS))
        raise
    finally:
        process.kill()  # if it has not ended, for this process is told to
        process.wait()
