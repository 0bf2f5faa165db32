"""A run ends with its failures by their causes, in few lines, and says where the rest is."""

from collections.abc import Callable
from pathlib import Path

import pytest

from seatrials.run.causes import Failure, causes_of
from seatrials.run.summary import summary_lines
from tests.support.scenario_run import scenario

pytest_plugins = ["pytester"]

Run = Callable[..., pytest.RunResult]


def many(count: int, *, reasons: int) -> list[Failure]:
    """Return failures of so many different reasons, each of many lines."""
    return [
        Failure(
            row=f"COLD-{number:02}",
            place="test_cold_start.py:7",
            name=f"test_{number}",
            reason=f"expected {'x' * (number % reasons)} to be y\n" + "explained\n" * 20,
            replay="nox -s mock",
        )
        for number in range(count)
    ]


@pytest.mark.parametrize("reasons", [1, 3, 90])
def test_a_summary_is_short(reasons: int) -> None:
    """However many scenarios fail, of however many causes: 30 lines, with the replay and the way to the rest."""
    lines = summary_lines(causes_of(many(90, reasons=reasons)), Path("evidence/mock/latest"))

    assert len(lines) <= 30
    assert max(map(len, lines)) <= 320
    assert lines[-3:] == [
        "replay: nox -s mock",
        f"timeline: seatrials timeline evidence/mock/latest {lines[0].split()[2]}",
        "every traceback: evidence/mock/latest/report-log.jsonl, or again with -v",
    ]


FAILING = "\n".join(
    # A worker is a process of its own, in which nothing is a fake.
    scenario(f"COLD-{number:02}", f"test_{number}", body=f'assert [], "no session {number} was made"', fixtures="")
    for number in range(1, 31)
)
SET_UP = """
import pytest

@pytest.fixture
def broken(platform):
    raise AssertionError("the fixture found no table")
""" + scenario("COLD-01", fixtures="broken")


@pytest.mark.parametrize("workers", ["0", "2"])
def test_failures_are_shown_once_and_short(run: Run, workers: str) -> None:
    """Thirty failures of one cause are one paragraph in under 40 lines, and pytest's tracebacks are not there."""
    result = run(FAILING, "-n", workers)

    assert len(result.outlines) < 40
    result.stdout.fnmatch_lines(
        [
            "*30 failed of 1 cause*",
            "1. FAILED COLD-01 test_cold_start.py:* test_1: no session 1 was made",
            "   and so failed 27 more: COLD-04, COLD-05*",
            "timeline: seatrials timeline evidence/mock/* COLD-01",
            "*0 of 30 scenarios passed on mock",
        ]
    )
    assert "Traceback" not in result.stdout.str()
    assert "E   " not in result.stdout.str()
    assert "short test summary" not in result.stdout.str()


def test_tracebacks_are_kept_and_shown_when_asked_for(run: Run, pytester: pytest.Pytester) -> None:
    """The report log has them in any case, and -v and --tb show them."""
    source = scenario("COLD-01", body='assert platform is None, "no session was made"')
    for option in ("-v", "--tb=short"):
        assert "= FAILURES =" in run(source, option).stdout.str()

    assert "= FAILURES =" not in run(source).stdout.str()
    assert "assert platform is None" in (pytester.path / "evidence/mock/latest/report-log.jsonl").read_text()


def test_an_error_in_a_set_up_has_its_reason(run: Run) -> None:
    """What failed before a scenario began is told as a failure is, and that it was the set-up."""
    result = run(SET_UP)

    result.stdout.fnmatch_lines(
        ["*1 failed of 1 cause*", "1. FAILED COLD-01 * setup of test_waits: the fixture found no table"]
    )
    assert "ERRORS" not in result.stdout.str()


def test_what_could_not_be_collected_is_left_to_pytest(run: Run, pytester: pytest.Pytester) -> None:
    """Its own words say most of a file that cannot be imported."""
    pytester.makepyfile(test_routing="import nothing_of_that_name")

    result = run(scenario("COLD-01"))

    assert "No module named 'nothing_of_that_name'" in result.stdout.str()


