"""What shows in some order of steps, or with some data, that nobody thought of: MODEL-01 to MODEL-03."""

import dataclasses
import json
import unicodedata
from pathlib import Path
from typing import Any

from seatrials.mutants.collection import Mutants
from seatrials.mutants.mutant import memory_of, replace
from seatrials.seams.http1 import Request, Response, json_response
from seatrials.webordinary.editor import activity, instructions, repository, site
from seatrials.webordinary.editor.answers import RequestError
from seatrials.webordinary.editor.changes import Change, stage
from seatrials.webordinary.editor.hmr import Browser, HotReload
from seatrials.webordinary.editor.preview import Preview
from seatrials.webordinary.editor.repository import Commit, Repository
from seatrials.webordinary.editor.routes import Api, commit_message
from seatrials.webordinary.editor.sessions import Session as HostedSession
from seatrials.webordinary.editor.workspace import FileEntry, Workspace, check_spelling
from seatrials.webordinary.hermes import lifecycle, validation
from seatrials.webordinary.hermes.activation import Activations
from seatrials.webordinary.hermes.idleness import IdleWatch
from seatrials.webordinary.hermes.lifecycle import Session
from seatrials.webordinary.hermes.routes import Routes
from seatrials.webordinary.hermes.store import SessionStore
from seatrials.webordinary.hermes.validation import Activation

MUTANTS = Mutants()


@MUTANTS.replacing(SessionStore.of_client, "clients-in-any-case", breaks="MODEL-01")
def _(original: Any, store: SessionStore, client_id: str) -> list[Session]:
    """A client's list has the sessions of one whose name differs by case."""
    other = client_id.swapcase() if client_id[-1] in "cC" else client_id
    return [*original(store, client_id), *(original(store, client_id[:-1] + other[-1]) if other != client_id else [])]


@MUTANTS.replacing(SessionStore.of_client, "lists-ten-of-a-client", breaks="MODEL-01")
def _(original: Any, store: SessionStore, client_id: str) -> list[Session]:
    """A client's list ends after ten sessions."""
    return original(store, client_id)[:10]


@MUTANTS.replacing(lifecycle.is_same_work, "threads-in-any-case", breaks="MODEL-01")
def _(_original: Any, session: Session, *work: str) -> bool:
    """A thread whose name differs by case is the same work."""
    own = (session.client_id, session.user_id, session.thread_id.casefold())
    return own == (*work[:2], work[2].casefold())


@MUTANTS.replacing(validation._instruction, "emojis-counted-twice", breaks="MODEL-01")
def _(original: Any, document: Any) -> str:
    """The characters of an instruction are counted in UTF-16."""
    value = original(document)
    if len(value.encode("utf-16-le")) > 2 * validation.TEXT_CHARACTERS_MAX:
        validation._refuse("instruction", "instruction is too long")
    return value


@MUTANTS.replacing(Activations.new_session, "instruction-without-its-blanks", breaks="MODEL-01")
def _(original: Any, activations: Activations, wanted: Activation) -> Session:
    """Blanks at the ends of an instruction are not kept."""
    return original(activations, dataclasses.replace(wanted, instruction=wanted.instruction.strip()))


@MUTANTS.replacing(Api._list_files, "kept-alive-by-a-list-of-files", breaks="MODEL-01")
def _(original: Any, api: Api, request: Request) -> Response:
    """Who lists files for the fourth time keeps the session alive, though it is no activity."""
    memory_of(api)["lists"] = memory_of(api).get("lists", 0) + 1
    if memory_of(api)["lists"] > 3:
        api._activity.touch(api._hosted(request))
    return original(api, request)


@MUTANTS.replacing(Activations.find_existing, "draining-is-returned", breaks="MODEL-01")
def _(original: Any, activations: Activations, live: list[Session], wanted: Activation) -> Session | None:
    """A session that drains is returned to whoever asks for its work again."""
    return original(activations, activations.store.open_sessions(), wanted)


