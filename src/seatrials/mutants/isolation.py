"""How one client, user or thread can get at what belongs to another."""

import os
from pathlib import Path
from urllib.parse import unquote

from seatrials.mutants.git_command import run_git
from seatrials.mutants.mutant import Mutant, replace
from seatrials.webordinary.editor import execution, workspace
from seatrials.webordinary.editor import routes as editor_routes
from seatrials.webordinary.editor.answers import RequestError
from seatrials.webordinary.editor.git import Git
from seatrials.webordinary.editor.repository import Repository
from seatrials.webordinary.editor.sessions import Session as HostedSession
from seatrials.webordinary.editor.sessions import Sessions as HostedSessions
from seatrials.webordinary.editor.workspace import Workspace
from seatrials.webordinary.hermes.access_points import AccessPoints

_locate = Workspace._locate


def _joined(self: Workspace, path: str) -> Path:
    """Stand in for `_locate` of an editor that joins and hopes."""
    return self.repository.project / path.lstrip("/")


def _links_unseen(self: Workspace, path: str) -> Path:
    """Stand in for `_locate` of an editor that looks at the spelling of a path alone."""
    workspace.check_spelling(path)
    return self.repository.project / path


def _within(self: Workspace, path: str, wall: Path) -> Path:
    target = os.path.realpath(self.repository.project / path)
    if path.startswith("/") or not target.startswith(os.path.realpath(wall)):
        raise RequestError(400, "the path is not one inside the workspace", "path")
    return Path(target)


def _within_text(self: Workspace, path: str) -> Path:
    """Stand in for `_locate` of an editor that compares paths as texts: `/workspace/a-b` begins with `/workspace/a`."""
    return _within(self, path, self.repository.project.parents[1])


def _within_client(self: Workspace, path: str) -> Path:
    """Stand in for `_locate` of an editor whose wall stands around the client, not around each of its users."""
    client = self.repository.project.parents[1]
    target = Path(os.path.realpath(self.repository.project / path))
    if path.startswith("/") or not target.is_relative_to(os.path.realpath(client)):
        raise RequestError(400, "the path is not one inside the workspace", "path")
    return target


def _decoded_twice(self: Workspace, path: str) -> Path:
    _locate(self, path)
    return self.repository.project / unquote(path)


def _files_of_the_neighbours_too(self: Workspace) -> list[workspace.FileEntry]:
    """Stand in for `files` of an editor that lists the client's directory, and names the user where it is another."""
    user = self.repository.project.parent
    others = sorted(each for each in user.parent.iterdir() if each != user)
    files = [file for other in others for file in sorted(other.glob("project/*")) if file.is_file()]
    found = [workspace.FileEntry(f"{file.parents[1].name}/{file.name}", file.stat().st_size) for file in files]
    return [*_files(self), *found]


_files = Workspace.files


def _project_of_the_client(self: HostedSessions, client_id: str, user_id: str) -> Repository:
    key = (client_id, user_id)
    if key not in self._repositories:
        self._repositories[key] = Repository(self.mount / client_id / "project", self.git, self._task_id)
    return self._repositories[key]


def _log_of_all(self: Repository) -> list[dict[str, object]]:
    """Stand in for `log` of an editor that asks git for everything it knows."""
    branch, found = self.current_branch(), []
    heads = run_git(self._git, self.project, "for-each-ref", "--format=%(refname:short)", "refs/heads").split()
    for head in [branch, *(each for each in heads if each != branch)]:
        self._switch(self.current_branch(), head)
        found += _log(self)
    self._switch(self.current_branch(), branch)
    return found


_log = Repository.log


_run_command = execution.run_command


def _command_in_the_whole_mount(session: HostedSession, mount: Path, git: Git, command: str) -> execution.Outcome:
    """Stand in for `run_command` of an editor that shows commands all of `/workspace`, as it sees it itself."""
    everything = command.replace("/workspace/", f"{os.path.realpath(mount)}/")
    return _run_command(session, mount, git, everything)


MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "path-joined-without-check",
        breaks="PERS-13",
        sentence="a path is joined to the project's and opened",
        changes=(replace(Workspace, "_locate", _joined),),
    ),
    Mutant(
        "links-followed-out",
        breaks="PERS-13",
        sentence="the spelling of a path is checked, and links are followed wherever they lead",
        changes=(replace(Workspace, "_locate", _links_unseen),),
    ),
    Mutant(
        "paths-compared-as-texts",
        breaks="PERS-13",
        sentence="a client whose name begins with another's is inside that one's wall",
        changes=(replace(Workspace, "_locate", _within_text),),
    ),
    Mutant(
        "path-decoded-twice",
        breaks="PERS-14",
        sentence="a path is decoded once more after it was checked",
        changes=(replace(Workspace, "_locate", _decoded_twice),),
    ),
    Mutant(
        "wall-around-the-client-only",
        breaks="PERS-14",
        sentence="the users of a client reach one another's files",
        changes=(replace(Workspace, "_locate", _within_client),),
    ),
    Mutant(
        "files-of-the-whole-client-listed",
        breaks="PERS-14",
        sentence="the list of files is that of the whole client",
        changes=(replace(Workspace, "files", _files_of_the_neighbours_too),),
    ),
    Mutant(
        "one-repository-for-the-client",
        breaks="PERS-15",
        sentence="the users of a client share a project and its history",
        changes=(replace(HostedSessions, "_repository", _project_of_the_client),),
    ),
    Mutant(
        "log-of-every-thread",
        breaks="PERS-15",
        sentence="the log shows the commits of every thread",
        changes=(replace(Repository, "log", _log_of_all),),
    ),
    Mutant(
        "client-without-an-access-point",
        breaks="PERS-16",
        sentence="no client gets an access point, so that all are below one root",
        changes=(replace(AccessPoints, "ensure", lambda _points, _client_id: None),),
    ),
    Mutant(
        "commands-see-the-whole-mount",
        breaks="PERS-16",
        sentence="a command sees the whole of /workspace, as the container does",
        changes=(replace(editor_routes, "run_command", _command_in_the_whole_mount),),
    ),
)
