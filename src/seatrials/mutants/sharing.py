"""What can go wrong between sessions that share containers, disk and load balancer: neighbours that are harmed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from seatrials.mutants.git_command import run_git
from seatrials.mutants.mutant import Mutant, replace
from seatrials.seams.http1 import Request, Response
from seatrials.webordinary.editor import workspace
from seatrials.webordinary.editor.preview import Preview
from seatrials.webordinary.editor.repository import Repository
from seatrials.webordinary.editor.routes import Api
from seatrials.webordinary.editor.sessions import Session as HostedSession
from seatrials.webordinary.editor.sessions import Sessions as HostedSessions
from seatrials.webordinary.editor.workspace import Workspace
from seatrials.webordinary.hermes import controller, rules
from seatrials.webordinary.hermes.controller import Step
from seatrials.webordinary.hermes.idleness import IdleWatch
from seatrials.webordinary.hermes.lifecycle import Session, Status
from seatrials.webordinary.hermes.placement import Placement, Work
from seatrials.webordinary.hermes.routing import Router
from seatrials.webordinary.hermes.store import SessionStore

Document = dict[str, Any]


def _page_of_the_latest_request(preview: Preview, request: Request, session: HostedSession, page: str) -> Response:
    """Stand in for a preview that keeps the current session in an attribute while it builds."""
    current: Any = preview
    current._session_now = session
    preview._activity._clock.sleep(0.002)
    return _preview_session(preview, request, current._session_now, page)


_preview_session = Preview._session


def _pages_by_path(preview: Preview, request: Request, session: HostedSession, page: str) -> Response:
    """Stand in for a preview whose cache of built pages does not know of sessions."""
    built: dict[str, Response] = preview.__dict__.setdefault("_built", {})
    if page == "health":
        return _preview_session(preview, request, session, page)
    return built.setdefault(page, _preview_session(preview, request, session, page))


def _one_upload_for_all(repository: Repository) -> Path:
    """Stand in for a temporary file whose name is the same for everybody on the file system."""
    return repository.project.parents[2] / "upload.part"


_receive = Workspace.receive


def _into_the_latest_workspace(files: Workspace, path: str, content: bytes) -> None:
    """Stand in for an upload that looks up where it goes when all of it has arrived."""
    place: Any = files._clock
    place._workspace_now = files
    files._clock.sleep(0.003)
    _receive(place._workspace_now, path, content)


_execute = Api._execute


def _on_the_head_read_before(api: Api, request: Request) -> Response:
    """Stand in for a commit whose parent is read before the AI begins to think, and checked by nobody after."""
    repository, branch = api._hosted(request).workspace.repository, api._hosted(request).workspace.branch
    with repository.on_branch(branch):
        head = repository.head()
    think = api._think

    def think_and_rewind() -> None:
        think()
        if head is not None:
            with repository.on_branch(branch):
                run_git(repository._git, repository.project, "reset", "--quiet", "--soft", head)

    rewinding: Any = _Rewinding(api, think_and_rewind)
    return _execute(rewinding, request)


class _Rewinding:
    """The API with another way to think."""

    def __init__(self, api: Api, think: Any) -> None:  # noqa: ANN401  # a function without arguments
        self._api = api
        self._think = think

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # whatever the API has
        return getattr(self._api, name)


@contextmanager
def _on_whatever_branch(repository: Repository, branch: str) -> Iterator[None]:
    """Stand in for work on the branch that happens to be checked out."""
    with _on_branch(repository, branch if repository.head() is None else repository.current_branch()):
        yield


_on_branch = Repository.on_branch
_forget = HostedSessions.forget


def _all_forgotten(sessions: HostedSessions, session_id: str) -> str | None:
    commit = _forget(sessions, session_id)
    sessions._hosted.clear()
    return commit


_retire = Placement.retire


def _task_stopped_too(placement: Placement, work: Work, **arguments: Any) -> None:  # noqa: ANN401  # as in the original
    _retire(placement, work, **arguments)
    if work.task is not None:
        fleet = placement.fleet
        fleet._ecs.stop_task(cluster=fleet._cluster, task=work.task.arn, reason="its session has ended")


_remove_rules = Router.remove_rules


def _targets_deregistered_too(router: Router, session_id: str) -> None:
    for rule in router._rules_of(session_id):
        for action in rule["Actions"]:
            group = action["TargetGroupArn"]
            targets = router._elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
            if targets:
                router._elbv2.deregister_targets(TargetGroupArn=group, Targets=[each["Target"] for each in targets])
    _remove_rules(router, session_id)


_touch = SessionStore.touch


def _all_touched(store: SessionStore, session: Session) -> tuple[int, int] | None:
    for other in store.live_sessions():
        if other.session_id != session.session_id:
            _touch(store, other)
    return _touch(store, session)


def _idle_since_creation(_watch: IdleWatch, session: Session, now: float) -> float:
    return now - session.created_seconds


_next_step = controller.next_step


def _never_moved(session: Session, *arguments: Any) -> Step | None:  # noqa: ANN401  # as in the original
    step = _next_step(session, *arguments)
    return None if step is Step.PLACE and session.status is Status.ACTIVE else step


_prepare = HostedSessions._prepare


def _clean_checkout(sessions: HostedSessions, repository: Repository, branch: str, remote: str | None) -> Workspace:
    opened = _prepare(sessions, repository, branch, remote)
    run_git(repository._git, repository.project, "clean", "--quiet", "--force", "-d", "-x")
    return opened


MUTANTS = (
    Mutant(
        "page-of-the-latest-request",
        breaks="CONC-07",
        sentence="a page that is built while another is asked for is the other one's",
        changes=(replace(Preview, "_session", _page_of_the_latest_request),),
    ),
    Mutant(
        "page-cache-by-path",
        breaks="CONC-07",
        sentence="the preview's cache knows pages by their path and not by their session",
        changes=(replace(Preview, "_session", _pages_by_path),),
    ),
    Mutant(
        "one-upload-file-for-all",
        breaks="CONC-08",
        sentence="files are received in one temporary file that all workspaces share",
        changes=(replace(Repository, "incoming", _one_upload_for_all),),
    ),
    Mutant(
        "upload-to-the-latest-workspace",
        breaks="CONC-08",
        sentence="a file that arrives while another upload begins goes to the other one's workspace",
        changes=(replace(Workspace, "receive", _into_the_latest_workspace),),
    ),
    Mutant(
        "commit-on-a-stale-head",
        breaks="CONC-09",
        sentence="a commit takes the place of another that was made while it was thought out",
        changes=(replace(Api, "_execute", _on_the_head_read_before),),
    ),
    Mutant(
        "commit-on-whatever-branch",
        breaks="CONC-09",
        sentence="a commit goes to the branch that happens to be checked out",
        changes=(replace(Repository, "on_branch", _on_whatever_branch),),
    ),
    Mutant(
        "neighbours-forgotten",
        breaks="CONC-10",
        sentence="a container that closes one session closes all",
        changes=(replace(HostedSessions, "forget", _all_forgotten),),
    ),
    Mutant(
        "task-stopped-with-a-session",
        breaks="CONC-10",
        sentence="the task of a session that ends is stopped, whoever else is on it",
        changes=(replace(Placement, "retire", _task_stopped_too),),
    ),
    Mutant(
        "targets-deregistered-with-a-session",
        breaks="CONC-10",
        sentence="ending a session deregisters the targets that it shares with others",
        changes=(replace(Router, "remove_rules", _targets_deregistered_too),),
    ),
    Mutant(
        "keepalive-for-all",
        breaks="CONC-11",
        sentence="a keepalive of one session keeps every session alive",
        changes=(replace(SessionStore, "touch", _all_touched),),
    ),
    Mutant(
        "idle-since-creation",
        breaks="CONC-11",
        sentence="a session ends five minutes after it was made, whatever its user does",
        changes=(replace(IdleWatch, "idle_seconds", _idle_since_creation),),
    ),
    Mutant(
        "sessions-never-moved",
        breaks="CONC-12",
        sentence="a session whose task is scaled in stays without one",
        changes=(replace(controller, "next_step", _never_moved),),
    ),
    Mutant(
        "moved-to-a-clean-checkout",
        breaks="CONC-12",
        sentence="a session that moves to another task loses what it had not committed",
        changes=(replace(HostedSessions, "_prepare", _clean_checkout),),
    ),
    Mutant(
        "hmr-rule-left-behind",
        breaks="CONC-18",
        sentence="the rule for the WebSocket is not recognised as a session's when the session ends",
        changes=(replace(rules, "_query_value", lambda _rule: None),),
    ),
    Mutant(
        "file-system-out-of-credits",
        breaks="CONC-19",
        sentence="the file system writes 100 KB a second",
        changes=(replace(workspace, "_WRITE_BYTES_PER_SECOND", 100_000),),
    ),
)
