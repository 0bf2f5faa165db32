"""What can go wrong with the end of a session, and with the walls around its files: PERS-09 to PERS-19."""

import dataclasses
import hashlib
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pygit2

from seatrials.mutants import Mutants, memory_of, replace, skip, wrap
from seatrials.mutants.git_command import run_git
from seatrials.mutants.template_edits import put
from seatrials.seams.http1 import Request, Response, json_response
from seatrials.twin.expiry import Expiry
from seatrials.webordinary.editor import activity, changes, execution, site, workspace
from seatrials.webordinary.editor import repository as editor_repository
from seatrials.webordinary.editor import routes as editor_routes
from seatrials.webordinary.editor import sessions as editor_sessions
from seatrials.webordinary.editor.answers import RequestError
from seatrials.webordinary.editor.main import Editor
from seatrials.webordinary.editor.repository import Repository
from seatrials.webordinary.editor.routes import Api
from seatrials.webordinary.editor.sessions import Session as HostedSession
from seatrials.webordinary.editor.sessions import Sessions as HostedSessions
from seatrials.webordinary.editor.workspace import Workspace
from seatrials.webordinary.hermes import controller, items, lifecycle, rules, store
from seatrials.webordinary.hermes.access_points import AccessPoints
from seatrials.webordinary.hermes.activation import Activations
from seatrials.webordinary.hermes.controller import Controller, Step
from seatrials.webordinary.hermes.items import Item, answer_of
from seatrials.webordinary.hermes.lifecycle import Session, Status
from seatrials.webordinary.hermes.placement import Placement, Work
from seatrials.webordinary.hermes.routes import NoSessionError, Routes
from seatrials.webordinary.hermes.routing import Router

MUTANTS = Mutants()
_FRESH = "(attribute_not_exists(lastActivity) OR lastActivity < :now)"

MUTANTS.rows["PERS-09"] = {
    "table-without-recovery": (
        "Point-in-time recovery is off.",
        put("SessionTable", "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled", value=False),
    ),
}


@MUTANTS.replacing(items.item_of, "ttl-as-text", breaks="PERS-09", used_by=store)
def _(original: Any, session: Session) -> dict[str, Any]:
    """The ttl is a text, which DynamoDB does not expire by."""
    return {**original(session), "ttl": {"S": str(session.ttl)}}


@MUTANTS.and_replacing(items.session_of, used_by=store)
def _(original: Any, item: Item) -> Session | None:
    found = original(item)
    return None if found is None else dataclasses.replace(found, ttl=int(found.ttl))


MUTANTS.rows["PERS-10"] = {
    "over-only-when-deleted": (
        "A session lives until DynamoDB deletes its item.",
        wrap(lifecycle.is_past_ttl, lambda *_: False),
    ),
    "ttl-in-another-unit-than-now": (
        "The status call compares seconds with milliseconds.",
        wrap(lifecycle.reported_status, lambda original, session, now: original(session, now / 1000)),
    ),
    "browsing-revives": (
        "Browsing brings a session back that is past its ttl.",
        replace(activity, "_CONDITION", f"{activity._LIVE} AND {_FRESH} AND (#ttl > :seconds OR #ttl <= :seconds)"),
    ),
}


@MUTANTS.replacing(Routes.list_client, "list-shows-the-stored-status", breaks="PERS-10")
def _(original: Any, routes: Routes, _request: Request, client_id: str) -> Response:
    """The list calls a session active that is past its ttl."""
    return json_response(200, [answer_of(each) for each in routes.store.of_client(client_id)])


@MUTANTS.replacing(Routes.keepalive, "keepalive-past-its-ttl", breaks="PERS-10")
def _(original: Any, routes: Routes, _request: Request, session_id: str) -> Response:
    """A keepalive brings a session back that is past its ttl."""
    session = routes.store.find(session_id)
    if session is None or session.status not in lifecycle.LIVE:
        raise NoSessionError(410, "session expired")
    last_activity, ttl = routes.store.touch(session) or (0, 0)
    return json_response(200, {"ttl": ttl, "lastActivity": last_activity})


