"""The pytest plugin: the options of a run, its beginning and its end, and the marks of a scenario.

It does nothing until an environment is chosen (`seatrials.run.choice`). Then every collected test is a scenario: it
carries one `@pytest.mark.scenario("COLD-01")` and one scope mark, and gets a stack of its own through the fixture
`platform`.

A project with scenarios asks for it, with `-p seatrials.run.plugin` in `addopts`: its options have plain names, which
in other projects belong to others.
"""

import sys
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from seatrials.affected.tracer import TRACER
from seatrials.checkers.contract import files as contract_files
from seatrials.configuration import require_wait, require_workers
from seatrials.environments.environment import Environment
from seatrials.environments.file import load_environment
from seatrials.environments.variables import aws_variables_forgotten, read_variables
from seatrials.errors import ConfigurationError, SeatrialsError
from seatrials.evidence.signing import Signer, signer_of, signing_variables_taken
from seatrials.run import load, on_mutants, scenario
from seatrials.run.allure import add_labels, begin_allure
from seatrials.run.beginning import HELD_KEY, RunBeginning
from seatrials.run.checked import CheckersSummary
from seatrials.run.choice import CHOICE_KEY, choose
from seatrials.run.comparison import Comparisons
from seatrials.run.credentials import CREDENTIALS_KEY, RunCredentials, advice_on
from seatrials.run.ended_rows import EndedRows
from seatrials.run.ending import RunEnding, cannot_write, fail
from seatrials.run.items import ENVIRONMENT_KEY, limit_seconds, scenario_id
from seatrials.run.late import LateRows
from seatrials.run.marks import MARKS, problems_of_marks
from seatrials.run.obstacles import tell_obstacles
from seatrials.run.on_mutants import about_mutant, begin_generated, begin_matrix
from seatrials.run.options import add_options, find_files, in_chosen_world
from seatrials.run.order import OneByOne, in_order
from seatrials.run.plan_option import begin_plan
from seatrials.run.promises import about_promise
from seatrials.run.record import choose_rows, record_elsewhere
from seatrials.run.reporter import RunReporter, shortest
from seatrials.run.reports import ADVICE
from seatrials.run.shards import begin_shard, durations_file
from seatrials.run.sources import RunSources
from seatrials.run.summary import FailureSummary
from seatrials.stacks import (
    StackNotes,
    StackOptions,
    Stacks,
    check_stacks,
    hold_stacks,
    open_stacks,
    wants_plain_moto,
)

if TYPE_CHECKING:  # no worker shows anything
    from _pytest.terminal import TerminalReporter
    from xdist.remote import Producer

_ENDING_KEY = pytest.StashKey[RunEnding]()
# The variables that lead to who signs the evidence.
_SIGNING_KEY = pytest.StashKey[Mapping[str, str]]()
# What is worth knowing of the stack before the run, and keeps nothing from running.
_NOTES_KEY = pytest.StashKey[StackNotes]()


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the options of a run, and the plugin's other parts."""
    add_options(parser)
    for part in (scenario, on_mutants, load):
        pluginmanager.register(part, part.__name__)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Choose the environment, and take AWS's credentials and what signs before any file of scenarios is imported.

    The run's end brings the variables back; until then neither this process nor its workers have them.
    """
    early_config.stash[CHOICE_KEY] = choice = choose(early_config, read_variables())
    if choice.name is not None:
        early_config.stash[CREDENTIALS_KEY] = RunCredentials.withdrawn(early_config)
        held = ExitStack()
        early_config.add_cleanup(held.close)
        early_config.stash[_SIGNING_KEY] = held.enter_context(signing_variables_taken())


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Declare the marks; with an environment, begin a run before pytest's and Allure's reporters read their options."""
    for line in MARKS:
        config.addinivalue_line("markers", line)
    if CHOICE_KEY not in config.stash:
        msg = "seatrials.run.plugin was loaded too late: load it with `-p seatrials.run.plugin`, in addopts"
        raise pytest.UsageError(msg)
    config.option.environment = config.stash[CHOICE_KEY].name
    if config.option.environment is None:
        return
    find_files(config)
    try:
        _begin(config)
    except SeatrialsError as error:
        pytest.exit(f"seatrials: {error}", returncode=error.exit_code)


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say which environment a run has whose command names none, and, with -v, what is worth knowing of the stack."""
    choice = config.stash[CHOICE_KEY]
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
    require_workers("-n", config.getoption("numprocesses", None) or 0)
    signer = signer_of(config.stash[_SIGNING_KEY])
    is_plan = config.getoption("--plan")
    named = load_environment(
        config.getoption("--environment"), config.getoption("--environments"), read_variables(), is_reached=not is_plan
    )
    environment = in_chosen_world(named, config.getoption("--world"))
    config.stash[CHOICE_KEY].check(environment)
    config.stash[ENVIRONMENT_KEY] = environment
    if environment.kind.is_shared:
        _receive_credentials(config)
    else:
        _forget_aws(config)
    begin_shard(config, environment)
    if is_plan:
        begin_plan(config, environment)
    if is_plan or config.option.collectonly:
        return
    choose_rows(config, environment)
    config.stash[_ENDING_KEY] = ending = RunEnding(config)
    config.pluginmanager.register(ending, "seatrials-ending")
    config.pluginmanager.register(EndedRows(ending), "seatrials-ended-rows")
    beginning = RunBeginning(config, ending, lambda: open_stacks(environment, _options(config)))
    config.pluginmanager.register(beginning, "seatrials-beginning")
    sources = RunSources(config, _read_files(config, environment))
    config.pluginmanager.register(sources, "seatrials-sources")
    if not is_worker:
        _limit_workers(config, environment.workers_max)
        config.stash[_NOTES_KEY] = check_stacks(environment, _options(config))
    if config.getoption("--generated"):
        begin_generated(config)
    elif not config.getoption("--on-mutants"):
        reporter = _begin_report(config, environment, sources, signer)
        if not is_worker:
            _hold(config, environment, reporter)
    elif not is_worker and not config.getoption("--record-coverage"):
        begin_matrix(config, sources.sources, signer)


def _begin_report(
    config: pytest.Config, environment: Environment, sources: RunSources, signer: Signer | None
) -> RunReporter:
    """Let the run's evidence be written, and its failures be shown at its end."""
    try:
        reporter = RunReporter(config, environment, sources.sources, signer)
        config.pluginmanager.register(reporter, "seatrials-run")
        config.pluginmanager.register(LateRows(), "seatrials-late")
        config.pluginmanager.register(Comparisons(), "seatrials-comparisons")
        config.pluginmanager.register(CheckersSummary(), "seatrials-checkers")
        if not config.getoption("--record-coverage"):
            begin_allure(config, reporter.folder.allure_results, config.stash[_ENDING_KEY].stop_writing)
    except OSError as error:
        raise cannot_write(error) from error
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(FailureSummary(config, shortest(reporter.folder.path)), "seatrials-summary")
    return reporter


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
    credentials = config.stash[CREDENTIALS_KEY]
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
    files += [durations_file(config)] if config.getoption("--shard") else []
    return [each for each in (*files, *config.getoption("--parameters"), *contract_files()) if each]


