"""Hot reload: browsers on a WebSocket hear which file of their session's site has changed."""

import json
from collections.abc import Callable

from seatrials.seams.clock import Clock
from seatrials.seams.http1 import Request, Response, ServerWebSocket, Upgrade, json_response
from seatrials.webordinary.editor.answers import not_allowed
from seatrials.webordinary.editor.sessions import Session, Sessions


class Browser:
    """One open WebSocket. What it is told waits in a queue, so a browser that does not read holds nobody up."""

    def __init__(self, clock: Clock, websocket: ServerWebSocket) -> None:
        self._websocket = websocket
        self._unread: list[dict[str, str]] = []
        self._changed = clock.signal()

    def tell(self, message: dict[str, str]) -> None:
        """Queue *message*."""
        self._unread.append(message)
        self._changed.set()

    def serve(self, spawn: Callable[[Callable[[], object], str], None]) -> None:
        """Write and answer until the browser leaves."""
        spawn(self._write, "hmr-writer")
        self._websocket.serve_until_closed(self._answer)
        self._changed.set()

    def _write(self) -> None:
        while not self._websocket.closed:
            self._changed.wait()
            self._changed.clear()
            try:
                while self._unread:
                    self._websocket.send_json(self._unread.pop(0))
            except ConnectionError:  # the browser has gone; its reader ends the connection
                return

    def _answer(self, text: str) -> None:
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):  # not of this protocol, and no reason to hang up
            return
        if isinstance(message, dict) and message.get("type") == "ping":
            self.tell({"type": "pong"})


class HotReload:
    """The port of the WebSockets, and the way to reach those of a session."""

    def __init__(self, clock: Clock, sessions: Sessions) -> None:
        self._clock = clock
        self._sessions = sessions
        self._browsers: dict[str, list[Browser]] = {}

    def route(self, request: Request) -> Response | Upgrade:
        """Answer a request to the port."""
        if request.path == "/health" and request.method in {"GET", "HEAD"}:
            return json_response(200, {"status": "healthy"})
        if request.method != "GET":
            return not_allowed(request, ["GET"])
        session = self._sessions.find(request.query.get("sessionId", ""))
        return Upgrade(lambda websocket: self._serve(session.session_id, websocket))

    def publish(self, session: Session, paths: list[str]) -> None:
        """Tell the browsers of *session* that files of its site have changed."""
        for path in paths:
            for browser in self._listeners(session):
                browser.tell({"type": "update", "path": path})

    def _listeners(self, session: Session) -> list[Browser]:
        return list(self._browsers.get(session.session_id, []))

    def _serve(self, session_id: str, websocket: ServerWebSocket) -> None:
        browser, browsers = Browser(self._clock, websocket), self._browsers.setdefault(session_id, [])
        browsers.append(browser)
        try:
            browser.serve(self._clock.spawn)
        finally:
            browsers.remove(browser)
