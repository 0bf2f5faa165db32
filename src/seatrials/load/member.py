"""A process of users that takes part in a run, under its lease, its guard and its budget, as pytest's workers do."""

from argparse import Namespace
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from seatrials.environments.file import load_environment
from seatrials.environments.variables import read_variables, withdraw_credentials
from seatrials.evidence.recorder import Recorder
from seatrials.platform import Platform
from seatrials.safety.journal import process_name
from seatrials.stacks import StackOptions, StackRun, open_stacks


class Member:
    """The stack as one process of users has it, from its start to its end."""

    def __init__(self, row: str, options: Namespace) -> None:
        """Join the run that *options* name; raises our errors where that cannot be."""
        self.name = process_name()
        environment = load_environment(options.environment, Path(options.environments), read_variables())
        stack_options = StackOptions(
            folder=Path(options.run_folder),
            confirmation=options.confirm,
            workers=options.members,
            is_whole_run=False,
            credentials=withdraw_credentials(),
        )
        with ExitStack() as undo:
            stacks = open_stacks(environment, stack_options)
            undo.callback(stacks.close)
            self._run: StackRun = undo.enter_context(stacks.open(f"{row}-{self.name}"))
            self._held = undo.pop_all()

    def platform(self, name: str) -> Platform:
        """Return the platform for a visit, whose names have *name* in them; nothing of a visit before is kept in it."""
        stack = replace(self._run.stack, run_prefix=f"{self._run.stack.run_prefix}-{name}")
        return Platform(stack, Recorder(stack.clock.now, self._run.sample_kind))

    def now(self) -> float:
        """Return the time of the platform, in seconds since the epoch."""
        return self._run.stack.clock.now()

    def close(self) -> None:
        """End the sessions of its users, and leave the run."""
        self._held.close()
