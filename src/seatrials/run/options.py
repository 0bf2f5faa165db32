"""The options of a run, and where its files are that no option names."""

from pathlib import Path
from typing import get_args

import pytest

from seatrials.environments.environment import Environment, WorldName
from seatrials.errors import ConfigurationError
from seatrials.evidence.folder import DEFAULT_EVIDENCE
from seatrials.run.choice import declare

_ENVIRONMENTS = Path("environments.toml")
# As many as all rows that draw theirs do in some seconds of computing.
DEFAULT_STEPS = 30


def add_options(parser: pytest.Parser) -> None:
    """Add the options of a run, and what pytest's configuration may say of them."""
    declare(parser)
    group = parser.getgroup("seatrials", "scenarios against a stack")
    group.addoption("--environment", metavar="NAME", help="the environment of environments.toml to examine")
    group.addoption("--environments", metavar="FILE", type=Path, help="where environments are (environments.toml)")
    group.addoption("--seed", type=int, default=1, help="what chance in the mock's worlds comes from (default: 1)")
    group.addoption(
        "--world",
        metavar="NAME",
        choices=get_args(WorldName),
        help="what the mock's AWS is like: default, slow, hard to examine, or apart (default: the environment's)",
    )
    group.addoption(
        "--steps", metavar="N", type=int, default=DEFAULT_STEPS, help="how far rows go that draw their steps"
    )
    group.addoption("--stack", metavar="FILE", type=Path, help="another CloudFormation template for the mock to deploy")
    _add_options_of_template(group)
    group.addoption("--on-mutants", action="store_true", help="run each scenario on the broken platforms too")
    group.addoption(
        "--generated", metavar="N", type=int, help="run on mutants made by rules instead, so many at a time"
    )
    group.addoption("--sample", metavar="N", type=int, help="run on so many of these, which --seed draws")
    group.addoption("--again", action="store_true", help="run on those too that have their verdict")
    group.addoption("--keep-killers", action="store_true", help="keep who kills them, to be asked first from now on")
    group.addoption("--mutants", metavar="FILE", type=Path, help="a Python file with further MUTANTS")
    group.addoption("--only", metavar="ID", action="append", default=[], help="run on these mutants alone")
    group.addoption("--whole-suite", action="store_true", help="run the suite of its row on each mutant")
    group.addoption("--shard", metavar="N/M", help="run the Nth of M parts, which `seatrials merge` puts together")
    group.addoption("--changed", metavar="REF", help="run only what a change since this commit can touch")
    group.addoption("--record-coverage", action="store_true", help="record what each scenario executes, for --changed")
    group.addoption("--plan", action="store_true", help="tell what a run would take and cost, and run nothing")
    group.addoption("--confirm", metavar="WORD", help="what an environment wants to hear before a run, if it does")
    group.addoption(
        "--lease-wait",
        metavar="SECONDS",
        type=float,
        default=0.0,
        help="how long to wait for another run on the same stack to end (default: not at all)",
    )
    group.addoption("--evidence", metavar="DIR", type=Path, help="where evidence is written (evidence)")


def _add_options_of_template(group: pytest.OptionGroup) -> None:
    group.addoption(
        "--parameter", metavar="KEY=VALUE", action="append", default=[], help="the value of a parameter of the template"
    )
    group.addoption(
        "--parameters",
        metavar="FILE",
        type=Path,
        action="append",
        default=[],
        help="JSON with values of parameters, a map or as the AWS CLI takes it",
    )
    group.addoption(
        "--import",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="what another stack exports, or ssm:KEY=VALUE of a store",
    )


def find_files(config: pytest.Config) -> None:
    """Give the options of files that nobody named their values: in the working folder, or in the project's.

    An editor may run a test from the folder of the test, which has no environments, and must not fill with evidence.
    """
    project = Path()
    if config.inipath is not None and not _ENVIRONMENTS.exists():
        project = config.inipath.parent
    options = config.option
    options.environments = project / _ENVIRONMENTS if options.environments is None else options.environments
    options.evidence = project / DEFAULT_EVIDENCE if options.evidence is None else options.evidence


def in_chosen_world(environment: Environment, world: str | None) -> Environment:
    """Return *environment* in the world that `--world` names, if it does.

    Raises `ConfigurationError` where worlds are not this process's to make: on AWS, and where a server has one already.
    """
    if world is None:
        return environment
    if environment.kind.is_shared:
        msg = (
            f"--world {world}: the environment {environment.name!r} is of kind {environment.kind.name!r}, and only a "
            "mock makes worlds; that of a rehearsal is its server's: nox -s rehearse -- --world NAME"
        )
        raise ConfigurationError(msg)
    return environment.model_copy(update={"world": world})
