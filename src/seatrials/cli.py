"""The command line: `seatrials gate`, `verify`, `notify`, `report`, `timeline`, `publish`, `mutants`, and so on.

A command imports what it alone needs when it is called: the others, and the servers among them, start sooner.
"""

from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seatrials.configuration import refuse_with, require_wait, require_workers
from seatrials.cost import SHIPPED_PRICES
from seatrials.ending import end_with
from seatrials.environments.variables import forget_aws_variables, read_variables
from seatrials.errors import ConfigurationError
from seatrials.evidence.folder import DEFAULT_EVIDENCE, EvidenceFolder, RunFolder
from seatrials.monitoring import command as monitoring
from seatrials.output.output import AsJson, Output
from seatrials.output.paths import path_argument, path_option
from seatrials.reference.command import reference
from seatrials.rights.command import policy
from seatrials.shard import Shard
from seatrials.twin_server import command as twin

if TYPE_CHECKING:
    from seatrials.environments.environment import Environment

app = typer.Typer(
    help="Decides whether a release of the Webordinary platform may go out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(twin.app, name="twin")
app.command()(policy)
app.command()(reference)


def _part(written: str) -> str:
    return str(Shard.parse(written))


_Since = Annotated[str | None, typer.Option(metavar="REF", help="run only what a change since this commit can touch")]
_Part = Annotated[
    str | None,
    typer.Option(metavar="N/M", help="run the Nth of M parts, which `seatrials merge` puts together", parser=_part),
]


def _show_version(value: bool) -> None:  # noqa: FBT001  # Typer hands it on so
    if value:
        typer.echo(f"seatrials {version('seatrials')}")
        raise typer.Exit


@app.callback()
def _seatrials(
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="show the version, and end")
    ] = False,
) -> None:
    """Decides whether a release of the Webordinary platform may go out."""


@app.command()
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


@app.command()
def explore(  # noqa: PLR0913  # each is an option
    *,
    seeds: Annotated[int, typer.Option(metavar="N", min=1, help="how many seeds")] = 500,
    seed: Annotated[int, typer.Option(metavar="N", min=1, help="the first of them, or the one of --steps")] = 1,
    steps: Annotated[str | None, typer.Option(metavar="STEPS", help="take these steps, as they were shown")] = None,
    mutant: Annotated[str | None, typer.Option(metavar="ID", help="explore a broken platform")] = None,
    world: Annotated[str | None, typer.Option(metavar="NAME", help="default, slow, or hard to examine")] = None,
    shard: _Part = None,
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


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def watch(context: typer.Context) -> None:
    """Run the rows that execute what changed whenever a file is saved; further arguments go to pytest."""
    from seatrials.run.watch import watch_rows

    watch_rows(Path(), context.args)


@app.command()
def scenarios(
    *,
    write: Annotated[bool, typer.Option("--write", help="write the page")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="fail when the page is out of date, or a row unproven")
    ] = False,
    matrix: Annotated[
        Path | None, path_option(metavar="FILE", help="with --check: the kill-matrix.json of a run on all mutants")
    ] = None,
    path: Annotated[Path, path_option(metavar="DIR", help="where the scenarios are")] = Path("tests/integration"),
    page: Annotated[Path, path_option(metavar="FILE", help="where the page is")] = Path("docs/scenarios.md"),
    gate: Annotated[Path, path_option(metavar="FILE", help="whose criteria hold promises too")] = Path("gate.toml"),
    as_json: AsJson = False,
) -> None:
    """Write or check the page that says which test examines which row; without an option, show it."""
    from seatrials import traceability
    from seatrials.catalogue import read_suites
    from seatrials.checkers.contract import promises
    from seatrials.held_promises import Holders, promise_lines, promise_problems

    if (write and check) or (matrix and not check):
        msg = "take --write or --check, and --matrix with --check only"
        raise ConfigurationError(msg)
    forget_aws_variables()
    # These import moto, a second that others save.
    from seatrials.mutants.catalogue import CATALOGUE
    from seatrials.platform.faults import fault_lines
    from seatrials.stacks.live.faults import LiveFaults
    from seatrials.twin.faults import TwinFaults

    suites, mutants_by_row = read_suites(path), traceability.mutants_by_row(CATALOGUE)
    holders = Holders.of(suites, gate, Path())
    further = [*fault_lines({"the mock": TwinFaults, "AWS": LiveFaults}), *promise_lines(promises(), holders)]
    text = traceability.as_markdown(suites, mutants_by_row, traceability.mutants_by_invariant(CATALOGUE), further)
    problems: list[str] = []
    output = Output(as_json=as_json)
    if write:
        _write_page(page, text)
    elif not check:
        output.say(text.removesuffix("\n"))
    else:
        problems = [*traceability.gaps(suites, mutants_by_row), *promise_problems(promises(), holders)]
        if not page.is_file() or page.read_bytes() != text.encode():
            problems.append(f"{page} is out of date: run `seatrials scenarios --write`")
        if matrix is not None:
            problems += traceability.unproven(mutants_by_row, traceability.read_matrix(matrix))
    output.complain(problems)
    output.tell(rows=traceability.as_rows(suites, mutants_by_row), problems=problems)
    raise typer.Exit(1 if problems else 0)


