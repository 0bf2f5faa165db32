"""What can go wrong between a session's last byte and the next one's first look at it."""

import dataclasses
import shutil
from collections.abc import Mapping
from typing import Any

from seatrials.mutants.git_command import run_git
from seatrials.mutants.mutant import Mutant, edit_template, replace
from seatrials.twin.expiry import Expiry
from seatrials.webordinary.editor import activity, workspace
from seatrials.webordinary.editor.answers import RequestError
from seatrials.webordinary.editor.main import Editor
from seatrials.webordinary.editor.repository import Commit, Repository
from seatrials.webordinary.editor.routes import Api
from seatrials.webordinary.editor.sessions import Session as HostedSession
from seatrials.webordinary.editor.sessions import Sessions as HostedSessions
from seatrials.webordinary.editor.workspace import Workspace
from seatrials.webordinary.hermes import controller, items, lifecycle, store
from seatrials.webordinary.hermes.controller import Controller
from seatrials.webordinary.hermes.items import Item
from seatrials.webordinary.hermes.lifecycle import Session
from seatrials.webordinary.hermes.placement import Placement
from seatrials.webordinary.hermes.routing import Router
from seatrials.webordinary.hermes.store import SessionStore

Document = dict[str, Any]


def _properties(document: Document, resource: str) -> Document:
    properties: Document = document["Resources"][resource]["Properties"]
    return properties


def _no_mount(document: Document) -> None:
    for container in _properties(document, "EditTaskDefinition")["ContainerDefinitions"]:
        container["MountPoints"] = []


