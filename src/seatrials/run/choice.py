"""Which environment a run has: the one that the command names, or the default of whoever runs scenarios alone.

Editors run `python -m pytest path::test`, and can hardly be told an option for some tests and not for others. So a
default holds where every path of a command is one of scenarios, and nowhere else: tests that are none have no
environment. A default is never a stack on AWS.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from seatrials.environments.environment import Environment
from seatrials.errors import ConfigurationError

VARIABLE = "SEATRIALS_ENVIRONMENT"
_DEFAULT_INI, _SCENARIOS_INI = "seatrials_environment", "seatrials_scenarios"
_OPTION = "--environment"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The name of an environment, and who says it; None when nobody does, and then it may say why not."""

    name: str | None
    source: str = ""
    # What keeps a default from holding.
    obstacle: str = ""

    @property
    def is_default(self) -> bool:
        """Whether the command itself does not name it."""
        return self.name is not None and self.source != _OPTION

    def check(self, environment: Environment) -> None:
        """Raise `ConfigurationError` for a stack on AWS that the command does not name."""
        if self.is_default and environment.kind.is_aws:
            msg = (
                f"{self.source} says {environment.name}, which is a stack on AWS, and no run may come upon one by "
                f"accident: give {_OPTION} {environment.name} in the command"
            )
            raise ConfigurationError(msg)


CHOICE_KEY = pytest.StashKey[Choice]()


def declare(parser: pytest.Parser) -> None:
    """Add what pytest's configuration may say of it."""
    parser.addini(_DEFAULT_INI, "the environment of a run of scenarios alone that names none", default="")
    parser.addini(_SCENARIOS_INI, "the folders of scenarios", type="paths", default=[])


def choose(config: pytest.Config, variables: Mapping[str, str]) -> Choice:
    """Return the environment of a run: the option's, or the default of a variable, or that of pytest's configuration.

    It is asked before any file of the run is imported, when pytest has read its arguments but not yet all options.
    """
    known = config.known_args_namespace
    named = known.environment
    if named is not None:
        return Choice(name=named, source=_OPTION)
    sources = ((VARIABLE, variables.get(VARIABLE)), (_DEFAULT_INI, config.getini(_DEFAULT_INI)))
    source, default = next(((source, name) for source, name in sources if name), ("", None))
    if default is None:
        return Choice(name=None)
    folders = [Path(each).resolve() for each in config.getini(_SCENARIOS_INI)]
    if not known.file_or_dir or not all(_is_below(config, each, folders) for each in known.file_or_dir):
        where = f"only paths below {_SCENARIOS_INI} of pytest's configuration are given"
        return Choice(name=None, obstacle=f"{source} holds where {where}")
    return Choice(name=default, source=source)


def _is_below(config: pytest.Config, argument: str, folders: list[Path]) -> bool:
    """Whether a path, or the path of a test's id, lies in one of *folders*."""
    path = (config.invocation_params.dir / argument.partition("::")[0]).resolve()
    return any(path.is_relative_to(folder) for folder in folders)
