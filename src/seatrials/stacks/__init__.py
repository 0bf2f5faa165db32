"""From an environment to an open stack: the one table."""

from seatrials.stacks.open import StackOptions, StackRun, open_stacks

__all__ = ["StackOptions", "StackRun", "open_stacks"]
