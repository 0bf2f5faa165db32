"""What a browser sees."""

import pytest

from tests.support.editor import EditorWorld

TASK_ARN = "arn:aws:ecs:us-west-2:123456789012:task/webordinary-edit-cluster/0123456789abcdef"


@pytest.mark.parametrize(
    ("instruction", "shown"),
    [
        ("Create a file named a.txt with content: the plain words", "the plain words"),
        ("Add a new page called About with content: who we are", "who we are"),
        ("Make it say good morning", "good morning"),
        ("Add a new page called Raw with content: <script>x</script>", "&lt;script&gt;x&lt;/script&gt;"),
    ],
)
def test_the_front_shows_what_was_asked_for(hosted: EditorWorld, instruction: str, shown: str) -> None:
    """The preview's first page holds what any instruction asked for, as text, and the session's id."""
    hosted.execute("s1", instruction)

    answer = hosted.preview("/session/s1")

    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert shown in answer.text
    assert "s1" in answer.text


def test_the_front_shows_nothing_of_another_session(hosted: EditorWorld) -> None:
    """Each session's preview is made of its own workspace only."""
    hosted.init("s2", client="other")
    hosted.execute("s1", "say apples")
    hosted.execute("s2", "say pears")

    assert "pears" not in hosted.preview("/session/s1").text
    assert "apples" not in hosted.preview("/session/s2").text


@pytest.mark.parametrize(
    ("path", "content_type", "shown"),
    [
        ("about", "text/html; charset=utf-8", "<h1>About</h1>"),
        ("about.md", "text/markdown; charset=utf-8", "# About"),
        ("notes.txt?x=1", "text/plain; charset=utf-8", "words"),
        ("index", "text/html; charset=utf-8", "greet everyone"),
    ],
)
def test_pages_and_files(hosted: EditorWorld, path: str, content_type: str, shown: str) -> None:
    """A page is served by its name, a file by its path."""
    hosted.execute("s1", "Add a new page called About with content: us")
    hosted.execute("s1", "Create a file named notes.txt with content: words")
    hosted.execute("s1", "greet everyone")

    answer = hosted.preview(f"/session/s1/{path}")

    assert (200, content_type) == (answer.status, answer.headers["content-type"])
    assert shown in answer.text
    assert f"/session/s1/{path}" == answer.headers["x-request-target"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/session/s1/nothing", 404),
        ("/session/nobody", 404),
        ("/session/nobody/health", 404),
        ("/session/", 404),
        ("/session/../../etc/passwd", 404),
        ("/session//etc/passwd", 404),
        ("/session/s1//etc/passwd", 400),
        ("/session/s1/../../../etc/passwd", 400),
        ("/session/s1/%2e%2e/%2e%2e/etc/passwd", 400),
        ("/session/s1/%00", 400),
        ("/session/s1/.git/HEAD", 400),
        ("/elsewhere", 404),
    ],
)
def test_what_is_not_there(hosted: EditorWorld, path: str, status: int) -> None:
    """Unknown pages and sessions are 404, and paths out of the workspace show nothing of the machine."""
    answer = hosted.preview(path)

    assert status == answer.status
    assert "root:" not in answer.text
    assert "refs/heads" not in answer.text


def test_the_health_of_a_session_says_whose_it_is(hosted: EditorWorld) -> None:
    """A session's health names its owner, its task and its workspace."""
    assert hosted.preview("/session/s1/health").json == {
        "status": "healthy",
        "sessionId": "s1",
        "clientId": "acme",
        "userId": "ann",
        "threadId": "one",
        "taskArn": TASK_ARN,
        "workspace": "/workspace/acme/ann/project",
    }


@pytest.mark.parametrize("target", ["/session/s1?a=%2F&b", "/session/s1/health?probe=1"])
def test_a_preview_tells_what_arrived(hosted: EditorWorld, target: str) -> None:
    """The request's target comes back to the letter, so that routing can be examined."""
    assert target == hosted.preview(target).headers["x-request-target"]


@pytest.mark.parametrize("path", ["/preview/anything", "/_astro/client.js"])
def test_shared_paths_are_answered_by_astro(world: EditorWorld, path: str) -> None:
    """The preview server's own paths say that Astro answers, and on which task."""
    answer = world.preview(path)

    assert (answer.status, answer.headers["server"]) == (200, "astro")
    assert TASK_ARN in answer.text


def test_head_has_the_headers_of_get_and_no_body(hosted: EditorWorld) -> None:
    """HEAD answers as GET does, without the content."""
    get, head = hosted.preview("/session/s1"), hosted.preview("/session/s1", "HEAD")

    assert head.status == 200
    assert head.body == b""
    assert head.headers == get.headers


def test_a_preview_takes_no_writes(hosted: EditorWorld) -> None:
    """A method that changes things is refused."""
    assert hosted.preview("/session/s1", "POST").status == 405


def test_a_missing_page_with_as_long_a_name_as_there_can_be_is_404(hosted: EditorWorld) -> None:
    """What would make a page of the name is too long for a file, which is nobody's mistake."""
    assert hosted.preview(f"/session/s1/{'x' * 255}").status == 404
    assert hosted.preview(f"/session/s1/{'x' * 256}").status == 400
