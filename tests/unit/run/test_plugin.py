"""Tests of the pytest plugin: small runs of pytest inside a run of pytest, on a stack that does nothing."""

import json
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from seatrials.environments.environment import Environment
from seatrials.errors import LeaseHeldError, LeftoversError
from seatrials.evidence.reader import read_runs
from seatrials.run import plugin
from seatrials.stacks import StackNotes, StackOptions
from tests.support.project import PROJECT
from tests.support.scenario_run import (
    ENVIRONMENTS,
    PLAIN,
    SCENARIO,
    STEP,
    WAITS,
    FakeStacks,
    not_run,
    record,
    scenario,
)

pytest_plugins = ["pytester"]


def test_nothing_happens_without_an_environment(pytester: pytest.Pytester) -> None:
    """Tests that are no scenarios run as ever, and nothing is written."""
    pytester.makepyfile("def test_plain(): pass")

    result = pytester.runpytest_inprocess(*PLAIN)

    result.assert_outcomes(passed=1)
    assert not (pytester.path / "evidence").exists()
    assert "seatrials" not in result.stdout.str().partition("plugins:")[2].partition("\n")[2]


def test_a_scenario_without_an_environment_is_told_how_to_run(pytester: pytest.Pytester) -> None:
    """A scenario that nobody gave an environment ends the run with an example."""
    pytester.makepyfile(test_cold_start=SCENARIO)

    result = pytester.runpytest_inprocess(*PLAIN)

    assert result.ret == 64
    result.stdout.fnmatch_lines(["*scenarios need --environment NAME, for example: nox -s mock*"])


def test_an_unknown_environment_names_the_known_ones(run: Callable[..., pytest.RunResult]) -> None:
    """A mistyped environment ends the run with 64 and the names that there are."""
    result = run(SCENARIO, environment="production")

    assert result.ret == 64
    result.stderr.fnmatch_lines(["*no environment is called 'production'; allowed: mock*"])


def test_an_unknown_environment_leaves_no_evidence(
    run: Callable[..., pytest.RunResult], pytester: pytest.Pytester
) -> None:
    """A run that never began has no folder."""
    run(SCENARIO, environment="production")

    assert not (pytester.path / "evidence").exists()


@pytest.mark.parametrize("options", [(), ("--on-mutants",), ("-n", "2")], ids=["alone", "on-mutants", "workers"])
def test_a_run_without_assertions_is_refused(
    run: Callable[..., pytest.RunResult], pytester: pytest.Pytester, options: tuple[str, ...]
) -> None:
    """Where Python leaves assertions out nothing can fail, so the run ends with 64 and leaves no evidence."""
    run(SCENARIO, "--collect-only")
    plain = (*PLAIN, "-W", "ignore", "--environment", "mock", *options)
    result = pytester.run(sys.executable, "-O", "-m", "pytest", *plain)

    assert result.ret == 64
    result.stderr.fnmatch_lines(["*assertions are off, for Python runs with -O or PYTHONOPTIMIZE*"])
    assert not (pytester.path / "evidence").exists()


def test_what_an_environment_cannot_do_is_not_run(
    run: Callable[..., pytest.RunResult], pytester: pytest.Pytester, stacks: list[FakeStacks]
) -> None:
    """A scenario that needs what the environment does not have is skipped with the reason in the evidence."""
    result = run(scenario("COLD-01", marks=("staging", "exclusive", 'needs("exec", "control")')))

    result.assert_outcomes(skipped=1)
    assert not_run(pytester) == ["mock does not have what it needs: exec, control, exclusive"]
    assert [each.opened for each in stacks] == [[]]


def test_what_cannot_be_had_now_is_not_run(run: Callable[..., pytest.RunResult], pytester: pytest.Pytester) -> None:
    """A scenario whose stack others are using is skipped with the reason, and is no failure and no pass."""
    (pytester.path / "environments.toml").write_text(f'{ENVIRONMENTS}capabilities = ["exclusive"]\n')
    result = run(scenario("COLD-09", marks=("staging", "exclusive")))

    result.assert_outcomes(skipped=1)
    assert not_run(pytester) == ["others are here"]
    assert record(pytester)["scenarios"] == {"COLD-09": "skipped"}


def test_a_need_that_nobody_can_have_is_an_error(run: Callable[..., pytest.RunResult]) -> None:
    """A mistyped capability is told at collection, and keeps no scenario from being run in silence."""
    result = run(scenario("COLD-01", marks=("staging", 'needs("exe")')))

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*test_waits: no capability is called 'exe'; did you mean 'exec'?*"])


