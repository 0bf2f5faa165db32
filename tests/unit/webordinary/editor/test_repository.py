"""A workspace's repository, which git's own command looks at as a witness."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from seatrials.twin.physics.clock import VirtualClock
from seatrials.webordinary.editor.answers import RequestError
from seatrials.webordinary.editor.git import Git
from seatrials.webordinary.editor.repository import Repository
from tests.support.repository import START_SECONDS, head_of, names, shell, switching

_INNER = "git init --quiet inner; cd inner; echo B > b; git add b; git commit --quiet --message inner"
_DIVERGED = (
    "git checkout --quiet -b side; echo B > a.txt; git commit --quiet --all --message b; "
    "git checkout --quiet thread-one; echo C > a.txt; git commit --quiet --all --message c"
)
# What a session may have done to its files and to git's index.
WORK = [
    "echo B > b.txt",
    "echo B > a.txt",
    "echo B > a.txt; git add a.txt; echo C > a.txt",
    "rm a.txt",
    "git rm --quiet --cached a.txt",
    "git mv a.txt b.txt",
    "echo B > b.txt; git add b.txt; rm b.txt",
    "chmod +x a.txt",
    "rm a.txt; ln -s b.txt a.txt",
    "rm a.txt; mkdir a.txt; echo B > a.txt/b.txt",
    "mkdir -p b/c; echo B > 'b/c/ü *.txt'; echo B > \"$(printf 'b/\\377')\"",
    "printf '*.tmp\\nbuild/\\n' > .gitignore; mkdir build; echo B > build/b; echo B > b.tmp",
    "git pack-refs --all; git gc --quiet; echo B > b.txt",
]


def _merging(side: str, one: str, command: str = "merge") -> str:
    """Return a command that brings together what two branches have done to the same files."""
    return (
        f"git checkout --quiet -b side; {side}; git add --all; git commit --quiet --message side; "
        f"git checkout --quiet thread-one; {one}; git add --all; git commit --quiet --message one; "
        f"git {command} side >&2 || true"
    )


_BOTH_MODIFIED = _merging("echo B > a.txt", "echo C > a.txt")
_DELETED_BY_THEM = _merging("rm a.txt", "echo C > a.txt")
_DELETED_BY_US = _merging("echo B > a.txt", "rm a.txt")
_BOTH_RENAMED = _merging("git mv a.txt b.txt", "git mv a.txt c.txt")
# Merges that a session has begun, and what it has come to.
MERGES = [
    _BOTH_MODIFIED,
    f"{_BOTH_MODIFIED}; echo D > a.txt",
    f"{_BOTH_MODIFIED}; git checkout --quiet --ours a.txt",
    f"{_BOTH_MODIFIED}; git checkout --quiet --ours a.txt; git add a.txt",
    f"{_BOTH_MODIFIED}; rm a.txt",
    f"{_BOTH_MODIFIED}; rm a.txt; mkdir a.txt; echo D > a.txt/d.txt",
    _DELETED_BY_THEM,
    f"{_DELETED_BY_THEM}; rm a.txt",
    _DELETED_BY_US,
    f"{_DELETED_BY_US}; rm a.txt",
    _BOTH_RENAMED,
    f"{_BOTH_RENAMED}; rm b.txt",
    f"{_BOTH_RENAMED}; rm b.txt c.txt",
    _merging("echo B > b.txt", "echo C > b.txt"),
    _merging("echo B > '*'", "echo C > '*'") + "; rm '*'",
    _merging("echo B > b.txt", "true > c.txt", "merge --strategy ours --no-commit"),
]


@pytest.mark.parametrize("work", [*WORK, *MERGES])
def test_status_is_gits(repository: Repository, work: str) -> None:
    """Whatever was done, the status is what `git status` says, ignored files included where asked."""
    shell(repository, work)

    for with_ignored in (False, True):
        ignored = "--ignored" if with_ignored else ""
        said = shell(repository, f"git status --porcelain --untracked-files=all --no-renames -z {ignored}").split("\0")
        status = [f"{change.status} {change.path}" for change in repository.status(with_ignored=with_ignored)]

        assert sorted(filter(None, said)) == sorted(status)


@pytest.mark.parametrize(
    "work", [*(each for each in WORK if "add b.txt; rm" not in each and "--cached" not in each), *MERGES]
)
def test_commit_is_gits(repository: Repository, work: str) -> None:
    """Whatever was done, the commit has the id of the one that git would have made, and nothing is left over."""
    shell(repository, work)
    copy = repository.project.parent / "copy"
    shell(repository, f"cp -a . {copy}; cd {copy}; git add --all; git commit --quiet --message two")
    expected = shell(repository, f"cd {copy}; git rev-parse HEAD").strip()

    commit = repository.commit_all("two")

    assert expected == commit.id
    assert shell(repository, "git status --porcelain") == ""
    changed = shell(repository, "git diff --name-only --no-renames -z HEAD^1 HEAD").split("\0")
    assert tuple(sorted(filter(None, changed))) == tuple(sorted(commit.files))


@pytest.mark.parametrize("work", ["git rm --quiet --cached a.txt", "echo B > b.txt; git add b.txt; rm b.txt"])
def test_what_was_staged_and_undone_is_nothing_to_commit(repository: Repository, work: str) -> None:
    """An index that differs from files that are as they were makes no commit."""
    head = head_of(repository)
    shell(repository, work)

    commit = repository.commit_all("two")

    assert (head, ()) == (commit.id, commit.files)
    assert repository.status() == []


@pytest.mark.parametrize("message", ["one line", "two\n\nlines\n", "\n\n  led by empty lines", "#hash", "ü\n\n\n"])
def test_a_message_is_kept_to_the_letter(repository: Repository, message: str) -> None:
    """A message is committed as it is, with an end of its last line, and comes back from the log."""
    (repository.project / "a.txt").write_text(message)

    repository.commit_all(message)

    assert f"{message}\n" == shell(repository, "git cat-file commit HEAD").partition("\n\n")[2]
    assert message == repository.log()[0]["message"]


def test_log_is_gits(repository: Repository) -> None:
    """The log tells of others' commits and of merges in git's order, with their authors' names and zones."""
    other = "GIT_AUTHOR_NAME=Zoë GIT_AUTHOR_DATE='1600000000 +0530'"
    shell(
        repository,
        "git checkout --quiet -b side; echo S > s; git add s; "
        f"{other} git commit --quiet --message side; git checkout --quiet thread-one; "
        "echo B > b; git add b; GIT_COMMITTER_DATE='1700000009 +0000' git commit --quiet --message b; "
        "git merge --quiet --no-edit side",
    )

    told = [
        f"{commit['id']} {commit['author']} {' '.join(commit['parents'])}"  # type: ignore[arg-type]  # a list of ids
        for commit in repository.log()
    ]

    assert shell(repository, "git log --format='%H %an <%ae> %P'").splitlines() == told
    assert "2020-09-13T17:56:40+05:30" in [commit["date"] for commit in repository.log()]


