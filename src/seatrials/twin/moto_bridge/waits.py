"""Calls that AWS answers late, when there is nothing to answer yet: they wait on the world's clock.

moto waits on a lock of a thread, or on the machine's clock. In a world there is one thread, and time stands still for
as long as moto is asked, so nothing could ever come. Here moto raises `NothingYetError` instead of waiting; whoever
asked lets time pass and asks again.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from importlib import import_module
from typing import Any, TypeVar

from seatrials.twin.moto_bridge.replacing import replace_once

T = TypeVar("T")

# SWF's long polls; source: Amazon SWF API Reference, PollForDecisionTask.
_SWF_SECONDS = 60
_LOOK_SECONDS = 0.25

# Whether moto must answer with what there is.
_impatient: list[bool] = []


class NothingYetError(Exception):
    """A call has nothing to answer with, and its caller is ready to wait for *seconds*."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"nothing yet, for up to {seconds:g} s")
        self.seconds = seconds


def let_waits_be_told(url: str) -> None:
    """Let moto's service at *url* tell of its waits; it is imported for that, as it is about to be anyway."""
    if "://sqs." in url or ".queue." in url:
        replace_once(import_module("moto.sqs.models").SQSBackend, "receive_message", _told)
    elif "://swf." in url:
        replace_once(import_module("moto.swf.models"), "sleep", _told_by_swf)


def patiently(ask: Callable[[], T], now: Callable[[], float], sleep: Callable[[float], None]) -> T:
    """Return the answer of *ask*, asked again until there is something to answer, or the time for it is over."""
    give_up_at: float | None = None
    while True:
        try:
            return ask()
        except NothingYetError as nothing:
            give_up_at = now() + nothing.seconds if give_up_at is None else give_up_at
        if now() >= give_up_at:
            with _impatience():
                return ask()
        sleep(min(_LOOK_SECONDS, give_up_at - now()))


@contextmanager
def _impatience() -> Iterator[None]:
    _impatient.append(True)
    try:
        yield
    finally:
        _impatient.pop()


def _told(receive_message: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
    @wraps(receive_message)
    def receive(self: Any, queue: str, count: int, wait_seconds: int, *others: Any) -> list[Any]:  # noqa: ANN401  # moto's own
        messages = receive_message(self, queue, count, 0, *others)
        if not messages and wait_seconds and not _impatient:
            raise NothingYetError(wait_seconds)
        return messages

    return receive


def _told_by_swf(_sleep: Callable[[float], None]) -> Callable[[float], None]:
    def sleep(_seconds: float) -> None:
        if not _impatient:
            raise NothingYetError(_SWF_SECONDS)

    return sleep
