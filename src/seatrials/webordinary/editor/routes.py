"""The editor's API: files, git and instructions of the session that `X-Session-ID` names."""

from collections.abc import Callable, Iterator

from seatrials.seams.application import Context
from seatrials.seams.http1 import Request, Response, json_response
from seatrials.webordinary.editor.activity import Activity
from seatrials.webordinary.editor.answers import RequestError, is_name, json_body, not_allowed, text_field
from seatrials.webordinary.editor.execution import run_command
from seatrials.webordinary.editor.hmr import HotReload
from seatrials.webordinary.editor.instructions import Edit, edit_of
from seatrials.webordinary.editor.repository import Commit
from seatrials.webordinary.editor.sessions import Session, Sessions

SERVICE = "edit"
THINKING_SECONDS_MIN = 0.5
THINKING_SECONDS_MAX = 1.5
MESSAGE_CHARACTERS_MAX = 50
_STREAMED_FROM_BYTES = 1_048_576
_PART_BYTES = 65_536
_FILES = "/api/files/"
_SESSIONS = "/api/sessions/"
_FORWARDED = ("x-forwarded-for", "x-forwarded-proto", "x-forwarded-port", "x-amzn-trace-id")


class Api:
    """Answers the API's port."""

    def __init__(self, context: Context, sessions: Sessions, activity: Activity, reload: HotReload) -> None:
        self._context = context
        self._sessions = sessions
        self._activity = activity
        self._reload = reload
        self._calls: dict[tuple[str, str], Callable[[Request], Response]] = {
            ("GET", "/health"): self._health,
            ("GET", "/api/status"): self._status,
            ("GET", "/api/sessions"): self._status,
            ("POST", "/api/init"): self._init,
            ("POST", "/api/execute"): self._execute,
            ("GET", "/api/files"): self._list_files,
            ("POST", "/api/files/exists"): self._file_exists,
            ("GET", "/api/git/status"): self._git_status,
            ("GET", "/api/git/log"): self._git_log,
            ("POST", "/api/git/commit"): self._git_commit,
            ("POST", "/api/exec"): self._exec,
        }

    def route(self, request: Request) -> Response:
        """Answer a request to the port."""
        path = request.path
        method = "GET" if request.method == "HEAD" else request.method
        call = self._calls.get((method, path))
        if call is not None:
            return call(request)
        if path.startswith(_FILES) and path != _FILES:
            return self._file(request, method, path.removeprefix(_FILES))
        session_id = path.removeprefix(_SESSIONS)
        if session_id not in {"", path} and "/" not in session_id:
            return self._session(request, session_id)
        allowed = self._methods_of(path)
        if not allowed:
            raise RequestError(404, "not found")
        return not_allowed(request, allowed)

    def _methods_of(self, path: str) -> list[str]:
        return [each for each, known in self._calls if known == path]

    def _health(self, _: Request) -> Response:
        return json_response(200, {"status": "healthy"})

    def _status(self, request: Request) -> Response:
        """Say who answers and what it hosts, of one client alone to a session that is named.

        An `X-Session-ID` that it does not host is refused as everywhere.
        """
        sessions = self._sessions.all()
        if request.header("x-session-id") is not None:
            client_id = self._hosted(request).client_id
            sessions = [session for session in sessions if session.client_id == client_id]
        variables = self._context.variables
        return json_response(
            200,
            {
                "service": SERVICE,
                "version": variables.get("SERVICE_VERSION", ""),
                "taskArn": variables.get("ECS_TASK_ARN", ""),
                "sessions": [session.identity() for session in sessions],
                # What arrived, so that whoever routes here can show that nothing was lost on the way.
                "request": {"target": request.target, **{name: request.header(name) for name in _FORWARDED}},
            },
        )

    def _init(self, request: Request) -> Response:
        session_id = _session_header(request)
        if not is_name(session_id):
            raise RequestError(400, "X-Session-ID must be 1-128 of A-Z a-z 0-9 . _ @ + -", "X-Session-ID")
        session = self._sessions.open(session_id, json_body(request))
        answer = {"projectPath": session.project_path, "branch": session.workspace.branch, "resumed": session.resumed}
        return json_response(200, answer)

    def _session(self, request: Request, session_id: str) -> Response:
        if request.method != "DELETE":
            return not_allowed(request, ["DELETE"])
        self._sessions.forget(session_id)
        return json_response(200, {"sessionId": session_id})

    def _execute(self, request: Request) -> Response:
        session = self._hosted(request)
        instruction = text_field(json_body(request), "instruction")
        self._think()
        edit, commit = self._apply(session, instruction)
        self._changed(session, [edit.path])
        return json_response(200, {"filesChanged": list(commit.files), "commit": commit.id})

    def _think(self) -> None:
        """Take the time that the AI takes."""
        self._context.clock.sleep(self._context.random.uniform(THINKING_SECONDS_MIN, THINKING_SECONDS_MAX))

    def _apply(self, session: Session, instruction: str) -> tuple[Edit, Commit]:
        """Do what is asked and commit it, in one go that neither another request nor a kill comes between."""
        workspace = session.workspace
        with workspace.repository.on_branch(workspace.branch):
            edit = edit_of(instruction)
            before = workspace.read(edit.path) if edit.adds and workspace.exists(edit.path) else b""
            workspace.write(edit.path, before + edit.text.encode())
            return edit, workspace.repository.commit_all(commit_message(session.thread_id, instruction))

    def _list_files(self, request: Request) -> Response:
        session = self._hosted(request)
        return json_response(
            200, {"files": [{"path": entry.path, "size": entry.size} for entry in session.workspace.files()]}
        )

    def _file_exists(self, request: Request) -> Response:
        session = self._hosted(request)
        path = text_field(json_body(request), "filePath")
        return json_response(200, {"exists": session.workspace.exists(path)})

    def _file(self, request: Request, method: str, path: str) -> Response:
        if method not in {"GET", "PUT"}:
            # A file may have the name of a call.
            return not_allowed(request, [*self._methods_of(request.path), "GET", "HEAD", "PUT"])
        session = self._hosted(request)
        if method == "GET":
            return _raw(session.workspace.read(path))
        session.workspace.receive(path, request.body)
        self._changed(session, [path])
        return json_response(200, {"path": path, "size": len(request.body)})

    def _git_status(self, request: Request) -> Response:
        workspace = self._hosted(request).workspace
        with workspace.repository.on_branch(workspace.branch):
            changes = workspace.repository.status()
        listed = [{"path": change.path, "status": change.status} for change in changes]
        return json_response(200, {"branch": workspace.branch, "clean": not changes, "changes": listed})

    def _git_log(self, request: Request) -> Response:
        workspace = self._hosted(request).workspace
        with workspace.repository.on_branch(workspace.branch):
            return json_response(200, {"branch": workspace.branch, "commits": workspace.repository.log()})

    def _git_commit(self, request: Request) -> Response:
        session = self._hosted(request)
        message = text_field(json_body(request), "message")
        workspace = session.workspace
        with workspace.repository.on_branch(workspace.branch):
            commit = workspace.repository.commit_all(message)
        self._activity.touch(session)
        return json_response(200, {"filesChanged": list(commit.files), "commit": commit.id})

    def _exec(self, request: Request) -> Response:
        if self._context.variables.get("EXEC_ENABLED") != "true":
            raise RequestError(403, "this environment does not allow exec")
        session = self._hosted(request)
        command = text_field(json_body(request), "command")
        outcome = run_command(session, self._sessions.mount, self._sessions.git, command)
        self._changed(session, outcome.changed)
        return json_response(200, {"output": outcome.output, "exitCode": outcome.exit_code})

    def _hosted(self, request: Request) -> Session:
        """Return the session that the request names: 400 when it names none, 404 when it is not hosted here."""
        return self._sessions.find_in_any_case(_session_header(request))

    def _changed(self, session: Session, paths: list[str]) -> None:
        """Tell the browsers, and the session table that the session is in use."""
        self._reload.publish(session, paths)
        self._activity.touch(session)


def commit_message(thread_id: str, instruction: str) -> str:
    """Return the message that the platform's contract asks for."""
    return f"Thread {thread_id}: {instruction[:MESSAGE_CHARACTERS_MAX]}"


def _session_header(request: Request) -> str:
    session_id = request.header("x-session-id")
    if not session_id:
        raise RequestError(400, "the header X-Session-ID is missing", "X-Session-ID")
    return session_id


def _raw(content: bytes) -> Response:
    """Return a file's bytes, streamed when they are many."""
    body = content if len(content) < _STREAMED_FROM_BYTES else _parts(content)
    return Response(200, body, [("content-type", "application/octet-stream")])


def _parts(content: bytes) -> Iterator[bytes]:
    for start in range(0, len(content), _PART_BYTES):
        yield content[start : start + _PART_BYTES]
