"""The pytest plugin: options, fixtures, and the marks of a scenario.

It does nothing until `--environment` names one. Then every collected test is a scenario: it carries one
`@pytest.mark.scenario("COLD-01")` and one scope mark, and gets a stack of its own through the fixture `platform`.
"""

import gc
import re
from collections.abc import Generator, Iterator
from pathlib import Path

import allure
import pytest

from seatrials.clock import Clock
from seatrials.environment import Environment, load_environment, read_variables
from seatrials.errors import SeatrialsError
from seatrials.evidence import Recorder
from seatrials.mutants.mutant import Mutant
from seatrials.platform import Platform
from seatrials.reporting import RunReporter, emit_step
from seatrials.scenarios import RECORDER_KEY, RUN_KEY, SCOPES, scenario_id, suite_of
from seatrials.stacks import StackOptions, Stacks, check_stacks, open_stacks

_ENVIRONMENT_KEY = pytest.StashKey[Environment]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of a run."""
    group = parser.getgroup("seatrials", "scenarios against a stack")
    group.addoption("--environment", metavar="NAME", help="the environment of environments.toml to examine")
    group.addoption("--environments", metavar="FILE", type=Path, default=Path("environments.toml"))
    group.addoption("--seed", type=int, default=1, help="what chance in the mock's worlds comes from (default: 1)")
    group.addoption("--stack", metavar="FILE", type=Path, help="another CloudFormation template for the mock to deploy")
    group.addoption("--on-mutants", action="store_true", help="run each scenario on the broken platforms too")
    group.addoption("--mutants", metavar="FILE", type=Path, help="a Python file with further MUTANTS")
    group.addoption("--only", metavar="ID", action="append", default=[], help="run on these mutants alone")
    group.addoption("--whole-suite", action="store_true", help="run the suite of its row on each mutant")
    group.addoption("--evidence", metavar="DIR", type=Path, default=Path("evidence"), help="where evidence is written")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Declare the marks; with an environment, begin a run before pytest's and Allure's reporters read their options."""
    for line in (
        "scenario(id, extra_seconds=0): the row of the catalogue; extra_seconds is the time that its sentence names",
        "mock_only: runs on mock, for what it needs exists nowhere else",
        "staging: runs on mock and staging",
        "production: runs on mock, staging and production",
        "exclusive: needs the service to itself",
    ):
        config.addinivalue_line("markers", line)
    if config.getoption("--environment") is None:
        return
    try:
        _begin(config)
    except SeatrialsError as error:
        pytest.exit(f"seatrials: {error}", returncode=error.exit_code)


def _begin(config: pytest.Config) -> None:
    """Read the configuration, refuse what cannot run, and let a reporter write down the rest."""
    is_worker = hasattr(config, "workerinput")
    environment = load_environment(
        config.getoption("--environment"), config.getoption("--environments"), read_variables()
    )
    config.stash[_ENVIRONMENT_KEY] = environment
    if config.option.collectonly:
        return
    if not is_worker:
        check_stacks(environment, _options(config))
    if not config.getoption("--on-mutants"):
        config.pluginmanager.register(RunReporter(config, environment), "seatrials-run")
    elif not is_worker:
        _begin_matrix(config)


def _begin_matrix(config: pytest.Config) -> None:
    from rich.console import Console  # noqa: PLC0415  # these import moto, a second that other runs save

    from seatrials.mutants.matrix import MatrixReporter  # noqa: PLC0415
    from seatrials.mutants.selection import load_mutants  # noqa: PLC0415

    mutants = load_mutants(config.getoption("--mutants"), config.getoption("--only"))
    is_partial = bool(config.getoption("keyword"))
    reporter = MatrixReporter(mutants, config.getoption("--evidence").resolve(), Console(), is_partial=is_partial)
    config.pluginmanager.register(reporter, "seatrials-matrix")


