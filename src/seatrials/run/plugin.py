"""The pytest plugin: options, fixtures, and the marks of a scenario.

It does nothing until an environment is chosen (`seatrials.run.choice`). Then every collected test is a scenario: it
carries one `@pytest.mark.scenario("COLD-01")` and one scope mark, and gets a stack of its own through the fixture
`platform`.

A project with scenarios asks for it, with `-p seatrials.run.plugin` in `addopts`: its options have plain names, which
in other projects belong to others.
"""

import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import allure
import pytest

from seatrials.affected.tracer import TRACER
from seatrials.configuration import require_wait
from seatrials.environments.environment import Environment
from seatrials.environments.file import load_environment
from seatrials.environments.scopes import SCOPES
from seatrials.environments.variables import aws_variables_forgotten, read_variables
from seatrials.errors import (
    BudgetExceededError,
    ConfigurationError,
    LeaseLostError,
    NotRunHereError,
    SeatrialsError,
)
from seatrials.evidence.provenance import Sources
from seatrials.evidence.recorder import Recorder
from seatrials.evidence.signing import Signer, signer_taken
from seatrials.run.allure import add_labels, begin_allure
from seatrials.run.beginning import HELD_KEY, RunBeginning, open_held
from seatrials.run.choice import Choice, choose
from seatrials.run.comparison import Comparisons
from seatrials.run.credentials import RunCredentials, advice_on
from seatrials.run.ending import RunEnding, cannot_write, fail
from seatrials.run.items import CALLS_KEY, RECORDER_KEY, RUN_KEY, needs_of, scenario_id, suite_of
from seatrials.run.late import LateRows, watch_lateness
from seatrials.run.marks import problems_of_marks
from seatrials.run.options import add_options, find_files
from seatrials.run.record import choose_rows, record_elsewhere
from seatrials.run.reporter import RunReporter, emit_step, shortest
from seatrials.run.sources import RunSources
from seatrials.run.summary import FailureSummary
from seatrials.seams.clock import Clock
from seatrials.stacks import (
    StackNotes,
    StackOptions,
    StackRun,
    Stacks,
    check_stacks,
    hold_stacks,
    open_stacks,
    wants_plain_moto,
)

if TYPE_CHECKING:  # mutants know the twin, which no process needs that examines a real stack
    from _pytest.terminal import TerminalReporter

    from seatrials.mutants.mutant import Mutant
    from seatrials.platform import Platform

_ENVIRONMENT_KEY = pytest.StashKey[Environment]()
_CHOICE_KEY = pytest.StashKey[Choice]()
# What ends every other scenario too: this process may change the stack no longer, or has spent enough.
_ENDING = (BudgetExceededError, LeaseLostError)
# How a scenario says what it expected and what it saw; over any other error it stumbles.
_TOLD = (AssertionError, pytest.fail.Exception, SeatrialsError)
_ENDING_KEY = pytest.StashKey[RunEnding]()
_CREDENTIALS_KEY = pytest.StashKey[RunCredentials]()
# What is worth knowing of the stack before the run, and keeps nothing from running.
_NOTES_KEY = pytest.StashKey[StackNotes]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of a run."""
    add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Choose the environment, and take AWS's credentials before any file of the scenarios is imported."""
    early_config.stash[_CHOICE_KEY] = choice = choose(early_config, read_variables())
    if choice.name is not None:
        early_config.stash[_CREDENTIALS_KEY] = RunCredentials.withdrawn(early_config)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Declare the marks; with an environment, begin a run before pytest's and Allure's reporters read their options."""
    for line in (
        "scenario(id, extra_seconds=0): the row of the catalogue; extra_seconds is the time that its sentence names",
        *(f"{scope.mark}: {scope.sentence}" for scope in SCOPES.values()),
        "exclusive: needs the service to itself",
        "needs(capability, ...): is run only where the environment has all of these",
    ):
        config.addinivalue_line("markers", line)
    if _CHOICE_KEY not in config.stash:
        msg = "seatrials.run.plugin was loaded too late: load it with `-p seatrials.run.plugin`, in addopts"
        raise pytest.UsageError(msg)
    config.option.environment = config.stash[_CHOICE_KEY].name
    if config.option.environment is None:
        return
    find_files(config)
    try:
        _begin(config)
    except SeatrialsError as error:
        pytest.exit(f"seatrials: {error}", returncode=error.exit_code)


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say which environment a run has whose command names none, and, with -v, what is worth knowing of the stack."""
    choice = config.stash[_CHOICE_KEY]
    chosen = [f"seatrials: environment {choice.name}, from {choice.source}"] if choice.is_default else []
    return [*chosen, *(config.stash.get(_NOTES_KEY, StackNotes()).warnings if config.option.verbose > 0 else ())]


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Say what the stack leaves out, however little else is to be said."""
    terminal: TerminalReporter | None = session.config.pluginmanager.get_plugin("terminalreporter")
    if terminal is not None:
        for line in session.config.stash.get(_NOTES_KEY, StackNotes()).left_out:
            terminal.write_line(f"seatrials: {line}")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Hand a recording to a process that sees everything from its start."""
    is_asked = config.getoption("--environment") is not None and config.getoption("--record-coverage")
    return record_elsewhere(config) if is_asked and not TRACER.is_on else None