def _hold(config: pytest.Config, environment: Environment, reporter: RunReporter) -> None:
    """Hold the stacks that are held for a whole run; one that ends before it has a session gives them back too."""
    try:
        config.stash[HELD_KEY] = hold_stacks(environment, _options(config))
    except SeatrialsError as error:
        reporter.could_not_begin(error.exit_code)
        raise
    config.add_cleanup(partial(_give_back_unused, config))


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
        credentials=config.stash[CREDENTIALS_KEY].values,
    )


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    """Give the stack back, and keep what the run left on it for the evidence; a failure to clean up is an error.

    It is given back when fixtures and workers have ended, and however they did: what they do may need the lease.
    """
    plugins = session.config.pluginmanager
    if "hypothesis" not in sys.modules and plugins.has_plugin("hypothesispytest"):
        # It would import all of hypothesis as the run ends, to say that no scenario has used it.
        plugins.unregister(name="hypothesispytest")
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
    environment = config.stash[ENVIRONMENT_KEY]
    if environment.kind.is_shared:
        items[:] = in_order(items)
    elif hasattr(config, "workerinput"):
        # The longest first, or a run ends with one worker busy and the others idle.
        items.sort(key=lambda item: limit_seconds(item, environment), reverse=True)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: "Producer") -> OneByOne | None:
    """Let the workers of a shared stack take its rows in their order, whatever `--dist` says."""
    environment = config.stash.get(ENVIRONMENT_KEY, None)
    return OneByOne(config, log) if environment is not None and environment.kind.is_shared else None


def _leave_out_other_rows(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the rows that the catalogue does not have for the environment."""
    rows = config.stash[ENVIRONMENT_KEY].rows
    kept = [item for item in items if any(item.get_closest_marker(scope) for scope in rows)]
    others = [item for item in items if item not in kept]
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = kept


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say in each report which scenario it is about, on which platform, and how a mutant was noticed."""
    tell_obstacles(item, call)
    report = yield
    if item.config.getoption("--environment") is not None:
        advice = None if call.excinfo is None else advice_on(call.excinfo.value)
        if advice is not None:
            report.user_properties.append((ADVICE, advice))
        report.user_properties.append(("scenario", scenario_id(item)))
        report.user_properties += about_promise(item, call)
        callspec = getattr(item, "callspec", None)
        if callspec is not None and "mutant" in callspec.params:
            report.user_properties += about_mutant(callspec.params["mutant"], call)
    return report


def _note_leftovers(config: pytest.Config, stacks: Stacks) -> None:
    reporter = config.pluginmanager.get_plugin("seatrials-run")
    if reporter is not None:
        reporter.note_leftovers(stacks.leftovers())
