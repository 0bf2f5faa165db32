"""A run of the scenarios on mutants as it is reported: the kill matrix, on disk and in the terminal."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from rich.console import Console

from seatrials.errors import EvidenceError
from seatrials.evidence.chain import join
from seatrials.evidence.folder import MatrixFolder
from seatrials.evidence.not_asked import BROKEN_PROMISE
from seatrials.evidence.provenance import Sources, commit_of
from seatrials.evidence.record import MatrixRun, ShardRecord
from seatrials.evidence.redaction import redact
from seatrials.evidence.signing import Signer, name_of, sign_matrix
from seatrials.mutants.matrix import HEALTHY, Matrix, names_of
from seatrials.mutants.mutant import Mutant
from seatrials.run.reports import message_of
from seatrials.seams.clock import wall_seconds, wall_timestamp

# Enough for what was expected and what was seen; the whole of it is for who runs that one scenario.
_MESSAGE_CHARACTERS_MAX = 500


class MatrixReporter:
    """A pytest plugin of the controller: fills the matrix, shows progress, and decides the exit code."""

    def __init__(
        self,
        mutants: Sequence[Mutant],
        evidence: Path,
        console: Console,
        *,
        is_partial: bool = False,
        shard: Callable[[], ShardRecord | None] = lambda: None,
        sources: Callable[[], Sources | None] = lambda: None,
        signer: Signer | None = None,
    ) -> None:
        """*sources* and *shard* return at the end which files ran and which part it was; *signer* signs the matrix."""
        self._signer = signer
        self._shard = shard
        # Which of them a shard is about, it learns from its tests.
        self.matrix = (
            Matrix(mutants, is_partial=is_partial)
            if shard() is None
            else Matrix([], is_partial=is_partial, divided=mutants)
        )
        self._started = wall_timestamp()
        self._evidence = evidence
        self.folder = MatrixFolder.create(evidence, self._started)
        self._console = console
        self._sources = sources
        self._began = wall_seconds()
        self._run = MatrixRun()
        self._expected: dict[str, int] = {}
        self._finished = 0

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Note what is about to run: the tree may be another one when it ends."""
        commit, dirty = commit_of(session.config.rootpath)
        is_partial = self.matrix.is_partial or bool(session.config.getoption("--only"))
        expected = tuple(each.id for each in self.matrix.mutants)
        path = self.folder.path
        self._run = MatrixRun(
            commit=commit,
            dirty=dirty,
            chain=join(self._evidence, path.parent.name, path, self._started, commit),
            started=self._started,
            is_partial=is_partial or self.matrix.divided is not None,
            expected=expected,
        )

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """Learn what will run, from the first worker that has collected."""
        if not self._expected:
            self._expect(ids)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Learn what will run, without workers."""
        if session.items:
            self._expect([item.nodeid for item in session.items])

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Show why a file of scenarios cannot be collected."""
        if report.failed:
            self.matrix.broken.append(f"{report.nodeid} cannot be collected: {redact(report.longreprtext)}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note who failed on what."""
        properties = dict(report.user_properties)
        mutant, scenario = str(properties.get("mutant", HEALTHY)), str(properties.get("scenario", report.nodeid))
        if report.when == "call" and BROKEN_PROMISE in properties:
            self.matrix.note_promise(mutant, scenario, str(properties[BROKEN_PROMISE]))
        if report.when == "call":
            message = _shortened(redact(message_of(report))) if report.failed else ""
            bare_error = str(properties.get("bare_error", ""))
            self.matrix.note(mutant, scenario, failed=report.failed, message=message, bare_error=bare_error)
        elif report.failed:
            self.matrix.broken.append(f"{report.when} of {scenario} on {mutant} failed: {redact(message_of(report))}")
        if "mutant_mistake" in properties:
            self.matrix.note_mistake(mutant, f"{scenario} met {properties['mutant_mistake']}")
        if report.when == "call":
            self._finished += 1
            self._show_progress(mutant)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the matrix and turn failures that were wanted into a success."""
        self.matrix.settle()
        self.matrix.note_end(self._expected)
        if not self.matrix.ran:
            self.matrix.broken.append("no scenario ran, so nothing is proven")
        ran = self._sources()
        told = {
            "sources": None if ran is None else dict(ran),
            "shard": self._shard(),
            "is_partial": self._run.is_partial or bool(self.matrix.unfinished),
        }
        run = self._run.model_copy(update={**told, "expected": tuple(each.id for each in self.matrix.mutants)})
        self.folder.write(self.matrix.record(run), self.matrix.as_markdown())
        session.exitstatus = 1 if self.matrix.problems() else 0
        self._show_result()
        try:
            sign_matrix(self.folder, self._signer)
        except EvidenceError as error:
            session.exitstatus = error.exit_code
            self._console.print(f"seatrials: {error}", highlight=False, markup=False, soft_wrap=True)

    def _show_result(self) -> None:
        """Say what was proven and where the matrix is."""
        problems = self.matrix.problems()
        for problem in problems:
            self._console.print(f"[red]{problem}[/red]", highlight=False)
        killed = sum(bool(self.matrix.killed_by.get(each.id)) for each in self.matrix.mutants)
        healthy = self.matrix.ran.get(HEALTHY, [])
        green = len(healthy) - len(self.matrix.killed_by.get(HEALTHY, []))
        passed = f"{green} of {len(healthy)} scenarios pass" if healthy else "nothing ran"
        self._console.print(
            f"{killed} of {len(self.matrix.mutants)} mutants killed; "
            f"{passed} on the healthy platform; "
            f"{self._finished} {'run' if self._finished == 1 else 'runs'} in {wall_seconds() - self._began:.1f} s",
            highlight=False,
        )
        self._console.print(f"matrix: {self.folder.page}", highlight=False, soft_wrap=True)
        self._console.print(f"signer: {name_of(self._signer)}", highlight=False, soft_wrap=True)

    def _expect(self, ids: list[str]) -> None:
        """Note on which platforms how many scenarios will run; of a shard these are all mutants that it is about."""
        for identifier in ids:
            mutant = identifier.partition("[")[2].removesuffix("]") or HEALTHY
            self._expected[mutant] = self._expected.get(mutant, 0) + 1
        if self.matrix.divided is not None:
            self.matrix.mutants = [each for each in self.matrix.divided if each.id in self._expected]
        runs, platforms = sum(self._expected.values()), len(self._expected)
        told = f"{runs} {'run' if runs == 1 else 'runs'} on {platforms} {'platform' if platforms == 1 else 'platforms'}"
        self._console.print(told, highlight=False)

    def _show_progress(self, mutant: str) -> None:
        ran = self.matrix.ran[mutant]
        if len(ran) < self._expected.get(mutant, 0):
            return
        killers = self.matrix.killed_by.get(mutant, [])
        done = f"[{self._finished:4}/{sum(self._expected.values())}]"
        alive = "IS WRONG ITSELF" if mutant in self.matrix.mistakes else "SURVIVES"
        verdict = f"killed by {names_of(killers)}" if killers else ("passes" if mutant == HEALTHY else alive)
        self._console.print(f"{done} {mutant}: {verdict}", highlight=False, markup=False)


def _shortened(said: str) -> str:
    """Return the beginning and the end of what was said: what the platform was refused stands last."""
    if len(said) <= _MESSAGE_CHARACTERS_MAX:
        return said
    half = _MESSAGE_CHARACTERS_MAX // 2
    return f"{said[:half]} … {said[-half:]}"
