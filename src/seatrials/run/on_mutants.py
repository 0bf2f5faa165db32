"""A run on mutants: which scenario is run on which of them, how each noticed its mutant, and who reports the matrix."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from seatrials.errors import SeatrialsError
from seatrials.evidence.provenance import Sources
from seatrials.evidence.signing import Signer
from seatrials.run.items import SHARD_KEY
from seatrials.run.stumbles import StumbledError
from seatrials.shard import Shard

if TYPE_CHECKING:  # mutants know the twin, which no process needs that examines a real stack
    from seatrials.mutants.mutant import Mutant

# How a scenario says what it expected and what it saw; over any other error it stumbles.
_TOLD = (AssertionError, pytest.fail.Exception, SeatrialsError)


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


@pytest.fixture(name="mutant")
def _mutant(request: pytest.FixtureRequest) -> "Mutant | None":
    return getattr(request, "param", None)


def begin_matrix(config: pytest.Config, sources: Callable[[], Sources | None], signer: Signer | None) -> None:
    """Register who fills the matrix; *sources* returns at the end which files ran."""
    from rich.console import Console  # noqa: PLC0415  # these import moto, a second that other runs save

    from seatrials.mutants.selection import load_mutants  # noqa: PLC0415
    from seatrials.run.matrix_reporter import MatrixReporter  # noqa: PLC0415

    mutants = load_mutants(config.getoption("--mutants"), config.getoption("--only"))
    is_partial = bool(config.getoption("keyword") or config.getoption("--changed"))
    reporter = MatrixReporter(
        mutants,
        config.getoption("--evidence").resolve(),
        Console(),
        is_partial=is_partial,
        shard=lambda: config.stash.get(SHARD_KEY, None),
        sources=sources,
        signer=signer,
    )
    config.pluginmanager.register(reporter, "seatrials-matrix")


def begin_generated(config: pytest.Config) -> None:
    """Register who runs the scenarios on generated mutants in place of pytest's own loop."""
    from seatrials.mutants.generated.source import Choice  # noqa: PLC0415  # libcst, which nothing else needs
    from seatrials.run.generated import GeneratedRun  # noqa: PLC0415  # and coverage

    written = config.getoption("--shard")
    choice = Choice(
        config.getoption("--only"),
        config.getoption("--sample"),
        config.getoption("--seed"),
        None if written is None else Shard.parse(written),
    )
    run = GeneratedRun(
        at_once=config.getoption("--generated"),
        choice=choice,
        again=config.getoption("--again"),
        keeps_killers=config.getoption("--keep-killers"),
    )
    config.pluginmanager.register(run, "seatrials-generated")


def about_mutant(mutant: "Mutant | None", call: pytest.CallInfo[None]) -> list[tuple[str, object]]:
    """Return what the kill matrix wants to know of a run on *mutant*; None is the healthy platform."""
    about: list[tuple[str, object]] = [("mutant", mutant.id if mutant else "healthy")]
    if mutant is not None and mutant.mistakes:
        about.append(("mutant_mistake", mutant.mistakes[0]))
    error = call.excinfo.value if call.excinfo is not None else None
    if error is not None and not isinstance(error, _TOLD):
        about.append(("bare_error", error.over if isinstance(error, StumbledError) else type(error).__name__))
    return about
