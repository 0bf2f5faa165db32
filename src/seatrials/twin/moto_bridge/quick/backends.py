"""moto's backends, found without asking each time whether they must be made first.

Each look at what an account has of a service takes a lock, lists the accounts and goes through all backends that are
in use; a call takes several looks.
"""

from collections.abc import Callable
from typing import Any

from moto.core.base_backend import BackendDict

from seatrials.twin.moto_bridge.replacing import replace_once

# How often moto has reset its backends, which `reset_counted` counts.
_resets = [0]


def find_backends_at_once() -> None:
    """Let moto find the backends that there are as in any dictionary, in this process from now on."""
    replace_once(BackendDict, "__getitem__", found_at_once)
    replace_once(BackendDict, "reset", reset_counted)


def found_at_once(look_up: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
    """Leave to moto what is not there, which is made then, and each table's first look after a reset.

    That look counts the table among those to reset: what a look makes while moto resets, from another backend or
    another thread, moto forgets to count, and it would keep its state for the life of the process.
    """

    def getitem(self: Any, account: str) -> Any:  # noqa: ANN401  # moto's own signature
        found = dict.get(self, account)
        if found is not None and vars(self).get("counted_after") == _resets[0]:
            return found
        self.counted_after = _resets[0]
        return look_up(self, account)

    return getitem


def reset_counted(reset: Callable[[], None]) -> Callable[[], None]:
    """Reset as moto does, and count it."""

    def whole() -> None:
        reset()
        _resets[0] += 1

    return staticmethod(whole)
