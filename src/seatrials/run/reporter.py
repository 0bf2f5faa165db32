"""A run as it is reported: evidence on disk, and a summary in the terminal."""

import json
import shlex
import sys
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import allure
import allure_commons
import pytest
from _pytest.terminal import TerminalReporter

from seatrials.environments.environment import Environment
from seatrials.environments.variables import read_variables
from seatrials.errors import EvidenceError, NothingRanError, TooLateError
from seatrials.evidence.chain import join
from seatrials.evidence.folder import RunFolder
from seatrials.evidence.job import job_url
from seatrials.evidence.not_asked import BROKEN_PROMISE, not_asked
from seatrials.evidence.provenance import Sources, commit_of, versions
from seatrials.evidence.record import RowRecord, RunRecord, ServiceRecord
from seatrials.evidence.recorder import Recorder, Step
from seatrials.evidence.redaction import redact, redact_nodeid, redact_value
from seatrials.evidence.report_log import LATE_SECONDS
from seatrials.evidence.signing import Signer, name_of, sign_run
from seatrials.run.causes import complaint_in, crash_in
from seatrials.run.ending import cannot_write, fail
from seatrials.run.items import PARTIAL_KEY, RECORDER_KEY, RUN_KEY, SHARD_KEY, scenario_id, scopes_of
from seatrials.run.late import is_in_doubt, late_seconds_max
from seatrials.run.obstacles import denial_in
from seatrials.run.options import DEFAULT_STEPS
from seatrials.run.reports import skip_reason
from seatrials.seams.clock import wall_seconds, wall_timestamp

_TIMELINE_SHOWN = 25
_TIMELINE = "timeline of the platform, in platform time"
_OPTION_VARIABLES = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")
# What a report is about, which others look up by these very words: all but the parameters of a test stays.
_NAMES = frozenset({"nodeid", "location", "keywords"})
_steps_emitted = iter(range(1 << 62))


def emit_step(step: Step) -> None:
    """Hand a step to Allure, its details as parameters: a file for each would cost more than the step."""
    hook = allure_commons.plugin_manager.hook
    identifier = str(UUID(int=next(_steps_emitted)))
    details = {name: value if isinstance(value, str) else json.dumps(value) for name, value in step.details.items()}
    hook.start_step(uuid=identifier, title=step.title, params={"at": f"{step.at_seconds:.3f} s", **details})
    hook.stop_step(uuid=identifier, exc_type=None, exc_val=None, exc_tb=None)


