"""Hot reload over WebSockets."""

import json

import wsproto
from wsproto import events

from tests.support.aws import Json
from tests.support.editor import EditorWorld


class Browser:
    """A WebSocket client over the world's network."""

    def __init__(self, world: EditorWorld, session: str) -> None:
        self._connection = world.host.connect("10.0.1.5", 4322)
        self._unread: list[events.Event] = []
        self._protocol = wsproto.WSConnection(wsproto.ConnectionType.CLIENT)
        target = f"/ws/hmr?sessionId={session}"
        self._connection.send(self._protocol.send(events.Request(host="editor", target=target)))
        self.opening = self.receive()[0]

    def receive(self) -> list[events.Event]:
        """Return the next events."""
        self._protocol.receive_data(self._connection.receive(65_536, 5) or None)
        return list(self._protocol.events())

    def message(self) -> Json:
        """Return the next message, put together from its parts."""
        text = ""
        while True:
            while not self._unread:
                self._unread += self.receive()
            event = self._unread.pop(0)
            assert isinstance(event, events.TextMessage)
            text += event.data
            if event.message_finished:
                return json.loads(text)

    def say(self, text: str) -> None:
        """Send a message."""
        self._connection.send(self._protocol.send(events.TextMessage(text)))


def test_a_ping_is_answered(hosted: EditorWorld) -> None:
    """A browser's ping gets a pong, and what is no message at all is ignored."""
    browser = Browser(hosted, "s1")

    browser.say("no json")
    browser.say('{"type":"ping"}')

    assert browser.message() == {"type": "pong"}


def test_a_change_reaches_the_sessions_own_browsers(hosted: EditorWorld) -> None:
    """Every kind of change is told to the browsers of that session and to no other's."""
    hosted.init("s2", client="other")
    browser, other = Browser(hosted, "s1"), Browser(hosted, "s2")

    hosted.call("PUT", "/api/files/a.txt", b"A", session="s1")
    put = browser.message()
    hosted.execute("s1", "Add a new page called About")
    executed = browser.message()
    hosted.call("POST", "/api/exec", {"command": "echo x > b.txt; rm a.txt"}, session="s1")
    ran = [browser.message(), browser.message()]
    other.say('{"type":"ping"}')

    assert put == {"type": "update", "path": "a.txt"}
    assert executed == {"type": "update", "path": "src/pages/about.md"}
    assert ran == [{"type": "update", "path": "a.txt"}, {"type": "update", "path": "b.txt"}]
    assert other.message() == {"type": "pong"}


def test_an_unknown_session_is_refused_before_the_upgrade(hosted: EditorWorld) -> None:
    """A WebSocket for a session that is not hosted gets 404."""
    opening = Browser(hosted, "nobody").opening

    assert isinstance(opening, events.RejectConnection)
    assert opening.status_code == 404


def test_a_request_that_is_no_handshake_is_refused(hosted: EditorWorld) -> None:
    """Plain HTTP on the WebSocket's path is a bad request."""
    assert hosted.call("GET", "/ws/hmr?sessionId=s1", port=4322).status == 400
    assert hosted.call("POST", "/ws/hmr?sessionId=s1", port=4322).status == 405
    assert hosted.call("GET", "/ws", port=4322).status == 404


def test_a_browser_that_does_not_read_holds_nobody_up(hosted: EditorWorld) -> None:
    """Changes go on, and other browsers hear of them, while one browser reads nothing."""
    Browser(hosted, "s1")
    reader = Browser(hosted, "s1")
    session = hosted.editor.sessions.find("s1")

    hosted.editor.reload.publish(session, ["x" * 1000] * 500)
    hosted.clock.sleep(1)
    heard = [reader.message() for _ in range(500)]

    assert heard == [{"type": "update", "path": "x" * 1000}] * 500
    assert hosted.call("PUT", "/api/files/a.txt", b"A", session="s1").status == 200
