"""Runs scenarios on mutants and tells who kills whom: a scenario kills a mutant when it fails on it.

A scenario that passes on everything proves nothing, and a mutant that survives shows a requirement nobody examines.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from rich.console import Console

from seatrials.evidence.folder import MatrixFolder
from seatrials.evidence.provenance import Sources, commit_of
from seatrials.evidence.record import KillsRecord, MatrixRecord, MatrixRun, MutantRecord
from seatrials.evidence.redaction import redact
from seatrials.mutants.mutant import Mutant
from seatrials.seams.clock import wall_seconds, wall_timestamp

HEALTHY = "healthy"
# Scenarios that only read the control plane, which is intact on a hollow platform.
_CONTROL_PLANE_SUITE = "INFRA"
# Enough for what was expected and what was seen; the whole of it is for who runs that one scenario.
_MESSAGE_CHARACTERS_MAX = 500


@dataclass
class Matrix:
    """Who ran on what, and who failed there."""

    mutants: Sequence[Mutant]
    # Whether only some scenarios were chosen, so that a mutant may rightly have been run by none.
    is_partial: bool = False
    ran: dict[str, list[str]] = field(default_factory=dict)
    killed_by: dict[str, list[str]] = field(default_factory=dict)
    # What the scenario said, for each kill.
    messages: dict[str, dict[str, str]] = field(default_factory=dict)
    # Kills by an error that a scenario stumbled over, which tells nobody what was expected: mutant, scenario, error.
    bare: list[tuple[str, str, str]] = field(default_factory=list)
    # What the code of a mutant itself did wrong, so that nothing is proven on it.
    mistakes: dict[str, str] = field(default_factory=dict)
    # Runs that ended in an error of set-up or tear-down, which says nothing about the scenario.
    broken: list[str] = field(default_factory=list)

    def note(self, mutant: str, scenario: str, *, failed: bool, message: str = "", bare_error: str = "") -> None:
        """Note that *scenario* ran on *mutant*, what it said when it failed, and the error that it stumbled over."""
        self.ran.setdefault(mutant, []).append(scenario)
        if not failed or mutant in self.mistakes:
            return
        self.killed_by.setdefault(mutant, []).append(scenario)
        self.messages.setdefault(mutant, {})[scenario] = message
        if bare_error:
            self.bare.append((mutant, scenario, bare_error))

    def note_mistake(self, mutant: str, mistake: str) -> None:
        """Note that the code of *mutant* is wrong: however its scenarios end, they do not kill it."""
        self.mistakes.setdefault(mutant, mistake)
        self.killed_by.pop(mutant, None)

    def problems(self) -> list[str]:
        """Return what keeps the matrix from being a proof, a sentence each."""
        found = [self._unhealthy(), self._mistaken(), self._survivors(), self._blind(), self._fooled(), self._bare()]
        return [*(problem for problems in found for problem in problems), *self.broken]

    def record(self, run: MatrixRun) -> MatrixRecord:
        """Return the matrix of a *run* for the evidence."""
        return MatrixRecord(
            run=run,
            mutants={each.id: self._record_of(each) for each in self.mutants},
            scenarios={scenario: KillsRecord(kills=self._kills(scenario)) for scenario in self._scenarios()},
            problems=tuple(self.problems()),
        )

    def as_markdown(self) -> str:
        """Return the matrix as a page for people."""
        rows = [
            f"| `{each.id}` | {each.breaks} | {each.sentence} | {_names(self.killed_by.get(each.id, []))} |"
            for each in self.mutants
        ]
        scenarios = [(name, self._kills(name)) for name in self._scenarios()]
        kills = [f"| {name} | {len(killed)} | {_names(killed)} |" for name, killed in scenarios]
        problems = [f"- {problem}" for problem in self.problems()] or [
            "Every mutant is killed, by scenarios that pass."
        ]
        return "\n".join(
            [
                *("# Kill matrix", "", *problems, "", "## Mutants", ""),
                *("| mutant | breaks | what is wrong with it | killed by |", "| --- | --- | --- | --- |", *rows),
                *("", "## Scenarios", "", "| scenario | kills | mutants |", "| --- | --- | --- |", *kills, ""),
            ]
        )

    def _record_of(self, mutant: Mutant) -> MutantRecord:
        killed_by = set(self.killed_by.get(mutant.id, []))
        return MutantRecord(
            breaks=mutant.breaks,
            sentence=mutant.sentence,
            killed_by=tuple(sorted(killed_by)),
            messages=dict(sorted(self.messages.get(mutant.id, {}).items())),
            survived=tuple(sorted(set(self.ran.get(mutant.id, [])) - killed_by)),
        )

    def _scenarios(self) -> list[str]:
        return sorted({scenario for ran in self.ran.values() for scenario in ran})

    def _kills(self, scenario: str) -> tuple[str, ...]:
        return tuple(each.id for each in self.mutants if scenario in self.killed_by.get(each.id, []))

    def _unhealthy(self) -> list[str]:
        failed = _names(self.killed_by.get(HEALTHY, []))
        return [f"on the healthy platform these fail: {failed}"] if failed else []

    def _mistaken(self) -> list[str]:
        proves = "proves nothing, for its own code is wrong"
        return [f"mutant {name} {proves}: {mistake}" for name, mistake in self.mistakes.items()]

    def _bare(self) -> list[str]:
        return [
            f"scenario {scenario} notices {mutant} by a bare {error}: let it say what it expected and what it saw"
            for mutant, scenario, error in self.bare
            if mutant not in self.mistakes
        ]

    def _survivors(self) -> list[str]:
        return [
            f"mutant {each.id} survives, so nobody examines {each.breaks}: {each.sentence}"
            for each in self.mutants
            if not self.killed_by.get(each.id) and (each.id in self.ran or not self.is_partial)
            if each.id not in self.mistakes
        ]

    def _blind(self) -> list[str]:
        """Return the scenarios that kill nothing but hollow platforms; a run of some mutants says nothing of that."""
        if HEALTHY not in self.ran:
            return []
        real = [each.id for each in self.mutants if not each.hollow]
        seeing = {scenario for mutant in real for scenario in self.killed_by.get(mutant, [])}
        return [f"scenario {name} kills no mutant" for name in sorted(set(self.ran[HEALTHY]) - seeing)]

    def _fooled(self) -> list[str]:
        return [
            f"scenario {scenario} passes on the hollow platform {each.id}: {each.sentence}"
            for each in self.mutants
            if each.hollow and each.id not in self.mistakes
            for scenario in sorted(set(self.ran.get(each.id, [])) - set(self.killed_by.get(each.id, [])))
            if not scenario.startswith(_CONTROL_PLANE_SUITE)
        ]


class MatrixReporter:
    """A pytest plugin of the controller: fills the matrix, shows progress, and decides the exit code."""

    def __init__(
        self,
        mutants: Sequence[Mutant],
        evidence: Path,
        console: Console,
        *,
        is_partial: bool = False,
        sources: Callable[[], Sources | None] = lambda: None,
    ) -> None:
        """*sources* returns at the end which files ran."""
        self.matrix = Matrix(mutants, is_partial=is_partial)
        self.folder = MatrixFolder.create(evidence)
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
        self._run = MatrixRun(commit=commit, dirty=dirty, started=wall_timestamp(), is_partial=is_partial)

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
        if report.when == "call":
            said, bare_error = _message(report) if report.failed else "", str(properties.get("bare_error", ""))
            self.matrix.note(
                mutant, scenario, failed=report.failed, message=said[:_MESSAGE_CHARACTERS_MAX], bare_error=bare_error
            )
        elif report.failed:
            self.matrix.broken.append(f"{report.when} of {scenario} on {mutant} failed: {_message(report)}")
        if "mutant_mistake" in properties:
            self.matrix.note_mistake(mutant, f"{scenario} met {properties['mutant_mistake']}")
        if report.when == "call":
            self._finished += 1
            self._show_progress(mutant)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the matrix and turn failures that were wanted into a success."""
        if not self.matrix.ran:
            self.matrix.broken.append("no scenario ran, so nothing is proven")
        ran = self._sources()
        run = self._run.model_copy(update={"sources": None if ran is None else dict(ran)})
        self.folder.write(self.matrix.record(run), self.matrix.as_markdown())
        session.exitstatus = 1 if self.matrix.problems() else 0
        self._show_result()

    def _show_result(self) -> None:
        """Say what was proven and where the matrix is."""
        problems = self.matrix.problems()
        for problem in problems:
            self._console.print(f"[red]{problem}[/red]", highlight=False)
        killed = sum(bool(self.matrix.killed_by.get(each.id)) for each in self.matrix.mutants)
        healthy = self.matrix.ran.get(HEALTHY, [])
        green = len(healthy) - len(self.matrix.killed_by.get(HEALTHY, []))
        self._console.print(
            f"{killed} of {len(self.matrix.mutants)} mutants killed; "
            f"{green} of {len(healthy)} scenarios pass on the healthy platform; "
            f"{self._finished} runs in {wall_seconds() - self._began:.1f} s",
            highlight=False,
        )
        self._console.print(f"matrix: {self.folder.page}", highlight=False, soft_wrap=True)

    def _expect(self, ids: list[str]) -> None:
        for identifier in ids:
            mutant = identifier.partition("[")[2].removesuffix("]") or HEALTHY
            self._expected[mutant] = self._expected.get(mutant, 0) + 1
        self._console.print(f"{sum(self._expected.values())} runs on {len(self._expected)} platforms", highlight=False)

    def _show_progress(self, mutant: str) -> None:
        ran = self.matrix.ran[mutant]
        if len(ran) < self._expected.get(mutant, 0):
            return
        killers = self.matrix.killed_by.get(mutant, [])
        done = f"[{self._finished:4}/{sum(self._expected.values())}]"
        alive = "IS WRONG ITSELF" if mutant in self.matrix.mistakes else "SURVIVES"
        verdict = f"killed by {_names(killers)}" if killers else ("passes" if mutant == HEALTHY else alive)
        self._console.print(f"{done} {mutant}: {verdict}", highlight=False, markup=False)


def _message(report: pytest.TestReport) -> str:
    """Return the error of a report, without the traceback."""
    crash = getattr(report.longrepr, "reprcrash", None)
    return redact(str(crash.message if crash is not None else report.longreprtext))


def _names(names: Sequence[str]) -> str:
    return ", ".join(sorted(names))