@pytest.mark.parametrize("merge", MERGES)
def test_a_merge_that_was_begun_ends_with_the_commit(repository: Repository, merge: str) -> None:
    """A commit during a merge has both parents, whatever it changes, and the branch can be left after it."""
    shell(repository, merge)
    head, side = shell(repository, "git rev-parse HEAD side").split()

    repository.commit_all("merged")

    assert [head, side] == repository.log()[0]["parents"]
    assert "MERGE_HEAD" not in names(repository.project / ".git")
    switching(repository)


def test_a_cherry_pick_that_was_begun_ends_with_the_commit(repository: Repository) -> None:
    """A commit during a cherry-pick has one parent, and the branch can be left."""
    shell(repository, f"{_DIVERGED}; git cherry-pick side || true")
    head = head_of(repository)

    repository.commit_all("picked")

    assert [head] == repository.log()[0]["parents"]
    switching(repository)


def test_a_cherry_pick_that_comes_to_nothing_ends_without_a_commit(repository: Repository) -> None:
    """There is nothing to commit where a session has kept what was there, and the branch can be left."""
    shell(
        repository,
        _merging("echo B > a.txt", "echo C > a.txt", "cherry-pick")
        + "; git checkout --quiet --ours a.txt; git add a.txt",
    )
    head = head_of(repository)

    commit = repository.commit_all("picked")

    assert (head, ()) == (commit.id, commit.files)
    switching(repository)


