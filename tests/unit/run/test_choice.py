"""Which environment a run has whose command names none: an editor's, a variable's, and never AWS by accident."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from seatrials.environments.variables import read_variables
from seatrials.stacks import StackNotes, StackOptions
from tests.support.scenario_run import ENVIRONMENTS, PLAIN, SCENARIO, FakeStacks

pytest_plugins = ["pytester"]

LIVE = """
[here]
kind = "live"
region = "us-west-2"
account_id = "123456789012"
base_url = "https://127.0.0.1:9"
"""
INI = "[pytest]\nseatrials_environment = mock\nseatrials_scenarios = scenarios\n"
PLAIN_TEST = "def test_plain(): pass\n"
# Options of ours as another project may have them, and a fixture of ours.
FOREIGN = """
import pytest

def pytest_addoption(parser):
    for name in ("--environment", "--environments", "--seed", "--stack", "--only", "--confirm", "--evidence"):
        parser.addoption(name, default="theirs")
    parser.addini("seatrials_environment", "theirs")

@pytest.fixture
def platform(request):
    return request.config.getoption("--environment")
"""
FOREIGN_TEST = """
def test_theirs(platform, request):
    assert platform == "there"
    assert not request.config.pluginmanager.has_plugin("seatrials.run.plugin")
"""

Run = Callable[..., pytest.RunResult]


@pytest.fixture(name="run_default")
def _run_default(pytester: pytest.Pytester, stacks: list[FakeStacks]) -> Run:
    """Return what runs pytest in a project with a scenario, a plain test and defaults, on a stack that does nothing."""
    assert stacks == []
    pytester.makeini(INI)
    (pytester.path / "environments.toml").write_text(f"{ENVIRONMENTS}{LIVE}")
    for path, source in (("scenarios/test_cold_start.py", SCENARIO), ("plain/test_plain.py", PLAIN_TEST)):
        (pytester.path / path).parent.mkdir()
        (pytester.path / path).write_text(source)
    return lambda *arguments: pytester.runpytest_inprocess(*PLAIN, *arguments)


def environments(pytester: pytest.Pytester) -> list[str]:
    """Return what has evidence of a run."""
    return sorted(path.parent.parent.name for path in pytester.path.glob("evidence/*/2*/run.json"))


@pytest.mark.parametrize("path", ["scenarios", "scenarios/test_cold_start.py::test_waits", "plain/../scenarios"])
def test_scenarios_alone_have_the_default(run_default: Run, pytester: pytest.Pytester, path: str) -> None:
    """`python -m pytest path::test`, as an editor says it, runs on the configuration's default, and says so."""
    result = run_default(path)

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["seatrials: environment mock, from seatrials_environment", "*passed on mock"])
    assert environments(pytester) == ["mock"]


def test_a_run_in_another_folder_finds_the_project(
    run_default: Run, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the folder of the test, where editors may start, environments and evidence are the project's."""
    monkeypatch.chdir(pytester.path / "scenarios")
    run_default("test_cold_start.py::test_waits").assert_outcomes(passed=1)

    assert environments(pytester) == ["mock"]
    assert sorted(path.name for path in Path().iterdir() if not path.name.startswith((".", "__"))) == [
        "test_cold_start.py"
    ]


def test_workers_have_the_default_too(run_default: Run, pytester: pytest.Pytester) -> None:
    """Each worker finds the default that the run has."""
    run_default("scenarios", "-n", "1", "--co").stdout.fnmatch_lines(["*seatrials: environment mock*"])
    assert environments(pytester) == []


def test_plain_tests_have_no_default(run_default: Run, pytester: pytest.Pytester) -> None:
    """Tests that are no scenarios run as ever, whatever default there is."""
    result = run_default("plain")

    result.assert_outcomes(passed=1)
    assert "seatrials" not in result.stdout.str()
    assert environments(pytester) == []


@pytest.mark.parametrize("paths", [("plain", "scenarios"), (), ("scenarios", "scenarios-of-others")])
def test_a_mixed_run_says_why_there_is_no_default(
    run_default: Run, pytester: pytest.Pytester, paths: tuple[str]
) -> None:
    """With another path beside, or none at all, a scenario ends the run with 64 and the reason."""
    (pytester.path / "scenarios-of-others").mkdir()
    result = run_default(*paths)

    assert result.ret == 64
    result.stdout.fnmatch_lines(["*need --environment NAME*; seatrials_environment holds where only paths below*"])


def test_a_variable_is_a_default_before_the_configuration(run_default: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """SEATRIALS_ENVIRONMENT takes the place of the configuration's default, and an option that of both."""
    monkeypatch.setenv("SEATRIALS_ENVIRONMENT", "nowhere")

    assert run_default("scenarios").ret == 64
    run_default("plain").assert_outcomes(passed=1)
    run_default("scenarios", "--environment", "mock").assert_outcomes(passed=1)


@pytest.mark.parametrize("confirmation", [(), ("--confirm", "here")])
def test_aws_is_no_default(
    run_default: Run, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, confirmation: tuple[str]
) -> None:
    """A stack on AWS that a variable or the configuration names is refused with 64: the command must name it."""
    monkeypatch.setenv("SEATRIALS_ENVIRONMENT", "here")
    by_variable = run_default("scenarios", *confirmation)
    monkeypatch.delenv("SEATRIALS_ENVIRONMENT")
    by_configuration = run_default("scenarios", "-o", "seatrials_environment=here", *confirmation)

    for result, source in ((by_variable, "SEATRIALS_ENVIRONMENT"), (by_configuration, "seatrials_environment")):
        assert result.ret == 64
        result.stderr.fnmatch_lines([f"*{source} says here, which is a stack on AWS*give --environment here*"])
    assert environments(pytester) == []


def test_aws_is_examined_when_the_command_names_it(run_default: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same stack is taken when the option names it, with a variable beside that says the same."""
    seen: list[str] = []

    def check(environment: object, _options: StackOptions) -> StackNotes:
        seen.append(str(getattr(environment, "name", "")))
        return StackNotes()

    monkeypatch.setenv("SEATRIALS_ENVIRONMENT", "here")
    monkeypatch.setattr("seatrials.run.plugin.check_stacks", check)
    monkeypatch.setattr("seatrials.run.plugin.hold_stacks", lambda _environment, _options: None)
    run_default("scenarios", "--environment", "here")

    assert seen == ["here"]


def test_another_project_never_meets_the_plugin(tmp_path: Path) -> None:
    """A project of the same Python whose conftest has our options, or none, runs as if seatrials were not there."""
    (tmp_path / "conftest.py").write_text(FOREIGN)
    (tmp_path / "test_theirs.py").write_text(FOREIGN_TEST)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --strict-config --strict-markers -W error\n")
    variables = {name: each for name, each in read_variables().items() if not name.startswith(("PYTEST_", "AWS_"))}

    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "--environment", "there", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env={**variables, "SEATRIALS_ENVIRONMENT": "production"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ended.returncode, ended.stderr) == (0, "")
    assert "seatrials" not in ended.stdout.replace(str(tmp_path), "")
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix) == [
        "conftest.py",
        "pytest.ini",
        "test_theirs.py",
    ]


def test_a_plugin_that_comes_too_late_says_so(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Loaded by a conftest.py it could not take credentials away in time, so it refuses, and says how to load it."""
    monkeypatch.delenv("PYTEST_PLUGINS")
    pytester.makeconftest('pytest_plugins = ["seatrials.run.plugin"]')
    pytester.makepyfile(PLAIN_TEST)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*loaded too late*-p seatrials.run.plugin*"])
