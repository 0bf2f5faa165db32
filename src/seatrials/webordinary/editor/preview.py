"""The preview port: what browsers see of the sessions that this container hosts."""

import json

from seatrials.seams.http1 import Request, Response, json_response
from seatrials.webordinary import HERMES_AGENT
from seatrials.webordinary.editor import site
from seatrials.webordinary.editor.activity import Activity
from seatrials.webordinary.editor.answers import not_allowed
from seatrials.webordinary.editor.sessions import Session, Sessions

_SESSION_PREFIX = "/session/"
_READING = frozenset({"GET", "HEAD"})


class Preview:
    """Answers `/session/{id}`, its pages, and the Astro server's shared paths."""

    def __init__(self, sessions: Sessions, activity: Activity, task_arn: str) -> None:
        self._sessions = sessions
        self._activity = activity
        self._task_arn = task_arn

    def route(self, request: Request) -> Response:
        """Answer a request to the port."""
        if request.method not in _READING:
            return not_allowed(request, ["GET", "HEAD"])
        path = request.path
        if path == "/health":
            return json_response(200, {"status": "healthy"})
        if path.startswith(("/preview/", "/_astro/")):
            return self._astro(path)
        session_id, _, page = path.removeprefix(_SESSION_PREFIX).partition("/")
        return self._session(request, self._sessions.find(session_id), page)

    def _session(self, request: Request, session: Session, page: str) -> Response:
        # The target as it arrived, so that whoever routes here can show that nothing was lost on the way.
        arrived = ("x-request-target", request.target)
        if page == "health":
            return self._health(session, arrived)
        content_type, content = site.page(session, page) if page else (site.HTML, site.index(session))
        if request.header("user-agent") != HERMES_AGENT:
            self._activity.touch(session)
        headers = [("content-type", content_type), ("cache-control", "no-store"), arrived]
        return Response(200, content, headers)

    def _health(self, session: Session, arrived: tuple[str, str]) -> Response:
        details = {"taskArn": self._task_arn, "workspace": session.project_path}
        return json_response(200, {"status": "healthy", **session.identity(), **details}, dict([arrived]))

    def _astro(self, path: str) -> Response:
        """Answer what belongs to no session: a page below `/preview/`, a script below `/_astro/`."""
        about = json.dumps({"server": "astro", "taskArn": self._task_arn})
        if path.startswith("/preview/"):
            return Response(
                200, f"<!doctype html>\n<pre>{about}</pre>\n".encode(), [("content-type", site.HTML), *_ASTRO]
            )
        script = f"export default {about};\n".encode()
        return Response(200, script, [("content-type", "text/javascript; charset=utf-8"), *_ASTRO])


_ASTRO = (("server", "astro"),)
