"""What is wanted: from the gate's criteria, and as the template makes it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from seatrials.environments.file import load_environment
from seatrials.environments.parts import Budget
from seatrials.errors import ConfigurationError
from seatrials.monitoring.bounds import Bounds, bounds_of
from seatrials.monitoring.cloudwatch import look
from seatrials.monitoring.difference import changes
from seatrials.monitoring.wanted import Wanted, wanted
from seatrials.platform import contract
from seatrials.twin.control_plane import moto_running
from tests.support.project import PROJECT
from tests.support.twin import Twin, Worlds

NAMESPACE = "Webordinary/IntegrationTests"
GATE = PROJECT / "gate.toml"
REACHED = {"SEATRIALS_ACCOUNT_ID": "123456789012", "SEATRIALS_BASE_URL": "https://edit.example.org"}


def wanted_of(name: str) -> Wanted:
    """Return what is wanted of an environment of the project by the shipped criteria."""
    environment = load_environment(name, PROJECT / "environments.toml", REACHED)
    names, bounds = environment.names, bounds_of(name, environment.budget, GATE)
    return wanted(names.run_monitoring_prefix, names.run_metric_namespace, environment.region, bounds)


@pytest.fixture(scope="module")
def twin() -> Iterator[Twin]:
    """Return a world with the shipped template."""
    with moto_running(), Worlds().open() as twin:
        yield twin


@pytest.mark.parametrize("name", ["staging", "production"])
def test_the_template_makes_the_same(twin: Twin, name: str) -> None:
    """A stack of the template has dashboard and alarms as they are wanted, but for the alarm on an account's day."""
    to_be = wanted_of(name)
    found = changes(to_be, look(twin.world.aws("cloudwatch"), to_be))

    assert [(each.name, each.is_new) for each in found] == [("webordinary-run-day-cost", True)]


def test_the_bounds_are_those_of_the_gate_and_of_the_contract() -> None:
    """What alarms is what the gate would not let go."""
    bounds = bounds_of("staging", Budget(day_dollars=7), GATE)

    assert bounds == Bounds(
        success_percent=95, cold_start_seconds=contract.COLD_START_SECONDS_MAX, run_dollars=3, day_dollars=7
    )


def test_an_own_bound_comes_before_that_of_others(tmp_path: Path) -> None:
    """A cold start is judged by the tightest bound of the environment, or else of any."""
    criteria = tmp_path / "gate.toml"
    criteria.write_text(
        "\n".join(
            [
                f'[environments.{each}]\nrows = "staging"\nsuccess_percent_above = 90\nrun_dollars_below = 2'
                for each in "abc"
            ]
            + [
                f'[[statistics]]\nid = "c{below}"\nsentence = "It is quick."\nenvironments = ["{each}"]\n'
                f'metric = "cold_start_seconds"\nstatistic = "p99"\nbelow = {below}'
                for each, below in (("a", 80), ("a", 70), ("b", 50))
            ]
        )
    )

    assert [bounds_of(each, Budget(), criteria).cold_start_seconds for each in "abc"] == [70, 50, 50]


def test_every_bound_that_is_missing_is_told(tmp_path: Path) -> None:
    """A file that says nothing of success, cost and cold starts is told so in three lines, each with its key."""
    criteria = tmp_path / "gate.toml"
    criteria.write_text('[environments.staging]\nrows = "staging"\n')

    with pytest.raises(ConfigurationError) as refused:
        bounds_of("staging", Budget(), criteria)

    lines = str(refused.value).splitlines()
    for line, key in zip(lines, ("success_percent_above", "run_dollars_below", "cold_start_seconds"), strict=True):
        assert key in line


def test_an_environment_that_the_criteria_do_not_have_is_told() -> None:
    """Who means a rehearsal is told that there are other files of criteria."""
    with pytest.raises(ConfigurationError, match=r"no table environments\.rehearsal.*--criteria"):
        bounds_of("rehearsal", Budget(), GATE)


def test_wrong_criteria_are_told_as_the_gate_tells_them(tmp_path: Path) -> None:
    """A key that there is not is named."""
    criteria = tmp_path / "gate.toml"
    criteria.write_text('[environments.staging]\nrows = "staging"\nsuccess = 5\n')

    with pytest.raises(ConfigurationError, match=r"environments\.staging\.success"):
        bounds_of("staging", Budget(), criteria)


@pytest.mark.parametrize("prefix", ["web ordinary", "webordinary/run", "w" * 250])
def test_a_prefix_that_begins_no_name_is_told(prefix: str) -> None:
    """CloudWatch takes letters, digits, - and _ for a dashboard, and 255 characters."""
    bounds = Bounds(success_percent=95, cold_start_seconds=60, run_dollars=3, day_dollars=10)

    with pytest.raises(ConfigurationError, match=r"names\.run_monitoring_prefix"):
        wanted(prefix, NAMESPACE, "us-west-2", bounds)