@MUTANTS.replacing(Activations.find_existing, "returned-past-its-ttl", breaks="PERS-10")
def _(original: Any, activations: Activations, _live: object, wanted: Any) -> Session | None:
    """An activation is answered with a session that is past its ttl."""
    live = [each for each in activations.store.open_sessions() if each.status in lifecycle.LIVE]
    return original(activations, live, wanted)


@MUTANTS.replacing(controller.next_step, "served-past-its-ttl", breaks="PERS-10")
def _(original: Any, session: Session, now: float, *how: Any) -> Step | None:
    """Only idleness drains a session, so that one past its ttl is served on."""
    return original(dataclasses.replace(session, ttl=int(now) + 1), now, *how)


MUTANTS.rows["PERS-11"] = {
    "groups-left-after-the-deletion": (
        "The target groups of a task whose last session's item was deleted stay.",
        skip(Router.remove_unused_groups),
    ),
    "browsing-makes-an-item": (
        "Browsing makes an item anew that was deleted.",
        replace(
            activity,
            "_CONDITION",
            f"(attribute_not_exists(#status) OR {activity._LIVE}) AND {_FRESH}"
            " AND (attribute_not_exists(#ttl) OR #ttl > :seconds)",
        ),
    ),
    "container-not-told-of-the-deletion": (
        "The container goes on hosting a session whose item was deleted.",
        wrap(Placement.dismiss, lambda _original, placement, session_id: placement.router.remove_rules(session_id)),
    ),
}


@MUTANTS.replacing(Controller._sweep, "deleted-item-is-not-over", breaks="PERS-11")
def _(original: Any, controller: Controller, routed: list[str]) -> None:
    """The rules of a session without an item are taken for those of one that is being made."""
    original(controller, [each for each in routed if controller._store.find(each) is not None])


@MUTANTS.replacing(Expiry._is_expired, "deleted-without-another-look", breaks="PERS-11")
def _(original: Any, expiry: Expiry, item: dict[str, Any], attribute: str) -> bool:
    """Items are deleted by a job that notes what has expired and does not look again."""
    listed = (next(iter(expiry._due), ("", ""))[0], repr({name: item[name] for name in ("sessionId", "userId")}))
    return listed in expiry._due or original(expiry, item, attribute)


@MUTANTS.replacing(HostedSessions.forget, "not-committed-at-the-end", breaks="PERS-12")
def _(original: Any, hosted: HostedSessions, session_id: str) -> None:
    """The uncommitted work of a session that ends is left uncommitted."""
    hosted.find(session_id)
    hosted._hosted.pop(session_id, None)


@MUTANTS.replacing(HostedSessions.forget, "workspace-removed-at-expiry", breaks="PERS-12")
def _(original: Any, hosted: HostedSessions, session_id: str) -> None:
    """The project goes with the session that expires."""
    project = hosted.find(session_id).workspace.repository.project
    original(hosted, session_id)
    shutil.rmtree(project)


@MUTANTS.replacing(HostedSessions.forget, "drafts-discarded-at-expiry", breaks="PERS-12")
def _(original: Any, hosted: HostedSessions, session_id: str) -> None:
    """What is not committed when a session expires is thrown away."""
    space = hosted.find(session_id).workspace
    with space.repository.on_branch(space.branch):
        run_git(hosted.git, space.repository.project, "reset", "--quiet", "--hard")
        run_git(hosted.git, space.repository.project, "clean", "--quiet", "--force", "-d")
    hosted._hosted.pop(session_id, None)


MUTANTS.rows["PERS-13"] = {
    "path-joined-without-check": (
        "A path is joined to the project's and opened.",
        wrap(Workspace._locate, lambda _original, space, path: space.repository.project / path.lstrip("/")),
    ),
}


