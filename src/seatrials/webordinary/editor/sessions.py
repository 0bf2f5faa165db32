"""The sessions that this container hosts, each bound to the workspace of its client, user and thread."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seatrials.seams.clock import Clock
from seatrials.webordinary.editor.answers import RequestError, name_field, text_field
from seatrials.webordinary.editor.git import Git
from seatrials.webordinary.editor.repository import BRANCH_PREFIX, Repository
from seatrials.webordinary.editor.workspace import Workspace

STALE_SECONDS = 2.0


@dataclass(frozen=True, kw_only=True)
class Session:
    """A hosted session."""

    session_id: str
    client_id: str
    user_id: str
    thread_id: str
    # Whether the project was there before the session came.
    resumed: bool
    workspace: Workspace

    @property
    def project_path(self) -> str:
        """Where the project is, as the container sees it."""
        return f"/workspace/{self.client_id}/{self.user_id}/project"

    def identity(self) -> dict[str, str]:
        """Return who the session belongs to, as answers spell it."""
        return {
            "sessionId": self.session_id,
            "clientId": self.client_id,
            "userId": self.user_id,
            "threadId": self.thread_id,
        }


class Sessions:
    """Every hosted session by its id; in memory only, for Hermes registers them anew with a new container."""

    def __init__(self, mount: Path, clock: Clock, task_id: str, disk: Callable[[], None] = lambda: None) -> None:
        """*disk* waits as a look at the mounted file system does when that is slow."""
        self.mount = mount
        self.git = Git(clock)
        self._clock = clock
        self._task_id = task_id
        self._disk = disk
        self._hosted: dict[str, Session] = {}
        self._repositories: dict[tuple[str, str], Repository] = {}
        self._lock = threading.RLock()

    def open(self, session_id: str, body: Mapping[str, Any]) -> Session:
        """Host a session, making or reopening its workspace; once hosted, the same call changes nothing."""
        client_id, user_id = name_field(body, "clientId"), name_field(body, "userId")
        thread_id = thread_field(body)
        if body.get("repoUrl") is not None:
            text_field(body, "repoUrl")  # where the site comes from; the mock editor never fetches it
        repository = self._repository(client_id, user_id)
        self._disk()
        self._clear_leftovers(repository)
        with self._lock:
            hosted = self._hosted.get(session_id)
            if hosted is not None:
                return _same(hosted, (client_id, user_id, thread_id))
            resumed = repository.exists()
            workspace = self._prepare(repository, f"{BRANCH_PREFIX}{thread_id}")
            session = Session(
                session_id=session_id,
                client_id=client_id,
                user_id=user_id,
                thread_id=thread_id,
                resumed=resumed,
                workspace=workspace,
            )
            self._hosted[session_id] = session
            return session

    def find(self, session_id: str) -> Session:
        """Return a hosted session; 404 for any other, with nothing that tells one unknown id from another."""
        session = self._hosted.get(session_id)
        if session is None:
            raise RequestError(404, "no such session")
        self._disk()
        return session

    def find_in_any_case(self, session_id: str) -> Session:
        """Return the hosted session of a header's value, which the load balancer too compares without regard to case.

        Source: AWS ALB User Guide, "HTTP header conditions".
        """
        wanted = session_id.casefold()
        return self.find(next((each for each in self._hosted if each.casefold() == wanted), session_id))

    def forget(self, session_id: str) -> None:
        """Commit a session's uncommitted work and host it no longer."""
        session = self.find(session_id)
        session.workspace.repository.commit_unsaved(session.workspace.branch)
        self._hosted.pop(session_id, None)

    def all(self) -> list[Session]:
        """Return the hosted sessions, in the order they came."""
        return list(self._hosted.values())

    def _clear_leftovers(self, repository: Repository) -> None:
        """Remove what a killed container left half done: what lives ends, or grows, within `STALE_SECONDS`."""
        before = repository.unfinished()
        if before:
            self._clock.sleep(STALE_SECONDS)
            after = repository.unfinished()
            for file in [file for file, size in before.items() if after.get(file) == size]:
                file.unlink()

    def _repository(self, client_id: str, user_id: str) -> Repository:
        key = (client_id, user_id)
        if key not in self._repositories:
            project = self.mount / client_id / user_id / "project"
            self._repositories[key] = Repository(project, self.git, self._task_id)
        return self._repositories[key]

    def _prepare(self, repository: Repository, branch: str) -> Workspace:
        with repository.on_branch(branch):
            return Workspace(repository, branch, self._clock)


def thread_field(body: Mapping[str, Any]) -> str:
    """Return the thread's id, which must also do as part of a branch name (git check-ref-format)."""
    thread_id = name_field(body, "threadId")
    if ".." in thread_id or thread_id.endswith((".", ".lock")):
        raise RequestError(400, f"threadId {thread_id!r} cannot be part of a branch name", "threadId")
    return thread_id


def _same(hosted: Session, identity: tuple[str, str, str]) -> Session:
    if identity != (hosted.client_id, hosted.user_id, hosted.thread_id):
        raise RequestError(409, "this session id belongs to another client, user or thread")
    return hosted
