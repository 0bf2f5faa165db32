"""A run whose scenarios show every kind of secret keeps none, in whichever file.

These are true runs of pytest in processes of their own, on a stack of which only time works.
"""

import json
from collections.abc import Callable

import pytest

from seatrials.evidence.folder import RunFolder
from seatrials.evidence.report_log import parse_report_log
from tests.support.scenario_run import PLAIN

pytest_plugins = ["pytester"]

ENVIRONMENTS = '[mock]\nkind = "mock"\nregion = "us-west-2"\ntemplate = "stack.yaml"\n'
# Stands for the mock, in each process of the run.
CONFTEST = """
import json
from contextlib import contextmanager

import httpx

from seatrials.platform import Stack
from seatrials.run import plugin
from seatrials.stacks import StackRun
from seatrials.twin.physics.clock import VirtualClock
from secrets_of_theirs import LEAKS


class FakeStacks:
    def __init__(self, environment, options):
        self.environment = environment

    @contextmanager
    def open(self, scenario, mutant=None, *, exclusive=False, tasks_max=0, wanted=None):
        with VirtualClock(1_700_000_000).closing() as clock:
            stack = Stack(
                environment=self.environment, clock=clock, request_clock=clock, aws=lambda service: None,
                http=httpx.Client(), url="", connect=None, breaker=None, run_prefix="TEST",
            )
            yield StackRun(
                stack=stack,
                sample_kind="modelled",
                timeline_text=lambda: LEAKS,
                timeline_json=lambda: [json.dumps({"kind": "log", "text": leak}) for leak in LEAKS],
                trace_sha256=lambda: "0" * 64,
            )

    def lateness(self):
        return None

    def leftovers(self):
        return LEAKS

    def close(self, *, in_haste=False):
        pass


plugin.open_stacks = FakeStacks
plugin.check_stacks = lambda environment, options: plugin.StackNotes()
"""
LEAKS = [
    "ghp_hunter2aaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "sk_live_hunter2",
    "xoxb-hunter2-abcdef",
    "-----BEGIN RSA PRIVATE KEY-----\nhunter2hunter2\nhunter2\n-----END RSA PRIVATE KEY-----",
    "DB_PWD=hunter2",
    "COOKIE_SIGNING_KEY=hunter2",
    "https://bot:hunter2@git.example/t.git",
    "Set-Cookie: a=1; session=hunter2",
    "authorization: Bearer hunter2",
    "asked by hunter2@example.com",
    json.dumps({"body": json.dumps({"name": "API_TOKEN", "value": "hunter2 hunter2"})}),
]
SCENARIOS = """
    import sys
    import warnings
    from pathlib import Path

    import allure
    import pytest

    from secrets_of_theirs import LEAKS

    TEXT = "\\n".join(LEAKS)

    @pytest.fixture
    def tear_down():
        yield
        raise RuntimeError(TEXT)

    @pytest.mark.scenario("COLD-01")
    @pytest.mark.staging
    def test_fails(platform):
        for leak in LEAKS:
            platform.recorder.step(leak, request_headers={"Cookie": ["hunter2"]}, pair=["token", "hunter2"], body=leak)
        print(TEXT)
        print(TEXT, file=sys.stderr)
        allure.attach(TEXT, "what it said")
        Path("own.txt").write_text(TEXT)
        allure.attach.file("own.txt")
        with allure.step(TEXT):
            warnings.warn(TEXT)
        answer = {"password": "hunter2", "text": TEXT}
        assert answer == {}, TEXT

    @pytest.mark.scenario("COLD-02")
    @pytest.mark.staging
    def test_is_skipped(platform):
        pytest.skip(TEXT)

    @pytest.mark.scenario("COLD-03")
    @pytest.mark.staging
    def test_is_torn_down(platform, tear_down): pass

    @pytest.mark.scenario("COLD-04")
    @pytest.mark.staging
    @pytest.mark.parametrize("how", ["as-it-is"], ids=["as-it-is token=hunter2"])
    def test_is_no_secret(platform, how):
        allure.attach(bytes([0xff, 0xd8, 0xff]), "a picture")
        platform.recorder.step("GET /x", session="session-1", key={"sessionId": {"S": "session-1"}})

    @pytest.mark.scenario("COLD-05")
    @pytest.mark.staging
    def test_meets_what_is_no_utf_8(platform):
        text = b"\\xff".decode(errors="surrogateescape")
        platform.recorder.step(text, **{text: text})
        with allure.step(text):
            allure.attach(text, text)
        assert text == "y", text
"""


@pytest.fixture
def run(pytester: pytest.Pytester) -> Callable[[str], RunFolder]:
    """Return what runs the scenarios with some workers, and the evidence of it."""
    pytester.makeini("[pytest]")
    (pytester.path / "environments.toml").write_text(ENVIRONMENTS)
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(secrets_of_theirs=f"LEAKS = {LEAKS!r}", test_cold_start=SCENARIOS)

    def run(workers: str) -> RunFolder:
        options = (*PLAIN, "-W", "default", "-n", workers, "-o", "pythonpath=.")
        result = pytester.runpytest_subprocess(*options, "--environment", "mock")
        result.assert_outcomes(passed=2, failed=2, skipped=1, errors=1, warnings=1)
        return RunFolder((pytester.path / "evidence/mock/latest").resolve())

    return run


@pytest.mark.parametrize("workers", ["0", "2"])
def test_no_secret_is_kept(run: Callable[[str], RunFolder], workers: str) -> None:
    """In steps, the timeline, messages of failures, what was printed, warnings, skips, leftovers and attachments."""
    folder = run(workers)
    kept = {path.relative_to(folder.path): path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}

    assert [str(path) for path, content in kept.items() if b"hunter2" in content] == []
    # A test's name is none, and the gate finds a result by it; a parameter may be one.
    assert all(row.nodeid in folder.report_log.read_text() for row in folder.read_rows().values())


def test_what_no_file_can_hold_is_told_otherwise(run: Callable[[str], RunFolder]) -> None:
    """Half a surrogate pair, as in a program's output, leaves a failure a failure, and its evidence whole."""
    folder = run("0")
    log = parse_report_log(folder.report_log.read_bytes(), folder.report_log.name)

    assert log.problems == ()
    assert [each.reason for test, each in log.results.items() if "utf_8" in test] == ["AssertionError: \\udcff"]


def test_what_is_no_secret_is_kept(run: Callable[[str], RunFolder]) -> None:
    """The scenario without secrets has its step whole, and its picture; every failure still says that it is one."""
    folder = run("0")
    steps = json.loads((folder.path / "timeline/COLD-04.steps.json").read_text())["steps"]
    results = [json.loads(path.read_text()) for path in folder.allure_results.glob("*-result.json")]
    attachments = [path.read_bytes() for path in folder.allure_results.glob("*-attachment*")]
    lines = [json.loads(line) for line in folder.report_log.read_text().splitlines()]

    assert steps[0]["details"] == {"session": "session-1", "key": {"sessionId": {"S": "session-1"}}}
    assert sorted(each["status"] for each in results) == ["broken", "failed", "failed", "passed", "skipped"]
    assert bytes([0xFF, 0xD8, 0xFF]) in attachments
    # Two that the scenario attached, and what Allure attaches of what was printed.
    assert sum(b"DB_PWD=[redacted]" in each.splitlines() for each in attachments) >= 4
    assert "WarningMessage" in {line["$report_type"] for line in lines}
