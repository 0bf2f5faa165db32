"""A run whose files are not those of its commit is judged as one that cannot tell, whatever git was made to say.

Runs, repositories and judgements are true: pytest and git in processes of their own, and the gate on what they left.
"""

import io
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from seatrials.gate.decision import Criterion, Decision, Outcome, Verdict
from seatrials.gate.history import FileHistory
from seatrials.gate_command import GatePaths, run_gate
from tests.support.copied_project import copy_folder
from tests.support.scenario_run import PLAIN

pytest_plugins = ["pytester"]

SCENARIO = """
import pytest

@pytest.fixture(autouse=True)
def _asked(request):
    request.node.user_properties += [("calls", 1), ("platform_seconds", 1.5)]

@pytest.mark.scenario("COLD-01")
@pytest.mark.mock_only
def test_holds():
    "It holds."
    assert 1 + 1 == 2
"""
SKIPS_EVERY_BODY = "def pytest_pyfunc_call():\n    return True\n"
ENVIRONMENTS = """
[mock]
kind = "mock"
region = "us-west-2"
template = "stack.yaml"

[mock.ports]
hermes = 33000
edit_api = 38080
edit_preview = 34321
edit_hmr = 34322
"""
CRITERIA = """
[environments.mock]
rows = "mock"
kinds = ["modelled"]
"""
FILES = {
    "tests/integration/test_cold_start.py": SCENARIO,
    "environments.toml": ENVIRONMENTS,
    "stack.yaml": "Resources:\n  Logs:\n    Type: AWS::Logs::LogGroup\n",
    "gate.toml": CRITERIA,
    "pytest.ini": "[pytest]\n",
    ".gitignore": "__pycache__/\n/.cache/\n/evidence/\n/runpytest-*\n/stdout\n/stderr\n",
}


class Project:
    """A project with one scenario in a repository of its own, where runs are made and judged."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self._pytester = pytester
        self.path = pytester.path
        self.git(self.path, "init", "--quiet", "--initial-branch=main")
        # The code of the run is part of the project, as it is in a checkout of seatrials.
        copy_folder("src", self.path)
        for name, text in FILES.items():
            self.write(name, text)
        self.commit = self.commit_all(self.path)

    def write(self, name: str, text: str) -> None:
        """Write a file of the work tree."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def git(self, folder: Path, *arguments: str) -> str:
        """Run git as a machine without configuration would."""
        clean = {"PATH": os.defpath, "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
        command = ["git", "-c", "user.name=A", "-c", "user.email=a@example.com", *arguments]
        done = subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True, check=True)  # noqa: S603  # the test's own words
        return done.stdout.strip()

    def commit_all(self, folder: Path) -> str:
        """Commit the work tree of *folder* and return the commit's id."""
        self.git(folder, "add", "--all")
        self.git(folder, "commit", "--quiet", "--message=all of it")
        return self.git(folder, "rev-parse", "HEAD")

    def judged(self, patch: pytest.MonkeyPatch) -> tuple[Verdict, Criterion]:
        """Run the scenario, judge the run, and return the verdict and the criterion of its tree."""
        options = (*PLAIN, "--environment", "mock")
        result = self._pytester.runpytest_subprocess("tests/integration", *options)
        assert result.ret == 0, "every pretended run here says that all has passed"
        patch.chdir(self.path)
        evidence = self.path / "evidence"
        scenarios = self.path / "tests/integration"
        criteria, out = self.path / "gate.toml", evidence / "gate"
        paths = GatePaths(criteria=criteria, evidence=evidence, scenarios=scenarios, out=out)
        run_gate(paths, FileHistory(evidence / "history.jsonl"), self.commit, Console(file=io.StringIO()))
        decision = Decision.read(evidence / "gate/latest/decision.json")
        return decision.verdict, next(each for each in decision.criteria if each.id == "tree.mock")


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Return a committed project, whose own code runs in it."""
    monkeypatch.setenv("PYTHONPATH", str(pytester.path / "src"))
    return Project(pytester)


def hide_a_conftest(project: Project, patch: pytest.MonkeyPatch) -> None:
    """Skip every body by a file that git was told not to show."""
    project.write("tests/integration/conftest.py", SKIPS_EVERY_BODY)
    configuration = project.path.parent / "configuration"
    configuration.write_text("[status]\n\tshowUntrackedFiles = no\n")
    patch.setenv("GIT_CONFIG_GLOBAL", str(configuration))


def name_another_repository(project: Project, patch: pytest.MonkeyPatch) -> None:
    """Skip every body, and export the variables of a clean repository, as git's hooks do."""
    project.write("tests/integration/conftest.py", SKIPS_EVERY_BODY)
    other = project.path.parent / "other"
    other.mkdir()
    project.git(other, "init", "--quiet", "--initial-branch=main")
    (other / "a").write_text("a")
    project.commit = project.commit_all(other)
    patch.setenv("GIT_DIR", str(other / ".git"))
    patch.setenv("GIT_WORK_TREE", str(other))