def test_status_before_the_first_commit_is_gits_and_writes_nothing(tmp_path: Path) -> None:
    """Files that are staged in a repository without a commit are new ones, and looking at them makes no object."""
    repository = Repository(tmp_path / "ann" / "project", Git(VirtualClock(START_SECONDS)), "editor")
    with repository.on_branch("thread-one"):
        pass
    shell(repository, "echo A > a.txt; echo B > b.txt; echo C > c.txt; git add a.txt b.txt; echo D > a.txt; rm b.txt")
    objects = shell(repository, "find .git/objects")

    status = [f"{change.status} {change.path}" for change in repository.status()]

    assert shell(repository, "git status --porcelain").splitlines() == status
    assert objects == shell(repository, "find .git/objects")


def test_switching_leaves_what_git_would(repository: Repository) -> None:
    """A new branch has nothing, and the old one comes back whole."""
    (repository.project / "folder").mkdir()
    (repository.project / "folder" / "b.txt").write_text("B")

    with repository.on_branch("thread-two"):
        assert names(repository.project) == [".git"]
        assert shell(repository, "git status --short --branch").strip() == "## No commits yet on thread-two"
    with repository.on_branch("thread-one"):
        assert (repository.project / "folder" / "b.txt").read_text() == "B"

    assert shell(repository, "git status --short --branch").strip() == "## thread-one"
    shell(repository, "git fsck --full --strict")


def test_hooks_do_not_run(repository: Repository) -> None:
    """A hook that a command has put into the workspace is not run by the editor's commits and switches."""
    shell(
        repository,
        "mkdir -p .git/hooks; for hook in pre-commit commit-msg post-commit post-checkout; do "
        "printf '#!/bin/sh\\ntouch hooked; exit 1' > .git/hooks/$hook; chmod +x .git/hooks/$hook; done; echo B > b",
    )

    repository.commit_all("two")
    with repository.on_branch("thread-two"):
        pass

    assert not (repository.project / "hooked").exists()


def _committing(repository: Repository) -> None:
    repository.commit_all("two")


BROKEN = [
    "touch .git/index.lock",
    "touch .git/HEAD.lock",
    "touch .git/refs/heads/thread-one.lock",
    "printf bad > .git/index",
    "echo bad > .git/refs/heads/thread-one",
    "echo '[bad' >> .git/config",
    "rm -r .git/objects/*",
    "git config core.bare true",
]


@pytest.mark.parametrize("action", [_committing, switching])
@pytest.mark.parametrize("damage", BROKEN)
def test_a_locked_or_corrupt_repository_is_an_error(
    repository: Repository, damage: str, action: Callable[[Repository], None]
) -> None:
    """Nothing is committed nor switched where git could not, and the files stay as they were."""
    shell(repository, f"echo B > b.txt; {damage}")

    with pytest.raises(RequestError, match="failed in this workspace") as failure:
        action(repository)

    assert failure.value.status == 409
    assert names(repository.project) == [".git", "a.txt", "b.txt"]
    assert repository.current_branch() == "thread-one"


@pytest.mark.parametrize(
    "state",
    [
        "touch .git/index.lock",
        "touch .git/HEAD.lock",
        f"{_INNER}; cd ..; git add .; git commit --quiet --message outer; rm -r -f inner/.git",
        f"{_DIVERGED}; git rebase --quiet side || true",
    ],
)
def test_a_branch_that_cannot_be_left_is_not(repository: Repository, state: str) -> None:
    """A lock, a repository in the index or a rebase under way is an error that keeps the files and the branch."""
    shell(repository, state)
    branch, files = repository.current_branch(), shell(repository, "find . -path ./.git -prune -o -print")

    with pytest.raises(RequestError, match="failed in this workspace"):
        switching(repository)

    assert (branch, files) == (repository.current_branch(), shell(repository, "find . -path ./.git -prune -o -print"))


def test_a_folder_that_was_a_repository_can_be_one_again(repository: Repository) -> None:
    """What the error about a repository in the index says to do, makes its files those of a folder."""
    shell(repository, f"{_INNER}; cd ..; git add .; git commit --quiet --message outer; rm -r -f inner/.git")
    shell(repository, "git rm --quiet --cached inner")

    switching(repository)

    assert names(repository.project) == [".git"]
    assert "inner/b" in shell(repository, "git ls-tree -r --name-only thread-one").splitlines()


def test_what_was_done_on_no_branch_is_left_to_the_branch(repository: Repository) -> None:
    """Files that a command has changed on a detached HEAD stay, and are committed on the session's branch."""
    shell(repository, "git checkout --quiet --detach; echo B > b.txt; git add b.txt; git commit --quiet --message no")

    with repository.on_branch("thread-one"):
        commit = repository.commit_all("two")

    assert (repository.current_branch(), commit.files) == ("thread-one", ("b.txt",))
    assert [each["message"] for each in repository.log()] == ["two", "first"]


