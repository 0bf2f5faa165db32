"""What a run and its processes of users tell one another: the options of a process, and of a load."""

from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class LoadOptions:
    """How much load there is, for how long, and from where."""

    users: int = 6
    # In seconds of the machine.
    seconds: float = 120.0
    # Of this machine.
    processes: int = 2
    # How many processes on other machines are waited for in place of this one's, and the address that they find here.
    elsewhere: int = 0
    address: str = "127.0.0.1"
    seed: int = 1

    @property
    def members(self) -> int:
        """In how many processes the users are."""
        return self.elsewhere or self.processes


@dataclass(frozen=True, kw_only=True)
class Part:
    """The run that a process of users takes part in."""

    environment: str
    environments: Path
    # Its name is the run's own, on every machine.
    run_folder: Path
    confirm: str | None = None

    def arguments(self, members: int) -> Sequence[str]:
        """Return the options that make a process of locust's one of *members* of the run."""
        confirmation = () if self.confirm is None else ("--confirm", self.confirm)
        return (
            *("--environment", self.environment, "--environments", str(self.environments)),
            *("--run-folder", str(self.run_folder), "--members", str(members), *confirmation),
        )


def add_options(parser: ArgumentParser, **_: object) -> None:
    """Let locust read what `Part.arguments` gives, and where the figures go; a master sends all of it as plain text."""
    parser.add_argument("--environment", help="the environment of environments.toml that the run examines")
    parser.add_argument("--environments", default="environments.toml")
    parser.add_argument("--run-folder", help="the run's folder of evidence, whose name is the run's")
    parser.add_argument("--confirm", help="what the environment wants to hear")
    parser.add_argument("--members", type=int, default=1, help="how many processes of users the run has")
    parser.add_argument("--figures", help="where the master writes what all have seen")
    parser.add_argument("--load-seed", type=int, default=1)
