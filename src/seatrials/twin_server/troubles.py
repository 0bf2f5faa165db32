"""What goes wrong on a served platform, or is asked of it in vain, told as it happens and once."""

import re
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from seatrials.seams.application import Application, Context
from seatrials.twin.trace import Event

_LINES_SHOWN = 10
# What differs from task to task of one trouble.
_OWN = re.compile(r"[0-9a-f]{32}|\d+(\.\d+)?")
# Why a task ended that nobody asked to end.
_UNASKED = ("TaskFailedToStart", "EssentialContainerExited")


class Troubles:
    """Tells what is wrong with a world, each trouble once, and what the user's own commands wrote last."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._told: set[str] = set()
        # What each command wrote last, by the name of its container.
        self._lines: dict[str, deque[str]] = {}

    def telling(self, name: str, command: Application) -> Application:
        """Return *command*, which the container *name* runs, so that it is told when it ends unasked."""

        def main(context: Context) -> int:
            lines = self._lines[name] = deque(maxlen=_LINES_SHOWN)

            def log(line: str) -> None:
                lines.append(line)
                context.log(line)

            began = context.clock.now()
            code = command(replace(context, log=log))
            if not context.stopping.is_set():
                seconds = context.clock.now() - began
                self._tell(
                    f"--run {name}: the command ended by itself with exit code {code} after {seconds:.1f} s", [name]
                )
            return code

        return main

    def look(self, events: Iterable[Event]) -> None:
        """Tell what is wrong by *events*, each of which is shown once."""
        for event in events:
            text = _trouble(event)
            if text is not None:
                self._tell(text, list(self._lines) if event.kind == "service_event" else [])

    def _tell(self, text: str, commands: Sequence[str]) -> None:
        kind = _OWN.sub("#", text)
        if kind in self._told:
            return
        self._told.add(kind)
        self._say(f"{text}; told once, however often it happens")
        for name in commands:
            self._say(f"the last lines of {name}:")
            for line in self._lines[name] or ["(it wrote nothing)"]:
                self._say(f"    {line}")


def _trouble(event: Event) -> str | None:
    details = event.details
    match event.kind:
        case "container_crash":
            return f"container {event.subject} crashed: {details.get('error')}"
        case "task_stop" if details.get("code") in _UNASKED:
            return f"task {event.subject} stopped ({details['code']}): {details.get('reason')}"
        case "service_event" if "unhealthy" in str(details.get("message")):
            return f"service {event.subject} {details['message']}"
        case "left_out":
            return f"left out by the twin, asked for by {event.subject}: {details.get('what')}"
    return None
