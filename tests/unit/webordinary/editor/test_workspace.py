"""Files of a workspace, and the wall around them."""

import pytest

from tests.support.editor import EditorWorld


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("empty", b""),
        ("a/b/c/deep.txt", b"deep"),
        ("%E6%97%A5%E6%9C%AC.txt", b"name of another script"),
        ("with%20space%2B%25.txt", b"x"),
        ("exists", b"named as a call"),
        ("big.bin", bytes(range(256)) * 20_000),
    ],
)
def test_a_file_comes_back_byte_for_byte(hosted: EditorWorld, path: str, content: bytes) -> None:
    """What was put is what is read, whatever its name and size."""
    put = hosted.call("PUT", f"/api/files/{path}", content, session="s1")

    assert (200, len(content)) == (put.status, put.json["size"])
    assert content == hosted.call("GET", f"/api/files/{path}", session="s1").body


def test_listing_shows_every_file_but_gits_own(hosted: EditorWorld) -> None:
    """The list has path and size of each file, in order, and nothing of `.git`."""
    for path in ("b.txt", "a/c.txt", ".hidden"):
        hosted.call("PUT", f"/api/files/{path}", b"xy", session="s1")

    files = hosted.call("GET", "/api/files", session="s1").json["files"]

    assert [{"path": path, "size": 2} for path in (".hidden", "a/c.txt", "b.txt")] == files


@pytest.mark.parametrize(("path", "exists"), [("a.txt", True), ("b.txt", False), ("a.txt/x", False)])
def test_exists_knows_files(hosted: EditorWorld, path: str, exists: bool) -> None:  # noqa: FBT001  # a parametrized value
    """A file that is there exists, anything else does not."""
    hosted.call("PUT", "/api/files/a.txt", b"A", session="s1")

    answer = hosted.call("POST", "/api/files/exists", {"filePath": path}, session="s1")

    assert {"exists": exists} == answer.json


OUTSIDE = [
    "../../../other/ann/project/secret.txt",
    "%2e%2e/%2e%2e/%2e%2e/other/ann/project/secret.txt",
    "a/..%2f..%2f..%2f..%2fother/ann/project/secret.txt",
    "/etc/passwd",
    "%2Fetc%2Fpasswd",
    "a%00.txt",
    "..",
    ".",
    ".git/config",
    ".GIT/config",
    "x/.git/hooks/pre-commit",
    "way-out/secret.txt",
    "link-out.txt",
    "to-git/config",
    "x" * 256,
]


@pytest.mark.parametrize("path", OUTSIDE)
def test_no_spelling_leads_out(hosted: EditorWorld, path: str) -> None:
    """A path that leaves the workspace or enters `.git` is 400, to read, to write and to ask for."""
    hosted.init("s2", client="other")
    hosted.call("PUT", "/api/files/secret.txt", b"secret", session="s2")
    project = hosted.root / "workspace/acme/ann/project"
    other = hosted.root / "workspace/other/ann/project"
    (project / "way-out").symlink_to(other)
    (project / "link-out.txt").symlink_to(other / "secret.txt")
    (project / "to-git").symlink_to(".git")

    read = hosted.call("GET", f"/api/files/{path}", session="s1")
    written = hosted.call("PUT", f"/api/files/{path}", b"broken in", session="s1")

    assert (read.status, written.status) == (400, 400)
    assert hosted.call("GET", "/api/files/secret.txt", session="s2").body == b"secret"
    assert hosted.paths("s1") == []


def test_a_link_in_the_place_of_the_workspace_moves_no_wall(hosted: EditorWorld) -> None:
    """A workspace that is put elsewhere and linked to is left: none of its paths is inside any more."""
    hosted.call("PUT", "/api/files/a.txt", b"A", session="s1")
    project = hosted.root / "workspace/acme/ann/project"
    elsewhere = project.rename(hosted.root / "elsewhere")
    project.symlink_to(elsewhere)

    assert hosted.call("GET", "/api/files/a.txt", session="s1").status == 400


def test_exists_tells_nothing_of_what_is_outside(hosted: EditorWorld) -> None:
    """Asking whether a file outside exists is refused, not answered."""
    answer = hosted.call("POST", "/api/files/exists", {"filePath": "../../../etc/passwd"}, session="s1")

    assert answer.status == 400


def test_a_link_inside_the_workspace_works(hosted: EditorWorld) -> None:
    """A link to a file of the same workspace is read through, and one to itself is no file."""
    hosted.call("PUT", "/api/files/a.txt", b"A", session="s1")
    hosted.call("POST", "/api/exec", {"command": "ln -s a.txt b.txt; ln -s loop loop"}, session="s1")

    assert hosted.call("GET", "/api/files/b.txt", session="s1").body == b"A"
    assert hosted.call("GET", "/api/files/loop", session="s1").status == 404


@pytest.mark.parametrize("path", ["a.txt/b.txt", "folder"])
def test_a_name_that_is_taken_is_refused(hosted: EditorWorld, path: str) -> None:
    """A file cannot be below a file, nor take the place of a folder."""
    hosted.call("PUT", "/api/files/a.txt", b"A", session="s1")
    hosted.call("PUT", "/api/files/folder/b.txt", b"B", session="s1")

    assert hosted.call("PUT", f"/api/files/{path}", b"x", session="s1").status == 400


def test_a_file_being_written_is_the_old_one_until_it_is_the_new_one(hosted: EditorWorld) -> None:
    """Whoever reads during an upload sees the whole old content."""
    hosted.call("PUT", "/api/files/a.bin", b"old", session="s1")
    hosted.clock.spawn(lambda: hosted.call("PUT", "/api/files/a.bin", b"n" * 5_000_000, session="s1"), "upload")
    hosted.clock.sleep(0.03)

    during = hosted.call("GET", "/api/files/a.bin", session="s1").body
    hosted.clock.sleep(1)

    assert during == b"old"
    assert hosted.call("GET", "/api/files/a.bin", session="s1").body == b"n" * 5_000_000
