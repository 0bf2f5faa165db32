"""What a repository tells of commits, whatever state it is in and whatever its commits say."""

import shutil
import subprocess
from pathlib import Path

import pygit2
import pytest

from seatrials.evidence.commits import Commits
from seatrials.evidence.plain import plain
from tests.support.git_project import AUTHOR, GitProject

HOSTILE = (
    "<script>alert(1)</script>",
    "a\x1b[31m red \x07 bell",
    "evil \u202egnirts\u202c \u2066x\u2069 \u200bhidden",
    "z" + "\u0301" * 50,
    "# [title](javascript:x) `code` | table",
    "long " * 10_000,
    "token ghp_0123456789abcdefghijABCDEFGHIJ012345",
)


@pytest.fixture
def project(tmp_path: Path) -> GitProject:
    """Return an empty project."""
    return GitProject(tmp_path / "project")


def git(folder: Path, *words: str) -> None:
    """Run git as a person would."""
    environment = {"PATH": "/usr/bin:/bin", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, env=environment)  # noqa: S603, S607  # the test's own words


def test_a_commit_is_told_with_its_nearest_tag(project: GitProject) -> None:
    """Subject, author and day are the commit's, and the tag is the one that leads nearest to it."""
    first = project.commit("First", a="1")
    project.tag("v1.0", first)
    second = project.commit("Second\n\nWhy it is so.", b="2")

    told = project.commits.find(second)
    assert told is not None
    assert (told.id, told.subject, told.author, told.tag) == (second, "Second", AUTHOR, f"v1.0-1-g{second[:8]}")
    assert told.date == "2026-11-18T13:06:40.000+00:00"
    assert [each.tag for each in [project.commits.find(first)] if each] == ["v1.0"]


def test_a_commit_may_be_named_in_short(project: GitProject) -> None:
    """The gate's --commit takes seven digits."""
    commit = project.commit("First", a="1")

    assert project.commits.find(commit[:7]) == project.commits.find(commit)


@pytest.mark.parametrize("subject", HOSTILE)
def test_a_subject_is_one_plain_line(project: GitProject, subject: str) -> None:
    """No control character, no change of direction, nothing invisible, no secret, and no more than a line."""
    told = project.commits.find(project.commit(subject, author=subject[:60].replace("<", "").replace(">", "") or "x"))

    assert told is not None
    for text in (told.subject, told.author):
        assert text.isprintable()
        assert 0 < len(text) <= 200
        assert not set(text) & set("\u202e\u202c\u2066\u2069\u200b")
    assert "ghp_" not in told.subject


def test_an_empty_message_has_words_for_it(project: GitProject) -> None:
    """A page has no empty place where a subject should be."""
    told = project.commits.find(project.commit("\n \n"))

    assert told is not None
    assert told.subject == "(no subject)"


def test_what_lies_between_two_commits(project: GitProject) -> None:
    """The newest first, all counted, some shown."""
    old = project.commit("Old", a="1")
    for number in range(5):
        new = project.commit(f"New {number}", a=str(number))

    found = project.commits.between(old, new, 2)
    assert found is not None
    assert ([each.subject for each in found.commits], found.total) == (["New 4", "New 3"], 5)
    back = project.commits.between(new, old, 2)
    assert back is not None
    assert back.total == 0


def test_files_of_a_commit_are_read(project: GitProject) -> None:
    """A file, and those of a folder, as the commit has them; what is not there is None."""
    commit = project.commit("One", tests__test_a_dot_py="a", tests__deep__b_dot_py="b", gate_dot_toml="x")
    project.commit("Two", gate_dot_toml="y")

    assert project.commits.read(commit, "gate.toml") == b"x"
    assert project.commits.read_folder(commit, "tests") == {"test_a.py": b"a"}
    for path in ("nothing", "", "tests", "../gate.toml", "gate.toml/x", "/gate.toml", "\x00"):
        assert project.commits.read(commit, path) is None
    assert project.commits.read_folder(commit, "gate.toml") is None


def test_outside_of_a_repository_nothing_is_known(tmp_path: Path) -> None:
    """There is no error, and no repository."""
    assert Commits.of(tmp_path) is None


@pytest.mark.parametrize("content", [b"", b"gitdir: /nowhere\n", b"\xff\x00"])
def test_a_damaged_link_to_a_repository_is_none(tmp_path: Path, content: bytes) -> None:
    """A file `.git` that leads nowhere, as a work tree has when its repository is gone."""
    (tmp_path / ".git").write_bytes(content)

    assert Commits.of(tmp_path) is None


def test_a_repository_without_a_commit_tells_nothing(project: GitProject) -> None:
    """Every question has the answer that nobody knows."""
    commits = project.commits

    assert commits.find("c" * 40) is None
    assert commits.between("c" * 40, "d" * 40, 5) is None
    assert commits.read("c" * 40, "a") is None


def test_what_is_no_commit_is_none(project: GitProject) -> None:
    """The id of a tree, an ambiguous or a wrong one."""
    commit = project.commit("One", a="1")
    tree = str(project.repository[commit].peel(pygit2.Tree).id)

    assert [project.commits.find(each) for each in (tree, "zz", "", "HEAD", "0" * 40)] == [None] * 5


def test_missing_objects_are_not_known(project: GitProject) -> None:
    """A commit whose parent or tree was lost: what can be told is told, and the rest is None."""
    old = project.commit("Old", a="1")
    new = project.commit("New", b="2")
    (project.top / ".git/objects" / old[:2] / old[2:]).unlink()
    tree = str(project.repository[new].peel(pygit2.Tree).id)
    (project.top / ".git/objects" / tree[:2] / tree[2:]).unlink()

    told = project.commits.find(new)
    assert told is None or (told.subject, told.tag) == ("New", None)
    assert project.commits.between(old, new, 5) is None
    assert project.commits.read(new, "b") is None


def test_a_shallow_clone_says_that_it_is_one(project: GitProject, tmp_path: Path) -> None:
    """It has the newest commit, and not the older one to compare with."""
    old = project.commit("Old", a="1")
    new = project.commit("New", a="2")
    git(tmp_path, "clone", "--depth", "1", f"file://{project.top}", "shallow")

    commits = Commits.of(tmp_path / "shallow")
    assert commits is not None
    assert commits.is_shallow
    assert [each.subject for each in [commits.find(new)] if each] == ["New"]
    assert commits.find(old) is None
    assert commits.between(old, new, 5) is None


def test_a_work_tree_and_a_detached_head_are_as_good(project: GitProject, tmp_path: Path) -> None:
    """Where HEAD is says nothing of a commit."""
    commit = project.commit("One", a="1")
    git(project.top, "worktree", "add", "--detach", str(tmp_path / "beside"), commit)

    commits = Commits.of(tmp_path / "beside")
    assert commits is not None
    assert [each.subject for each in [commits.find(commit)] if each] == ["One"]


def test_a_bare_repository_has_no_work_tree(project: GitProject, tmp_path: Path) -> None:
    """The gate runs in a work tree; in a bare repository it knows of none."""
    project.commit("One", a="1")
    git(tmp_path, "clone", "--bare", str(project.top), "bare")

    assert Commits.of(tmp_path / "bare") is None
    shutil.rmtree(tmp_path / "bare")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("a\r\nb\tc", "a b c"),
        ("\ud800 x", "x"),
        ("x" * 300, "x" * 199 + "…"),
        ("naïve Ω 日本", "naïve Ω 日本"),
    ],
)
def test_plain_text_keeps_what_can_be_read(text: str, shown: str) -> None:
    """Letters of all languages stay, in one line of at most 200 characters."""
    assert plain(text) == shown