@MUTANTS.replacing(Workspace._locate, "links-followed-out", breaks="PERS-13")
def _(original: Any, space: Workspace, path: str) -> Path:
    """The spelling of a path is checked, and links are followed wherever they lead."""
    workspace.check_spelling(path)
    return space.repository.project / path


@MUTANTS.replacing(Workspace._locate, "paths-compared-as-texts", breaks="PERS-13")
def _(original: Any, space: Workspace, path: str) -> Path:
    """A client whose name begins with another's is inside that one's wall."""
    target = os.path.realpath(space.repository.project / path)
    # As texts: `/workspace/a-b` begins with `/workspace/a`.
    if path.startswith("/") or not target.startswith(os.path.realpath(space.repository.project.parents[1])):
        raise RequestError(400, "the path is not one inside the workspace", "path")
    return Path(target)


@MUTANTS.replacing(HostedSessions.open, "bound-to-another", breaks="PERS-13")
def _(original: Any, hosted: HostedSessions, session_id: str, body: Mapping[str, Any]) -> HostedSession:
    """A session that is initialized with another client has that one's workspace."""
    known = hosted._hosted.get(session_id)
    if known and (known.client_id, known.user_id) != (body.get("clientId"), body.get("userId")):
        del hosted._hosted[session_id]
    return original(hosted, session_id, body)


@MUTANTS.replacing(AccessPoints.ensure, "access-point-for-every-placement", breaks="PERS-14")
def _(original: Any, points: AccessPoints, client_id: str) -> None:
    """A client gets another access point with every session."""
    memory_of(points)["made"] = made = memory_of(points).get("made", 0) + 1
    points._efs.create_access_point(
        ClientToken=hashlib.sha256(f"{client_id}/{made}".encode()).hexdigest(),
        FileSystemId=points._file_system_id,
        PosixUser={"Uid": 1000, "Gid": 1000},
        RootDirectory={
            "Path": f"/workspace/{client_id}",
            "CreationInfo": {"OwnerUid": 1000, "OwnerGid": 1000, "Permissions": "0755"},
        },
    )


@MUTANTS.replacing(Workspace._locate, "path-decoded-twice", breaks="PERS-14")
def _(original: Any, space: Workspace, path: str) -> Path:
    """A path is decoded once more after it was checked."""
    original(space, path)
    return space.repository.project / unquote(path)


@MUTANTS.replacing(Workspace._locate, "wall-around-the-client-only", breaks="PERS-14")
def _(original: Any, space: Workspace, path: str) -> Path:
    """The users of a client reach one another's files."""
    client = space.repository.project.parents[1]
    target = Path(os.path.realpath(space.repository.project / path))
    if path.startswith("/") or not target.is_relative_to(os.path.realpath(client)):
        raise RequestError(400, "the path is not one inside the workspace", "path")
    return target


@MUTANTS.replacing(Workspace.files, "files-of-the-whole-client-listed", breaks="PERS-14")
def _(original: Any, space: Workspace) -> list[workspace.FileEntry]:
    """The list of files is that of the whole client."""
    user = space.repository.project.parent
    others = sorted(each for each in user.parent.iterdir() if each != user)
    files = [file for other in others for file in sorted(other.glob("project/*")) if file.is_file()]
    found = [workspace.FileEntry(f"{file.parents[1].name}/{file.name}", file.stat().st_size) for file in files]
    return [*original(space), *found]


@MUTANTS.replacing(Workspace.write, "instructions-unwalled", breaks="PERS-14")
def _(original: Any, space: Workspace, path: str, content: bytes) -> None:
    """An instruction may write outside of the workspace."""
    with space.repository.on_branch(space.branch):
        target = space.repository.project / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


@MUTANTS.replacing(site.page, "links-shown", breaks="PERS-14")
def _(original: Any, session: HostedSession, path: str) -> tuple[str, bytes]:
    """The preview follows links out of the workspace."""
    file = session.workspace.repository.project / path
    with session.workspace.repository.on_branch(session.workspace.branch):
        if file.is_symlink() and file.is_file():
            return "text/plain", file.read_bytes()
    return original(session, path)


