"""What registering, switching and forgetting sessions does to their workspaces."""

from pathlib import Path

import pytest

from seatrials.seams.clock import wait_until
from seatrials.webordinary.editor.execution import run_command
from tests.support.editor import EditorWorld, Start


def test_init_of_a_first_visit_makes_the_project(world: EditorWorld) -> None:
    """A first visit makes a repository on the thread's branch and says that nothing was resumed."""
    answer = world.init("s1", "acme", "ann", "thread-7")

    assert (answer.status, answer.json) == (
        200,
        {"projectPath": "/workspace/acme/ann/project", "branch": "thread-thread-7", "resumed": False},
    )
    head = (world.root / "workspace/acme/ann/project/.git/HEAD").read_text()
    assert head == "ref: refs/heads/thread-thread-7\n"


def test_init_of_a_hosted_session_repeats_its_answer(world: EditorWorld) -> None:
    """The same call again changes nothing, and still says what the first one said."""
    first = world.init("s1")
    world.call("PUT", "/api/files/a.txt", b"a", session="s1")

    again = world.init("s1")

    assert first.json == again.json
    assert world.paths("s1") == ["a.txt"]


@pytest.mark.parametrize("session", [None, "", "a b", "../x"])
def test_init_needs_a_session_id(world: EditorWorld, session: str | None) -> None:
    """Without a session id, or with one that is none, nothing is registered."""
    body = {"clientId": "acme", "userId": "ann", "threadId": "one"}

    answer = world.call("POST", "/api/init", body, session=session)

    assert (answer.status, answer.json["field"]) == (400, "X-Session-ID")
    assert world.editor.sessions.all() == []


def test_init_of_another_identity_under_a_hosted_id_is_refused(hosted: EditorWorld) -> None:
    """A session id cannot be taken over by another client."""
    answer = hosted.init("s1", client="other")

    assert answer.status == 409


def test_a_header_names_a_session_in_any_case(world: EditorWorld) -> None:
    """A session's id in another case is the same session, as it is for the load balancer's rule.

    Source: AWS ALB User Guide, "HTTP header conditions": values are compared without regard to case.
    """
    world.init("session-Ab1")

    assert world.call("GET", "/api/files", session="SESSION-aB1").status == 200
    assert world.call("GET", "/api/files", session="SESSION-aB").status == 404


def test_a_later_session_resumes_the_project(hosted: EditorWorld) -> None:
    """A new session of the same client and user finds the files, and says so."""
    hosted.execute("s1", "Create a file named a.txt with content: A")

    answer = hosted.init("s2")

    assert answer.json["resumed"]
    assert hosted.paths("s2") == ["a.txt"]


def test_a_new_thread_starts_without_the_other_threads_files(hosted: EditorWorld) -> None:
    """A new thread's branch holds no file and no commit of another thread."""
    hosted.execute("s1", "Create a file named a.txt with content: A")

    hosted.init("s2", thread="two")

    assert hosted.paths("s2") == []
    assert hosted.log("s2") == []


def test_switching_threads_leaks_and_loses_nothing(hosted: EditorWorld) -> None:
    """Uncommitted and ignored files stay with their own thread when the other one is used."""
    hosted.call("PUT", "/api/files/.gitignore", b"*.tmp\n", session="s1")
    hosted.call("PUT", "/api/files/draft.tmp", b"draft", session="s1")

    hosted.init("s2", thread="two")
    hosted.call("PUT", "/api/files/b.txt", b"B", session="s2")

    assert hosted.paths("s2") == ["b.txt"]
    assert hosted.paths("s1") == [".gitignore", "draft.tmp"]
    assert [commit["message"] for commit in hosted.log("s1")] == ["Thread one: uncommitted work"]
    assert hosted.paths("s2") == ["b.txt"]


def test_what_is_done_on_no_branch_is_its_own_threads(hosted: EditorWorld) -> None:
    """What a command has left on no branch is committed for its thread, and takes nothing from another's."""
    hosted.init("s2", thread="two")
    hosted.execute("s2", "Create a file named b.txt with content: B")
    hosted.execute("s1", "Create a file named a.txt with content: A")
    git = hosted.root / "workspace/acme/ann/project/.git"
    (git / "HEAD").write_bytes((git / "refs/heads/thread-one").read_bytes())
    (git.parent / "secret.md").write_text("S")

    assert hosted.paths("s2") == ["b.txt"]
    assert hosted.paths("s1") == ["a.txt", "secret.md"]


