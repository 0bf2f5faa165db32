"""From an environment to an open stack: the one table."""

from seatrials.stacks.base import StackNotes, StackOptions, StackRun, Stacks, wants_plain_moto
from seatrials.stacks.open import check_stacks, hold_stacks, open_stacks

__all__ = [
    "StackNotes",
    "StackOptions",
    "StackRun",
    "Stacks",
    "check_stacks",
    "hold_stacks",
    "open_stacks",
    "wants_plain_moto",
]