def _begin(config: pytest.Config) -> None:
    """Read the configuration, refuse what cannot run, and let a reporter write down the rest."""
    is_worker = hasattr(config, "workerinput")
    _check_assertions()
    require_wait("--lease-wait", config.getoption("--lease-wait"))
    signer = _signer(config)
    environment = load_environment(
        config.getoption("--environment"), config.getoption("--environments"), read_variables()
    )
    config.stash[_CHOICE_KEY].check(environment)
    config.stash[_ENVIRONMENT_KEY] = environment
    if environment.kind.is_shared:
        _receive_credentials(config)
    else:
        _forget_aws(config)
    if config.option.collectonly:
        return
    choose_rows(config, environment, partial(open_held, config, lambda: open_stacks(environment, _options(config))))
    config.stash[_ENDING_KEY] = ending = RunEnding(config)
    config.pluginmanager.register(ending, "seatrials-ending")
    beginning = RunBeginning(config, ending, lambda: open_stacks(environment, _options(config)))
    config.pluginmanager.register(beginning, "seatrials-beginning")
    sources = RunSources(config, _read_files(config, environment))
    config.pluginmanager.register(sources, "seatrials-sources")
    if not is_worker:
        _limit_workers(config, environment.workers_max)
        config.stash[_NOTES_KEY] = check_stacks(environment, _options(config))
    if not config.getoption("--on-mutants"):
        try:
            reporter = RunReporter(config, environment, sources.sources, signer)
            config.pluginmanager.register(reporter, "seatrials-run")
            config.pluginmanager.register(LateRows(), "seatrials-late")
            config.pluginmanager.register(Comparisons(), "seatrials-comparisons")
            if not config.getoption("--record-coverage"):
                begin_allure(config, reporter.folder.allure_results, ending.stop_writing)
        except OSError as error:
            raise cannot_write(error) from error
        if not is_worker:
            config.pluginmanager.register(FailureSummary(config, shortest(reporter.folder.path)), "seatrials-summary")
            config.stash[HELD_KEY] = _hold(environment, _options(config), reporter)
            # For a run that ends before it has a session.
            config.add_cleanup(partial(_give_back_unused, config))
    elif not is_worker and not config.getoption("--record-coverage"):
        _begin_matrix(config, sources.sources, signer)


def _check_assertions() -> None:
    """Refuse a Python that leaves assertions out: every scenario would pass, whatever it saw."""
    if not __debug__:
        msg = (
            f"assertions are off, for Python runs with -O or PYTHONOPTIMIZE (optimize={sys.flags.optimize}), "
            "so no scenario could fail: run without them"
        )
        raise ConfigurationError(msg)


def _receive_credentials(config: pytest.Config) -> None:
    """Have the credentials that this process withdrew or was handed, and hand them on to workers."""
    credentials = config.stash[_CREDENTIALS_KEY]
    credentials.receive(config)
    config.pluginmanager.register(credentials, "seatrials-credentials")


def _forget_aws(config: pytest.Config) -> None:
    """Let the shell lead a mock nowhere, before anything imports moto; the run's end brings the variables back."""
    held = ExitStack()
    held.enter_context(aws_variables_forgotten())
    config.add_cleanup(held.close)


def _read_files(config: pytest.Config, environment: Environment) -> list[Path]:
    """Return the files that this run reads as configuration or template."""
    template = config.getoption("--stack") or environment.template
    files = [config.getoption("--environments"), template, config.getoption("--mutants")]
    return [each for each in (*files, *config.getoption("--parameters")) if each]


def _signer(config: pytest.Config) -> Signer | None:
    """Return who signs the evidence; until the run's end neither this process nor its workers have the variables."""
    held = ExitStack()
    signer = held.enter_context(signer_taken())
    config.add_cleanup(held.close)
    return signer


def _begin_matrix(config: pytest.Config, sources: Callable[[], Sources | None], signer: Signer | None) -> None:
    from rich.console import Console  # noqa: PLC0415  # these import moto, a second that other runs save

    from seatrials.mutants.selection import load_mutants  # noqa: PLC0415
    from seatrials.run.matrix_reporter import MatrixReporter  # noqa: PLC0415

    mutants = load_mutants(config.getoption("--mutants"), config.getoption("--only"))
    is_partial = bool(config.getoption("keyword") or config.getoption("--changed"))
    evidence = config.getoption("--evidence").resolve()
    reporter = MatrixReporter(mutants, evidence, Console(), is_partial=is_partial, sources=sources, signer=signer)
    config.pluginmanager.register(reporter, "seatrials-matrix")


