"""Tests of a server's options: what is wrong is said before anything begins, all of it at once."""

from pathlib import Path

import pytest

from seatrials.environments.environment import Environment
from seatrials.environments.file import load_environment
from seatrials.errors import ConfigurationError, MissingProgramError
from seatrials.twin_server.options import server_options
from tests.support.project import PROJECT


@pytest.fixture
def environment() -> Environment:
    """Give the project's mock environment."""
    return load_environment("mock", PROJECT / "environments.toml", {})


def test_what_is_left_out_is_the_environments(environment: Environment) -> None:
    """Template, region, world and pace come from the environment, and ports are free ones."""
    options = server_options(environment)

    assert (options.template, options.region) == (environment.template, "us-west-2")
    assert (options.world, options.pace) == ("default", 1.0)
    assert options.https_port == 0
    assert options.http_port == 0
    assert options.aws_port == 0


def test_a_command_is_read_as_a_shell_would(environment: Environment) -> None:
    """Quotes and spaces in a command mean what they mean in a shell."""
    options = server_options(environment, run=["edit=sh -c 'echo a=b'"])

    assert options.commands == {"edit": ["sh", "-c", "echo a=b"]}


@pytest.mark.parametrize("address", ["0.0.0.0", "10.0.0.1", "::1", "localhost", ""])  # noqa: S104  # must be refused
def test_only_the_loopback_is_served(environment: Environment, address: str) -> None:
    """Any address but one of 127.0.0.0/8 is refused, with the configuration's exit code."""
    with pytest.raises(ConfigurationError, match="--address") as caught:
        server_options(environment, address=address)

    assert caught.value.exit_code == 64


def test_every_problem_is_told_at_once(environment: Environment, tmp_path: Path) -> None:
    """One run shows everything that is to be mended."""
    with pytest.raises(ConfigurationError) as caught:
        server_options(
            environment,
            template=tmp_path / "none.yaml",
            pace=0,
            world="fast",
            address="192.168.0.1",
            run=["edit", "hermes='", "=true"],
        )

    text = str(caught.value)
    for problem in ("--stack", "--pace", "--world", "--address", "--run 'edit'", '--run "hermes=\'"', "--run '=true'"):
        assert problem in text


def test_an_environment_without_a_template_needs_one(environment: Environment) -> None:
    """A server deploys a template; an environment that has none is told how to name one."""
    bare = environment.model_copy(update={"template": None})

    with pytest.raises(ConfigurationError, match="--stack FILE"):
        server_options(bare)


def test_a_program_that_is_not_there_is_told(environment: Environment) -> None:
    """A command whose program cannot be found is refused before the platform starts."""
    with pytest.raises(MissingProgramError, match="edit: no-such-program"):
        server_options(environment, run=["edit=no-such-program --port 1"])