@MUTANTS.replacing(HostedSessions._repository, "one-repository-for-the-client", breaks="PERS-15")
def _(original: Any, hosted: HostedSessions, client_id: str, user_id: str) -> Repository:
    """The users of a client share a project and its history."""
    key = (client_id, user_id)
    if key not in hosted._repositories:
        hosted._repositories[key] = Repository(hosted.mount / client_id / "project", hosted.git, hosted._task_id)
    return hosted._repositories[key]


@MUTANTS.replacing(Repository.log, "log-of-every-thread", breaks="PERS-15")
def _(original: Any, kept: Repository) -> list[dict[str, object]]:
    """The log shows the commits of every thread."""
    branch, found = kept.current_branch(), []
    heads = run_git(kept._git, kept.project, "for-each-ref", "--format=%(refname:short)", "refs/heads").split()
    for head in [branch, *(each for each in heads if each != branch)]:
        kept._switch(kept.current_branch(), head)
        found += original(kept)
    kept._switch(kept.current_branch(), branch)
    return found


@MUTANTS.replacing(HostedSessions._repository, "users-by-letters-alone", breaks="PERS-15")
def _(original: Any, hosted: HostedSessions, client_id: str, user_id: str) -> Repository:
    """Users whose names differ in punctuation alone share a workspace."""
    return original(hosted, client_id, re.sub(r"[^A-Za-z0-9]+", "-", user_id))


@MUTANTS.replacing(HostedSessions._repository, "users-in-lower-case", breaks="PERS-15")
def _(original: Any, hosted: HostedSessions, client_id: str, user_id: str) -> Repository:
    """Users whose names differ by case alone share a workspace."""
    return original(hosted, client_id, user_id.lower())


MUTANTS.rows["PERS-16"] = {
    "client-without-an-access-point": (
        "No client gets an access point, so that all are below one root.",
        skip(AccessPoints.ensure),
    ),
}


@MUTANTS.replacing(AccessPoints.ensure, "one-access-point-for-every-case", breaks="PERS-16")
def _(original: Any, access_points: AccessPoints, client_id: str) -> None:
    """Clients whose names differ by case alone share the first one's access point."""
    known = memory_of(access_points)
    if known.setdefault(client_id.lower(), client_id) == client_id:
        original(access_points, client_id)


@MUTANTS.replacing(Api._exec, "commands-of-unknown-sessions", breaks="PERS-16")
def _(original: Any, api: Api, request: Request) -> Response:
    """A command of a session that nobody knows is answered with 200."""
    try:
        return original(api, request)
    except RequestError as error:
        if error.status != 404:
            raise
        return json_response(200, {"output": "", "exitCode": 0})


@MUTANTS.replacing(execution.run_command, "commands-see-the-whole-mount", breaks="PERS-16", used_by=editor_routes)
def _(original: Any, session: HostedSession, mount: Path, git: Any, command: str) -> execution.Outcome:
    """A command sees the whole of /workspace, as the container does."""
    everything = command.replace("/workspace/", f"{os.path.realpath(mount)}/")
    return original(session, mount, git, everything)


@MUTANTS.replacing(execution.run_command, "exit-code-is-always-zero", breaks="PERS-16", used_by=editor_routes)
def _(original: Any, *arguments: Any) -> execution.Outcome:
    """A command that failed is answered with the exit code 0."""
    return dataclasses.replace(original(*arguments), exit_code=0)


@MUTANTS.replacing(execution.run_command, "commands-tell-where-they-run", breaks="PERS-16", used_by=editor_routes)
def _(original: Any, session: HostedSession, mount: Path, *arguments: Any) -> execution.Outcome:
    """A command is answered with the path that its workspace has on the host."""
    outcome: execution.Outcome = original(session, mount, *arguments)
    return dataclasses.replace(outcome, output=outcome.output.replace("/workspace/", f"{os.path.realpath(mount)}/"))


