"""No answer has a header that the contract does not declare for it, nor its service for every answer.

Asked of the mock's applications alone, of which every write is seen: elsewhere frameworks add headers of their own.
"""

from collections.abc import Iterator

from seatrials.checkers.api import api
from seatrials.checkers.finding import Finding
from seatrials.checkers.story import Call, Story

_SWITCHING = 101


def check(story: Story) -> Iterator[Finding]:
    """Yield the headers that nobody has declared."""
    for call in story.calls:
        names = undeclared(call)
        if names:
            event = f"{call.exchange} has the undeclared {', '.join(names)}"
            yield Finding("headers-declared", event, call.exchange.began)


def undeclared(call: Call) -> list[str]:
    """Return the names of the headers that an answer has and must not have; those of a handshake are the protocol's."""
    if call.exchange.status == _SWITCHING:
        return []
    service = api("balancer" if call.is_from_balancer else call.service)
    if call.operation:
        answer = call.operation.answers.get(call.exchange.status)
    elif call.path:
        answer = (service.options if call.exchange.method == "OPTIONS" else None) or service.other_methods
    else:
        answer = service.other_paths.get(call.exchange.status)
    own = answer.header_names if answer else frozenset()
    return sorted({name for name, _ in call.exchange.headers} - service.headers - own)