def damage_the_index(project: Project, _patch: pytest.MonkeyPatch) -> None:
    """Skip every body, and let `git status` fail."""
    project.write("tests/integration/conftest.py", SKIPS_EVERY_BODY)
    (project.path / ".git/index").write_bytes(b"no index")


def lose_the_commit(project: Project, _patch: pytest.MonkeyPatch) -> None:
    """Leave a checkout whose commit nobody can read."""
    name = project.commit
    (project.path / ".git/objects" / name[:2] / name[2:]).unlink()


def assume_it_unchanged(project: Project, _patch: pytest.MonkeyPatch) -> None:
    """Let git look away from a test that asserts nothing any more."""
    project.git(project.path, "update-index", "--assume-unchanged", "tests/integration/test_cold_start.py")
    project.write("tests/integration/test_cold_start.py", SCENARIO.replace("assert 1 + 1 == 2", "assert True"))


def skip_it_in_the_work_tree(project: Project, _patch: pytest.MonkeyPatch) -> None:
    """Let git think that a sparse checkout leaves the changed test out."""
    project.git(project.path, "update-index", "--skip-worktree", "tests/integration/test_cold_start.py")
    project.write("tests/integration/test_cold_start.py", SCENARIO.replace("assert 1 + 1 == 2", "assert True"))


def test_a_run_of_the_commit_may_go_out(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ran is what the commit holds, so nothing keeps the tree from being it."""
    _, tree = project.judged(monkeypatch)

    assert tree.outcome is Outcome.PASS
    assert tree.reason.endswith("files that ran are as the commit holds them, and nothing was uncommitted")


@pytest.mark.parametrize(
    ("deceive", "reason"),
    [
        (hide_a_conftest, "tests/integration/conftest.py ran and is not in commit"),
        (name_another_repository, "tests/integration/conftest.py ran and is not in commit"),
        (damage_the_index, "tests/integration/conftest.py ran and is not in commit"),
        (lose_the_commit, "the run does not say"),
        (assume_it_unchanged, "tests/integration/test_cold_start.py ran with other content than commit"),
        (skip_it_in_the_work_tree, "tests/integration/test_cold_start.py ran with other content than commit"),
    ],
    ids=lambda each: getattr(each, "__name__", None),
)
def test_what_git_is_made_to_say_lets_nothing_out(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    deceive: Callable[[Project, pytest.MonkeyPatch], None],
    reason: str,
) -> None:
    """A pass on other files than the commit's cannot tell, and the reason names the file or what is unknown."""
    deceive(project, monkeypatch)

    verdict, tree = project.judged(monkeypatch)

    assert verdict is Verdict.CANNOT_TELL
    assert tree.outcome is Outcome.UNKNOWN
    assert reason in tree.reason
