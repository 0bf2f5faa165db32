"""Ways that are cut: packets between two ends are lost until the way is healed, and then sent again as TCP does."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

# Stands for every end.
ANYBODY = "*"


class Cuts:
    """The ways of a world that nothing passes; ends are addresses of hosts, or services of AWS as boto3 names them."""

    def __init__(self) -> None:
        self._cut: list[tuple[frozenset[str], frozenset[str]]] = []
        # What was sent over a way that is cut: from, to, and how it is sent again.
        self._held: list[tuple[str, str, Callable[[], None]]] = []

    @contextmanager
    def between(self, some: Collection[str], others: Collection[str]) -> Iterator[None]:
        """Let nothing pass between *some* ends and *others*, in either direction."""
        cut = (frozenset(some), frozenset(others))
        self._cut.append(cut)
        try:
            yield
        finally:
            self._cut.remove(cut)
            held, self._held = self._held, []
            for source, target, send in held:
                self.pass_or_hold(source, target, send)

    def parts(self, source: str, target: str) -> bool:
        """Whether the way between two ends is cut."""
        if not self._cut:
            return False
        ends = (source, target), (target, source)
        return any(_is_of(one, some) and _is_of(other, others) for one, other in ends for some, others in self._cut)

    def pass_or_hold(self, source: str, target: str, send: Callable[[], None]) -> None:
        """Let *send* happen now, or as soon as the way between its ends is whole again."""
        if self.parts(source, target):
            self._held.append((source, target, send))
        else:
            send()


def _is_of(end: str, ends: frozenset[str]) -> bool:
    return end in ends or ANYBODY in ends
