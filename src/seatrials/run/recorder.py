"""The plugin of a recording: brings it up to date by running what has changed, what failed, and what is new."""

import os
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest

from seatrials.affected.recording import Ran, Recording, fingerprints_of, has_all_of, read_recording, write_recording
from seatrials.affected.selection import named, select
from seatrials.affected.tracer import TRACER, Unit
from seatrials.affected.tree import FOLDER, root_of, work_tree
from seatrials.affected.units import REST, WHOLE
from seatrials.environments.environment import Environment
from seatrials.run.changed import about, deselect, known_of, path_of
from seatrials.run.items import PARTIAL_KEY, say, scenario_id
from seatrials.run.record import in_forks
from seatrials.run.reports import advice_of, reason_of
from seatrials.seams.clock import wall_epoch_seconds, wall_seconds

# What libraries there are, and how pytest runs; nobody has to read the first for that.
_DECIDING = ("uv.lock", "pyproject.toml")
# Options by which a run has fewer tests than its folders.
_NARROWING = ("keyword", "markexpr", "deselect", "ignore", "ignore_glob", "only")
# Not where the gate looks.
_EVIDENCE = Path(FOLDER, "evidence")


class CoverageRecorder:
    """Runs each test in a fork, writes what it executed, and lets pytest report it as usual."""

    def __init__(self, config: pytest.Config, environment: Environment) -> None:
        self._began, self._began_epoch = wall_seconds(), wall_epoch_seconds()
        self._config = config
        self._root = root_of(config.rootpath)
        self._tree = work_tree(self._root)
        self._path, self._about = path_of(config, environment), about(config, environment)
        self._known = known_of(read_recording(self._path), self._about)
        self._selection = select(self._known, self._about, self._tree)
        # On mutants to fail is what is wanted, and nothing to look at once more.
        self._wants_failures = bool(config.getoption("--on-mutants"))
        self._failed = frozenset[str]()
        if self._known is not None and not self._wants_failures:
            self._failed = self._known.failed
        # Whether it ends well though pytest would say that nothing ran, or that something failed.
        self._is_fine = False
        # In a fork: the reports of its test.
        self._reports: list[dict[str, Any]] = []
        rmtree(self._root / _EVIDENCE, ignore_errors=True)
        config.option.evidence = self._root / _EVIDENCE
        config.stash[PARTIAL_KEY] = "it was made to record what its rows execute"

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leave out what is recorded and has not changed; what failed comes first."""
        there_were = bool(items)
        deselect(config, items, self._selection.left_out - self._failed)
        self._is_fine = there_were and not items
        items.sort(key=lambda item: item.nodeid not in self._failed)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Say why a file of tests cannot be collected, where pytest's own reporter does not."""
        if report.failed and not self._has_reporter():
            say(self._config, f"{report.nodeid} cannot be collected: {_last_line(report.longreprtext)}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run each test in a fork, as many at once as there are processors; this process has opened the stacks."""
        if session.testsfailed:
            msg = "a file of tests cannot be collected"
            raise session.Interrupted(msg)
        items = {item.nodeid: item for item in session.items}
        if not items:
            say(self._config, f"seatrials: nothing to run: {self._selection.why}")
            return True
        say(self._config, f"seatrials: {len(items)} of {len(items) + self._count_left()} run: {self._selection.why}")
        ran = dict[str, Ran]()
        for test, told in in_forks(list(items), lambda test: self._run(items[test]), os.cpu_count() or 1):
            if told is None:
                say(self._config, f"FAILED {test}: its process ended before the test did")
                session.testsfailed += 1
                continue
            for each in told["reports"]:
                self._report(each, items[test])
            units = frozenset((str(path), str(unit)) for path, unit in told["units"])
            ran[test] = Ran(told["failed"], units)
        self._is_fine = self._wants_failures and len(ran) == len(items)
        self._keep(ran, is_whole=asks_for_all(self._config) and len(ran) == len(items))
        self._sum_up(ran)
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Call it a success when there was nothing to run because all of it is recorded, and that mutants are found."""
        if self._is_fine and session.exitstatus in {pytest.ExitCode.NO_TESTS_COLLECTED, pytest.ExitCode.TESTS_FAILED}:
            session.exitstatus = pytest.ExitCode.OK

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note the reports of the test that a fork runs; in the process that forks they are of no use."""
        data = self._config.hook.pytest_report_to_serializable(config=self._config, report=report)
        self._reports.append({**data, "is_failed": report.failed})

    def _run(self, item: pytest.Item) -> dict[str, object]:
        """Run a test in this fork; return its reports, and what it executed."""
        TRACER.take()
        self._reports.clear()
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        units = self._own(TRACER.take())
        failed = any(each["is_failed"] for each in self._reports)
        return {"reports": self._reports, "failed": failed, "units": sorted(units)}

    def _report(self, data: dict[str, Any], item: pytest.Item) -> None:
        """Hand a report of a fork to pytest, and say in a line what failed where nobody else does."""
        del data["is_failed"]
        report = self._config.hook.pytest_report_from_serializable(config=self._config, data=data)
        self._config.hook.pytest_runtest_logreport(report=report)
        if report.failed and not self._has_reporter() and not self._wants_failures:
            said = " ".join([reason_of(report).partition("\n")[0], advice_of(report)]).strip()
            say(self._config, f"FAILED {scenario_id(item)} {item.name}: {said}")

    def _keep(self, ran: dict[str, Ran], *, is_whole: bool) -> None:
        """Write what is known now; nothing when files have changed since this process began to read them."""
        recording = self._recording(ran)
        changed = sorted(path for path in recording.paths if self._is_changed(path))
        if changed:
            say(self._config, f"seatrials: nothing is recorded, for {named(changed)} changed meanwhile")
            return
        fingerprints = fingerprints_of(self._tree, recording.paths, self._known)
        around = frozenset(
            (path, unit) for path in self._around(recording) for unit in fingerprints.get(path, {WHOLE: ""})
        )
        update = {"fingerprints": fingerprints, "always": recording.always | around}
        recording = recording.model_copy(update=update)
        is_whole = is_whole or has_all_of(recording, self._known)
        write_recording(self._path, recording.model_copy(update={"is_whole": is_whole}))

    def _recording(self, ran: dict[str, Ran]) -> Recording:
        """Return what is known now of the tests that ran, and of those that did not have to."""
        known = {} if self._known is None else self._known.tests
        kept = {test: known[test] for test in self._selection.left_out if test not in ran}
        always = self._own(TRACER.take() | {(name, WHOLE) for name in _DECIDING})
        blobs, tests = dict(self._tree.blobs), {**kept, **ran}
        return Recording(about=self._about, blobs=blobs, fingerprints={}, always=always, tests=tests, is_whole=False)

    def _around(self, recording: Recording) -> set[str]:
        """Return the files that count as a whole: what runs around the tests runs otherwise when it records.

        That are the files of the plugin, and those that were imported and of which no test executes a function.
        """
        plugin = Path(__file__).parent
        executed = {path for ran in recording.tests.values() for path, unit in ran.units if unit != REST}
        own = {path for path in recording.paths if (self._root / path).parent == plugin}
        return own | {path for path, _ in recording.always if path not in executed}

    def _own(self, ran: frozenset[Unit]) -> frozenset[Unit]:
        """Return what ran of the files that git knows, or would: the others are nobody's, or made by runs."""
        return frozenset(each for each in ran if each[0] in self._tree.blobs)

    def _is_changed(self, path: str) -> bool:
        try:
            return (self._root / path).stat().st_ctime >= self._began_epoch
        except FileNotFoundError:
            return True

    def _sum_up(self, ran: dict[str, Ran]) -> None:
        failed = sum(each.is_failed for each in ran.values())
        seconds = wall_seconds() - self._began
        say(self._config, f"seatrials: {len(ran) - failed} passed, {failed} failed in {seconds:.1f} s")

    def _count_left(self) -> int:
        return len(self._selection.left_out - self._failed)

    def _has_reporter(self) -> bool:
        return bool(self._config.pluginmanager.has_plugin("terminalreporter"))


def asks_for_all(config: pytest.Config) -> bool:
    """Whether a run names folders of tests, and leaves none of theirs out."""
    is_narrowed = any(config.getoption(name, None) for name in _NARROWING)
    return not is_narrowed and all(Path(config.invocation_params.dir, each).is_dir() for each in config.args)


def _last_line(text: str) -> str:
    """Return the last line of a traceback that says something."""
    return next(
        (line.removeprefix("E ").strip() for line in reversed(text.splitlines()) if line.startswith("E ")), text
    )
