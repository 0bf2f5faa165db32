"""What can go wrong between a session's last byte and the next one's first look at it: PERS-01 to PERS-08."""

import dataclasses
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pygit2

from seatrials.mutants import Mutants, replace, skip, wrap
from seatrials.mutants.git_command import head_of, run_git
from seatrials.mutants.template_edits import put
from seatrials.seams.http1 import Request
from seatrials.webordinary import HERMES_AGENT
from seatrials.webordinary.editor import activity, changes, repository, site, workspace
from seatrials.webordinary.editor.activity import Activity
from seatrials.webordinary.editor.answers import RequestError
from seatrials.webordinary.editor.git import Git
from seatrials.webordinary.editor.preview import Preview
from seatrials.webordinary.editor.repository import Commit, Repository
from seatrials.webordinary.editor.routes import Api
from seatrials.webordinary.editor.sessions import Session as HostedSession
from seatrials.webordinary.editor.sessions import Sessions as HostedSessions
from seatrials.webordinary.editor.workspace import FileEntry, Workspace
from seatrials.webordinary.hermes import lifecycle
from seatrials.webordinary.hermes.fleet import Task
from seatrials.webordinary.hermes.lifecycle import Session
from seatrials.webordinary.hermes.placement import Placement, Work
from seatrials.webordinary.hermes.store import SessionStore

MUTANTS = Mutants()


MUTANTS.rows["PERS-01"] = {
    "workspace-on-the-tasks-own-disk": (
        "The file system is not mounted, so that files end with their task.",
        put("EditTaskDefinition", "ContainerDefinitions.0.MountPoints", []),
    ),
    "names-decomposed": (
        "Files are kept and listed by decomposed names.",
        wrap(Workspace._locate, lambda original, space, path: original(space, unicodedata.normalize("NFD", path))),
    ),
    "empty-files-unlisted": (
        "Empty files are not listed.",
        wrap(Workspace.files, lambda original, space: [each for each in original(space) if each.size]),
    ),
}


@MUTANTS.replacing(Workspace.receive, "binary-files-as-text", breaks="PERS-01")
def _(original: Any, space: Workspace, path: str, content: bytes) -> None:
    """What is not UTF-8 in a file is replaced."""
    original(space, path, content.decode("utf-8", "replace").encode())


@MUTANTS.replacing(Workspace.receive, "line-ends-changed", breaks="PERS-01")
def _(original: Any, space: Workspace, path: str, content: bytes) -> None:
    """CRLF in a text that is uploaded becomes LF."""
    original(space, path, content.replace(b"\r\n", b"\n") if path.endswith((".md", ".html")) else content)


@MUTANTS.replacing(Workspace.files, "hidden-files-unlisted", breaks="PERS-01")
def _(original: Any, space: Workspace) -> list[FileEntry]:
    """Files whose name begins with a dot are not listed."""
    return [each for each in original(space) if not any(part.startswith(".") for part in each.path.split("/"))]


@MUTANTS.replacing(Api.route, "plus-is-a-space", breaks="PERS-01")
def _(original: Any, api: Api, request: Request) -> Any:
    """A plus in the path of a file is read as a space."""
    path, mark, query = request.target.partition("?")
    return original(api, dataclasses.replace(request, target=path.replace("+", "%20") + mark + query))


@MUTANTS.replacing(Git.create, "line-ends-changed-by-git", breaks="PERS-01")
def _(original: Any, git: Git, folder: Path, branch: str) -> None:
    """The editor's git turns CRLF into LF where a file is committed."""
    original(git, folder, branch)
    pygit2.Repository(str(folder)).config["core.autocrlf"] = "input"


@MUTANTS.replacing(HostedSessions._prepare, "last-commit-made-anew", breaks="PERS-02")
def _(original: Any, hosted: HostedSessions, repository: Repository, branch: str) -> Workspace:
    """The last commit is made anew, with another id, whenever a session is opened."""
    if repository.exists() and head_of(repository) is not None:
        run_git(hosted.git, repository.project, "commit", "--quiet", "--amend", "--no-edit", "--date=now")
    return original(hosted, repository, branch)