@MUTANTS.replacing(editor_sessions._same, "a-session-is-whoever-asks-for-it", breaks="PERS-16")
def _(_original: Any, hosted: HostedSession, _identity: tuple[str, str, str]) -> HostedSession:
    """A container takes one client's session for another's, who names it."""
    return hosted


@MUTANTS.replacing(editor_sessions._same, "conflicts-name-the-owner", breaks="PERS-16")
def _(original: Any, hosted: HostedSession, identity: tuple[str, str, str]) -> HostedSession:
    """Who names another's session is told whose it is."""
    try:
        same: HostedSession = original(hosted, identity)
    except RequestError as error:
        raise RequestError(error.status, f"this session belongs to {hosted.client_id}") from error
    return same


@MUTANTS.replacing(HostedSessions._repository, "workspaces-by-joined-ids", breaks="PERS-16")
def _(original: Any, sessions: HostedSessions, client_id: str, user_id: str) -> Any:
    """Client and user are told apart by both names in a row."""
    known = memory_of(sessions)
    return known.setdefault(client_id + user_id, original(sessions, client_id, user_id))


@MUTANTS.replacing(Router.ensure_rules, "hmr-stays-behind-on-a-move", breaks="PERS-17")
def _(original: Any, router: Router, session_id: str, groups: Mapping[str, str], standby: Any = None) -> None:
    """After a move the WebSocket's rule leads to the old task still."""
    mine = {rules.kind_of(each): each for each in router._rules() if rules.session_of(each) == session_id}
    if "hmr" not in mine or standby is not None:
        original(router, session_id, groups, standby)
        return
    for kind in ("preview", "api"):
        router._elbv2.modify_rule(RuleArn=mine[kind]["RuleArn"], Actions=rules.forward(groups[kind]))


@MUTANTS.replacing(Router.close_handover, "rule-of-a-move-stays", breaks="PERS-17")
def _(_original: Any, _router: Router, _session_id: str) -> None:
    """A session that has moved keeps the rule by which it did."""


@MUTANTS.replacing(Editor.run, "stash-at-the-stop", breaks="PERS-17")
def _(original: Any, editor: Editor) -> int:
    """A container that is told to stop stashes what is not committed, and nobody gets it back."""
    exit_code = original(editor)
    for session in editor.sessions.all():
        with session.workspace.repository.on_branch(session.workspace.branch):
            project = session.workspace.repository.project
            run_git(editor.sessions.git, project, "stash", "--quiet", "--include-untracked")
    return exit_code


@MUTANTS.replacing(controller.next_step, "session-ends-with-its-task", breaks="PERS-17")
def _(original: Any, session: Session, *how: Any) -> Step | None:
    """A session whose task is replaced is ended instead of moved."""
    step = original(session, *how)
    return Step.DRAIN if step is Step.PLACE and session.status is Status.ACTIVE else step


@MUTANTS.and_replacing(Placement.begin_draining)
def _(original: Any, placement: Placement, work: Any) -> None:
    if placement.store.change_status(work.session, Status.DRAINING):
        placement.publisher.publish()


@MUTANTS.replacing(Placement._settle, "ends-when-it-cannot-be-committed", breaks="PERS-18")
def _(original: Any, step: Placement, session: Session, *, must_settle: bool) -> None:
    """A session ends although its container could not commit."""
    del must_settle
    original(step, session, must_settle=False)


@MUTANTS.replacing(Controller._retire, "asked-to-commit-for-ever", breaks="PERS-18")
def _(_original: Any, loop: Controller, work: Work) -> None:
    """A session whose container can never commit drains for ever."""
    loop._placement.retire(work, must_settle=True)


@MUTANTS.replacing(changes.stage, "conflicts-are-not-settled", breaks="PERS-19", used_by=editor_repository)
def _(original: Any, repository: pygit2.Repository, found: list[changes.Change]) -> list[changes.Change]:
    """A conflict is not settled by the removal of its file."""
    kept = [each for each in found if Path(repository.workdir, each.path).exists()]
    staged: list[changes.Change] = original(repository, kept)
    return staged
