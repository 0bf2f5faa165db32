"""From an environment to an open stack: the one table."""

from seatrials.stacks.base import AS_IT_IS, StackNotes, StackOptions, StackRun, Stacks, Wanted, wants_plain_moto
from seatrials.stacks.open import check_stacks, hold_stacks, open_stacks

__all__ = [
    "AS_IT_IS",
    "StackNotes",
    "StackOptions",
    "StackRun",
    "Stacks",
    "Wanted",
    "check_stacks",
    "hold_stacks",
    "open_stacks",
    "wants_plain_moto",
]
