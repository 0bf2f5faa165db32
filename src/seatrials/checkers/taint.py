"""Clients are kept apart: whatever is one client's own is in no answer to another.

What is a client's own: ids of its sessions and threads, its and its users' names, paths and lines of what it has
written, its commits. Ids are found as whole words, for one may be the beginning of another; what two clients have both
said is nobody's secret, and what a request said itself may be said back.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from seatrials.checkers.finding import Finding
from seatrials.checkers.story import Call, Story

# Shorter ones may stand anywhere by chance.
_LINE_CHARACTERS_MIN, _PATH_CHARACTERS_MIN, _ID_CHARACTERS_MIN = 16, 10, 8
_LINE_CHARACTERS_MAX, _LINES_MAX = 200, 5
_WHOLE = "(?<![A-Za-z0-9_@+-]){}(?!\\.?[A-Za-z0-9_@+-])"
_NOT_THERE = (404, 410)
# Where anybody would write them.
_COMMON = ("src/pages/",)


@dataclass
class _Owned:
    """A text, and the clients whose own it is."""

    text: bytes
    is_id: bool
    clients: set[str] = field(default_factory=set)


def check(story: Story) -> Iterator[Finding]:
    """Yield the answers that tell what is another client's own."""
    owned = _owned(story)
    if len({client for each in owned for client in each.clients}) < 1:
        return
    said = _Said(story)
    seen = set[tuple[str | None, bytes]]()
    for call in story.calls:
        if _names_everybody(call) or not call.exchange.status:
            continue
        client, text = _client_of(story, call), _text_of(call)
        if (client, text) not in seen:
            seen.add((client, text))
            yield from _foreign(call, client, text, owned, said)


def _foreign(call: Call, client: str | None, text: bytes, owned: list[_Owned], said: "_Said") -> Iterator[Finding]:
    for each in owned:
        if each.text not in text or client in each.clients:
            continue
        if each.is_id and not re.search(_WHOLE.format(re.escape(each.text.decode())).encode(), text):
            continue
        if each.text in _asked(call) or (client is not None and each.text in said.by(client)):
            continue
        shown, owners = each.text[:80].decode("utf-8", "replace"), ", ".join(sorted(each.clients))
        event = f"{call.exchange} answers {client or 'nobody that it knows'} with {shown!r} of {owners}"
        yield Finding("own-only", event, call.exchange.began)
        return


class _Said:
    """Everything that each client has sent."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._by: dict[str, bytes] = {}

    def by(self, client: str) -> bytes:
        """Return it as one text."""
        if client not in self._by:
            mine = [call for call in self._story.calls if _client_of(self._story, call) == client]
            self._by[client] = b"\n".join(_asked(call) for call in mine)
        return self._by[client]


def _names_everybody(call: Call) -> bool:
    """Whether it is an operator's question, whose answer names every session of a container."""
    return call.is_of("editorStatus", "hostedSessions") and not call.session_id


def _client_of(story: Story, call: Call) -> str | None:
    """Return the client that a request is of, None when it is nobody's.

    Hermes takes an id from anybody: that a session is over or unknown is told to whoever asks.
    """
    if "clientId" in call.parameters:
        return call.parameters["clientId"]
    if call.service == "hermes" and call.exchange.status in _NOT_THERE:
        return None
    if call.session_id:
        return story.client_of(call.session_id)
    if call.is_of("activate") and isinstance(call.sent_json, dict):
        client = call.sent_json.get("clientId")
        return client if isinstance(client, str) else None
    return None


def _text_of(call: Call) -> bytes:
    """Return what an answer tells, headers included."""
    told = [value for name, value in call.exchange.headers if name not in ("date", "content-length")]
    told += _strings(call.json)
    return b"\n".join([*(each.encode("utf-8", "replace") for each in told), call.exchange.body])


def _asked(call: Call) -> bytes:
    exchange = call.exchange
    parts = [unquote(exchange.target), *exchange.sent_headers.values(), *_strings(call.sent_json)]
    return b"\n".join([*(part.encode("utf-8", "replace") for part in parts), exchange.sent or b""])


def _strings(value: Any) -> Iterator[str]:  # noqa: ANN401  # any JSON value
    """Yield the strings of a JSON value, in which quotes and other letters than ASCII's are written otherwise."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)
    elif isinstance(value, dict):
        yield from _strings([*value, *value.values()])


def _owned(story: Story) -> list[_Owned]:
    found: dict[bytes, _Owned] = {}

    def own(client: str | None, text: str, *, is_id: bool = False) -> None:
        if client is not None:
            encoded = text.encode("utf-8", "replace")
            found.setdefault(encoded, _Owned(encoded, is_id)).clients.add(client)

    for session_id, (client, user, thread) in story.sessions.items():
        for name in (session_id, client, user, thread):
            if len(name) >= _ID_CHARACTERS_MIN:
                own(client, name, is_id=True)
    for call in story.calls:
        if call.is_ok:
            client_of_call = _client_of(story, call)
            for text in _written(call):
                own(client_of_call, text)
    return list(found.values())


def _written(call: Call) -> Iterator[str]:
    """Yield what a request has made its client's own."""
    if call.is_of("writeFile"):
        path = call.parameters["path"]
        if len(path) >= _PATH_CHARACTERS_MIN and not path.startswith(_COMMON):
            yield path
        yield from _lines(call.exchange.sent or b"")
    elif call.is_of("execute", "activate") and isinstance(call.sent_json, dict):
        instruction = call.sent_json.get("instruction")
        if isinstance(instruction, str):
            # Its last part is what it makes of a file, and what is shown of it.
            yield from _lines(instruction.rpartition(": ")[2].encode("utf-8", "replace"))
    commit = call.answered("commit")
    if call.is_of("execute", "gitCommit") and isinstance(commit, str):
        yield commit


def _lines(content: bytes) -> Iterator[str]:
    for line in content[: _LINES_MAX * _LINE_CHARACTERS_MAX].splitlines()[:_LINES_MAX]:
        text = line.decode("utf-8", "replace").strip()[:_LINE_CHARACTERS_MAX]
        # What is no text may be cut within a character.
        if len(text) >= _LINE_CHARACTERS_MIN and len(set(text)) > 1 and "\N{REPLACEMENT CHARACTER}" not in text:
            yield text