def test_a_bare_comparison_says_what_it_compared(run: Run) -> None:
    """Whose status a number is stands in the line of the failure, for the lines below are not always shown."""
    body = "answer = type('Answer', (), {'status': 500, '__repr__': lambda _: '<GET /x → 500>'})()"

    result = run(scenario("COLD-01", body=f"{body}\nassert answer.status == 200", fixtures=""))

    line = "1. FAILED COLD-01 *: assert 500 == 200, where 500 = <GET /x → 500>.status, of `answer.status == 200`"
    result.stdout.fnmatch_lines([line])


def test_bare_values_say_whose_they_are(run: Run) -> None:
    """Values alone name no cause: the line has what was asserted, unless the scenario has a message for it."""
    body = "ttl, lives = 7, [1, 2]"

    bare = run(scenario("COLD-01", body=f"{body}\nassert ttl == (\n    8\n)", fixtures=""))
    told = run(scenario("COLD-01", body=f"{body}\nassert ttl == 8, f'the ttl is {{ttl}}'", fixtures=""))

    bare.stdout.fnmatch_lines(["1. FAILED COLD-01 *: assert 7 == 8, of `ttl == (`"])
    told.stdout.fnmatch_lines(["1. FAILED COLD-01 *: the ttl is 7"])


ADVICE = "ask again with --parameter AdviceIsNotCut=yes"
NO_CREDENTIALS = """from botocore.exceptions import NoCredentialsError
raise NoCredentialsError"""


def refused(text: str) -> str:
    """Return the body of a scenario that an error of ours ends."""
    return f"from seatrials.errors import RefusedWriteError\nraise RefusedWriteError({text!r})"


@pytest.mark.parametrize(
    ("body", "advice"),
    [
        pytest.param(NO_CREDENTIALS, "goes through the fixture `platform`", id="no credentials"),
        pytest.param(refused(f"{'a table ' * 60}: {ADVICE}"), ADVICE, id="a long line"),
        pytest.param(refused(f"{'a table ' * 400}: {ADVICE}"), ADVICE, id="a line beyond all bounds"),
        pytest.param(refused(f"these are wrong:\na\nb\n{ADVICE}"), ADVICE, id="many lines"),
    ],
)
@pytest.mark.parametrize("workers", ["0", "1"])
def test_what_to_do_stands_in_the_summary(run: Run, body: str, advice: str, workers: str) -> None:
    """Whatever else is cut, what the reader is to do is there without -v, also for a cause that is not the first."""
    first = scenario("COLD-01", "test_first", body='assert [], "of all causes the first"', fixtures="")
    second = scenario("COLD-02", "test_second", body='assert [], "of all causes the first"', fixtures="")

    result = run("\n".join([first, second, scenario("COLD-03", "test_third", body=body, fixtures="")]), "-n", workers)

    assert "1. FAILED COLD-01" in result.stdout.str()
    assert advice in result.stdout.str()


def test_a_failure_has_both_ends_of_its_line() -> None:
    """Of a line that is too long the middle is left out, for what was expected may stand at either end."""
    reason = f"the beginning {'x' * 2_000} the end"
    failure = Failure(row="COLD-01", place="test_cold_start.py:7", name="test_1", reason=reason)

    line = summary_lines(causes_of([failure]), Path("evidence/mock/latest"))[0]

    assert len(line) <= 320
    assert "the beginning" in line
    assert line.endswith("the end")


def test_the_words_after_the_name_of_a_test_are_no_secret(run: Run) -> None:
    """What a test is called makes no secret of what it said; a secret that it said is one all the same."""
    body = 'assert [], "this must hold, with password=hunter22"'

    result = run(scenario("COLD-01", "test_the_credentials", body=body, fixtures=""))

    result.stdout.fnmatch_lines(["1. FAILED COLD-01 * test_the_credentials: this must hold, with *"])
    assert "hunter22" not in result.stdout.str()


def test_what_a_cause_says_is_said_once() -> None:
    """A failure does not say again what stands above it as its cause."""
    denied = "role edit: no dynamodb:UpdateItem"
    failure = Failure(
        row="COLD-01", place="a.py:7", name="test_1", reason=f"it fails\n{denied}\nin the end", denied=denied
    )

    lines = summary_lines(causes_of([failure]), Path("evidence/mock/latest"))

    assert lines[:3] == [f"1. {denied}", "   FAILED COLD-01 a.py:7 test_1: it fails", "     in the end"]
