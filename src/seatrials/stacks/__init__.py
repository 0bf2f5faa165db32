"""From an environment to an open stack: the one table."""

from seatrials.stacks.base import StackOptions, StackRun, Stacks, wants_plain_moto
from seatrials.stacks.open import check_stacks, hold_stacks, open_stacks

__all__ = ["StackOptions", "StackRun", "Stacks", "check_stacks", "hold_stacks", "open_stacks", "wants_plain_moto"]