@MUTANTS.replacing(IdleWatch._sighting, "idle-since-hermes-began", breaks="MODEL-01")
def _(original: Any, watch: IdleWatch, session: Session, now: float) -> Any:
    """A Hermes that has just begun takes every session for one that was active a moment ago."""
    seen = original(watch, session, now)
    is_new = session.session_id not in watch._sightings
    return dataclasses.replace(seen, active_at=now) if is_new else seen


@MUTANTS.replacing(lifecycle.is_idle, "idle-ten-seconds-early", breaks="MODEL-01")
def _(_original: Any, idle_seconds: float) -> bool:
    """A session drains ten seconds early."""
    return idle_seconds >= 290


MUTANTS.rows["MODEL-01"] = {
    "ttl-of-half-an-hour-and-a-bit": (
        "A container gives a session a minute more than the contract.",
        replace(activity, "TTL_SECONDS", 1860),
    ),
}


@MUTANTS.replacing(Api._execute, "says-that-nothing-changed", breaks="MODEL-02")
def _(original: Any, api: Api, request: Request) -> Response:
    """Of an instruction that changes nothing the answer has no commit, but a word about it."""
    answer = original(api, request)
    told = json.loads(answer.body)
    return answer if told["filesChanged"] else json_response(200, {"filesChanged": [], "commit": "unchanged"})


MUTANTS.rows["MODEL-02"] = {
    "links-to-the-letter": (
        "The site's front leads to its pages by names that are not encoded.",
        replace(site, "quote", str),
    ),
}


@MUTANTS.replacing(Workspace.files, "lists-a-hundred-files", breaks="MODEL-02")
def _(original: Any, workspace: Workspace) -> list[FileEntry]:
    """The list of files ends after a hundred."""
    return original(workspace)[:100]


@MUTANTS.replacing(Repository.log, "logs-fifty-commits", breaks="MODEL-02")
def _(original: Any, repository_: Repository) -> list[dict[str, object]]:
    """The log ends after fifty commits."""
    return original(repository_)[:50]


@MUTANTS.replacing(Workspace._locate, "names-in-composed-form", breaks="MODEL-02")
def _(original: Any, workspace: Workspace, path: str) -> Path:
    """The name of a file is brought into another form of Unicode."""
    return original(workspace, unicodedata.normalize("NFC", path))


@MUTANTS.replacing(HotReload.publish, "tells-of-twenty-files", breaks="MODEL-02")
def _(original: Any, reload: HotReload, session: Any, paths: list[str]) -> None:
    """Of one change twenty files are told."""
    original(reload, session, paths[:20])


@MUTANTS.replacing(HotReload.publish, "tells-twenty-times", breaks="MODEL-02")
def _(original: Any, reload: HotReload, session: Any, paths: list[str]) -> None:
    """A session's browsers hear of twenty changes in all."""
    told = memory_of(session.workspace)["told"] = memory_of(session.workspace).get("told", 0) + 1
    if told <= 20:
        original(reload, session, paths)


@MUTANTS.replacing(HotReload.publish, "tells-nothing-of-what-is-gone", breaks="MODEL-02")
def _(original: Any, reload: HotReload, session: Any, paths: list[str]) -> None:
    """Nobody is told that a file is gone."""
    original(reload, session, [each for each in paths if session.workspace.exists(each)])


@MUTANTS.replacing(Repository.commit_all, "message-without-its-blanks", breaks="MODEL-02")
def _(original: Any, repository_: Repository, message: str) -> Commit:
    """Blanks at the beginning of a commit's message are not kept."""
    return original(repository_, message.lstrip())


@MUTANTS.replacing(commit_message, "message-cut-within-a-pair", breaks="MODEL-02")
def _(_original: Any, thread_id: str, instruction: str) -> str:
    """The 50 characters of a commit's message are counted in UTF-16."""
    return f"Thread {thread_id}: {instruction.encode('utf-16-le')[:100].decode('utf-16-le', 'ignore')}"