def _looking(repository: Repository) -> None:
    repository.status()


# What makes libgit2 crash, or is not seen by it, or would take its history along.
CALLED_GIT = {
    "inner/.git": _INNER,
    "x/.git": "mkdir x; echo B > x/b.txt; ln -s ../.git x/.git",
    "y/.git": "mkdir y; echo gitdir: ../.git > y/.git",
    "sub/.GIT": "mkdir -p sub/.GIT; echo B > sub/.GIT/b.txt",
    "sub/.Git": "mkdir sub; echo B > sub/.Git",
    ".GIT": "ln -s .git .GIT",
    "b\ufffd/.gIT": "mkdir -p \"$(printf 'b\\377')/.gIT\"",
}


@pytest.mark.parametrize("action", [_looking, _committing, switching])
@pytest.mark.parametrize(("path", "work"), CALLED_GIT.items())
def test_only_the_root_has_something_called_git(
    repository: Repository, path: str, work: str, action: Callable[[Repository], None]
) -> None:
    """Whatever else has that name, in any case, is an error that says where it is and what to do."""
    shell(repository, work)
    files = shell(repository, "find . -path ./.git -prune -o -print")

    with pytest.raises(RequestError, match="failed in this workspace") as failure:
        action(repository)

    assert failure.value.status == 409
    assert repr(path) in str(failure.value)
    assert "remove it or move it out of the workspace" in str(failure.value)
    assert files == shell(repository, "find . -path ./.git -prune -o -print")


def test_a_mistake_of_our_own_is_not_gits(repository: Repository) -> None:
    """Only what libgit2 and the file system say is reported as git's failure."""
    for mistake in (KeyError, ValueError):
        with pytest.raises(mistake), repository._git.opened(repository.project, "status"):  # noqa: SLF001
            raise mistake


def test_locks_are_reported_as_unfinished(repository: Repository) -> None:
    """What a killed process leaves is found, by path and size."""
    shell(repository, "cd .git; touch index.lock; printf x > refs/heads/thread-one.lock")

    git = repository.project / ".git"
    assert {git / "index.lock": 0, git / "refs/heads/thread-one.lock": 1} == repository.unfinished()


_COMMITS_ELSEWHERE = """
import sys
from pathlib import Path
from seatrials.twin.physics.clock import VirtualClock
from seatrials.webordinary.editor.git import Git
from seatrials.webordinary.editor.repository import Repository

repository = Repository(Path(sys.argv[1]), Git(VirtualClock(1_700_000_000)), "editor")
with repository.on_branch("thread-one"):
    (repository.project / "a.txt").write_bytes(b"A\\r\\n")
    print(*repository.commit_all("m").files, sep="\\n")
"""


def test_nothing_of_the_machines_configuration_is_read(tmp_path: Path) -> None:
    """A user's configuration, ignored files and attributes change nothing of what is committed, nor does its owner."""
    home, project = tmp_path / "home", tmp_path / "project"
    (home / "git").mkdir(parents=True)
    (home / ".gitconfig").write_text("[core]\n\tautocrlf = input\n\texcludesFile = ~/git/ignore\n[user]\n\tname = X\n")
    (home / "git" / "config").write_text("[core]\n\tlogAllRefUpdates = false\n")
    (home / "git" / "ignore").write_text("*.txt\n")
    (home / "git" / "attributes").write_text("* text=auto\n")

    done = subprocess.run(  # noqa: S603  # a home is read when libgit2 is loaded, so only a process of its own has one
        [sys.executable, "-c", _COMMITS_ELSEWHERE, str(project)],
        env={"PATH": os.defpath, "HOME": str(home), "XDG_CONFIG_HOME": str(home)},
        capture_output=True,
        check=True,
    )

    assert done.stdout == b"a.txt\n"
    assert b"\r\n" in _git_show(project)
    assert (project / ".git" / "logs" / "HEAD").is_file()


def _git_show(project: Path) -> bytes:
    done = subprocess.run(
        ["git", "cat-file", "blob", "HEAD:a.txt"],  # noqa: S607  # the machine's git, as a witness
        cwd=project,
        capture_output=True,
        check=True,
    )
    return done.stdout
