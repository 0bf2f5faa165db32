"""The quick way of a world's calls: from memory, else by moto's own method, else as botocore and moto do it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from seatrials.twin.moto_bridge.hooks import Call
from seatrials.twin.moto_bridge.quick.answers import answer, has_short_way
from seatrials.twin.moto_bridge.quick.memory import Answers, Memory
from seatrials.twin.moto_bridge.quick.parameters import taken


class QuickAnswers:
    """What a bridge calls `Shortcuts`, for one world."""

    def __init__(self, pristine: Answers) -> None:
        """*pristine* is kept with the control plane that worlds begin with (see `Memory`)."""
        self._memory = Memory(pristine)

    def answer(self, call: Call, region: str, asking: Callable[[], AbstractContextManager[object]]) -> dict[str, Any]:
        """Return what the ordinary way would, and raise what it would."""
        question = (call.service, call.operation, call.parameters)
        recalled = self._memory.recall(*question)
        if recalled is not None:
            return recalled
        is_short = has_short_way(call.service, call.operation)
        answered = _shortly(call, region, asking) if is_short else call.ordinary()
        self._memory.keep(*question, answered)
        return answered

    def forget(self, subject: str) -> None:
        """Take nothing that was known of *subject* for true any longer."""
        self._memory.forget(subject)


def _shortly(call: Call, region: str, asking: Callable[[], AbstractContextManager[object]]) -> dict[str, Any]:
    own = taken(call.service, call.operation, call.parameters)
    with asking():
        status, parsed = answer(call.service, call.operation, own, region)
    if status >= 300:  # noqa: PLR2004  # HTTP's own
        raise call.client.exceptions.from_code(parsed.get("Error", {}).get("Code"))(parsed, call.operation)
    return parsed