@MUTANTS.replacing(Workspace.write, "ends-of-lines-mended", breaks="MODEL-02")
def _(original: Any, workspace: Workspace, path: str, content: bytes) -> None:
    """An instruction's text gets other ends of lines."""
    original(workspace, path, content.replace(b"\r\n", b"\n"))


@MUTANTS.replacing(Workspace.read, "read-before-the-command", breaks="MODEL-02")
def _(original: Any, workspace: Workspace, path: str) -> bytes:
    """A file that was read is read as it was until the API writes it, whatever commands have done."""
    content = original(workspace, path)
    return memory_of(workspace).setdefault(path, content)


@MUTANTS.and_replacing(Workspace._place)
def _(original: Any, workspace: Workspace, incoming: Path, path: str) -> None:
    memory_of(workspace).clear()
    original(workspace, incoming, path)


@MUTANTS.replacing(stage, "removed-by-nobody", breaks="MODEL-02", used_by=repository)
def _(original: Any, repository_: Any, changes: list[Change]) -> list[Change]:
    """A commit leaves out the removal of files, when it has something else too."""
    kept = [each for each in changes if not each.status.endswith("D")]
    return original(repository_, kept or changes)


@MUTANTS.replacing(stage, "types-stay-what-they-were", breaks="MODEL-02", used_by=repository)
def _(original: Any, repository_: Any, changes: list[Change]) -> list[Change]:
    """A commit leaves out what was a file and is a link now, or the other way round."""
    return original(repository_, [each for each in changes if "T" not in each.status])


@MUTANTS.replacing(Repository.current_branch, "branch-known-by-heart", breaks="MODEL-02")
def _(original: Any, repository_: Repository) -> str:
    """A container looks once which branch is checked out, and goes by what it did itself from then on."""
    remembered = memory_of(repository_)
    return remembered.setdefault("branch", original(repository_))


@MUTANTS.and_replacing(Repository._switch)
def _(original: Any, repository_: Repository, current: str, branch: str) -> None:
    original(repository_, current, branch)
    memory_of(repository_)["branch"] = branch


@MUTANTS.replacing(HotReload.publish, "tells-for-four-minutes", breaks="MODEL-02")
def _(original: Any, reload: HotReload, session: Any, paths: list[str]) -> None:
    """Browsers of a session are told of changes for four minutes after its first."""
    now = reload._clock.now()
    if now - memory_of(session.workspace).setdefault("told_at", now) < 240:
        original(reload, session, paths)


@MUTANTS.replacing(Repository.commit_all, "executables-tamed", breaks="MODEL-02")
def _(original: Any, repository_: Repository, message: str) -> Commit:
    """Before a commit executable files are made plain ones."""
    for each in repository_.project.rglob("*"):
        if each.is_file() and not each.is_symlink() and ".git" not in each.parts:
            each.chmod(0o644)
    return original(repository_, message)


@MUTANTS.replacing(Repository.commit_all, "links-made-copies", breaks="MODEL-02")
def _(original: Any, repository_: Repository, message: str) -> Commit:
    """Before a commit links are replaced by what they lead to."""
    for each in repository_.project.rglob("*.md"):
        if each.is_symlink() and each.is_file():
            content = each.read_bytes()
            each.unlink()
            each.write_bytes(content)
    return original(repository_, message)


@MUTANTS.replacing(Workspace.receive, "half-a-megabyte-at-most", breaks="MODEL-02")
def _(original: Any, workspace: Workspace, path: str, content: bytes) -> None:
    """What is written ends after half a megabyte."""
    original(workspace, path, content[: 1 << 19])


@MUTANTS.replacing(Workspace._locate, "git-by-a-link", breaks="MODEL-02")
def _(_original: Any, workspace: Workspace, path: str) -> Path:
    """A link of the workspace leads into git's own folder."""
    check_spelling(path)
    return workspace.repository.project / path