@app.command()
def schemas(
    *,
    write: Annotated[bool, typer.Option("--write", help="write them")] = False,
    check: Annotated[bool, typer.Option("--check", help="fail when one is out of date")] = False,
    folder: Annotated[Path, path_option(metavar="DIR", help="where they are")] = Path("schemas"),
    as_json: AsJson = False,
) -> None:
    """Write or check the JSON schemas of configuration and evidence; without an option, list them."""
    from seatrials.schemas import documents

    if write and check:
        msg = "take --write or --check"
        raise ConfigurationError(msg)
    output = Output(as_json=as_json)
    if write:
        documents.write(folder)
    found = documents.listed(folder)
    for each in found if not check else ():
        output.say(f"{each['schema']}: {each['files']}")
    problems = documents.problems(folder) if check else []
    output.complain(problems)
    output.tell(schemas=found, problems=problems)
    raise typer.Exit(1 if problems else 0)


@app.command()
def durations(
    run: Annotated[Path, path_argument(metavar="[RUN]", help="the folder of a run")] = Path("evidence/mock/latest"),
    *,
    write: Annotated[bool, typer.Option("--write", help="write them")] = False,
    file: Annotated[Path, path_option(metavar="FILE", help="where they are kept")] = Path("durations.json"),
    as_json: AsJson = False,
) -> None:
    """Take how long rows take from a run, for `--plan`; without --write, list them."""
    from seatrials.run.durations import durations_of, write_durations

    found, output = durations_of(RunFolder(run)), Output(as_json=as_json)
    if write:
        write_durations(file, found)
    for row, each in found.rows.items() if not write else ():
        output.say(f"{row}: {each.seconds:g} s, {each.calls} calls, {each.tasks} tasks")
    output.tell(durations=found.model_dump())


@app.command()
def fidelity(
    *,
    write: Annotated[bool, typer.Option("--write", help="write the pages")] = False,
    check: Annotated[bool, typer.Option("--check", help="fail when a page is out of date")] = False,
    folder: Annotated[Path, path_option(metavar="DIR", help="where the pages are")] = Path("docs"),
    as_json: AsJson = False,
) -> None:
    """Write or check the pages that say what the twin does with each property of a template; else list them."""
    from seatrials.twin.cloudformation.fidelity import page as fidelity_page

    if write and check:
        msg = "take --write or --check"
        raise ConfigurationError(msg)
    output, found = Output(as_json=as_json), fidelity_page.rows()
    texts = fidelity_page.pages(folder) if write or check else {}
    stale = [each for each, text in texts.items() if not each.is_file() or each.read_bytes() != text.encode()]
    problems = [f"{each} is out of date: run `seatrials fidelity --write`" for each in stale] if check else []
    for each in stale if write else ():
        _write_page(each, texts[each], option="--folder")
    for row in found if not texts else ():
        output.say("{type} {property}: {status}: {says}".format_map(row))
    output.complain(problems)
    output.tell(rows=found, problems=problems)
    raise typer.Exit(1 if problems else 0)


def _write_page(page: Path, text: str, option: str = "--page") -> None:
    try:
        page.write_text(text, encoding="utf-8")
    except OSError as error:
        msg = f"{option}: {page} cannot be written ({error.strerror}): give another place"
        raise ConfigurationError(msg) from error


@app.command()
def doctor(
    *,
    name: Annotated[str, typer.Argument(metavar="ENVIRONMENT", help="staging, production or rehearsal")],
    environments: Annotated[Path, path_option(metavar="FILE")] = Path("environments.toml"),
    as_json: AsJson = False,
) -> None:
    """Say what keeps a run on a real stack from beginning, and what to do; changes nothing."""
    from seatrials.stacks.live import command as tending

    environment, variables = _real_environment(name, environments)
    output = Output(as_json=as_json)
    raise typer.Exit(tending.doctor(environment, variables, output.console, output.tell))