def test_a_refusal_tells_nothing_of_this_machine(hosted: EditorWorld) -> None:
    """A lock that is in the way is told by its place in the workspace, not on this machine."""
    hosted.execute("s1", "Create a file named a.txt with content: A")
    hosted.call("PUT", "/api/files/b.txt", b"B", session="s1")
    (hosted.root / "workspace/acme/ann/project/.git/refs/heads/thread-one.lock").touch()

    answer = hosted.call("POST", "/api/git/commit", {"message": "m"}, session="s1")

    assert (answer.status, "thread-one.lock" in answer.text, str(hosted.root) in answer.text) == (409, True, False)


def test_clients_and_users_have_workspaces_of_their_own(hosted: EditorWorld) -> None:
    """The same path in the workspaces of two clients and two users is three files."""
    hosted.init("s2", client="other")
    hosted.init("s3", user="bob")
    for session in ("s1", "s2", "s3"):
        hosted.call("PUT", "/api/files/name.txt", session.encode(), session=session)

    read = [hosted.call("GET", "/api/files/name.txt", session=session).body for session in ("s1", "s2", "s3")]

    assert read == [b"s1", b"s2", b"s3"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("clientId", "../x"),
        ("clientId", ".."),
        ("userId", "a/b"),
        ("userId", ""),
        ("threadId", "a..b"),
        ("threadId", "x.lock"),
        ("threadId", None),
        ("threadId", 7),
        ("repoUrl", 7),
    ],
)
def test_init_refuses_names_that_are_no_names(world: EditorWorld, field: str, value: object) -> None:
    """What would leave the mount or be no branch is refused, and the field is named."""
    body = {"clientId": "acme", "userId": "ann", "threadId": "one", field: value}

    answer = world.call("POST", "/api/init", body, session="s1")

    assert (400, field) == (answer.status, answer.json["field"])
    assert not (world.root / "workspace").exists()


def test_forgetting_a_session_commits_its_work_and_ends_it(hosted: EditorWorld) -> None:
    """A drained session leaves nothing uncommitted, and its id is unknown from then on."""
    hosted.call("PUT", "/api/files/a.txt", b"A", session="s1")

    answer = hosted.call("DELETE", "/api/sessions/s1")

    assert (answer.status, answer.json) == (200, {"sessionId": "s1"})
    assert hosted.call("GET", "/api/files", session="s1").status == 404
    assert hosted.preview("/session/s1").status == 404
    assert hosted.call("DELETE", "/api/sessions/s1").status == 404
    hosted.init("s2")
    assert [commit["message"] for commit in hosted.log("s2")] == ["Thread one: uncommitted work"]


def test_init_breaks_the_lock_of_a_git_that_was_killed(hosted: EditorWorld) -> None:
    """A lock that a killed container left does not make the workspace useless."""
    (hosted.root / "workspace/acme/ann/project/.git/index.lock").touch()

    hosted.init("s2")

    assert hosted.execute("s2", "Create a file named a.txt with content: A").status == 200


def _upload_cut_short(world: EditorWorld) -> None:
    with pytest.raises(ConnectionError):
        world.call("PUT", "/api/files/a.txt", b"B" * 5_000_000, session="s1")


def _is_partly_there(folder: Path) -> bool:
    return any(0 < file.stat().st_size < 5_000_000 for file in folder.iterdir())


def test_a_replacement_finds_files_and_history(start: Start) -> None:
    """After the process is killed in the middle of an upload, another container finds all that was there before."""
    world = start()
    world.init("s1")
    first = world.execute("s1", "Create a file named a.txt with content: A").json["commit"]
    world.clock.spawn(lambda: _upload_cut_short(world), "upload")
    incoming = world.root / "workspace/acme/ann/project/.git/incoming"
    wait_until(world.clock, lambda: _is_partly_there(incoming), 5, what="an upload half written", every_seconds=0.001)
    world.clock.kill(world.process)
    world.host.network.attach("10.0.1.5").detach()

    replacement = start()
    resumed = replacement.init("s1").json["resumed"]

    assert resumed
    assert list(incoming.iterdir()) == []
    assert replacement.call("GET", "/api/files/a.txt", session="s1").body == b"A"
    second = replacement.execute("s1", "Create a file named b.txt with content: B").json["commit"]
    assert [(second, [first]), (first, [])] == [(commit["id"], commit["parents"]) for commit in replacement.log("s1")]
    found = world.editor.sessions.find("s1")
    check = run_command(found, world.editor.sessions.mount, world.editor.sessions.git, "git fsck --full --strict")
    assert check.exit_code == 0