@MUTANTS.replacing(Repository._commit_on, "one-commit-for-each-thread", breaks="PERS-02")
def _(original: Any, kept: Repository, _branch: str, message: str, *, with_ignored: bool = False) -> Commit:
    """Each commit takes the place of the last one."""
    found = kept.status(with_ignored=with_ignored)
    if found:
        amend = ["--amend"] if head_of(kept) is not None else []
        run_git(kept._git, kept.project, "add", "--all")
        run_git(kept._git, kept.project, "commit", "--quiet", *amend, "--cleanup=verbatim", "--message", message)
    return Commit(head_of(kept), tuple(change.path for change in found))


@MUTANTS.replacing(HostedSessions._prepare, "opened-with-a-reset", breaks="PERS-03")
def _(original: Any, hosted: HostedSessions, repository: Repository, branch: str) -> Workspace:
    """A container that opens a workspace puts changed files back to the last commit."""
    if repository.exists() and head_of(repository) is not None:
        run_git(hosted.git, repository.project, "reset", "--quiet", "--hard")
    return original(hosted, repository, branch)


@MUTANTS.replacing(HostedSessions._prepare, "opened-with-a-clean", breaks="PERS-03")
def _(original: Any, hosted: HostedSessions, repository: Repository, branch: str) -> Workspace:
    """A container that opens a workspace removes files that were never committed."""
    if repository.exists():
        run_git(hosted.git, repository.project, "clean", "--quiet", "--force", "-d")
    return original(hosted, repository, branch)


@MUTANTS.replacing(Workspace._place, "tail-of-the-old-kept", breaks="PERS-03")
def _(original: Any, space: Workspace, incoming: Path, path: str) -> None:
    """A shorter content leaves the end of the longer one."""
    target = space._locate(path)
    if target.is_file():
        new, old = incoming.read_bytes(), target.read_bytes()
        incoming.write_bytes(new + old[len(new) :])
    original(space, incoming, path)


MUTANTS.rows["PERS-04"] = {
    "leftovers-of-a-kill-stay": ("The locks of a killed git stay for ever.", skip(HostedSessions._clear_leftovers)),
}


@MUTANTS.replacing(Workspace.receive, "files-written-in-place", breaks="PERS-04")
def _(original: Any, space: Workspace, path: str, content: bytes) -> None:
    """A file is emptied and written piece by piece, so that a kill leaves a part of it."""
    with space.repository.on_branch(space.branch):
        target = space._locate(path)
        target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as stream:
        for start in range(0, max(1, len(content)), workspace._WRITE_CHUNK_BYTES):
            chunk = content[start : start + workspace._WRITE_CHUNK_BYTES]
            stream.write(chunk)
            space._clock.sleep(len(chunk) / workspace._WRITE_BYTES_PER_SECOND)


@MUTANTS.replacing(Placement.place, "patience-with-a-crash", breaks="PERS-04")
def _(original: Any, placement: Placement, work: Work, task: Task) -> None:
    """A session whose container has crashed waits for two minutes before it gets the next one."""
    if work.session.status is lifecycle.Status.ACTIVE:
        placement.clock.sleep(120)
    original(placement, work, task)


@MUTANTS.replacing(HostedSessions._prepare, "lock-outlives-the-killed-container", breaks="PERS-04")
def _(original: Any, hosted: HostedSessions, repository: Repository, branch: str) -> Workspace:
    """A container locks the project, and nobody opens the lock of one that was killed."""
    lock = repository.project / ".git" / "editor.pid"
    if lock.is_file() and lock.read_text(encoding="utf-8") != hosted._task_id:
        raise RequestError(409, "another container works in this project")
    prepared = original(hosted, repository, branch)
    lock.write_text(hosted._task_id, encoding="utf-8")
    return prepared


