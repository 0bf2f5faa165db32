"""What can go wrong with the files of a workspace: how they are kept, committed, switched and changed on demand."""

import dataclasses
import re
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pygit2

from seatrials.mutants.git_command import run_git
from seatrials.mutants.mutant import Mutant, replace
from seatrials.seams.http1 import Request
from seatrials.webordinary.editor import changes, execution, instructions, repository, routes
from seatrials.webordinary.editor.git import Git
from seatrials.webordinary.editor.instructions import Edit
from seatrials.webordinary.editor.repository import Commit, Repository
from seatrials.webordinary.editor.routes import Api
from seatrials.webordinary.editor.sessions import Session, Sessions
from seatrials.webordinary.editor.workspace import FileEntry, Workspace

_receive, _place, _locate, _files = Workspace.receive, Workspace._place, Workspace._locate, Workspace.files
_write, _route, _apply, _run_command = Workspace.write, Api.route, Api._apply, execution.run_command
_stage, _save, _commit_on, _create = changes.stage, Repository._save_before_switch, Repository._commit_on, Git.create
_open, _repository_of, _edit_of = Sessions.open, Sessions._repository, instructions.edit_of


def _newlines(space: Workspace, path: str, content: bytes) -> None:
    _receive(space, path, content.replace(b"\r\n", b"\n") if path.endswith((".md", ".html")) else content)


def _decomposed(space: Workspace, path: str) -> Path:
    return _locate(space, unicodedata.normalize("NFD", path))


def _without_hidden(space: Workspace) -> list[FileEntry]:
    return [each for each in _files(space) if not any(part.startswith(".") for part in each.path.split("/"))]


def _without_empty(space: Workspace) -> list[FileEntry]:
    return [each for each in _files(space) if each.size]


def _tail_kept(space: Workspace, incoming: Path, path: str) -> None:
    target = space._locate(path)
    if target.is_file():
        new, old = incoming.read_bytes(), target.read_bytes()
        incoming.write_bytes(new + old[len(new) :])
    _place(space, incoming, path)


def _write_anywhere(space: Workspace, path: str, content: bytes) -> None:
    with space.repository.on_branch(space.branch):
        target = space.repository.project / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def _write_ascii(space: Workspace, path: str, content: bytes) -> None:
    _write(space, path, content.decode().encode("ascii", "replace"))


def _plus_is_space(api: Api, request: Request) -> Any:  # noqa: ANN401
    path, mark, query = request.target.partition("?")
    return _route(api, dataclasses.replace(request, target=path.replace("+", "%20") + mark + query))


def _staged(keeps: Callable[[Path, str], bool]) -> Callable[[Any, Any], Any]:
    """Return a `stage` that leaves out what *keeps* is not true of."""

    def stage(opened: Any, found: Any) -> Any:  # noqa: ANN401
        return _stage(opened, [each for each in found if keeps(Path(opened.workdir, each.path), each.path)])

    return stage


def _save_without_ignored(kept: Repository, current: str) -> None:
    kept._commit_on(current, repository._unsaved_message(current))


def _save_what_is_new(kept: Repository, current: str) -> None:
    if run_git(kept._git, kept.project, "ls-files"):
        run_git(kept._git, kept.project, "checkout", "--quiet", "--", ".")
    _save(kept, current)


def _quoted(path: str) -> str:
    as_git = "".join(chr(each) if chr(each).isascii() else f"\\{each:03o}" for each in path.encode())
    return path if path.isascii() else f'"{as_git}"'


def _commit_with_quotes(kept: Repository, branch: str, message: str, *, with_ignored: bool = False) -> Commit:
    commit = _commit_on(kept, branch, message, with_ignored=with_ignored)
    return Commit(commit.id, tuple(_quoted(path) for path in commit.files))


def _create_with_autocrlf(git: Git, folder: Path, branch: str) -> None:
    _create(git, folder, branch)
    pygit2.Repository(str(folder)).config["core.autocrlf"] = "input"


def _resumed_for_the_client(hosted: Sessions, session_id: str, body: Mapping[str, Any]) -> Session:
    known = session_id in hosted._hosted
    was_here = any((hosted.mount / str(body.get("clientId"))).glob("*/project/.git/HEAD"))
    session = _open(hosted, session_id, body)
    if not known:
        session = hosted._hosted[session_id] = dataclasses.replace(session, resumed=was_here)
    return session


def _bound_anew(hosted: Sessions, session_id: str, body: Mapping[str, Any]) -> Session:
    known = hosted._hosted.get(session_id)
    if known and (known.client_id, known.user_id) != (body.get("clientId"), body.get("userId")):
        del hosted._hosted[session_id]
    return _open(hosted, session_id, body)


def _slugged(hosted: Sessions, client_id: str, user_id: str) -> Repository:
    return _repository_of(hosted, client_id, re.sub(r"[^A-Za-z0-9]+", "-", user_id))


def _head_before(api: Api, session: Session, instruction: str) -> tuple[Edit, Commit]:
    with session.workspace.repository.on_branch(session.workspace.branch):
        before = session.workspace.repository.head()
    edit, commit = _apply(api, session, instruction)
    return edit, Commit(before, commit.files)


def _always_zero(*arguments: Any) -> execution.Outcome:  # noqa: ANN401
    return dataclasses.replace(_run_command(*arguments), exit_code=0)


