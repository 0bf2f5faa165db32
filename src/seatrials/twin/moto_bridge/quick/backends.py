"""moto's backends, found without asking each time whether they must be made first.

Each look at what an account has of a service takes a lock, lists the accounts and goes through all backends that are
in use; a call takes several looks.
"""

from collections.abc import Callable
from typing import Any

from moto.core.base_backend import BackendDict

from seatrials.twin.moto_bridge.replacing import replace_once


def find_backends_at_once() -> None:
    """Let moto find the backends that there are as in any dictionary, in this process from now on."""
    replace_once(BackendDict, "__getitem__", found_at_once)


def found_at_once(look_up: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
    """Leave to moto what is not there, which is made then, and counted among those to reset."""

    def getitem(self: Any, account: str) -> Any:  # noqa: ANN401  # moto's own signature
        found = dict.get(self, account)
        return look_up(self, account) if found is None else found

    return getitem