def _staging(keeps: Callable[[Path, str], bool]) -> Callable[..., Any]:
    """Return a `stage` that leaves out what *keeps*, given the file and its path in the project, is not true of."""

    def stage(original: Any, opened: Any, found: Any) -> Any:
        return original(opened, [each for each in found if keeps(Path(opened.workdir, each.path), each.path)])

    return stage


def _as_checked_out(session: HostedSession) -> HostedSession:
    kept = session.workspace.repository
    space = Workspace(kept, kept.current_branch(), session.workspace._clock)
    return dataclasses.replace(session, workspace=space)


MUTANTS.rows["PERS-05"] = {
    "empty-files-uncommitted": (
        "Empty files are never committed, so that another thread finds them.",
        wrap(
            changes.stage, _staging(lambda file, _: not file.is_file() or file.stat().st_size > 0), used_by=repository
        ),
    ),
    "names-of-other-scripts-uncommitted": (
        "Files with names beyond ASCII are never committed.",
        wrap(changes.stage, _staging(lambda _, path: path.isascii()), used_by=repository),
    ),
    "preview-of-whatever-branch": (
        "The preview shows the thread that is checked out.",
        wrap(site.index, lambda original, session: original(_as_checked_out(session))),
        wrap(site.page, lambda original, session, path: original(_as_checked_out(session), path)),
    ),
}


@MUTANTS.replacing(Repository._save_before_switch, "switch-carries-drafts-over", breaks="PERS-05")
def _(original: Any, kept: Repository, current: str) -> None:
    """Files that git does not know stay when the thread is switched."""
    run_git(kept._git, kept.project, "add", "--update")
    if head_of(kept) is not None and run_git(kept._git, kept.project, "diff", "--cached", "--name-only"):
        run_git(kept._git, kept.project, "commit", "--quiet", "--message", f"Thread {current}: uncommitted work")


@MUTANTS.replacing(Repository._switch, "thread-branches-off-the-other", breaks="PERS-05")
def _(original: Any, kept: Repository, _current: str, branch: str) -> None:
    """A new thread begins with the files of the thread that was open."""
    known = run_git(kept._git, kept.project, "branch", "--list", branch)
    run_git(kept._git, kept.project, "switch", "--quiet", *([] if known else ["--create"]), branch)


@MUTANTS.replacing(Repository._save_before_switch, "ignored-files-stay", breaks="PERS-05")
def _(original: Any, kept: Repository, current: str) -> None:
    """Files that git ignores stay for the next thread."""
    kept._commit_on(current, repository._unsaved_message(current))


@MUTANTS.replacing(Repository._save_before_switch, "changes-lost-at-a-switch", breaks="PERS-05")
def _(original: Any, kept: Repository, current: str) -> None:
    """Uncommitted changes of committed files are lost where the thread is switched."""
    if run_git(kept._git, kept.project, "ls-files"):
        run_git(kept._git, kept.project, "checkout", "--quiet", "--", ".")
    original(kept, current)


MUTANTS.rows["PERS-06"] = {
    "project-path-of-the-session": (
        "The project path has the session's id in it.",
        replace(
            HostedSession,
            "project_path",
            property(lambda each: f"/workspace/{each.client_id}/{each.user_id}/{each.session_id}/project"),
        ),
    ),
}


@MUTANTS.replacing(HostedSessions.open, "always-resumed", breaks="PERS-06")
def _(original: Any, hosted: HostedSessions, session_id: str, body: Mapping[str, Any]) -> HostedSession:
    """A first visit counts as resumed: the project is looked for after it was made."""
    session = original(hosted, session_id, body)
    return dataclasses.replace(session, resumed=session.workspace.repository.exists())


