"""The load of a run: the options that say how much, and the fixture `load` that a scenario makes it with."""

from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING

import pytest

from seatrials.environments.variables import read_variables
from seatrials.load import Load, LoadOptions, ScenarioLoad
from seatrials.load.options import Part
from seatrials.run.credentials import CREDENTIALS_KEY
from seatrials.run.items import say

if TYPE_CHECKING:  # boto3 and httpx, which the process that hands out the scenarios does not need
    from seatrials.platform import Platform

_DEFAULT = LoadOptions()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add how much load there is, and from where."""
    group = parser.getgroup("seatrials")
    group.addoption("--users", metavar="N", type=int, default=_DEFAULT.users, help="of a load: how many at once (6)")
    group.addoption(
        "--load-seconds", metavar="N", type=float, default=_DEFAULT.seconds, help="of a load: how long (120)"
    )
    group.addoption(
        "--processes", metavar="N", type=int, default=_DEFAULT.processes, help="of a load: the processes of its users"
    )
    group.addoption(
        "--elsewhere", metavar="N", type=int, default=0, help="of a load: wait for so many of other machines instead"
    )
    group.addoption(
        "--address", metavar="HOST", default=_DEFAULT.address, help="of a load: where those find this machine"
    )


def tell(config: pytest.Config, line: str) -> None:
    """Show a line while a scenario runs, whose own output pytest keeps."""
    capture = config.pluginmanager.get_plugin("capturemanager")
    with nullcontext() if capture is None else capture.global_and_fixture_disabled():
        say(config, line)


@pytest.fixture(name="load")
def _load(request: pytest.FixtureRequest, platform: "Platform") -> ScenarioLoad:
    config, options = request.config, request.config.option
    reporter = config.pluginmanager.get_plugin("seatrials-run")
    assert reporter is not None, "a scenario that is not run on mutants has evidence"
    part = Part(
        environment=platform.environment.name,
        environments=options.environments,
        run_folder=reporter.folder.path,
        confirm=options.confirm,
    )
    load_options = LoadOptions(
        users=options.users,
        seconds=options.load_seconds,
        processes=options.processes,
        elsewhere=options.elsewhere,
        address=options.address,
        seed=options.seed,
    )
    variables = {**read_variables(), **config.stash[CREDENTIALS_KEY].values}
    show = partial(tell, config)
    return ScenarioLoad(Load(part, load_options, variables, show), platform, show)
