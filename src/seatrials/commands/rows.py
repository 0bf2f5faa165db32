"""Commands that run rows: on mutants, under faults, and again after each change."""

from pathlib import Path
from typing import Annotated

import typer

from seatrials.configuration import refuse_with, require_workers
from seatrials.errors import ConfigurationError
from seatrials.evidence.folder import DEFAULT_EVIDENCE
from seatrials.output.output import AsJson, Output
from seatrials.output.paths import path_option
from seatrials.shard import Shard


def _part(written: str) -> str:
    return str(Shard.parse(written))


_Since = Annotated[str | None, typer.Option(metavar="REF", help="run only what a change since this commit can touch")]
_Part = Annotated[
    str | None,
    typer.Option(metavar="N/M", help="run the Nth of M parts, which `seatrials merge` puts together", parser=_part),
]
_PartOfSeeds = Annotated[
    str | None, typer.Option("--shard", metavar="N/M", help="take the Nth of M parts of the seeds", parser=_part)
]


def mutants(  # noqa: PLR0913  # each is an option
    *,
    file: Annotated[
        Path | None, path_option("--mutants", metavar="FILE", help="a Python file with further MUTANTS")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="run these mutants alone; generated ones by their beginnings")
    ] = None,
    whole_suite: Annotated[bool, typer.Option("--whole-suite", help="run the suite of its row on each mutant")] = False,
    scenarios: Annotated[str, typer.Option("-k", metavar="NAMES", help="run the scenarios that match alone")] = "",
    seed: Annotated[int, typer.Option(help="what chance in the worlds comes from")] = 1,
    workers: Annotated[str, typer.Option("-n", metavar="N", help="worker processes; 0 runs in this one")] = "auto",
    evidence: Annotated[Path, path_option(metavar="DIR", help="where the matrix is written")] = DEFAULT_EVIDENCE,
    changed: _Since = None,
    record_coverage: Annotated[
        bool, typer.Option("--record-coverage", help="record what each run executes, for --changed")
    ] = False,
    generated: Annotated[bool, typer.Option("--generated", help="run on mutants that rules make instead")] = False,
    sample: Annotated[int | None, typer.Option(metavar="N", min=1, help="with --generated: so many, by --seed")] = None,
    again: Annotated[bool, typer.Option("--again", help="with --generated: on judged ones too")] = False,
    keep_killers: Annotated[bool, typer.Option("--keep-killers", help="with --generated: keep who kills")] = False,
    shard: _Part = None,
    as_json: AsJson = False,
) -> None:
    """Run the scenarios on the broken platforms: each must be found by some scenario."""
    from seatrials.mutants.run import Which, run_generated, run_mutants

    require_workers("-n", workers)
    if (sample is not None or again or keep_killers) and not generated:
        msg = "--sample, --again and --keep-killers go with --generated: of the chosen mutants, --only names some"
        raise ConfigurationError(msg)
    if generated:
        chosen = {"--mutants": file, "--whole-suite": whole_suite, "--changed": changed}
        refuse_with("--generated", {**chosen, "--record-coverage": record_coverage, "--json": as_json})
        which = Which(only or [], sample, seed, again, shard)
        raise typer.Exit(run_generated(which, scenarios=scenarios, workers=workers, keep_killers=keep_killers))
    choosing = [*(["--changed", changed] if changed is not None else []), *["--record-coverage"] * record_coverage]
    choosing += ["--shard", shard] if shard is not None else []
    code = run_mutants(
        *choosing,
        file=file,
        only=only or [],
        whole_suite=whole_suite,
        scenarios=scenarios,
        seed=seed,
        workers=workers,
        evidence=evidence,
        output=Output(as_json=as_json),
    )
    raise typer.Exit(code)


def explore(  # noqa: PLR0913  # each is an option
    *,
    seeds: Annotated[int, typer.Option(metavar="N", min=1, help="how many seeds")] = 500,
    seed: Annotated[int, typer.Option(metavar="N", min=1, help="the first of them, or the one of --steps")] = 1,
    steps: Annotated[str | None, typer.Option(metavar="STEPS", help="take these steps, as they were shown")] = None,
    mutant: Annotated[str | None, typer.Option(metavar="ID", help="explore a broken platform")] = None,
    world: Annotated[str | None, typer.Option(metavar="NAME", help="default, slow, hard to examine, or apart")] = None,
    shard: _PartOfSeeds = None,
    resume: Annotated[bool, typer.Option("--resume", help="leave out what was done when it was interrupted")] = False,
    workers: Annotated[str, typer.Option("-n", metavar="N", help="worker processes; 0 runs in this one")] = "auto",
    evidence: Annotated[Path, path_option(metavar="DIR", help="where what was met is written")] = DEFAULT_EVIDENCE,
    as_json: AsJson = False,
) -> None:
    """Break a platform under load, as seeds draw it, with all checkers after every step; show what fails, in short."""
    from seatrials.explore.run import Wanted, run_explore

    require_workers("-n", workers)
    wanted = Wanted(first=seed, seeds=seeds, steps=steps, mutant=mutant, world=world, shard=shard, resume=resume)
    raise typer.Exit(run_explore(wanted, workers, evidence / "explore", Output(as_json=as_json)))


def watch(context: typer.Context) -> None:
    """Run the rows that execute what changed whenever a file is saved; further arguments go to pytest."""
    from seatrials.run.watch import watch_rows

    watch_rows(Path(), context.args)