def _no_recovery(document: Document) -> None:
    _properties(document, "SessionTable")["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] = False


_receive = Workspace.receive


def _text_only(self: Workspace, path: str, content: bytes) -> None:
    _receive(self, path, content.decode("utf-8", "replace").encode())


def _into_its_place(self: Workspace, path: str, content: bytes) -> None:
    """Stand in for `receive` of an editor that opens the file itself and writes it piece by piece."""
    with self.repository.on_branch(self.branch):
        target = self._locate(path)
        target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as stream:
        for start in range(0, max(1, len(content)), workspace._WRITE_CHUNK_BYTES):
            chunk = content[start : start + workspace._WRITE_CHUNK_BYTES]
            stream.write(chunk)
            self._clock.sleep(workspace._WRITE_LATENCY_SECONDS + len(chunk) / workspace._WRITE_BYTES_PER_SECOND)


_prepare = HostedSessions._prepare


def _reset_at_opening(self: HostedSessions, repository: Repository, branch: str, remote: str | None) -> Workspace:
    if repository.exists() and repository.head() is not None:
        run_git(self.git, repository.project, "reset", "--quiet", "--hard")
    return _prepare(self, repository, branch, remote)


def _cleaned_at_opening(self: HostedSessions, repository: Repository, branch: str, remote: str | None) -> Workspace:
    if repository.exists():
        run_git(self.git, repository.project, "clean", "--quiet", "--force", "-d")
    return _prepare(self, repository, branch, remote)


def _history_dropped_at_opening(
    self: HostedSessions, repository: Repository, branch: str, remote: str | None
) -> Workspace:
    if repository.exists() and repository.head() is not None:
        run_git(self.git, repository.project, "commit", "--quiet", "--amend", "--no-edit", "--date=now")
    return _prepare(self, repository, branch, remote)


def _locked_at_opening(self: HostedSessions, repository: Repository, branch: str, remote: str | None) -> Workspace:
    """Stand in for `_prepare` of an editor that locks the project, and unlocks it only when it stops in order."""
    lock = repository.project / ".git" / "editor.pid"
    if lock.is_file() and lock.read_text(encoding="utf-8") != self._task_id:
        raise RequestError(409, "another container works in this project")
    prepared = _prepare(self, repository, branch, remote)
    lock.write_text(self._task_id, encoding="utf-8")
    return prepared


def _amended(self: Repository, _branch: str, message: str, *, with_ignored: bool = False) -> Commit:
    """Stand in for `_commit_on` of an editor that keeps one commit for each thread."""
    changes = self.status(with_ignored=with_ignored)
    if changes:
        amend = ["--amend"] if self.head() is not None else []
        run_git(self._git, self.project, "add", "--all")
        run_git(self._git, self.project, "commit", "--quiet", *amend, "--cleanup=verbatim", "--message", message)
    return Commit(self.head(), tuple(change.path for change in changes))


def _only_known_files_saved(self: Repository, current: str) -> None:
    run_git(self._git, self.project, "add", "--update")
    if self.head() is not None and run_git(self._git, self.project, "diff", "--cached", "--name-only"):
        run_git(self._git, self.project, "commit", "--quiet", "--message", f"Thread {current}: uncommitted work")


def _branch_off(self: Repository, _current: str, branch: str) -> None:
    known = run_git(self._git, self.project, "branch", "--list", branch)
    run_git(self._git, self.project, "switch", "--quiet", *([] if known else ["--create"]), branch)


_open = HostedSessions.open


def _always_resumed(self: HostedSessions, session_id: str, body: Mapping[str, Any]) -> HostedSession:
    """Stand in for `open` of an editor that looks whether the project is there after it has made it."""
    session = _open(self, session_id, body)
    return dataclasses.replace(session, resumed=session.workspace.repository.exists())


def _project_of_session(session: HostedSession) -> str:
    return f"/workspace/{session.client_id}/{session.user_id}/{session.session_id}/project"


_set_fields = SessionStore.set_fields


def _moving_is_activity(self: SessionStore, session: Session, changes: Mapping[str, Any]) -> bool:
    if "taskArn" in changes:
        now_ms = self._clock.epoch_ms()
        changes = {**changes, "lastActivity": now_ms, "ttl": lifecycle.ttl_of(now_ms)}
    return _set_fields(self, session, changes)


def _metadata_flattened(self: SessionStore, session: Session, changes: Mapping[str, Any]) -> bool:
    if "taskArn" in changes:
        flat = {name: value for name, value in session.metadata.items() if not isinstance(value, (dict, list))}
        changes = {**changes, "metadata": flat}
    return _set_fields(self, session, changes)


def _changed_in_silence(api: Api, session: HostedSession, paths: list[str]) -> None:
    api._reload.publish(session, paths)


_item_of = items.item_of
_session_of = items.session_of


def _ttl_as_text(session: Session) -> dict[str, Any]:
    return {**_item_of(session), "ttl": {"S": str(session.ttl)}}


def _session_of_text(item: Item) -> Session | None:
    found = _session_of(item)
    return None if found is None else dataclasses.replace(found, ttl=int(found.ttl))


_reported_status = lifecycle.reported_status


def _step_without_ttl(
    session: Session,
    now: float,
    idle_seconds: float,
    running: Any,  # noqa: ANN401  # as in the original
    failing: Any,  # noqa: ANN401
) -> controller.Step | None:
    return _next_step(dataclasses.replace(session, ttl=int(now) + 1), now, idle_seconds, running, failing)


_next_step = controller.next_step


def _over_when_it_says_so(self: Controller, session_id: str) -> bool:
    """Stand in for `_is_over` of a Hermes that takes a missing item for one that it has not read yet."""
    session = self._store.find(session_id)
    return session is not None and session.status not in lifecycle.OPEN


def _rules_only(self: Placement, session_id: str) -> None:
    self.router.remove_rules(session_id)


_is_expired = Expiry._is_expired


def _expired_for_good(self: Expiry, item: dict[str, Any], attribute: str) -> bool:
    """Stand in for `_is_expired` of a cleanup that deletes what was on its list, without another look."""
    listed = (next(iter(self._due), ("", ""))[0], repr({name: item[name] for name in ("sessionId", "userId")}))
    return listed in self._due or _is_expired(self, item, attribute)


_forget = HostedSessions.forget


def _tidied_up(self: HostedSessions, session_id: str) -> str | None:
    project = self.find(session_id).workspace.repository.project
    commit = _forget(self, session_id)
    shutil.rmtree(project)
    return commit


def _discarded(self: HostedSessions, session_id: str) -> str | None:
    """Stand in for `forget` of an editor that puts the project back to its last commit."""
    session = self.find(session_id)
    with session.workspace.repository.on_branch(session.workspace.branch):
        run_git(self.git, session.workspace.repository.project, "reset", "--quiet", "--hard")
        run_git(self.git, session.workspace.repository.project, "clean", "--quiet", "--force", "-d")
    self._hosted.pop(session_id, None)
    return None


_run = Editor.run


def _stopped_with_a_reset(self: Editor) -> int:
    """Stand in for `run` of an editor that leaves every project as it was committed last."""
    exit_code = _run(self)
    for session in self.sessions.all():
        with session.workspace.repository.on_branch(session.workspace.branch):
            project = session.workspace.repository.project
            run_git(self.sessions.git, project, "stash", "--quiet", "--include-untracked")
    return exit_code


def _ended_with_its_task(
    session: Session,
    now: float,
    idle_seconds: float,
    running: Any,  # noqa: ANN401  # as in the original
    failing: Any,  # noqa: ANN401
) -> controller.Step | None:
    step = _next_step(session, now, idle_seconds, running, failing)
    moves = step is controller.Step.PLACE and session.status is lifecycle.Status.ACTIVE
    return controller.Step.DRAIN if moves else step


def _draining_whatever_happened(self: Placement, work: Any) -> None:  # noqa: ANN401
    if self.store.change_status(work.session, lifecycle.Status.DRAINING):
        self.publisher.publish()


MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "workspace-on-the-tasks-own-disk",
        breaks="PERS-01",
        sentence="the file system is not mounted, so that files end with their task",
        changes=(edit_template(_no_mount),),
    ),
    Mutant(
        "binary-files-as-text",
        breaks="PERS-01",
        sentence="what is not UTF-8 in a file is replaced",
        changes=(replace(Workspace, "receive", _text_only),),
    ),
    Mutant(
        "last-commit-made-anew",
        breaks="PERS-02",
        sentence="the last commit is made anew, with another id, whenever a session is opened",
        changes=(replace(HostedSessions, "_prepare", _history_dropped_at_opening),),
    ),
    Mutant(
        "one-commit-for-each-thread",
        breaks="PERS-02",
        sentence="each commit takes the place of the last one",
        changes=(replace(Repository, "_commit_on", _amended),),
    ),
    Mutant(
        "opened-with-a-reset",
        breaks="PERS-03",
        sentence="a container that opens a workspace puts changed files back to the last commit",
        changes=(replace(HostedSessions, "_prepare", _reset_at_opening),),
    ),
    Mutant(
        "opened-with-a-clean",
        breaks="PERS-03",
        sentence="a container that opens a workspace removes files that were never committed",
        changes=(replace(HostedSessions, "_prepare", _cleaned_at_opening),),
    ),
    Mutant(
        "files-written-in-place",
        breaks="PERS-04",
        sentence="a file is emptied and written piece by piece, so that a kill leaves a part of it",
        changes=(replace(Workspace, "receive", _into_its_place),),
    ),
    Mutant(
        "lock-outlives-the-killed-container",
        breaks="PERS-04",
        sentence="a container locks the project, and nobody opens the lock of one that was killed",
        changes=(replace(HostedSessions, "_prepare", _locked_at_opening),),
    ),
    Mutant(
        "switch-carries-drafts-over",
        breaks="PERS-05",
        sentence="files that git does not know stay when the thread is switched",
        changes=(replace(Repository, "_save_before_switch", _only_known_files_saved),),
    ),
    Mutant(
        "thread-branches-off-the-other",
        breaks="PERS-05",
        sentence="a new thread begins with the files of the thread that was open",
        changes=(replace(Repository, "_switch", _branch_off),),
    ),
    Mutant(
        "always-resumed",
        breaks="PERS-06",
        sentence="a first visit counts as resumed: the project is looked for after it was made",
        changes=(replace(HostedSessions, "open", _always_resumed),),
    ),
    Mutant(
        "project-path-of-the-session",
        breaks="PERS-06",
        sentence="the project path has the session's id in it",
        changes=(replace(HostedSession, "project_path", property(_project_of_session)),),
    ),
    Mutant(
        "moving-is-activity",
        breaks="PERS-07",
        sentence="a session that is moved to another container counts as active",
        changes=(replace(SessionStore, "set_fields", _moving_is_activity),),
    ),
    Mutant(
        "metadata-flattened-by-a-move",
        breaks="PERS-07",
        sentence="a move writes the metadata anew and drops what is nested",
        changes=(replace(SessionStore, "set_fields", _metadata_flattened),),
    ),
    Mutant(
        "claim-left-by-a-move",
        breaks="PERS-07",
        sentence="the claim under which a session was moved stays in its item",
        changes=(replace(Placement, "release", lambda _placement, _work: None),),
    ),
    Mutant(
        "instructions-are-no-activity",
        breaks="PERS-08",
        sentence="an instruction does not move lastActivity",
        changes=(replace(Api, "_changed", _changed_in_silence),),
    ),
    Mutant(
        "activity-noted-too-seldom",
        breaks="PERS-08",
        sentence="a container notes the activity of a session once in eight seconds at most",
        changes=(replace(activity, "WRITE_INTERVAL_SECONDS", 8.0),),
    ),
    Mutant(
        "table-without-recovery",
        breaks="PERS-09",
        sentence="point-in-time recovery is off",
        changes=(edit_template(_no_recovery),),
    ),
    Mutant(
        "ttl-as-text",
        breaks="PERS-09",
        sentence="ttl is a text, which DynamoDB does not expire by",
        changes=(replace(store, "item_of", _ttl_as_text), replace(store, "session_of", _session_of_text)),
    ),
    Mutant(
        "over-only-when-deleted",
        breaks="PERS-10",
        sentence="a session lives until DynamoDB deletes its item",
        changes=(replace(lifecycle, "is_past_ttl", lambda _session, _now: False),),
    ),
    Mutant(
        "served-past-its-ttl",
        breaks="PERS-10",
        sentence="only idleness drains a session, so that one past its ttl is served on",
        changes=(replace(controller, "next_step", _step_without_ttl),),
    ),
    Mutant(
        "ttl-in-another-unit-than-now",
        breaks="PERS-10",
        sentence="the status call compares seconds with milliseconds",
        changes=(replace(lifecycle, "reported_status", lambda session, now: _reported_status(session, now / 1000)),),
    ),
    Mutant(
        "deleted-item-is-not-over",
        breaks="PERS-11",
        sentence="the rules of a session without an item are taken for those of one that is being made",
        changes=(replace(Controller, "_is_over", _over_when_it_says_so),),
    ),
    Mutant(
        "container-not-told-of-the-deletion",
        breaks="PERS-11",
        sentence="the container goes on hosting a session whose item was deleted",
        changes=(replace(Placement, "dismiss", _rules_only),),
    ),
    Mutant(
        "groups-left-after-the-deletion",
        breaks="PERS-11",
        sentence="the target groups of a task whose last session's item was deleted stay",
        changes=(replace(Router, "remove_unused_groups", lambda _router, _used: None),),
    ),
    Mutant(
        "deleted-without-another-look",
        breaks="PERS-11",
        sentence="items are deleted by a job that notes what has expired and does not look again",
        changes=(replace(Expiry, "_is_expired", _expired_for_good),),
    ),
    Mutant(
        "workspace-removed-at-expiry",
        breaks="PERS-12",
        sentence="the project goes with the session that expires",
        changes=(replace(HostedSessions, "forget", _tidied_up),),
    ),
    Mutant(
        "drafts-discarded-at-expiry",
        breaks="PERS-12",
        sentence="what is not committed when a session expires is thrown away",
        changes=(
            replace(HostedSessions, "forget", _discarded),
            replace(Placement, "_settle", lambda self, session, **_: self.editor.forget(session.session_id)),
        ),
    ),
    Mutant(
        "stash-at-the-stop",
        breaks="PERS-17",
        sentence="a container that is told to stop stashes what is not committed, and nobody gets it back",
        changes=(replace(Editor, "run", _stopped_with_a_reset),),
    ),
    Mutant(
        "session-ends-with-its-task",
        breaks="PERS-17",
        sentence="a session whose task is replaced is ended instead of moved",
        changes=(
            replace(controller, "next_step", _ended_with_its_task),
            replace(Placement, "begin_draining", _draining_whatever_happened),
        ),
    ),
)
