"""Tests of the plan of a run: what rows take by themselves and together, and that nothing is run for it."""

import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from seatrials.catalogue import Row, read_suites
from seatrials.cost import load_prices
from seatrials.errors import ConfigurationError
from seatrials.evidence.folder import RunFolder
from seatrials.run.durations import Durations, RowDuration, durations_of, read_durations, write_durations
from seatrials.run.items import Alone
from seatrials.run.plan import (
    BEGIN_SECONDS,
    CALL_SECONDS,
    END_SECONDS,
    RETURN_SECONDS,
    ROW_SECONDS,
    SETTLE_SECONDS,
    Plan,
    plan_of,
)
from tests.support.project import PROJECT
from tests.support.scenario_run import SCENARIO, FakeStacks

pytest_plugins = ["pytester"]

ALONE, WARM = Alone(tasks_max=0, leaves=1), Alone(tasks_max=3, leaves=3)
# Between a row and the next one, at pace 1.
BETWEEN = END_SECONDS + ROW_SECONDS


def durations(**rows: RowDuration) -> Durations:
    """Return what rows took, on tasks of one vCPU and two GB."""
    return Durations(environment="mock", kind="mock", started="2026-03-02", vcpu=1, memory_gb=2, rows=rows)


def takes(seconds: float, tasks: int = 0, waited: float = 0, calls: int = 0) -> RowDuration:
    """Return what a row took."""
    return RowDuration(seconds=seconds, waited=waited, calls=calls, tasks=tasks, task_seconds=tasks * seconds)


def plan(rows: Mapping[str, Alone | None], known: Durations, workers: int = 1, pace: float = 1) -> Plan:
    """Return a plan at the shipped prices."""
    return plan_of(rows, known, load_prices(), workers=workers, pace=pace)


def test_rows_beside_one_another_share_the_workers() -> None:
    """Four equal rows take as long as two of them with two workers, and each worker has one at a time."""
    known = durations(**{name: takes(90) for name in "abcd"})
    one, two = (plan(dict.fromkeys("abcd"), known, workers) for workers in (1, 2))

    assert one.seconds == BEGIN_SECONDS + 4 * (90 + BETWEEN) + RETURN_SECONDS
    assert two.seconds == BEGIN_SECONDS + 2 * (90 + BETWEEN) + RETURN_SECONDS
    assert [each.begins for each in two.rows] == [*[BEGIN_SECONDS] * 2, *[BEGIN_SECONDS + 90 + BETWEEN] * 2]


def test_rows_that_are_alone_come_one_after_another() -> None:
    """However many workers there are, with a return to zero between two that need it."""
    made = plan({"a": ALONE, "b": ALONE}, durations(a=takes(90, 1), b=takes(30, 1)), workers=3)
    first, second = made.rows

    assert (first.return_seconds, second.return_seconds, made.returns) == (0, RETURN_SECONDS, 1)
    assert second.begins == first.ends + RETURN_SECONDS
    assert made.seconds == second.ends + RETURN_SECONDS


def test_three_tasks_are_shared() -> None:
    """A row that finds the three tasks that it needs waits for no start, and looks for a while whether they stay."""
    rows = {"a": WARM, "b": WARM}
    first, second = plan(rows, durations(a=takes(100, 3, waited=60), b=takes(100, 3, waited=60))).rows

    assert (first.seconds, second.return_seconds) == (100 + BETWEEN, 0)
    assert second.seconds == 100 - 60 + 5 + SETTLE_SECONDS + BETWEEN


def test_a_pace_costs_what_the_machine_does() -> None:
    """Calls take real time, so that a fast pace makes a row longer in platform time."""
    rows, known = dict.fromkeys("a"), durations(a=takes(50, calls=100))
    slow, fast = (plan(rows, known, pace=pace).rows[0].seconds for pace in (1, 30))

    of_machine = ROW_SECONDS + 100 * CALL_SECONDS
    assert slow == pytest.approx(50 + END_SECONDS + of_machine)
    assert fast == pytest.approx(50 + END_SECONDS + 30 * of_machine)


def test_tasks_are_paid_for_until_they_are_gone() -> None:
    """One task for a row and for as long as a return to zero takes after it, at the price of what it reserves."""
    made = plan({"a": ALONE}, durations(a=takes(100, 1)))
    seconds = 100 + BETWEEN + RETURN_SECONDS

    assert made.task_seconds["a"] == pytest.approx(seconds, abs=2)
    assert made.run_dollars == pytest.approx(seconds / 3600 * (0.04048 + 2 * 0.004445), rel=0.02)


