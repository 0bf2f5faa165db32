"""From an environment to an open stack: the one table."""

from seatrials.stacks.open import StackOptions, StackRun, check_stacks, open_stacks

__all__ = ["StackOptions", "StackRun", "check_stacks", "open_stacks"]
