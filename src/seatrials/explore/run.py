"""The command `seatrials explore`: what it was asked for, and what it says."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from seatrials.configuration import nearest
from seatrials.environments.environment import Environment, WorldName
from seatrials.environments.file import load_environment
from seatrials.errors import INTERRUPTED, ConfigurationError
from seatrials.explore.command import Exploration, Explored, coverage_lines, explore, replayed, told
from seatrials.mutants.planted import EXPLORABLE
from seatrials.output.output import Output
from seatrials.shard import Shard
from seatrials.shipped import here_or_shipped

_FOUND = 1


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The options of the command."""

    first: int
    seeds: int
    steps: str | None = None
    mutant: str | None = None
    world: str | None = None
    shard: str | None = None
    resume: bool = False


def run_explore(wanted: Wanted, workers: str, folder: Path, output: Output) -> int:
    """Explore, or replay; return 0 when nothing fails, 1 when something does, and 130 for Ctrl-C."""
    environment = _environment(wanted)
    if wanted.steps is not None:
        hunted = replayed(environment, wanted.first, wanted.steps, wanted.mutant)
        output.say(
            told(hunted, wanted.mutant, environment.world)
            if hunted.seen
            else f"nothing fails; trace: {hunted.trace_sha256}"
        )
        _tell(output, Explored({hunted.seed: hunted}), None)
        return _FOUND if hunted.seen else 0
    seeds = range(wanted.first, wanted.first + wanted.seeds)
    part = Shard.parse(wanted.shard or "1/1").part(dict.fromkeys(seeds, 1), "seeds")
    explored = explore(
        Exploration(
            environment=environment,
            seeds=tuple(sorted(part)),
            folder=folder,
            workers=len(os.sched_getaffinity(0)) if workers == "auto" else int(workers),
            mutant=wanted.mutant,
            resume=wanted.resume,
        ),
        output.say,
    )
    output.say(_ended(explored, folder))
    _tell(output, explored, folder / "coverage.md")
    if explored.was_interrupted:
        return INTERRUPTED
    return _FOUND if explored.found else 0


def _tell(output: Output, explored: Explored, coverage: Path | None) -> None:
    """Tell a program what was found, and how it is taken again."""
    found = [
        {"seed": each.seed, "steps": each.steps, "seen": each.seen, "trace_sha256": each.trace_sha256}
        for each in explored.found
    ]
    output.tell(
        seeds=len(explored.done),
        found=found,
        met=len(explored.counts()),
        coverage=None if coverage is None else str(coverage),
    )


def _ended(explored: Explored, folder: Path) -> str:
    again = "; go on with --resume" if explored.was_interrupted else ""
    lines = [f"{len(explored.found)} of {len(explored.done)} seeds fail{again}", coverage_lines(explored)[0]]
    return "\n".join([*lines, f"what was met: {folder / 'coverage.md'}"])


def _environment(wanted: Wanted) -> Environment:
    """Return the mock in the world that was asked for; raises `ConfigurationError` that lists what is unknown."""
    problems = []
    if wanted.world is not None and wanted.world not in get_args(WorldName):
        problems.append(f"--world: no world is called {wanted.world!r}; {nearest(wanted.world, get_args(WorldName))}")
    if wanted.mutant is not None and wanted.mutant not in EXPLORABLE:
        problems.append(f"--mutant: no mutant is called {wanted.mutant!r}; {nearest(wanted.mutant, [*EXPLORABLE])}")
    if problems:
        raise ConfigurationError("\n".join(problems))
    mock = load_environment("mock", here_or_shipped("environments.toml"), {})
    return mock if wanted.world is None else mock.model_copy(update={"world": wanted.world})