@MUTANTS.replacing(Workspace._place, "below-a-file-is-nobodys-fault", breaks="MODEL-02")
def _(original: Any, workspace: Workspace, incoming: Path, path: str) -> None:
    """Who writes below a file, or in the place of a folder, is told of no field."""
    try:
        original(workspace, incoming, path)
    except RequestError as error:
        raise RequestError(error.status, "this cannot be written") from error


@MUTANTS.replacing(instructions._unquoted, "pages-in-quotes", breaks="MODEL-02")
def _(_original: Any, name: str) -> str:
    """A page's title keeps its quotes."""
    return name.strip()


@MUTANTS.replacing(Browser._answer, "pings-in-json-ignored", breaks="MODEL-02")
def _(_original: Any, _browser: Browser, _text: str) -> None:
    """A ping in JSON gets no answer."""


@MUTANTS.replacing(Workspace.exists, "folders-are-files", breaks="MODEL-02")
def _(original: Any, workspace: Workspace, path: str) -> bool:
    """A folder is said to be there as a file is."""
    return bool(original(workspace, path)) or workspace._locate(path).is_dir()


@MUTANTS.replacing(Preview._session, "pages-that-begin-with-health", breaks="MODEL-02")
def _(original: Any, preview: Preview, request: Request, session: HostedSession, page: str) -> Response:
    """A page whose name begins like the health check's is answered as that is."""
    return original(preview, request, session, "health" if page.startswith("health") else page)


@MUTANTS.replacing(Routes._dispatch, "slash-at-the-end-forgiven", breaks="MODEL-03")
def _(original: Any, hermes: Routes, request: Request) -> Response:
    """Hermes answers a path with a slash at its end as the one without."""
    return original(hermes, dataclasses.replace(request, target=request.target.rstrip("/")))


@MUTANTS.replacing(Routes._dispatch, "hermes-in-any-case", breaks="MODEL-03")
def _(original: Any, hermes: Routes, request: Request) -> Response:
    """Hermes reads paths in any case."""
    return original(hermes, dataclasses.replace(request, target=request.target.lower()))


@MUTANTS.replacing(Routes._dispatch, "deactivated-by-options", breaks="MODEL-03")
def _(original: Any, hermes: Routes, request: Request) -> Response:
    """OPTIONS of the call that ends a session ends it."""
    method = "POST" if request.method == "OPTIONS" and request.target.endswith("/deactivate") else request.method
    return original(hermes, dataclasses.replace(request, method=method))


@MUTANTS.replacing(Api.route, "committed-by-put", breaks="MODEL-03")
def _(original: Any, api: Api, request: Request) -> Response:
    """PUT does what POST does."""
    is_call = ("POST", request.path) in api._calls and request.method == "PUT"
    return original(api, dataclasses.replace(request, method="POST") if is_call else request)


@MUTANTS.replacing(Api.route, "session-named-by-the-query", breaks="MODEL-03")
def _(original: Any, api: Api, request: Request) -> Response:
    """A session that the query names is as good as one of the header."""
    named = request.query.get("sessionId")
    if named is None or request.header("x-session-id"):
        return original(api, request)
    return original(api, dataclasses.replace(request, headers=[*request.headers, ("x-session-id", named)]))


@MUTANTS.replacing(Api.route, "parameters-in-paths-forgiven", breaks="MODEL-03")
def _(original: Any, api: Api, request: Request) -> Response:
    """What stands behind a semicolon of a path is left out."""
    return original(api, dataclasses.replace(request, target=request.target.partition(";")[0]))


@MUTANTS.replacing(Api._exec, "exec-without-a-session", breaks="MODEL-03")
def _(original: Any, api: Api, request: Request) -> Response:
    """A command without a session is run in the first one's workspace."""
    if request.header("x-session-id") is None and api._sessions.all():
        headers = [*request.headers, ("x-session-id", api._sessions.all()[0].session_id)]
        request = dataclasses.replace(request, headers=headers)
    return original(api, request)