def _hold(environment: Environment, options: StackOptions, reporter: RunReporter) -> Stacks | None:
    try:
        return hold_stacks(environment, options)
    except SeatrialsError as error:
        reporter.could_not_begin(error.exit_code)
        raise


def _limit_workers(config: pytest.Config, workers_max: int | None) -> None:
    """Let no more workers begin than share the stack well; what `-n` asked for is in `tx`, a name for each."""
    if workers_max is not None and getattr(config.option, "tx", None):
        config.option.tx = config.option.tx[:workers_max]


def _options(config: pytest.Config) -> StackOptions:
    reporter = config.pluginmanager.get_plugin("seatrials-run")
    worker = getattr(config, "workerinput", {})
    return StackOptions(
        seed=config.getoption("--seed"),
        template=config.getoption("--stack"),
        parameters=tuple(config.getoption("--parameter")),
        parameter_files=tuple(config.getoption("--parameters")),
        imports=tuple(config.getoption("--import")),
        # pytest's own option, which the project's configuration switches on for pytest already.
        strict=bool(config.getoption("--strict")),
        plain_moto=wants_plain_moto(read_variables()),
        folder=None if reporter is None else reporter.folder.path,
        confirmation=config.getoption("--confirm"),
        lease_wait_seconds=config.getoption("--lease-wait"),
        workers=int(worker.get("workercount", 1)),
        is_whole_run=not worker,
        credentials=config.stash[_CREDENTIALS_KEY].values,
    )


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    """Give the stack back, and keep what the run left on it for the evidence; a failure to clean up is an error.

    It is given back when fixtures and workers have ended, and however they did: what they do may need the lease.
    """
    ending = session.config.stash.get(_ENDING_KEY, None)
    if ending is not None:
        ending.begin_to_end()
    try:
        return (yield)
    finally:
        if ending is not None:
            ending.show(session)
        error = _give_back(session.config)
        if error is not None:
            fail(session, error.exit_code, str(error))


def _give_back(config: pytest.Config) -> SeatrialsError | None:
    """Give back the stack that this process holds, if it does; return what kept it from cleaning up."""
    held, config.stash[HELD_KEY] = config.stash.get(HELD_KEY, None), None
    if held is None:
        return None
    problem: SeatrialsError | None = None
    try:
        held.close(in_haste=config.stash[_ENDING_KEY].is_cut_short)
        _note_leftovers(config, held)
    except SeatrialsError as error:
        problem = error
        with suppress(OSError):  # of which the reporter says more
            _note_leftovers(config, held)
    except OSError as error:
        problem = cannot_write(error)
    return problem