@pytest.mark.parametrize(
    ("scope", "expected"),
    [("staging", ["COLD-01", "COLD-02"]), ("production", ["COLD-02"])],
    ids=["staging", "production"],
)
def test_an_environment_has_its_rows(
    run: Callable[..., pytest.RunResult],
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    scope: str,
    expected: list[str],
) -> None:
    """Rows that the catalogue does not have for an environment are left out there."""
    monkeypatch.setattr(plugin, "hold_stacks", lambda _environment, _options: None)
    live = f'[live]\nkind = "live"\nregion = "us-west-2"\naccount_id = "123456789012"\nscope = "{scope}"\n'
    (pytester.path / "environments.toml").write_text(f'{live}base_url = "https://alb.example"\n')
    everywhere = scenario("COLD-02", "test_again", marks=("production",))
    mocked = scenario("COLD-03", "test_mocked", marks=("mock_only",))
    run(SCENARIO + everywhere + mocked, environment="live")

    written = json.loads((pytester.path / "evidence/live/latest/run.json").read_text())
    assert sorted(written["scenarios"]) == expected


def test_a_stack_is_held_from_the_start_to_the_end(
    run: Callable[..., pytest.RunResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run keeps others away from its stack, its scenarios use what it holds, and its end gives it back."""
    held: list[FakeStacks] = []

    def hold(environment: Environment, _options: StackOptions) -> FakeStacks:
        held.append(FakeStacks(environment))
        return held[-1]

    monkeypatch.setattr(plugin, "hold_stacks", hold)
    run(SCENARIO).assert_outcomes(passed=1)

    assert [(each.opened, each.closed) for each in held] == [(["COLD-01"], True)]


def test_a_stack_that_cannot_be_had_ends_the_run(
    run: Callable[..., pytest.RunResult], pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that cannot begin has the error's exit code, and its evidence says that it has ended."""

    def refuse(_environment: Environment, _options: StackOptions) -> None:
        msg = "the stack belongs to another run"
        raise LeaseHeldError(msg)

    monkeypatch.setattr(plugin, "hold_stacks", refuse)
    result = run(SCENARIO)

    assert result.ret == LeaseHeldError.exit_code
    result.stderr.fnmatch_lines(["*seatrials: the stack belongs to another run*"])
    assert record(pytester)["exit_status"] == LeaseHeldError.exit_code


def test_a_clean_up_that_fails_fails_the_run(
    run: Callable[..., pytest.RunResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run of passed scenarios that leaves something on its stack has not passed."""

    class Untidy(FakeStacks):
        def close(self, *, in_haste: bool = False) -> None:
            del in_haste
            msg = "the run has left session-1"
            raise LeftoversError(msg)

    monkeypatch.setattr(plugin, "hold_stacks", lambda environment, _options: Untidy(environment))
    result = run(SCENARIO)

    assert result.ret == LeftoversError.exit_code
    result.stdout.fnmatch_lines(["*seatrials: the run has left session-1*"])


def test_an_environment_limits_its_workers(run: Callable[..., pytest.RunResult], pytester: pytest.Pytester) -> None:
    """No more workers begin than share the stack well, whatever -n says."""
    (pytester.path / "environments.toml").write_text(f"{ENVIRONMENTS}workers_max = 1\n")
    run(SCENARIO, "-n", "3")

    assert record(pytester)["workers"] == 1


def test_each_scenario_has_a_stack_of_its_own(run: Callable[..., pytest.RunResult], stacks: list[FakeStacks]) -> None:
    """The stacks of a process are opened once, a stack for each scenario by its id, and given back at the end."""
    result = run(SCENARIO + scenario("COLD-02", "test_again"))

    result.assert_outcomes(passed=2)
    assert [(each.opened, each.closed) for each in stacks] == [(["COLD-01", "COLD-02"], True)]


def test_a_scenario_over_its_time_fails(run: Callable[..., pytest.RunResult]) -> None:
    """A scenario that passes, but takes more platform time than its suite allows, fails with both numbers."""
    result = run(scenario("COLD-01", body="clock.sleep(121)"))

    result.assert_outcomes(failed=1)
    told = "took 121.0 s of platform time, beside 0.0 s of waiting for sessions"
    result.stdout.fnmatch_lines([f"*{told}; the limit of this scenario is 120 s*"])


def test_waiting_for_a_session_counts_for_no_limit(run: Callable[..., pytest.RunResult]) -> None:
    """How long the platform takes for it is the affair of the rows that measure it."""
    waits = "with platform._waited.counted():\n    clock.sleep(500)"

    run(scenario("COLD-01", body=f"{waits}\nclock.sleep(119)")).assert_outcomes(passed=1)
    run(scenario("COLD-01", body=f"{waits}\nclock.sleep(121)")).assert_outcomes(failed=1)


def test_a_longer_sentence_has_its_time_on_top(run: Callable[..., pytest.RunResult]) -> None:
    """The extra seconds of the mark are added to the limit of the suite."""
    source = scenario("COLD-01", body="clock.sleep(121)", extra_seconds=1)

    run(source).assert_outcomes(passed=1)


def test_a_failure_tells_what_was_done_and_how_to_repeat_it(run: Callable[..., pytest.RunResult]) -> None:
    """With -v, a failed scenario shows its steps, the platform's timeline, and the command that replays it."""
    result = run(scenario("COLD-01", body=f"{STEP}\nassert False"), "--seed", "7", "-v")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*what the scenario did*",
            "asked for a***@example.com",
            "*timeline of the platform, in platform time*",
            "0.000 s  task  abc",
            "*replay*",
            "nox -s mock -- -n 0 --seed 7 -k test_waits",
        ]
    )


def test_a_run_is_recorded(run: Callable[..., pytest.RunResult], pytester: pytest.Pytester) -> None:
    """run.json tells what was run, on which seed and versions, how it ended, and each scenario's outcome and trace."""
    run(SCENARIO, "--seed", "7")

    written = record(pytester)
    assert sorted(written) == [
        "account",
        "chain",
        "command",
        "commit",
        "crashed",
        "dirty",
        "ended",
        "environment",
        "exit_status",
        "expected",
        "job_url",
        "kind",
        "late_seconds",
        "leftovers",
        "not_asked",
        "not_run",
        "partial",
        "parts",
        "platform_seconds",
        "rows",
        "scenarios",
        "scopes",
        "seed",
        "services",
        "shard",
        "skew",
        "sources",
        "stack",
        "started",
        "trace_sha256",
        "usage",
        "versions",
        "wall_seconds",
        "workers",
    ]
    assert written["seed"] == 7
    assert written["exit_status"] == 0
    assert written["workers"] == 0
    assert written["expected"] == ["test_cold_start.py::test_waits"]
    assert written["scenarios"] == {"COLD-01": "passed"}
    assert written["trace_sha256"] == {"COLD-01": "0" * 64}
    assert written["platform_seconds"] == 100
    assert (written["rows"], written["scopes"]) == (
        {"COLD-01": "test_cold_start.py::test_waits"},
        {"COLD-01": "staging"},
    )
    assert (written["kind"], written["account"]) == ("mock", None)
    assert (written["not_run"], written["crashed"]) == ({}, [])


def test_the_time_of_a_failure_counts(run: Callable[..., pytest.RunResult], pytester: pytest.Pytester) -> None:
    """What passed for a scenario that failed at last is platform time as well."""
    result = run(scenario("COLD-01", body=f"{WAITS}\nassert clock is None"))

    result.assert_outcomes(failed=1)
    assert record(pytester)["platform_seconds"] == 100


def test_a_run_on_real_time_has_no_traces(
    run: Callable[..., pytest.RunResult], pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing can be repeated there is no hash, and the gate finds the record as whole as with one."""
    monkeypatch.setattr(FakeStacks, "trace_sha256", None)

    run(SCENARIO)

    assert record(pytester)["trace_sha256"] == {}
    assert "its trace_sha256 are not" not in " ".join(read_runs(pytester.path / "evidence", "mock")[-1].problems)


def test_a_run_tells_what_it_used_and_left_behind(
    run: Callable[..., pytest.RunResult], pytester: pytest.Pytester
) -> None:
    """Usage is kept for each scenario and summed up; leftovers are listed, and redacted like everything."""
    run(SCENARIO + scenario("COLD-02", "test_waits_too"))

    written = record(pytester)
    usage = pytester.path / "evidence/mock/latest/timeline/COLD-02.usage.json"
    assert json.loads(usage.read_text()) == {"task_seconds": 30.5}
    assert written["usage"] == {"task_seconds": 61.0}
    assert written["leftovers"] == ["session session-1 of a***@example.com"]


def test_a_run_leaves_its_evidence(run: Callable[..., pytest.RunResult], pytester: pytest.Pytester) -> None:
    """Beside run.json stand the report log, Allure's results, and timeline and steps of each scenario."""
    run(SCENARIO)

    folder = pytester.path / "evidence/mock/latest"
    steps = json.loads((folder / "timeline/COLD-01.steps.json").read_text())
    assert (folder / "report-log.jsonl").is_file()
    assert list((folder / "allure-results").glob("*-result.json"))
    assert (folder / "timeline/COLD-01.jsonl").read_text() == '{"kind":"task"}\n'
    assert [step["title"] for step in steps["steps"]] == ["asked for a***@example.com"]
    assert [sample["kind"] for sample in steps["samples"]] == ["modelled"]


def test_a_broken_tear_down_outweighs_a_pass(run: Callable[..., pytest.RunResult], pytester: pytest.Pytester) -> None:
    """A scenario whose tear-down fails has failed, though its own lines passed."""
    broken = """
@pytest.fixture
def broken():
    yield
    raise RuntimeError
"""
    run(scenario("COLD-01", fixtures="platform, clock, broken") + broken)

    assert record(pytester)["scenarios"] == {"COLD-01": "failed"}


def test_the_summary_says_what_was_proved(run: Callable[..., pytest.RunResult]) -> None:
    """The end of the output has the count, the seed and the folder of the evidence."""
    result = run(SCENARIO, "--seed", "7")

    result.stdout.fnmatch_lines(
        ["1 of 1 scenarios passed on mock", "0.03 hours of platform time in *", "seed 7, 0 workers", "evidence: *"]
    )


def test_a_run_of_nothing_is_an_error(run: Callable[..., pytest.RunResult]) -> None:
    """A run that selected no scenario proves nothing and ends with 74."""
    assert run(SCENARIO, "-k", "no_such_scenario").ret == 74


def refused(
    pytester: pytest.Pytester, *options: str, ports: str = "", template: Path = PROJECT / "stack/webordinary.yaml"
) -> pytest.RunResult:
    """Run a scenario on the project's own template, which the test keeps from being deployed."""
    environments = ENVIRONMENTS.replace('template = "stack.yaml"', f"template = '{template}'")
    (pytester.path / "environments.toml").write_text(f"{environments}ports = {{ {ports} }}\n")
    pytester.makepyfile(test_cold_start=SCENARIO)
    return pytester.runpytest_inprocess(*PLAIN, "--environment", "mock", *options)


def test_a_missing_template_ends_the_run(pytester: pytest.Pytester) -> None:
    """A template that is not there ends the run with 65 and its path, with workers too."""
    result = refused(pytester, "--stack", "no.yaml", "-n", "2")

    assert result.ret == 65
    result.stderr.fnmatch_lines(["*seatrials: there is no template *no.yaml: give the path*(looked for /*/no.yaml)*"])


@pytest.mark.parametrize(
    ("workers", "is_in_place"), [("0", True), ("2", True), ("2", False)], ids=["alone", "workers", "own"]
)
def test_a_wrong_template_ends_the_run(pytester: pytest.Pytester, workers: str, *, is_in_place: bool) -> None:
    """A template that cannot be deployed is one message and 65, before any scenario: the environment's or another."""
    (pytester.path / "own.yaml").write_text("Resources:\n  Zoo:\n    Type: AWS::Zoo::Animal\n")
    options = () if is_in_place else ("--stack", "own.yaml")
    template = pytester.path / "own.yaml" if is_in_place else PROJECT / "stack/webordinary.yaml"

    result = refused(pytester, *options, "-n", workers, template=template)

    assert result.ret == 65
    assert [line for line in result.outlines if "Zoo" in line] == []
    told = [line for line in result.errlines if "Zoo" in line]
    assert told[-1] == "- Zoo: the resource type AWS::Zoo::Animal is not supported"
    assert [line.partition("(cfn-lint")[1] for line in told[:-1]] == ["(cfn-lint"]
    result.stderr.fnmatch_lines(["*seatrials: the template cannot be deployed:"])


def test_a_missing_git_ends_the_run(pytester: pytest.Pytester, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without git is told to install it, with 69."""
    monkeypatch.setenv("PATH", str(tmp_path))

    result = refused(pytester)

    assert result.ret == 69
    result.stderr.fnmatch_lines(["*seatrials: there is no `git` on the path*install git*"])


def test_a_port_in_use_ends_the_run(pytester: pytest.Pytester) -> None:
    """Another program on a port of the platform ends the run with 71 and a way to find the program."""
    with socket.create_server(("0.0.0.0", 0)) as server:  # noqa: S104  # as the other program listens
        port = server.getsockname()[1]

        result = refused(pytester, ports=f"hermes = {port}")

    assert result.ret == 71
    result.stderr.fnmatch_lines([f"*cannot listen on *:{port}: *Another program has the port*"])


def test_a_refused_run_leaves_no_evidence(pytester: pytest.Pytester) -> None:
    """What could not begin has no folder."""
    refused(pytester, "--stack", "no.yaml")

    assert not (pytester.path / "evidence").exists()


def test_what_the_stack_leaves_out_is_told_in_any_case(
    run: Callable[..., pytest.RunResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `-q` too, once, and before the first scenario; warnings are told with -v alone."""
    notes = StackNotes(left_out=("Service.Role: left out",), warnings=("odd",))
    asked: list[bool] = []

    def check(_environment: object, options: StackOptions) -> StackNotes:
        asked.append(options.strict)
        return notes

    monkeypatch.setattr(plugin, "check_stacks", check)
    quiet, strict = run(SCENARIO, "-q").stdout.str(), run(SCENARIO, "--strict", "-v").stdout.str()

    assert quiet.count("seatrials: Service.Role: left out") == 1
    assert quiet.index("Service.Role") < quiet.index("1 passed")
    assert ("odd" in quiet, "odd" in strict, asked) == (False, True, [False, True])