@app.command()
def sweep(
    *,
    name: Annotated[str, typer.Argument(metavar="ENVIRONMENT", help="staging, production or rehearsal")],
    yes: Annotated[bool, typer.Option("--yes", help="remove what is shown")] = False,
    confirm: Annotated[str | None, typer.Option(metavar="WORD", help="as for a run, if it wants it")] = None,
    wait: Annotated[
        float, typer.Option(metavar="SECONDS", help="how long to wait for the stack; 75 if its run is dead")
    ] = 0.0,
    environments: Annotated[Path, path_option(metavar="FILE")] = Path("environments.toml"),
    as_json: AsJson = False,
) -> None:
    """Show what runs that were killed have left on a real stack, and with --yes remove it."""
    from seatrials.stacks.live import command as tending

    require_wait("--wait", wait)
    environment, variables = _real_environment(name, environments)
    tending.sweep(
        environment,
        variables,
        (output := Output(as_json=as_json)).console,
        output.tell,
        yes=yes,
        confirmation=confirm,
        wait_seconds=wait,
    )


def _real_environment(name: str, path: Path) -> tuple["Environment", dict[str, str]]:
    from seatrials.environments.file import load_shared_environment

    variables = read_variables()
    return load_shared_environment(name, path, variables), variables


app.command()(monitoring.dashboard)


