"""The workspace of a session, through the edit container's API."""

import hashlib
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from seatrials.platform.calls import Answer, Calls, Listed
from seatrials.platform.sessions import Session


class Workspace:
    """Files and git of a session, asked for as the platform's own clients do."""

    def __init__(self, calls: Calls, session: Session) -> None:
        self._calls = calls
        self._session = session
        self._headers = session.headers

    def read(self, path: str) -> Answer:
        """Ask for a file."""
        return self._calls.get(f"/api/files/{quote(path)}", self._headers)

    def write(self, path: str, content: bytes | Iterable[bytes]) -> Answer:
        """Write a file; content in parts goes part by part."""
        return self._calls.send("PUT", f"/api/files/{quote(path)}", content, self._headers)

    def ask(self, method: str, path: str, content: bytes | None = None) -> Answer:
        """Ask for *path*, spelled to the letter, as this session."""
        return self._calls.send(method, path, content, self._headers, to_the_letter=True)

    def sha256(self, path: str) -> str:
        """Return the SHA-256 of a file; fails the scenario unless there is one."""
        answer = self.read(path)
        assert answer.status == 200, f"expected the file {path}, got {answer}"  # noqa: PLR2004  # HTTP's own
        return hashlib.sha256(answer.content).hexdigest()

    def files(self) -> list[str]:
        """Return the paths of all files; fails the scenario unless the editor answers 200."""
        return [str(each["path"]) for each in _ok(self.list_files())["files"]]

    def exists(self, path: str) -> Answer:
        """Ask whether there is a file."""
        return self._calls.post("/api/files/exists", {"filePath": path}, self._headers)

    def execute(self, instruction: str) -> Answer:
        """Give the editor an instruction."""
        return self._calls.post("/api/execute", {"instruction": instruction}, self._headers)

    def list_files(self) -> Answer:
        """Ask for every file's path and size."""
        return self._calls.get("/api/files", self._headers)

    def open(self) -> dict[str, Any]:
        """Open the workspace as Hermes does; return where it is and whether it was there before."""
        session = self._session
        names = {"clientId": session.client_id, "userId": session.user_id, "threadId": session.thread_id}
        return _ok(self._calls.post("/api/init", names, self._headers))

    def run(self, command: str) -> tuple[int, str]:
        """Run a shell command in the container; return its exit code and output."""
        answer = _ok(self._calls.post("/api/exec", {"command": command}, self._headers))
        return int(answer["exitCode"]), str(answer["output"])

    def commit(self, message: str) -> str:
        """Commit what changed; return the commit's id."""
        return str(_ok(self._calls.post("/api/git/commit", {"message": message}, self._headers))["commit"])

    def git_status(self) -> dict[str, Any]:
        """Return the state of the repository; fails the scenario unless the editor answers 200."""
        return _ok(self._calls.get("/api/git/status", self._headers))

    def git_log(self) -> Listed[dict[str, Any]]:
        """Return the commits of the session's branch, newest first; fails the scenario unless answered 200."""
        answer = _ok(self._calls.get("/api/git/log", self._headers))
        return Listed(answer["commits"], "commits of the session's branch")


def _ok(answer: Answer) -> dict[str, Any]:
    assert answer.status == 200, f"expected 200, got {answer}"  # noqa: PLR2004  # HTTP's own
    value: dict[str, Any] = answer.json()
    return value
