"""How long a scenario has waited for its sessions: the platform's time, and not what most rows are about."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Waited:
    """Adds up stretches of time; where several overlap, as with actors beside one another, it counts once."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        # Actors of a real stack are threads.
        self._lock = threading.Lock()
        self._waiting = 0
        self._began = 0.0
        self._seconds = 0.0

    @property
    def seconds(self) -> float:
        """How long it was in all, without a stretch that goes on."""
        return self._seconds

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count the time until the block ends."""
        with self._lock:
            if self._waiting == 0:
                self._began = self._now()
            self._waiting += 1
        try:
            yield
        finally:
            with self._lock:
                self._waiting -= 1
                if self._waiting == 0:
                    self._seconds += self._now() - self._began
