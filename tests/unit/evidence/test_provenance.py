"""What ran is compared with what the commit holds, whatever git's variables, configuration and index say.

The repositories are made by the machine's git, which is what people and build servers use.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from seatrials.evidence.provenance import CHANGED, blob_id, commit_of, comparison, top_of

CONFTEST = "tests/conftest.py"
SCENARIOS = "tests/test_rows.py"
SKIPS_ALL = "def pytest_pyfunc_call():\n    return True\n"


class Checkout:
    """A project in a git repository, with one commit."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._variables: dict[str, str] = {}
        path.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        self.write(SCENARIOS, "def test_row(): assert True\n")
        self.write("run.sh", "#!/bin/sh\n")
        self.write(".gitignore", "__pycache__/\n/evidence/\n")
        self.commit = self.commit_all()

    def export(self, patch: pytest.MonkeyPatch, name: str, value: str) -> None:
        """Set a variable, in this process and for `git`."""
        patch.setenv(name, value)
        self._variables[name] = value

    def git(self, *arguments: str) -> str:
        """Run git here as a machine without configuration would, but for what is exported; return what it says."""
        clean = {"PATH": os.defpath, "HOME": str(self.path.parent), "GIT_CONFIG_NOSYSTEM": "1"}
        author = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "protocol.file.allow=always")
        command = ["git", *author, *arguments]
        done = subprocess.run(  # noqa: S603  # the test's own words
            command, cwd=self.path, env={**clean, **self._variables}, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def write(self, path: str, text: str) -> Path:
        """Write a file of the work tree."""
        file = self.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def commit_all(self) -> str:
        """Commit the work tree and return the commit's id."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "as it is")
        return self.git("rev-parse", "HEAD")

    def sources(self, *paths: str) -> dict[str, str]:
        """Return the blob ids of files as they are now."""
        return {path: blob_id((self.path / path).read_bytes()) for path in paths}


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """Return a checkout without changes."""
    return Checkout(tmp_path / "project")


def test_a_checkout_without_changes_is_its_commit(checkout: Checkout) -> None:
    """Commit and cleanliness are told from any folder of the work tree, ignored files or not."""
    checkout.write("evidence/run.json", "{}")
    checkout.write("tests/__pycache__/test_rows.pyc", "compiled")

    assert commit_of(checkout.path) == (checkout.commit, False)
    assert commit_of(checkout.path / "tests") == (checkout.commit, False)
    assert comparison(checkout.path)(checkout.sources(SCENARIOS, "run.sh"), checkout.commit) == []


def test_a_blob_has_the_id_that_git_gives_it(checkout: Checkout) -> None:
    """The id is git's own, of the bytes as they are."""
    content = b"caf\xc3\xa9\r\n\0"
    (checkout.path / "odd").write_bytes(content)

    assert checkout.git("hash-object", "--no-filters", "odd") == blob_id(content)


def _hidden_by_the_users_configuration(checkout: Checkout, patch: pytest.MonkeyPatch) -> None:
    home = checkout.path.parent
    (home / ".gitconfig").write_text("[status]\n\tshowUntrackedFiles = no\n")
    checkout.export(patch, "HOME", str(home))
    checkout.write(CONFTEST, SKIPS_ALL)


def _hidden_by_a_global_ignore_file(checkout: Checkout, patch: pytest.MonkeyPatch) -> None:
    home = checkout.path.parent
    (home / "ignored").write_text("conftest.py\n")
    (home / ".gitconfig").write_text(f"[core]\n\texcludesFile = {home / 'ignored'}\n")
    (home / "git").mkdir()
    shutil.copy(home / "ignored", home / "git" / "ignore")
    checkout.export(patch, "HOME", str(home))
    checkout.export(patch, "XDG_CONFIG_HOME", str(home))
    checkout.write(CONFTEST, SKIPS_ALL)


def _hidden_by_variables_with_configuration(checkout: Checkout, patch: pytest.MonkeyPatch) -> None:
    checkout.export(patch, "GIT_CONFIG_COUNT", "1")
    checkout.export(patch, "GIT_CONFIG_KEY_0", "status.showUntrackedFiles")
    checkout.export(patch, "GIT_CONFIG_VALUE_0", "no")
    checkout.write(CONFTEST, SKIPS_ALL)


def _hidden_by_the_repositorys_configuration(checkout: Checkout, _patch: pytest.MonkeyPatch) -> None:
    checkout.write("../ignored", "conftest.py\n")
    checkout.git("config", "core.excludesFile", str(checkout.path.parent / "ignored"))
    checkout.git("config", "status.showUntrackedFiles", "no")
    checkout.git("config", "core.fsmonitor", "true")
    checkout.write(CONFTEST, SKIPS_ALL)


def _hidden_by_the_repositorys_exclude_file(checkout: Checkout, _patch: pytest.MonkeyPatch) -> None:
    checkout.write(".git/info/exclude", "conftest.py\n")
    checkout.write(CONFTEST, SKIPS_ALL)


def _hidden_by_an_ignore_file_that_hides_itself(checkout: Checkout, _patch: pytest.MonkeyPatch) -> None:
    checkout.write("tests/.gitignore", "*\n")
    checkout.write(CONFTEST, SKIPS_ALL)


@pytest.mark.parametrize(
    "hide",
    [
        _hidden_by_the_users_configuration,
        _hidden_by_a_global_ignore_file,
        _hidden_by_variables_with_configuration,
        _hidden_by_the_repositorys_configuration,
        _hidden_by_the_repositorys_exclude_file,
        _hidden_by_an_ignore_file_that_hides_itself,
    ],
)
def test_a_file_that_is_in_no_commit_is_seen_however_it_is_hidden(
    hide: Callable[[Checkout, pytest.MonkeyPatch], None], checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A conftest.py that git was told not to show makes the tree dirty, and is named when it ran."""
    hide(checkout, monkeypatch)

    assert checkout.git("status", "--porcelain") == "", "git is told not to show it"
    assert commit_of(checkout.path) == (checkout.commit, True)
    assert comparison(checkout.path)(checkout.sources(CONFTEST, SCENARIOS), checkout.commit) == [
        f"{CONFTEST} ran and is not in commit {checkout.commit[:8]}"
    ]


def test_a_file_that_is_about_to_be_added_is_in_no_commit(checkout: Checkout) -> None:
    """The index may name a file already; the commit does not hold it."""
    checkout.write(CONFTEST, SKIPS_ALL)
    checkout.git("add", "--intent-to-add", CONFTEST)

    assert commit_of(checkout.path) == (checkout.commit, True)
    assert comparison(checkout.path)(checkout.sources(CONFTEST), checkout.commit) != []


def _assumed_unchanged(checkout: Checkout) -> None:
    checkout.git("update-index", "--assume-unchanged", SCENARIOS)


def _skipped(checkout: Checkout) -> None:
    checkout.git("update-index", "--skip-worktree", SCENARIOS)


def _made_equal_by_a_filter(checkout: Checkout) -> None:
    checkout.git("config", "filter.lie.clean", f"git -C {checkout.path} cat-file blob HEAD:%f")
    checkout.write(".git/info/attributes", "*.py filter=lie\n")


def _with_files_looked_at_elsewhere(checkout: Checkout) -> None:
    copy = checkout.path.parent / "copy"
    shutil.copytree(checkout.path, copy, ignore=shutil.ignore_patterns(".git"))
    checkout.git("config", "core.worktree", str(copy))


def _compared_by_time_and_size_alone(checkout: Checkout) -> None:
    checkout.git("config", "core.trustctime", "false")
    checkout.git("config", "core.checkStat", "minimal")
    # git mistrusts the time of a file that is as young as the index.
    os.utime(checkout.path / SCENARIOS, (10**9, 10**9))
    checkout.git("update-index", "--refresh")


@pytest.mark.parametrize(
    "hide",
    [
        _assumed_unchanged,
        _skipped,
        _made_equal_by_a_filter,
        _with_files_looked_at_elsewhere,
        _compared_by_time_and_size_alone,
    ],
)
def test_a_changed_file_is_seen_however_it_is_hidden(hide: Callable[[Checkout], None], checkout: Checkout) -> None:
    """Neither flags of the index nor the repository's configuration keep a file from being read and compared."""
    hide(checkout)
    file = checkout.path / SCENARIOS
    before = file.stat()
    checkout.write(SCENARIOS, "def test_row(): assert 1000\n")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert checkout.git("status", "--porcelain") == "", "git is told not to look at it"
    assert commit_of(checkout.path) == (checkout.commit, True)
    assert comparison(checkout.path)(checkout.sources(SCENARIOS), checkout.commit) == [
        f"{SCENARIOS} ran with other content than commit {checkout.commit[:8]} holds"
    ]


def test_line_ends_that_git_would_convert_are_another_content(checkout: Checkout) -> None:
    """Bytes are compared: what `core.autocrlf` makes of a file on its way into a commit is not what ran."""
    checkout.git("config", "core.autocrlf", "true")
    checkout.write(SCENARIOS, "def test_row(): assert True\r\n")
    checkout.git("add", "--all")

    assert checkout.git("status", "--porcelain") == ""
    assert commit_of(checkout.path) == (checkout.commit, True)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GIT_DIR", "{other}/.git"),
        ("GIT_WORK_TREE", "{other}"),
        ("GIT_INDEX_FILE", "{other}/.git/index"),
        ("GIT_OBJECT_DIRECTORY", "{other}/.git/objects"),
        ("GIT_COMMON_DIR", "{other}/.git"),
        ("GIT_NAMESPACE", "other"),
        ("GIT_CEILING_DIRECTORIES", "{project}"),
        ("GIT_CONFIG_GLOBAL", "{other}/nothing"),
    ],
)
def test_no_variable_leads_to_another_repository(
    name: str, value: str, checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit is of the repository that holds the folder, also below a hook of git that exports its own."""
    other = Checkout(checkout.path.parent / "other")
    checkout.write(CONFTEST, SKIPS_ALL)
    monkeypatch.setenv(name, value.format(other=other.path, project=checkout.path))

    assert commit_of(checkout.path / "tests") == (checkout.commit, True)
    assert comparison(checkout.path)({CONFTEST: blob_id(b"")}, checkout.commit) != []


def test_a_damaged_index_is_not_asked(checkout: Checkout) -> None:
    """The index says nothing of what ran, so a tree whose index is damaged is dirty or clean by its files."""
    checkout.write(".git/index", "damaged")

    assert commit_of(checkout.path) == (checkout.commit, False)
    checkout.write(SCENARIOS, "")
    assert commit_of(checkout.path) == (checkout.commit, True)


def test_where_git_cannot_answer_nothing_is_known(checkout: Checkout, tmp_path: Path) -> None:
    """A folder that is in no repository, or in one that cannot be read, is neither clean nor dirty."""
    empty = tmp_path / "empty"
    empty.mkdir()
    assert top_of(empty) is None
    assert commit_of(empty) == (None, None)

    shutil.rmtree(checkout.path / ".git" / "refs")
    assert commit_of(checkout.path) == (None, None)


def test_a_repository_without_a_commit_has_none(tmp_path: Path) -> None:
    """Before the first commit nothing is known."""
    checkout = Checkout(tmp_path / "project")
    checkout.git("checkout", "--quiet", "--orphan", "new")

    assert commit_of(checkout.path) == (None, None)


def test_objects_that_are_missing_leave_it_unknown(checkout: Checkout) -> None:
    """The commit is known, and what it holds is not: that is not clean, and it is said of what ran."""
    tree = checkout.git("rev-parse", "HEAD:tests")
    (checkout.path / ".git" / "objects" / tree[:2] / tree[2:]).unlink()

    assert commit_of(checkout.path) == (checkout.commit, None)
    [sentence] = comparison(checkout.path)(checkout.sources(SCENARIOS), checkout.commit)
    assert "cannot be read" in sentence


def test_an_object_that_is_not_what_its_name_says_is_not_believed(checkout: Checkout) -> None:
    """A tree in the place of another one is noticed by its hash."""
    honest = checkout.git("rev-parse", "HEAD:tests")
    checkout.write(CONFTEST, SKIPS_ALL)
    checkout.git("add", "--all")
    forged = checkout.git("write-tree", "--prefix=tests/")
    objects = checkout.path / ".git" / "objects"
    (objects / honest[:2] / honest[2:]).unlink()
    shutil.copy(objects / forged[:2] / forged[2:], objects / honest[:2] / honest[2:])

    assert commit_of(checkout.path) == (checkout.commit, None)


def test_a_replaced_commit_is_not_looked_at(checkout: Checkout) -> None:
    """A commit holds what its id says, not what `git replace` puts in its place."""
    checkout.write(CONFTEST, SKIPS_ALL)
    other = checkout.commit_all()
    checkout.git("reset", "--quiet", "--soft", checkout.commit)
    checkout.git("replace", checkout.commit, other)

    assert checkout.git("status", "--porcelain") == ""
    assert commit_of(checkout.path) == (checkout.commit, True)
    assert comparison(checkout.path)(checkout.sources(CONFTEST), checkout.commit) != []


def test_a_work_tree_of_its_own_is_told_from_the_main_one(checkout: Checkout) -> None:
    """Folders that `git worktree` makes have a commit of their own."""
    linked = checkout.path.parent / "linked"
    checkout.git("worktree", "add", "--quiet", "--detach", str(linked))
    checkout.write(SCENARIOS, "")
    newer = checkout.commit_all()

    assert commit_of(linked) == (checkout.commit, False)
    assert commit_of(checkout.path) == (newer, False)
    (linked / CONFTEST).write_text(SKIPS_ALL)
    assert commit_of(linked) == (checkout.commit, True)


def test_a_sparse_checkout_is_not_the_commit(checkout: Checkout) -> None:
    """A work tree without some of the commit's files is another one."""
    checkout.git("sparse-checkout", "set", "--no-cone", "/tests/")

    assert checkout.git("status", "--porcelain") == ""
    assert commit_of(checkout.path) == (checkout.commit, True)


def test_a_submodule_counts_by_its_commit_and_its_changes(checkout: Checkout) -> None:
    """A submodule at its commit is clean; one that was changed or moved is not, and what runs of it is in no commit."""
    other = Checkout(checkout.path.parent / "other")
    checkout.git("submodule", "--quiet", "add", str(other.path), "vendored")
    checkout.git("config", "--file", ".gitmodules", "submodule.vendored.ignore", "all")
    commit = checkout.commit_all()
    file = f"vendored/{CONFTEST}"

    assert commit_of(checkout.path) == (commit, False)
    checkout.write(file, SKIPS_ALL)
    assert checkout.git("status", "--porcelain") == ""
    assert commit_of(checkout.path) == (commit, True)
    [sentence] = comparison(checkout.path)(checkout.sources(file), commit)
    assert f"{file} ran from vendored" in sentence


def test_a_submodule_that_is_not_checked_out_is_no_change(checkout: Checkout) -> None:
    """Nothing of an empty folder can run."""
    other = Checkout(checkout.path.parent / "other")
    checkout.git("submodule", "--quiet", "add", str(other.path), "vendored")
    commit = checkout.commit_all()
    checkout.git("submodule", "--quiet", "deinit", "--force", "--all")

    assert commit_of(checkout.path) == (commit, False)


def test_a_repository_inside_another_is_a_change(checkout: Checkout) -> None:
    """A repository in a folder of another is looked into by Python, though not by git."""
    Checkout(checkout.path / "nested")

    assert commit_of(checkout.path) == (checkout.commit, True)


def test_a_folder_behind_a_link_is_a_change(checkout: Checkout) -> None:
    """The same files behind a link are not those of the commit, for what they are may change."""
    (checkout.path / "tests").rename(checkout.path.parent / "moved")
    (checkout.path / "tests").symlink_to(checkout.path.parent / "moved")

    assert commit_of(checkout.path) == (checkout.commit, True)


def test_a_file_that_may_be_executed_differs_from_one_that_may_not(checkout: Checkout) -> None:
    """The right to execute is part of a commit, also where `core.fileMode` is off."""
    checkout.git("config", "core.fileMode", "false")
    (checkout.path / "run.sh").chmod(0o755)

    assert commit_of(checkout.path) == (checkout.commit, True)


def test_links_of_a_commit_are_compared_by_where_they_lead(checkout: Checkout) -> None:
    """A link is clean while it leads where it did."""
    link = checkout.path / "link.py"
    link.symlink_to(SCENARIOS)
    commit = checkout.commit_all()

    assert commit_of(checkout.path) == (commit, False)
    assert comparison(checkout.path)({"link.py": blob_id(SCENARIOS.encode())}, commit) == []
    link.unlink()
    link.symlink_to("run.sh")
    assert commit_of(checkout.path) == (commit, True)


def test_no_ignore_file_of_the_user_is_read_by_a_process_of_its_own(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A home is looked up when libgit2 is loaded, so only a new process has another one."""
    _hidden_by_a_global_ignore_file(checkout, monkeypatch)

    assert checkout.git("status", "--porcelain") == ""
    assert _asked_by_a_process(checkout) == [checkout.commit, True]


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder to another user")
def test_whose_checkout_it_is_changes_nothing(checkout: Checkout) -> None:
    """A checkout of a build server may be another user's: git refuses it, and its objects can be read all the same."""
    for path in (checkout.path, checkout.path / ".git"):
        os.chown(path, 12345, 12345)

    with pytest.raises(subprocess.CalledProcessError):
        checkout.git("status")
    assert _asked_by_a_process(checkout) == [checkout.commit, False]


def _asked_by_a_process(checkout: Checkout) -> list[str | bool | None]:
    """Return what a process of its own is told, which no other test has touched and which has this one's variables."""
    program = (
        "import json; from pathlib import Path; from seatrials.evidence.provenance import commit_of; "
        "print(json.dumps(commit_of(Path())))"
    )
    done = subprocess.run(  # noqa: S603  # this Python
        [sys.executable, "-c", program], cwd=checkout.path, capture_output=True, text=True, check=True
    )
    told: list[str | bool | None] = json.loads(done.stdout)
    return told


def test_another_checkout_can_compare(checkout: Checkout, tmp_path: Path) -> None:
    """The gate may run elsewhere: it needs the commit's objects, whatever is checked out there."""
    clone = tmp_path / "clone"
    checkout.git("clone", "--quiet", str(checkout.path), str(clone))
    checkout.write(SCENARIOS, "def test_row(): pass\n")
    newer = checkout.commit_all()
    compare = comparison(clone)

    assert compare({SCENARIOS: blob_id(b"def test_row(): assert True\n")}, checkout.commit) == []
    assert compare(checkout.sources(SCENARIOS), newer) == [
        f"commit {newer[:8]} cannot be read in {clone}: fetch it there"
    ]


@pytest.mark.parametrize("commit", ["c0ffee00" * 5, "", "HEAD", "main", "c0ffee00", "../../other"])
def test_a_commit_that_cannot_be_read_is_said(commit: str, checkout: Checkout, tmp_path: Path) -> None:
    """Of a commit of another repository, or of no full id, nothing can be said: that is never no difference."""
    for folder in (checkout.path, tmp_path):
        [sentence] = comparison(folder)({}, commit)
        assert "cannot be read" in sentence


def test_an_id_of_something_else_is_no_commit(checkout: Checkout) -> None:
    """A tree holds the same files, and is not what was released."""
    tree = checkout.git("rev-parse", "HEAD^{tree}")

    assert "cannot be read" in comparison(checkout.path)({}, tree)[0]


@pytest.mark.parametrize(
    ("path", "blob", "sentence"),
    [
        ("environments.toml", "", "environments.toml was read and is not in commit {commit}"),
        ("run.sh", "", "run.sh was read with other content than commit {commit} holds"),
        ("tests/test_rows.py", CHANGED, "tests/test_rows.py changed while the run went on"),
        (
            "/opt/sitecustomize.py",
            "",
            "/opt/sitecustomize.py ran and lies outside of the tree that commit {commit} is of",
        ),
        (
            "tests/__pycache__/test_rows.cpython-311.pyc",
            "",
            (
                "tests/__pycache__/test_rows.cpython-311.pyc ran in place of its source, which may differ, and is not "
                "in commit {commit}: remove it and run again"
            ),
        ),
        ("tests/../tests/test_rows.py", "", "tests/../tests/test_rows.py ran and is not in commit {commit}"),
    ],
)
def test_a_difference_is_told_in_a_sentence(path: str, blob: str, sentence: str, checkout: Checkout) -> None:
    """Each file that is not the commit's is named, with what is wrong with it."""
    told = comparison(checkout.path)({path: blob}, checkout.commit)

    assert told == [sentence.format(commit=checkout.commit[:8])]