def test_sessions_of_rows_beside_one_another_add_up() -> None:
    """Three rows with a session each have three tasks, which is what the platform has for three."""
    one, three = (
        plan(dict.fromkeys("abc"), durations(**{name: takes(600, 1) for name in "abc"}), workers) for workers in (1, 3)
    )

    assert sum(one.task_seconds.values()) == pytest.approx(one.seconds - BEGIN_SECONDS, abs=2)
    assert sum(three.task_seconds.values()) == pytest.approx(3 * (three.seconds - BEGIN_SECONDS), abs=6)


def test_durations_are_kept_and_read(tmp_path: Path) -> None:
    """What is written is read again; what is none is told with what to do."""
    path = tmp_path / "durations.json"
    with pytest.raises(ConfigurationError, match=r"is not there: run the mock, and write it with `seatrials durations"):
        read_durations(path)
    write_durations(path, durations(a=takes(5, 3)))

    assert read_durations(path) == durations(a=takes(5, 3))
    path.write_text('{"rows": 3}')
    with pytest.raises(ConfigurationError, match=r"has no durations of rows \(environment: Field required"):
        read_durations(path)


def test_durations_come_from_a_run(run: Callable[..., pytest.RunResult], pytester: pytest.Pytester) -> None:
    """Each row that passed tells how long it took; of a row that was not run nothing is known."""
    failing = SCENARIO.replace("COLD-01", "COLD-02").replace("def test_", "def test_again_") + "    assert False\n"
    run(SCENARIO + failing)
    found = durations_of(RunFolder(pytester.path / "evidence/mock/latest"))

    assert (found.environment, found.kind, sorted(found.rows)) == ("mock", "mock", ["COLD-01"])
    with pytest.raises(ConfigurationError, match="is no run's evidence: name the folder of one"):
        durations_of(RunFolder(pytester.path))
    with pytest.raises(ConfigurationError, match=r"cannot be read (.*): it must be a file"):
        read_durations(pytester.path)
    RunFolder(pytester.path / "evidence/mock/latest").report_log.unlink()
    with pytest.raises(ConfigurationError, match="is no run's evidence: name the folder of one"):
        durations_of(RunFolder(pytester.path / "evidence/mock/latest"))


def test_a_plan_runs_nothing(
    run: Callable[..., pytest.RunResult], pytester: pytest.Pytester, stacks: list[FakeStacks]
) -> None:
    """It opens no stack and leaves no evidence, and it needs not to know where the stack is."""
    environments = pytester.path / "environments.toml"
    environments.write_text(
        environments.read_text() + '\n[far]\nkind = "live"\nregion = "us-west-2"\nscope = "staging"\n'
    )
    write_durations(pytester.path / "durations.json", durations(**{"COLD-01": takes(30, 1)}))
    result = run(SCENARIO, "--plan", environment="far")

    assert (result.ret, stacks, (pytester.path / "evidence").exists()) == (0, [], False)
    result.stdout.fnmatch_lines(["COLD-01 *", "in sum 3 minutes of platform time*", "within the budget of *"])


def test_a_plan_is_for_the_workers_that_the_command_asks_for(
    run: Callable[..., pytest.RunResult], pytester: pytest.Pytester
) -> None:
    """`-n 3` is three, and so is `--tx 3*popen`."""
    write_durations(pytester.path / "durations.json", durations(**{"COLD-01": takes(30, 1)}))
    results = [run(SCENARIO, "--plan", *asked) for asked in (("-n", "3"), ("--dist", "load", "--tx", "3*popen"))]

    for result in results:
        result.stdout.fnmatch_lines(["in sum * with 3 workers*"])


def test_a_whole_staging_run_fits_into_150_minutes_and_3_dollars() -> None:
    """By the shipped durations, which know nine of ten rows at least: a new one is taken for average until then."""
    command = ("-m", "pytest", "tests/integration", "--environment", "staging", "--plan", "-q", "-n", "2")
    told = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=True, cwd=PROJECT).stdout  # noqa: S603
    found = re.search(r"in sum (\d+) minutes .* with 2 workers.*; \$([\d.]+)", told)
    known = read_durations(PROJECT / "durations.json").rows
    rows = [row.id for suite in read_suites(PROJECT / "tests/integration") for row in suite.rows if _is_both(row)]

    assert len({*rows} & {*known}) >= 0.9 * len(rows)
    assert found is not None
    assert float(found[1]) < 150
    assert float(found[2]) < 3


def _is_both(row: Row) -> bool:
    return {"mock", "staging"} <= {*row.environments}
