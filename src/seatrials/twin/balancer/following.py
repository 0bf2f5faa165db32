"""How late a node of a load balancer follows what was changed by a call."""

from collections.abc import Callable
from dataclasses import dataclass

from seatrials.twin.physics.clock import VirtualClock


@dataclass(frozen=True)
class Lags:
    """Draw after how many seconds a node follows."""

    new_rule: Callable[[], float]
    # Whatever else a call changes.
    change: Callable[[], float]


class Following:
    """Lets changes reach one node, in the order in which they were made.

    ELBv2 answers a call before its nodes act on it. How long they take, AWS does not say; users have measured 10 s.
    Source: kubernetes-sigs/aws-load-balancer-controller, issue 1719.
    """

    def __init__(self, clock: VirtualClock, lags: Lags | None = None) -> None:
        """Without *lags*, every change is followed at once."""
        self._clock = clock
        self._lags = lags
        self._due = 0.0
        self._new_due = 0.0

    @property
    def is_prompt(self) -> bool:
        """Whether every change is followed at once."""
        return self._lags is None

    def follow(self, change: Callable[[], None], *, is_new_rule: bool = False) -> None:
        """Do *change*, which must not wait, when the node hears of it: never before one that was made earlier.

        But a new rule may come before what was changed earlier: it changes nothing that there was.
        """
        if self._lags is None:
            change()
            return
        now = self._clock.now()
        if is_new_rule:
            due = self._new_due = max(self._new_due, now + self._lags.new_rule())
        else:
            due = self._due = max(self._due, self._new_due, now + self._lags.change())
        self._clock.call_later(due - now, change)
