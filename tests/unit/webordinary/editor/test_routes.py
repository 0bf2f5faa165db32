"""The API's answers, call by call."""

from functools import partial

import pytest

from tests.support.editor import EditorWorld, Start

TASK_ARN = "arn:aws:ecs:us-west-2:123456789012:task/webordinary-edit-cluster/0123456789abcdef"


@pytest.mark.parametrize("path", ["/api/status", "/api/sessions"])
def test_status_says_who_answers_and_what_it_hosts(hosted: EditorWorld, path: str) -> None:
    """Service, version, task and sessions are in the answer, service and task in its headers too."""
    answer = hosted.call("GET", path)

    assert answer.json["sessions"] == [{"sessionId": "s1", "clientId": "acme", "userId": "ann", "threadId": "one"}]
    said = (answer.json["service"], answer.json["version"], answer.json["taskArn"])
    assert said == ("edit", "1.2.3", TASK_ARN)
    assert (answer.headers["x-service"], answer.headers["x-task-arn"]) == ("edit", TASK_ARN)


@pytest.mark.parametrize("port", [8080, 4321, 4322])
def test_every_port_is_healthy(world: EditorWorld, port: int) -> None:
    """The balancer's health check gets 200 on each port."""
    assert world.call("GET", "/health", port=port).status == 200


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/execute", {"instruction": "x"}),
        ("GET", "/api/files", None),
        ("GET", "/api/files/a", None),
        ("PUT", "/api/files/a", b"x"),
        ("POST", "/api/files/exists", {"filePath": "a"}),
        ("GET", "/api/git/status", None),
        ("GET", "/api/git/log", None),
        ("POST", "/api/git/commit", {"message": "m"}),
        ("POST", "/api/exec", {"command": "ls"}),
    ],
)
def test_a_call_that_needs_a_workspace_needs_the_header(
    world: EditorWorld, method: str, path: str, body: object
) -> None:
    """Without X-Session-ID a workspace call is 400, and with an unknown one 404."""
    without = world.call(method, path, body)
    unknown = world.call(method, path, body, session="nobody")

    assert without.status == 400
    assert unknown.status == 404


def test_status_of_an_unknown_session_is_not_answered(hosted: EditorWorld) -> None:
    """A request meant for a session that is not here gets 404, never this container's state."""
    assert hosted.call("GET", "/api/status", session="nobody").status == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/nothing", 404),
        ("GET", "/", 404),
        ("GET", "/API/status", 404),
        ("POST", "/api/status", 405),
        ("DELETE", "/api/files/a", 405),
        ("GET", "/api/sessions/s1", 405),
        ("GET", "/api/files/", 404),
        ("PUT", "/api/files/", 404),
        ("GET", "/api/sessions/", 404),
        ("DELETE", "/api/sessions/s1/", 404),
        ("OPTIONS", "/api/status", 204),
        ("HEAD", "/api/status", 200),
    ],
)
def test_paths_and_methods_that_are_not_there(hosted: EditorWorld, method: str, path: str, status: int) -> None:
    """Unknown paths are 404, known ones with another method 405; OPTIONS and HEAD work."""
    assert status == hosted.call(method, path).status


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("/api/files/a", "GET, HEAD, PUT, OPTIONS"), ("/api/files/exists", "POST, GET, HEAD, PUT, OPTIONS")],
)
def test_a_refused_method_is_told_all_that_the_path_has(hosted: EditorWorld, path: str, allowed: str) -> None:
    """A file may have the name of a call: then its path has the methods of both."""
    assert hosted.call("DELETE", path).headers["allow"] == allowed


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_json_object_is_refused(hosted: EditorWorld, body: bytes) -> None:
    """Malformed JSON is 400 and names the body."""
    answer = hosted.call("POST", "/api/execute", body, session="s1")

    assert (answer.status, answer.json["field"]) == (400, "body")


@pytest.mark.parametrize("instruction", [None, "", "  ", 7, "a\0b", "\ud800"])
def test_an_instruction_that_is_none_is_refused(hosted: EditorWorld, instruction: object) -> None:
    """A missing, empty, wrong-typed or unprintable instruction is 400 and names the field."""
    answer = hosted.call("POST", "/api/execute", {"instruction": instruction}, session="s1")

    assert (answer.status, answer.json["field"]) == (400, "instruction")
    assert hosted.log("s1") == []


def test_execute_writes_commits_and_answers(hosted: EditorWorld) -> None:
    """An instruction's file is written, committed with the contract's message, and named in the answer."""
    instruction = "Create a file named notes/hello.txt with content: a rather long greeting"

    answer = hosted.execute("s1", instruction)

    assert answer.json["filesChanged"] == ["notes/hello.txt"]
    assert hosted.call("GET", "/api/files/notes/hello.txt", session="s1").body == b"a rather long greeting"
    commit = hosted.log("s1")[0]
    assert (answer.json["commit"], f"Thread one: {instruction[:50]}") == (commit["id"], commit["message"])