class RunReporter:
    """Writes the evidence of one run. The controller owns `run.json`; each worker writes its scenarios' timelines."""

    def __init__(
        self,
        config: pytest.Config,
        environment: Environment,
        sources: Callable[[], Sources | None],
        signer: Signer | None = None,
    ) -> None:
        """*sources* returns which files have run so far; *signer* signs what the run leaves."""
        self._signer = signer
        self._config = config
        self._sources_so_far = sources
        self._environment = environment
        self._began = wall_seconds()
        self._is_worker = hasattr(config, "workerinput")
        self._process = config.workerinput["workerid"] if hasattr(config, "workerinput") else "main"
        self._outcomes: dict[str, str] = {}
        self._hashes: dict[str, str] = {}
        self._platform_seconds: dict[str, float] = {}
        self._late_seconds: list[float] = []
        self._in_doubt: set[str] = set()
        self._expected: list[str] = []
        self._not_run: dict[str, str] = {}
        # By row that met a broken promise, the row of that promise.
        self._broken: dict[str, str] = {}
        self._crashed: list[str] = []
        if self._is_worker:
            self.folder = RunFolder(Path(config.workerinput["seatrials_folder"]))  # type: ignore[attr-defined]
            return
        self._versions = versions()
        self._commit, self._dirty = commit_of(config.rootpath)
        evidence, self._started = config.getoption("--evidence").resolve(), wall_timestamp()
        self.folder = RunFolder.create(evidence, environment.name, self._started)
        self._link = join(evidence, environment.name, self.folder.path, self._started, self._commit)
        config.option.report_log = str(self.folder.report_log)
        # Known at the end alone, when everything has been imported.
        self._sources: Sources | None = None
        self.folder.write_run(self._record(None))

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:  # noqa: ANN401  # xdist has no public type for it
        """Tell a worker of pytest-xdist where the evidence goes."""
        node.workerinput["seatrials_folder"] = str(self.folder.path)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """Note what a run will try, as a worker collected it."""
        self._expected = sorted(map(redact_nodeid, ids))
        self.folder.write_run(self._record(None))

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note what will be tried, by row: a controller that has workers collects nothing and learns it from them."""
        if not session.items:
            return
        self._expected = sorted(redact_nodeid(item.nodeid) for item in session.items)
        self.folder.write_rows({scenario_id(item): _row(item) for item in session.items})
        if not self._is_worker:
            self.folder.write_run(self._record(None))

    def note_leftovers(self, leftovers: list[str] | None) -> None:
        """Note what the scenarios of this process left behind; None when nobody looked."""
        if leftovers is not None:
            self.folder.write_leftovers(self._process, leftovers)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Add to a test's report what the platform did, and write its timeline."""
        report = yield
        if RUN_KEY in item.stash and (call.when == "call" or (call.when == "setup" and report.failed)):
            self._describe(item, report)
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_report_to_serializable(self) -> Generator[None, dict[str, Any] | None, dict[str, Any] | None]:
        """Redact a report on its way to the report log, and to the controller."""
        data = yield
        return data and {name: _redact_field(name, each) for name, each in data.items()}

    @pytest.hookimpl(tryfirst=True)
    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage) -> None:
        """Redact a warning before the report log has it."""
        text = str(warning_message.message)
        redacted = redact(text)
        if redacted != text:
            warning_message.message = redacted

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the outcome of each scenario; a failure of set-up or tear-down outweighs a pass."""
        properties = dict(report.user_properties)
        scenario = str(properties.get("scenario", report.nodeid))
        if str(report.when) == "???":
            # How pytest-xdist says that a worker ended while it ran this test.
            self._crashed.append(redact_nodeid(report.nodeid))
        if LATE_SECONDS in properties:
            self._late_seconds.append(float(str(properties[LATE_SECONDS])))
        if is_in_doubt(report):
            self._in_doubt.add(scenario)
        if report.outcome == "skipped":
            self._not_run[scenario] = redact(str(properties.get("not_run", skip_reason(report))))
        if report.failed and BROKEN_PROMISE in properties:
            self._broken[scenario] = str(properties[BROKEN_PROMISE])
        if report.when == "call" or report.outcome != "passed":
            failed_before = self._outcomes.get(scenario) == "failed"
            self._outcomes[scenario] = "failed" if failed_before else report.outcome
        if report.when == "call":
            # A stack on real time has no trace that could be repeated.
            if properties.get("trace_sha256") is not None:
                self._hashes[scenario] = str(properties["trace_sha256"])
            self._platform_seconds[scenario] = float(str(properties.get("platform_seconds", 0.0)))

    @pytest.hookimpl(wrapper=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Iterator[None]:
        """Write how the run ended, after all else; one that selected no scenario proves nothing, and is an error."""
        try:
            return (yield)
        except OSError as error:
            # The report log writes its last line here.
            fail(session, EvidenceError.exit_code, str(cannot_write(error)))
        finally:
            if not self._is_worker:
                self._finish(session)

    def _finish(self, session: pytest.Session) -> None:
        if session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
            session.exitstatus = NothingRanError.exit_code
        if session.exitstatus == pytest.ExitCode.OK and self._in_doubt:
            session.exitstatus = TooLateError.exit_code
        self._ask_again()
        try:
            self._end(int(session.exitstatus))
        except OSError as error:
            fail(session, EvidenceError.exit_code, str(cannot_write(error)))
        except EvidenceError as error:
            fail(session, error.exit_code, str(error))

    def _ask_again(self) -> None:
        """Learn which files ran; a checkout that is another one by now is of no commit."""
        commit, dirty = commit_of(self._config.rootpath)
        self._dirty = None if None in (self._dirty, dirty) else self._dirty or dirty or commit != self._commit
        self._sources = self._sources_so_far()

    def pytest_terminal_summary(self, terminalreporter: TerminalReporter, exitstatus: int) -> None:
        """Say what the run proved, how fast time passed, and where the evidence is."""
        # A run that was interrupted before its first scenario says why, and has nothing else to say.
        if self._is_worker or (exitstatus == pytest.ExitCode.INTERRUPTED and not self._expected):
            return
        if not self._expected:
            terminalreporter.line("seatrials: no scenario was selected, so nothing is proven: check -k and the suite")
        passed = sum(outcome == "passed" for outcome in self._outcomes.values())
        wall = wall_seconds() - self._began
        hours = sum(self._platform_seconds.values()) / 3600
        terminalreporter.section("seatrials", sep="=", bold=True)
        terminalreporter.line(f"{passed} of {len(self._expected)} scenarios passed on {self._environment.name}")
        if set(self._not_run) - self._in_doubt:
            not_run = sorted(set(self._not_run) - self._in_doubt)
            terminalreporter.line(f"not run, so not proven: {', '.join(not_run)}")
        unasked = not_asked(self._outcomes, self._broken)
        if unasked:
            own = ", ".join(sorted(set(unasked.values())))
            terminalreporter.line(f"not asked, so not proven, for {own} has failed: {', '.join(unasked)}")
        for line in (*self._lateness(), *self._skew()):
            terminalreporter.line(line)
        terminalreporter.line(
            f"{hours:.2f} hours of platform time in {wall:.1f} s of wall time "
            f"({sum(self._platform_seconds.values()) / wall:,.0f} platform seconds per second)"
        )
        terminalreporter.line(f"seed {self._config.getoption('--seed')}, {_workers(self._config)} workers")
        shard = self._config.stash.get(SHARD_KEY, None)
        if shard is not None:
            terminalreporter.line(f"{shard.told}, so it decides nothing before `seatrials merge` has all {shard.of}")
        terminalreporter.line(f"evidence: {shortest(self.folder.path)}")
        terminalreporter.line(f"signer: {name_of(self._signer)}")

    def _lateness(self) -> Iterator[str]:
        """Yield how late the platform was, which a busy machine makes, and which rows nobody can judge for it."""
        if self._late_seconds:
            worst = max(self._late_seconds)
            harmless = late_seconds_max(self._environment.pace)
            yield f"late by {worst:.1f} s of platform time at worst; {harmless:g} s harm nothing"
        if self._in_doubt:
            yield f"nobody can tell, for they failed while it was late: {', '.join(sorted(self._in_doubt))}"
            yield "run it again on a machine that is less busy, or slower: nox -s rehearse -- --pace N"

    def _skew(self) -> Iterator[str]:
        """Yield how far this machine's clock was from AWS's."""
        told = [f"{each.told} at its {moment}" for moment, each in (self.folder.read_skew() or {}).items()]
        if told:
            yield f"AWS's clock was ahead of the run's by {'; '.join(told)}"

    def _describe(self, item: pytest.Item, report: pytest.TestReport) -> None:
        run, recorder = item.stash[RUN_KEY], item.stash[RECORDER_KEY]
        scenario = scenario_id(item)
        report.user_properties.append(("trace_sha256", run.trace_sha256()))
        report.user_properties.extend(("sample", vars(sample)) for sample in recorder.samples)
        if recorder.left_out:
            report.user_properties.append(("left_out", "; ".join(recorder.left_out)))
        timeline = run.timeline_json()
        self.folder.write_timeline(scenario, timeline)
        notes = run.timeline_notes()
        self.folder.write_notes(scenario, notes)
        self.folder.write_scenario(scenario, recorder, run.timeline_seconds)
        self.folder.write_services(scenario, _services(recorder, run.images()))
        self.folder.write_usage(scenario, run.usage())
        if report.failed or is_in_doubt(report):
            # Written when somebody wants to see it: a report of Allure's has it made.
            link = self.folder.timeline_link(scenario)
            allure.dynamic.link(link["url"], name=link["name"])  # type: ignore[no-untyped-call]  # it has no types
            report.sections.append(("what the scenario did", _lines(step.title for step in recorder.steps)))
            report.sections.append((_TIMELINE, _lines(run.timeline_text()[-_TIMELINE_SHOWN:])))
            report.sections.append(("replay", self._replay(item)))
            report.user_properties.append(("crash", crash_in(timeline)))
            report.user_properties.append(("denied", denial_in(timeline)))
            report.user_properties.append(("logged", complaint_in(notes, _last_us(timeline))))

    def could_not_begin(self, exit_code: int) -> None:
        """Write that the run ended before its first scenario."""
        with suppress(EvidenceError):  # that it is unsigned says less than why it did not begin
            self._end(exit_code)

    def _end(self, exit_code: int) -> None:
        self.folder.write_run(self._record(exit_code))
        self.folder.write_seal()
        sign_run(self.folder, self._signer)

    def _replay(self, item: pytest.Item) -> str:
        name = item.name.partition("[")[0]
        if self._environment.kind.is_shared:
            # Real time has no seed.
            return f"python -m pytest tests/integration --environment {self._environment.name} -k {name}"
        given: list[object] = ["--seed", self._config.getoption("--seed")]
        steps = self._config.getoption("--steps")
        given += [] if steps == DEFAULT_STEPS else ["--steps", steps]
        for option in ("--world", "--stack"):
            chosen = self._config.getoption(option)
            given += [option, chosen] if chosen else []
        for option in ("--parameter", "--parameters", "--import"):
            given += [f"{option}={each}" for each in self._config.getoption(option)]
        return f"nox -s mock -- -n 0 {shlex.join(map(str, redact_value(given)))} -k {name}"

    def _command(self) -> str:
        """Return how the run was started, with the variables by which pytest takes further options and plugins."""
        given = read_variables()
        options = [f"{name}={shlex.quote(given[name])}" for name in _OPTION_VARIABLES if given.get(name)]
        return " ".join([*options, shlex.join(redact_value(sys.argv))])

    def _record(self, exit_status: int | None) -> RunRecord:
        rows = self.folder.read_rows()
        return RunRecord(
            environment=self._environment.name,
            chain=self._link,
            kind=self._environment.kind.name,
            account=self._environment.account_id,
            commit=self._commit,
            dirty=self._dirty,
            sources=None if self._sources is None else dict(self._sources),
            command=redact(self._command()),
            partial=self._config.stash.get(PARTIAL_KEY, None),
            shard=self._config.stash.get(SHARD_KEY, None),
            seed=self._config.getoption("--seed"),
            workers=_workers(self._config),
            versions=self._versions,
            stack=str(self._config.getoption("--stack") or ""),
            started=self._started,
            ended=None if exit_status is None else wall_timestamp(),
            exit_status=exit_status,
            expected=tuple(self._expected),
            rows={scenario: row.nodeid for scenario, row in rows.items()},
            scopes={scenario: row.scope for scenario, row in rows.items()},
            not_run=self._not_run,
            not_asked=not_asked(self._outcomes, self._broken),
            scenarios=self._outcomes,
            trace_sha256=self._hashes,
            crashed=tuple(sorted(scenario for scenario, row in rows.items() if row.nodeid in self._crashed)),
            leftovers=self.folder.read_leftovers(),
            services=self.folder.read_services(),
            job_url=job_url(read_variables()),
            usage=self.folder.read_usage(),
            late_seconds=max(self._late_seconds, default=None),
            skew=self.folder.read_skew(),
            wall_seconds=round(wall_seconds() - self._began, 3),
            platform_seconds=round(sum(self._platform_seconds.values()), 6),
        )


def _row(item: pytest.Item) -> RowRecord:
    return RowRecord(nodeid=redact_nodeid(item.nodeid), scope=", ".join(scope.mark for scope in scopes_of(item)))


def _redact_field(name: str, value: Any) -> Any:  # noqa: ANN401  # any JSON value
    """Redact a field of a report; a test's names are texts, alone, in a sequence or as the keys of a table."""
    if name not in _NAMES:
        return redact_value(value)
    if isinstance(value, str):
        return redact_nodeid(value)
    if isinstance(value, Mapping):
        # Among the keywords of a test is the id of its parameters, alone.
        return {redact(each): mark for each, mark in value.items()}
    return type(value)(redact_nodeid(each) if isinstance(each, str) else each for each in value)


def _services(recorder: Recorder, images: Mapping[str, tuple[str, ...]]) -> dict[str, ServiceRecord]:
    """Return what a scenario met of each service: the versions that it said it is, and the images that ran."""
    met = {
        name: (tuple(sorted(recorder.versions.get(name, ()))), images.get(name, ()))
        for name in (*recorder.versions, *images)
    }
    return {
        name: ServiceRecord(versions=versions, images=ran) for name, (versions, ran) in met.items() if versions or ran
    }


def _last_us(timeline: Sequence[str]) -> int:
    """Return when the last event of a timeline was, in microseconds of platform time."""
    return int(json.loads(timeline[-1]).get("at_us", 0)) if timeline else 0


def _workers(config: pytest.Config) -> int:
    return len(config.option.tx or []) if getattr(config.option, "dist", "no") != "no" else 0


def _lines(texts: Iterable[str]) -> str:
    return "\n".join(texts)


def shortest(path: Path) -> Path:
    """Return *path* as it may be typed here."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