def _message_by_bytes(thread_id: str, instruction: str) -> str:
    return f"Thread {thread_id}: {instruction.encode()[:50].decode(errors='ignore')}"


def _message_by_line(thread_id: str, instruction: str) -> str:
    return f"Thread {thread_id}: {instruction.splitlines()[0][:50]}"


MUTANTS = (
    Mutant(
        "line-ends-changed",
        breaks="PERS-01",
        sentence="CRLF in a text that is uploaded becomes LF",
        changes=(replace(Workspace, "receive", _newlines),),
    ),
    Mutant(
        "names-decomposed",
        breaks="PERS-01",
        sentence="files are kept and listed by decomposed names",
        changes=(replace(Workspace, "_locate", _decomposed),),
    ),
    Mutant(
        "hidden-files-unlisted",
        breaks="PERS-01",
        sentence="files whose name begins with a dot are not listed",
        changes=(replace(Workspace, "files", _without_hidden),),
    ),
    Mutant(
        "empty-files-unlisted",
        breaks="PERS-01",
        sentence="empty files are not listed",
        changes=(replace(Workspace, "files", _without_empty),),
    ),
    Mutant(
        "plus-is-a-space",
        breaks="PERS-01",
        sentence="a plus in the path of a file is read as a space",
        changes=(replace(Api, "route", _plus_is_space),),
    ),
    Mutant(
        "line-ends-changed-by-git",
        breaks="PERS-01",
        sentence="git turns CRLF into LF where a file is committed",
        changes=(replace(Git, "create", _create_with_autocrlf),),
    ),
    Mutant(
        "tail-of-the-old-kept",
        breaks="PERS-03",
        sentence="a shorter content leaves the end of the longer one",
        changes=(replace(Workspace, "_place", _tail_kept),),
    ),
    Mutant(
        "leftovers-of-a-kill-stay",
        breaks="PERS-04",
        sentence="the locks of a git that was killed stay for ever",
        changes=(replace(Sessions, "_clear_leftovers", lambda _hosted, _repository: None),),
    ),
    Mutant(
        "empty-files-uncommitted",
        breaks="PERS-05",
        sentence="empty files are never committed, so that another thread finds them",
        changes=(replace(repository, "stage", _staged(lambda file, _: not file.is_file() or file.stat().st_size > 0)),),
    ),
    Mutant(
        "names-of-other-scripts-uncommitted",
        breaks="PERS-05",
        sentence="files with names beyond ASCII are never committed",
        changes=(replace(repository, "stage", _staged(lambda _, path: path.isascii())),),
    ),
    Mutant(
        "ignored-files-stay",
        breaks="PERS-05",
        sentence="files that git ignores stay for the next thread",
        changes=(replace(Repository, "_save_before_switch", _save_without_ignored),),
    ),
    Mutant(
        "changes-lost-at-a-switch",
        breaks="PERS-05",
        sentence="uncommitted changes of committed files are lost where the thread is switched",
        changes=(replace(Repository, "_save_before_switch", _save_what_is_new),),
    ),
    Mutant(
        "resumed-for-a-colleague",
        breaks="PERS-06",
        sentence="a first visit is resumed where another user of the client was before",
        changes=(replace(Sessions, "open", _resumed_for_the_client),),
    ),
    Mutant(
        "bound-to-another",
        breaks="PERS-13",
        sentence="a session that is initialized with another client has that one's workspace",
        changes=(replace(Sessions, "open", _bound_anew),),
    ),
    Mutant(
        "instructions-unwalled",
        breaks="PERS-14",
        sentence="an instruction may write outside of the workspace",
        changes=(replace(Workspace, "write", _write_anywhere),),
    ),
    Mutant(
        "users-by-letters-alone",
        breaks="PERS-15",
        sentence="users whose names differ in punctuation alone share a workspace",
        changes=(replace(Sessions, "_repository", _slugged),),
    ),
    Mutant(
        "exit-code-is-always-zero",
        breaks="PERS-16",
        sentence="a command that failed is answered with the exit code 0",
        changes=(replace(routes, "run_command", _always_zero),),
    ),
    Mutant(
        "head-before-the-commit",
        breaks="CONC-09",
        sentence="an instruction is answered with the commit before its own",
        changes=(replace(Api, "_apply", _head_before),),
    ),
    Mutant(
        "message-by-bytes",
        breaks="COLD-09",
        sentence="the message has 50 bytes of the instruction instead of 50 characters",
        changes=(replace(routes, "commit_message", _message_by_bytes),),
    ),
    Mutant(
        "message-by-its-first-line",
        breaks="COLD-09",
        sentence="the message has the first line of the instruction alone",
        changes=(replace(routes, "commit_message", _message_by_line),),
    ),
    Mutant(
        "instructions-in-ascii",
        breaks="COLD-09",
        sentence="what an instruction writes loses every letter beyond ASCII",
        changes=(replace(Workspace, "write", _write_ascii),),
    ),
    Mutant(
        "changed-files-as-git-quotes-them",
        breaks="COLD-09",
        sentence="the files that an instruction changed are named as git quotes them",
        changes=(replace(Repository, "_commit_on", _commit_with_quotes),),
    ),
)
