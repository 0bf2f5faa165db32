"""What goes wrong on a served platform while it comes up, told as it happens and once."""

import re
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from seatrials.seams.application import Application, Context
from seatrials.twin.trace import Event, Trace

_LINES_SHOWN = 10
# What differs from task to task of one trouble.
_OWN = re.compile(r"[0-9a-f]{32}|\d+(\.\d+)?")
# Why a task ended that nobody asked to end.
_UNASKED = ("TaskFailedToStart", "EssentialContainerExited")


def telling(name: str, application: Application, say: Callable[[str], None]) -> Application:
    """Return *application*, a command of the user's, so that *say* hears its last lines when it ends unasked."""

    def main(context: Context) -> int:
        lines: deque[str] = deque(maxlen=_LINES_SHOWN)

        def log(line: str) -> None:
            lines.append(line)
            context.log(line)

        began = context.clock.now()
        code = application(replace(context, log=log))
        if not context.stopping.is_set():
            seconds = context.clock.now() - began
            say(f"--run {name}: the command ended by itself, exit code {code}, after {seconds:.1f} s of platform time")
            for line in lines or ["it wrote nothing"]:
                say(f"    {line}")
        return code

    return main


class Troubles:
    """Reads a world's events as they come, and tells those that say what is wrong, each kind of them once."""

    def __init__(self, trace: Trace, say: Callable[[str], None]) -> None:
        self._trace = trace
        self._say = say
        self._read = 0
        self._told: set[str] = set()

    def look(self) -> None:
        """Tell what has come since the last look."""
        events = self._trace.events[self._read :]
        self._read += len(events)
        for event in events:
            text = _trouble(event)
            if text is not None and _OWN.sub("#", text) not in self._told:
                self._told.add(_OWN.sub("#", text))
                self._say(text)


def _trouble(event: Event) -> str | None:
    details = event.details
    match event.kind:
        case "container_crash":
            return f"container {event.subject} crashed: {details.get('error')}"
        case "task_stop" if details.get("code") in _UNASKED:
            return f"task {event.subject} stopped ({details['code']}): {details.get('reason')}"
        case "service_event" if "unhealthy" in str(details.get("message")):
            return f"service {event.subject} {details['message']}"
    return None