def test_execute_takes_the_time_of_the_work(hosted: EditorWorld) -> None:
    """An instruction takes between half a second and a second and a half."""
    before = hosted.clock.now()

    hosted.execute("s1", "say hello")

    assert 0.5 <= hosted.clock.now() - before <= 1.6


def test_execute_that_changes_nothing_commits_nothing(hosted: EditorWorld) -> None:
    """The same instruction again answers with the head it found."""
    first = hosted.execute("s1", "Create a file named a.txt with content: A").json

    second = hosted.execute("s1", "Create a file named a.txt with content: A").json

    assert {"filesChanged": [], "commit": first["commit"]} == second
    assert len(hosted.log("s1")) == 1


def test_simultaneous_instructions_lose_nothing(hosted: EditorWorld) -> None:
    """Two instructions at once to one session are both on the index page, each with its own commit."""
    for word in ("first", "second"):
        hosted.clock.spawn(partial(hosted.execute, "s1", f"mention the {word} word"), word)
    hosted.clock.sleep(3)

    page = hosted.call("GET", "/api/files/src/pages/index.md", session="s1").body

    assert sorted(page.split(b"\n\n")) == [b"", b"mention the first word", b"mention the second word"]
    assert len(hosted.log("s1")) == 2


def test_a_repository_that_is_gone_is_made_anew(hosted: EditorWorld) -> None:
    """When a command has removed the repository, there is a new one on the branch, and its files are there."""
    hosted.call("PUT", "/api/files/a.txt", b"A", session="s1")
    hosted.call("POST", "/api/exec", {"command": "rm -rf .git"}, session="s1")

    answer = hosted.call("GET", "/api/git/status", session="s1")

    assert answer.json["changes"] == [{"path": "a.txt", "status": "??"}]
    assert hosted.log("s1") == []


def test_exec_runs_in_the_project_with_a_clean_environment(hosted: EditorWorld) -> None:
    """A command sees its own project under the container's path, and no variable of the machine."""
    hosted.call("PUT", "/api/files/a.txt", b"A", session="s1")
    command = "pwd; cat /workspace/acme/ann/project/a.txt; echo; env | cut -d= -f1 | grep -c AWS_; exit 3"

    answer = hosted.call("POST", "/api/exec", {"command": command}, session="s1")

    assert answer.json == {"output": "/workspace/acme/ann/project\nA\n0\n", "exitCode": 3}


def test_exec_has_no_name_for_the_folder_of_another_client(hosted: EditorWorld) -> None:
    """The path of another client's project does not exist for a command."""
    hosted.init("s2", client="other")
    hosted.call("PUT", "/api/files/secret.txt", b"secret", session="s2")

    command = "cat /workspace/other/ann/project/secret.txt"
    answer = hosted.call("POST", "/api/exec", {"command": command}, session="s1")

    assert answer.json["exitCode"] != 0
    assert "secret\n" not in answer.json["output"]


def test_exec_is_off_unless_the_environment_allows_it(start: Start) -> None:
    """Without EXEC_ENABLED=true a command is refused."""
    world = start()
    world.init("s1")

    assert world.call("POST", "/api/exec", {"command": "ls"}, session="s1").status == 403


def test_git_status_and_commit(hosted: EditorWorld) -> None:
    """An uncommitted file shows in the status until it is committed."""
    hosted.call("PUT", "/api/files/%C3%BCbung.txt", b"A", session="s1")

    before = hosted.call("GET", "/api/git/status", session="s1").json
    commit = hosted.call("POST", "/api/git/commit", {"message": "my words"}, session="s1").json
    after = hosted.call("GET", "/api/git/status", session="s1").json

    changes = [{"path": "übung.txt", "status": "??"}]
    assert {"branch": "thread-one", "clean": False, "changes": changes} == before
    assert commit["filesChanged"] == ["übung.txt"]
    assert after == {"branch": "thread-one", "clean": True, "changes": []}
    assert [
        {
            "id": commit["commit"],
            "author": "Webordinary Editor <editor@webordinary.example>",
            "message": "my words",
            "date": "2023-11-14T22:13:20+00:00",
            "parents": [],
        }
    ] == hosted.log("s1")


def test_commit_of_nothing_answers_with_the_head(hosted: EditorWorld) -> None:
    """Committing with nothing to commit is no error and makes no commit."""
    answer = hosted.call("POST", "/api/git/commit", {"message": "m"}, session="s1")

    assert (answer.status, answer.json) == (200, {"filesChanged": [], "commit": None})