def _give_back_unused(config: pytest.Config) -> None:
    """Give back the stack of a run that has no session; what ended it has its exit code, so this is told alone."""
    error = _give_back(config)
    if error is not None:
        sys.stderr.write(f"seatrials: {error}\n")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Check the marks of all scenarios, all offenders in one error, and give Allure its labels."""
    if config.getoption("--environment") is None:
        return
    # pytest's NOTSET stands for a scenario that is run on none of the chosen mutants.
    items[:] = [item for item in items if not item.nodeid.endswith("[NOTSET]")]
    problems = problems_of_marks(items)
    _leave_out_other_rows(config, items)
    if problems:
        raise pytest.UsageError("\n".join(["these scenarios are not marked as they must be:", *problems]))
    for item in items:
        add_labels(item, config.getoption("--environment"))
    environment = config.stash[_ENVIRONMENT_KEY]
    if hasattr(config, "workerinput") and not environment.kind.is_shared:
        # The longest first, or a run ends with one worker busy and the others idle; a shared stack is loaded evenly.
        items.sort(key=lambda item: _limit_seconds(item, environment), reverse=True)


def _leave_out_other_rows(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the rows that the catalogue does not have for the environment."""
    rows = config.stash[_ENVIRONMENT_KEY].rows
    kept = [item for item in items if any(item.get_closest_marker(scope) for scope in rows)]
    others = [item for item in items if item not in kept]
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = kept


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
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say in each report which scenario it is about, on which platform, and how a mutant was noticed."""
    report = yield
    if item.config.getoption("--environment") is not None:
        if call.excinfo is not None and isinstance(call.excinfo.value, _ENDING):
            item.config.stash[_ENDING_KEY].stop(item.session, call.excinfo.value)
        advice = None if call.excinfo is None else advice_on(call.excinfo.value)
        if advice is not None:
            report.sections.append(("AWS's credentials", advice))
        report.user_properties.append(("scenario", scenario_id(item)))
        callspec = getattr(item, "callspec", None)
        if callspec is not None and "mutant" in callspec.params:
            report.user_properties += _about_mutant(callspec.params["mutant"], call)
    return report


def _about_mutant(mutant: "Mutant | None", call: pytest.CallInfo[None]) -> list[tuple[str, object]]:
    """Return what the kill matrix wants to know of a run on *mutant*; None is the healthy platform."""
    about: list[tuple[str, object]] = [("mutant", mutant.id if mutant else "healthy")]
    if mutant is not None and mutant.mistakes:
        about.append(("mutant_mistake", mutant.mistakes[0]))
    if call.excinfo is not None and not isinstance(call.excinfo.value, _TOLD):
        about.append(("bare_error", call.excinfo.type.__name__))
    return about


@pytest.fixture(scope="session")
def _stacks(pytestconfig: pytest.Config) -> Stacks:
    environment = pytestconfig.stash.get(_ENVIRONMENT_KEY, None)
    if environment is None:
        obstacle = pytestconfig.stash[_CHOICE_KEY].obstacle
        msg = f"scenarios need --environment NAME, for example: nox -s mock{obstacle and f'; {obstacle}'}"
        pytest.exit(f"seatrials: {msg}", returncode=ConfigurationError.exit_code)
    held = pytestconfig.stash[HELD_KEY]
    assert held is not None, "stacks are opened before the first scenario"
    return held


def _note_leftovers(config: pytest.Config, stacks: Stacks) -> None:
    reporter = config.pluginmanager.get_plugin("seatrials-run")
    if reporter is not None:
        reporter.note_leftovers(stacks.leftovers())


@pytest.fixture(name="mutant")
def _mutant(request: pytest.FixtureRequest) -> "Mutant | None":
    return getattr(request, "param", None)


@pytest.fixture(name="platform")
def _platform(request: pytest.FixtureRequest, _stacks: Stacks, mutant: "Mutant | None") -> "Iterator[Platform]":
    # The process that hands out the scenarios needs none of it.
    from seatrials.platform import CallCount, Platform  # noqa: PLC0415

    item = request.node
    allure.dynamic.parameter("environment", request.config.getoption("--environment"))
    environment = request.config.stash[_ENVIRONMENT_KEY]
    missing = [each for each in needs_of(item) if not environment.allows(each)]
    if missing:
        _do_not_run(item, f"{environment.name} does not have what it needs: {', '.join(missing)}")
    watch_lateness(item, _stacks, item.config.stash[_ENVIRONMENT_KEY].pace)
    with ExitStack() as held:
        run = _open(item, _stacks, mutant, held)
        recorder = Recorder(run.stack.clock.now, run.sample_kind, emit_step)
        item.stash[RUN_KEY] = run
        item.stash[RECORDER_KEY] = recorder
        item.stash[CALLS_KEY] = calls = CallCount()
        yield Platform(calls.counting(run.stack), recorder)
        # Tests live as long as the session, and their worlds, of two megabytes each, must not live as long.
        del item.stash[RUN_KEY], item.stash[RECORDER_KEY], item.stash[CALLS_KEY]


def _open(item: pytest.Item, stacks: Stacks, mutant: "Mutant | None", held: ExitStack) -> StackRun:
    exclusive = item.get_closest_marker("exclusive") is not None
    try:
        return held.enter_context(stacks.open(scenario_id(item), mutant, exclusive=exclusive))
    except NotRunHereError as reason:
        _do_not_run(item, str(reason))


def _do_not_run(item: pytest.Item, reason: str) -> NoReturn:
    """Skip a scenario with the reason in the evidence, where it counts as unproven."""
    item.user_properties.append(("not_run", reason))
    pytest.skip(reason)


@pytest.fixture(name="clock")
def _clock(platform: "Platform") -> Clock:
    return platform.clock


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Fail a scenario that takes more platform time than its suite allows."""
    run = item.stash.get(RUN_KEY, None)
    if run is None:
        yield
        return
    began, calls = run.stack.clock.now(), item.stash[CALLS_KEY]
    called_before = calls.total
    yield
    taken = run.stack.clock.now() - began
    item.user_properties.append(("platform_seconds", round(taken, 6)))
    item.user_properties.append(("calls", calls.total - called_before))
    limit = _limit_seconds(item, run.stack.environment)
    if taken > limit:
        pytest.fail(f"took {taken:.1f} s of platform time; the limit of this scenario is {limit:g} s", pytrace=False)


def _limit_seconds(item: pytest.Item, environment: Environment) -> float:
    """Return the platform time that a scenario may take: its suite's, and what its sentence names."""
    mark = item.get_closest_marker("scenario")
    extra = float(mark.kwargs.get("extra_seconds", 0)) if mark is not None else 0.0
    return environment.limits.seconds(suite_of(item)) + extra