@MUTANTS.replacing(HostedSessions.open, "resumed-for-a-colleague", breaks="PERS-06")
def _(original: Any, hosted: HostedSessions, session_id: str, body: Mapping[str, Any]) -> HostedSession:
    """A first visit is resumed where another user of the client was before."""
    known = session_id in hosted._hosted
    was_here = any((hosted.mount / str(body.get("clientId"))).glob("*/project/.git/HEAD"))
    session = original(hosted, session_id, body)
    if not known:
        session = hosted._hosted[session_id] = dataclasses.replace(session, resumed=was_here)
    return session


MUTANTS.rows["PERS-07"] = {
    "claim-left-by-a-move": ("The claim under which a session was moved stays in its item.", skip(Placement.release)),
}


@MUTANTS.replacing(SessionStore.set_fields, "moving-is-activity", breaks="PERS-07")
def _(original: Any, sessions: SessionStore, session: Session, changes: Mapping[str, Any]) -> bool:
    """A session that is moved to another container counts as active."""
    if "taskArn" in changes:
        now_ms = sessions._clock.epoch_ms()
        changes = {**changes, "lastActivity": now_ms, "ttl": lifecycle.ttl_of(now_ms)}
    return original(sessions, session, changes)


@MUTANTS.replacing(SessionStore.set_fields, "metadata-flattened-by-a-move", breaks="PERS-07")
def _(original: Any, sessions: SessionStore, session: Session, changes: Mapping[str, Any]) -> bool:
    """A move writes the metadata anew and drops what is nested."""
    if "taskArn" in changes:
        flat = {name: value for name, value in session.metadata.items() if not isinstance(value, (dict, list))}
        changes = {**changes, "metadata": flat}
    return original(sessions, session, changes)


MUTANTS.rows["PERS-08"] = {
    "activity-noted-too-seldom": (
        "A container notes the activity of a session once in eight seconds at most.",
        replace(activity, "WRITE_INTERVAL_SECONDS", 8.0),
    ),
    "instructions-are-no-activity": (
        "An instruction does not move lastActivity.",
        wrap(Api._changed, lambda _original, api, session, paths: api._reload.publish(session, paths)),
    ),
}


@MUTANTS.replacing(Preview._session, "pages-are-no-activity", breaks="PERS-08")
def _(original: Any, preview: Preview, request: Request, session: Any, page: str) -> Any:
    """A request to a page is no activity, one to the front page alone is."""
    if page:
        others = [each for each in request.headers if each[0] != "user-agent"]
        request = dataclasses.replace(request, headers=[("user-agent", HERMES_AGENT), *others])
    return original(preview, request, session, page)


@MUTANTS.replacing(Activity._write, "activity-without-ttl", breaks="PERS-08")
def _(original: Any, noted: Activity, session: HostedSession) -> None:
    """Browsing moves lastActivity and leaves ttl where it was."""
    now_ms = noted._clock.epoch_ms()
    noted._dynamodb.update_item(
        TableName=noted._table,
        Key={"sessionId": {"S": session.session_id}, "userId": {"S": session.user_id}},
        UpdateExpression="SET lastActivity = :now",
        ConditionExpression=activity._CONDITION,
        ExpressionAttributeNames={"#ttl": "ttl", "#status": "status"},
        ExpressionAttributeValues={
            ":now": {"N": str(now_ms)},
            ":seconds": {"N": str(now_ms // 1000)},
            ":active": {"S": "active"},
            ":initializing": {"S": "initializing"},
        },
    )


@MUTANTS.replacing(Api._file, "writing-is-no-activity", breaks="PERS-08")
def _(original: Any, api: Api, request: Request, method: str, path: str) -> Any:
    """Who writes a file is not taken for active."""
    session = api._hosted(request)
    if method == "PUT":
        api._activity._written_at[session.session_id] = api._context.clock.now()
    return original(api, request, method, path)


@MUTANTS.replacing(Api._file_exists, "to-ask-is-activity", breaks="PERS-08")
def _(original: Any, api: Api, request: Request) -> Any:
    """Whoever asks whether a file exists is taken for active."""
    api._activity.touch(api._hosted(request))
    return original(api, request)