def _options(config: pytest.Config) -> StackOptions:
    return StackOptions(seed=config.getoption("--seed"), template=config.getoption("--stack"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Check the marks of all scenarios, all offenders in one error, and give Allure its labels."""
    if config.getoption("--environment") is None:
        return
    # pytest's NOTSET stands for a scenario that is run on none of the chosen mutants.
    items[:] = [item for item in items if not item.nodeid.endswith("[NOTSET]")]
    problems = [problem for item in items for problem in _mark_problems(item)]
    problems += _shared_ids(items)
    if problems:
        raise pytest.UsageError("\n".join(["these scenarios are not marked as they must be:", *problems]))
    for item in items:
        _add_labels(item, config.getoption("--environment"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """With `--on-mutants`, give each scenario the mutants that it is run on, and the healthy platform."""
    if not metafunc.config.getoption("--on-mutants") or "mutant" not in metafunc.fixturenames:
        return
    from seatrials.mutants.selection import is_relevant, load_mutants  # noqa: PLC0415  # imports moto

    only = metafunc.config.getoption("--only")
    chosen = load_mutants(metafunc.config.getoption("--mutants"), only)
    marks = [mark for mark in metafunc.definition.iter_markers("scenario") if mark.args]
    scenario = str(marks[0].args[0]) if marks else ""
    whole_suite = metafunc.config.getoption("--whole-suite")
    relevant = [mutant for mutant in chosen if is_relevant(mutant, scenario, whole_suite=whole_suite)]
    platforms = [*([] if only else [None]), *relevant]
    metafunc.parametrize("mutant", platforms, ids=[each.id if each else "healthy" for each in platforms], indirect=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say in each report which scenario it is about, and on which platform."""
    report = yield
    if item.config.getoption("--environment") is not None:
        report.user_properties.append(("scenario", scenario_id(item)))
        callspec = getattr(item, "callspec", None)
        if callspec is not None and "mutant" in callspec.params:
            mutant = callspec.params["mutant"]
            report.user_properties.append(("mutant", mutant.id if mutant else "healthy"))
    return report


@pytest.fixture(scope="session")
def _stacks(pytestconfig: pytest.Config) -> Iterator[Stacks]:
    environment = pytestconfig.stash.get(_ENVIRONMENT_KEY, None)
    if environment is None:
        pytest.exit("seatrials: scenarios need --environment NAME, for example: nox -s mock", returncode=64)
    # Imports and the first deployment make half a million objects that stay: looking through them again and again for
    # garbage would double the time that they take.
    gc.disable()
    stacks = open_stacks(environment, _options(pytestconfig))
    gc.freeze()
    gc.enable()
    yield stacks
    reporter = pytestconfig.pluginmanager.get_plugin("seatrials-run")
    if reporter is not None:
        reporter.note_leftovers(stacks.leftovers())
    stacks.close()


@pytest.fixture(name="mutant")
def _mutant(request: pytest.FixtureRequest) -> Mutant | None:
    return getattr(request, "param", None)


@pytest.fixture(name="platform")
def _platform(request: pytest.FixtureRequest, _stacks: Stacks, mutant: Mutant | None) -> Iterator[Platform]:
    item = request.node
    allure.dynamic.parameter("environment", request.config.getoption("--environment"))
    with _stacks.open(scenario_id(item), mutant) as run:
        recorder = Recorder(run.stack.clock.now, run.sample_kind, emit_step)
        item.stash[RUN_KEY] = run
        item.stash[RECORDER_KEY] = recorder
        yield Platform(run.stack, recorder)
        # Tests live as long as the session, and their worlds, of two megabytes each, must not live as long.
        del item.stash[RUN_KEY], item.stash[RECORDER_KEY]


@pytest.fixture(name="clock")
def _clock(platform: Platform) -> Clock:
    return platform.clock


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Fail a scenario that takes more platform time than its suite allows."""
    run = item.stash.get(RUN_KEY, None)
    if run is None:
        yield
        return
    began = run.stack.clock.now()
    yield
    taken = run.stack.clock.now() - began
    item.user_properties.append(("platform_seconds", round(taken, 6)))
    mark = item.get_closest_marker("scenario")
    extra = float(mark.kwargs.get("extra_seconds", 0)) if mark is not None else 0.0
    limit = run.stack.environment.limits.seconds(suite_of(item)) + extra
    if taken > limit:
        pytest.fail(f"took {taken:.1f} s of platform time; the limit of this scenario is {limit:g} s", pytrace=False)


def _mark_problems(item: pytest.Item) -> list[str]:
    mark = item.get_closest_marker("scenario")
    problems = []
    if mark is None or not mark.args or not re.fullmatch(r"[A-Z]+-\d\d", str(mark.args[0])):
        problems.append(f"{item.nodeid}: needs @pytest.mark.scenario('SUITE-NN') with an id of the catalogue")
    scopes = [scope for scope in SCOPES if item.get_closest_marker(scope)]
    if len(scopes) != 1:
        problems.append(f"{item.nodeid}: needs exactly one of {SCOPES}, has {scopes}")
    return problems


def _shared_ids(items: list[pytest.Item]) -> list[str]:
    """Return a problem for each id that two scenarios have: evidence is kept by id."""
    first: dict[str, str] = {}
    problems = []
    for item in items:
        # Without the mutant that pytest adds to the name.
        name = item.nodeid.partition("[")[0]
        if first.setdefault(scenario_id(item), name) != name:
            problems.append(f"{name}: has the id {scenario_id(item)} of {first[scenario_id(item)]}")
    return problems


def _add_labels(item: pytest.Item, environment: str) -> None:
    severity = "critical" if item.get_closest_marker("production") else "normal"
    # allure-pytest reads its labels from marks of this form; its own decorators have no types.
    labels = {"as_id": scenario_id(item), "suite": suite_of(item), "severity": severity, "env": environment}
    for kind, value in labels.items():
        item.add_marker(pytest.mark.allure_label(value, label_type=kind))