@app.command()
def gate(  # noqa: PLR0913  # each is an option
    *,
    criteria: Annotated[Path, path_option(metavar="FILE", help="what a release must show")] = Path("gate.toml"),
    evidence: Annotated[Path, path_option(metavar="DIR", help="what runs have left")] = DEFAULT_EVIDENCE,
    history: Annotated[
        str, typer.Option(metavar="FILE|s3://BUCKET/KEY", help="the runs judged before (EVIDENCE/gate/history.jsonl)")
    ] = "",
    out: Annotated[
        Path | None, path_option(metavar="DIR", help="where the decision is written (EVIDENCE/gate)")
    ] = None,
    prices: Annotated[
        Path, path_option(metavar="FILE", help="what AWS charges (the shipped list)", show_default=False)
    ] = SHIPPED_PRICES,
    commit: Annotated[str, typer.Option(metavar="SHA", help="what is to be released (what is checked out)")] = "",
    scenarios: Annotated[Path, path_option(metavar="DIR", help="where the rows are")] = Path("tests/integration"),
    after: Annotated[
        Path | None, path_option(metavar="FILE", help="the decision.json that the history must go on from")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Decide whether a release may go out: exit with 0 for GO, 1 for NO-GO, 2 for CANNOT TELL."""
    from seatrials.evidence.provenance import commit_of
    from seatrials.evidence.signing import signer_of
    from seatrials.gate_command import GatePaths, open_history, run_gate

    folder = EvidenceFolder(evidence)
    place = out if out is not None else folder.gate
    signer = signer_of(read_variables())
    paths = GatePaths(criteria=criteria, evidence=evidence, scenarios=scenarios, prices=prices, out=place, after=after)
    kept = open_history(history or str(folder.gate_history))
    output = Output(as_json=as_json)
    judged = commit or commit_of(Path())[0]
    raise typer.Exit(run_gate(paths, kept, judged, output.console, signer, tell=output.tell))


@app.command()
def merge(
    *,
    folders: Annotated[
        list[Path],
        path_argument(metavar="FOLDER...", help="the evidence that each shard has left, or the folders of their runs"),
    ],
    evidence: Annotated[Path, path_option(metavar="DIR", help="where the whole is written")] = DEFAULT_EVIDENCE,
    criteria: Annotated[Path, path_option(metavar="FILE", help=r"whose \[signatures] are trusted")] = Path("gate.toml"),
    as_json: AsJson = False,
) -> None:
    """Put the evidence of shards together; exit as their run would have if it had been one."""
    from seatrials.evidence.signing import signer_of
    from seatrials.gate.signers import load_signers
    from seatrials.merging.command import merge_shards

    signer = signer_of(read_variables())
    raise typer.Exit(merge_shards(folders, evidence, load_signers(criteria), signer, Output(as_json=as_json)))


@app.command()
def verify(
    *,
    paths: Annotated[list[Path], path_argument(metavar="PATH...", help="a run, a decision, or a folder of them")],
    criteria: Annotated[Path, path_option(metavar="FILE", help=r"whose \[signatures] are trusted")] = Path("gate.toml"),
    key: Annotated[Path | None, path_option(metavar="FILE", help="the one public key that is trusted")] = None,
    as_json: AsJson = False,
) -> None:
    """Say who signed evidence and decisions: exit with 0 when all verifies, 75 when not, 79 when some is unsigned."""
    from seatrials.gate import verification

    output = Output(as_json=as_json)
    verification.verify(paths, verification.signers_for(criteria, key), output.console, output.tell)


@app.command()
def report(
    *,
    evidence: Annotated[Path, path_option(metavar="DIR", help="what runs have left")] = DEFAULT_EVIDENCE,
    tools: Annotated[Path, path_option(metavar="DIR", help="where Allure is pinned")] = Path("allure"),
    build_name: Annotated[str, typer.Option(metavar="TEXT", help="what made the runs, such as a job of CI")] = "",
    build_url: Annotated[str, typer.Option(metavar="URL", help="where it can be seen")] = "",
    as_json: AsJson = False,
) -> None:
    """Make one Allure report over the newest runs of all environments."""
    from seatrials.report.report import Build, write_report

    build = Build(name=build_name, url=build_url)
    page = write_report(evidence=evidence, tools=tools, build=build, variables=read_variables())
    output = Output(as_json=as_json)
    output.say(page)
    output.tell(page=str(page))


@app.command()
def timeline(
    *,
    run: Annotated[str, typer.Argument(metavar="RUN", help="the folder of a run, or an environment: its newest run")],
    row: Annotated[str | None, typer.Argument(metavar="[ROW]", help="a row, or a test's name; all without it")] = None,
    form: Annotated[str, typer.Option("--format", metavar="NAME", help="html, perfetto or otlp")] = "html",
    evidence: Annotated[Path, path_option(metavar="DIR", help="what runs have left")] = DEFAULT_EVIDENCE,
    out: Annotated[
        Path | None, path_option(metavar="PATH", help="the file, or without ROW the folder (RUN/pages)")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what happened on the platform while a row ran, as a page, or as a file for tools that show traces."""
    from seatrials.timeline.command import write_timeline

    path = write_timeline(run, row, evidence=evidence, out=out, form=form)
    output = Output(as_json=as_json)
    output.say(path)
    output.tell(path=str(path))


@app.command()
def publish(
    *,
    environment: Annotated[str, typer.Option(metavar="NAME", help="whose newest run is published")] = "staging",
    environments: Annotated[Path, path_option(metavar="FILE")] = Path("environments.toml"),
    evidence: Annotated[Path, path_option(metavar="DIR", help="what runs have left")] = DEFAULT_EVIDENCE,
    prices: Annotated[
        Path, path_option(metavar="FILE", help="what AWS charges (the shipped list)", show_default=False)
    ] = SHIPPED_PRICES,
    as_json: AsJson = False,
) -> None:
    """Send the figures of a run to CloudWatch, once however often it is called."""
    from seatrials.environments.file import load_environment
    from seatrials.publishing.command import publish_newest

    variables = read_variables()
    chosen = load_environment(environment, environments, variables)
    published = publish_newest(chosen, evidence, prices, variables)
    output = Output(as_json=as_json)
    output.say(published.sentence)
    output.tell(**asdict(published))


@app.command()
def notify(
    *,
    decision: Annotated[Path, path_argument(metavar="DECISION", help="a decision.json, or its folder")],
    to: Annotated[
        list[str] | None, typer.Option(metavar="slack|sns:ARN|github:OWNER/REPO", help="whom to tell; may be repeated")
    ] = None,
    link: Annotated[str, typer.Option(metavar="URL", help="where the decision can be seen (the job that judged)")] = "",
    again: Annotated[bool, typer.Option("--again", help="tell those too who were told before")] = False,
    as_json: AsJson = False,
) -> None:
    """Tell people of a decision, once: the verdict, the reason, the owners and a link."""
    from seatrials.publishing.notify import notify as tell

    told = tell(decision, to or [], read_variables(), link=link, again=again)
    output = Output(as_json=as_json)
    for line in (told.verdict, *told.done):
        output.say(line)
    output.tell(**asdict(told))
    told.raise_problems()


def main() -> None:
    """Run the command line, and end the process with an exit code of README.md's table, whatever happens."""
    end_with(app)


if __name__ == "__main__":
    main()
