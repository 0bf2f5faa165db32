"""The command line: `seatrials gate`, `verify`, `notify`, `report`, `timeline`, `publish`, `mutants`, and so on."""

import os
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from traceback import format_exception
from typing import Annotated

import typer
from rich.console import Console

from seatrials import traceability
from seatrials.catalogue import read_suites
from seatrials.configuration import require_wait
from seatrials.cost import SHIPPED_PRICES
from seatrials.environments.environment import Environment
from seatrials.environments.file import load_environment
from seatrials.environments.variables import forget_aws_variables, read_variables
from seatrials.errors import INTERRUPTED, ConfigurationError, SeatrialsError
from seatrials.evidence.folder import DEFAULT_EVIDENCE, EvidenceFolder
from seatrials.evidence.provenance import commit_of
from seatrials.evidence.redaction import redact
from seatrials.evidence.signing import signer_of
from seatrials.gate import verification
from seatrials.gate_command import GatePaths, open_history, run_gate
from seatrials.mutants.run import run_mutants
from seatrials.report.report import Build, write_report
from seatrials.timeline.command import write_timeline
from seatrials.twin_server import command as twin

_SAID_CHARACTERS_MAX = 300

app = typer.Typer(
    help="Decides whether a release of the Webordinary platform may go out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(twin.app, name="twin")


@app.callback()
def _seatrials() -> None:
    """Decides whether a release of the Webordinary platform may go out."""


@app.command()
def mutants(
    *,
    file: Annotated[
        Path | None, typer.Option("--mutants", metavar="FILE", help="a Python file with further MUTANTS")
    ] = None,
    only: Annotated[list[str] | None, typer.Option(metavar="ID", help="run these mutants alone")] = None,
    whole_suite: Annotated[bool, typer.Option("--whole-suite", help="run the suite of its row on each mutant")] = False,
    scenarios: Annotated[str, typer.Option("-k", metavar="NAMES", help="run the scenarios that match alone")] = "",
    seed: Annotated[int, typer.Option(help="what chance in the worlds comes from")] = 1,
    workers: Annotated[str, typer.Option("-n", metavar="N", help="worker processes; 0 runs in this one")] = "auto",
    evidence: Annotated[Path, typer.Option(metavar="DIR", help="where the matrix is written")] = DEFAULT_EVIDENCE,
) -> None:
    """Run the scenarios on the broken platforms: each must be found by some scenario."""
    code = run_mutants(
        file=file,
        only=only or [],
        whole_suite=whole_suite,
        scenarios=scenarios,
        seed=seed,
        workers=workers,
        evidence=evidence,
    )
    raise typer.Exit(code)


@app.command()
def scenarios(
    *,
    write: Annotated[bool, typer.Option("--write", help="write the page")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="fail when the page is out of date, or a row unproven")
    ] = False,
    matrix: Annotated[
        Path | None, typer.Option(metavar="FILE", help="with --check: the kill-matrix.json of a run on all mutants")
    ] = None,
    path: Annotated[Path, typer.Option(metavar="DIR", help="where the scenarios are")] = Path("tests/integration"),
    page: Annotated[Path, typer.Option(metavar="FILE", help="where the page is")] = Path("docs/scenarios.md"),
) -> None:
    """Write or check the page that says which test examines which row; without an option, show it."""
    if (write and check) or (matrix and not check):
        msg = "take --write or --check, and --matrix with --check only"
        raise ConfigurationError(msg)
    forget_aws_variables()
    from seatrials.mutants.catalogue import CATALOGUE  # noqa: PLC0415  # imports moto, a second that others save

    suites, mutants_by_row = read_suites(path), traceability.mutants_by_row(CATALOGUE)
    text = traceability.as_markdown(suites, mutants_by_row)
    if write:
        _write_page(page, text)
    elif not check:
        typer.echo(text, nl=False)
    else:
        problems = traceability.gaps(suites, mutants_by_row)
        if not page.is_file() or page.read_bytes() != text.encode():
            problems.append(f"{page} is out of date: run `seatrials scenarios --write`")
        if matrix is not None:
            problems += traceability.unproven(mutants_by_row, traceability.read_matrix(matrix))
        for problem in problems:
            typer.echo(problem, err=True)
        raise typer.Exit(1 if problems else 0)


def _write_page(page: Path, text: str) -> None:
    try:
        page.write_text(text, encoding="utf-8")
    except OSError as error:
        msg = f"--page: {page} cannot be written ({error.strerror}): give another file"
        raise ConfigurationError(msg) from error


@app.command()
def doctor(
    name: Annotated[str, typer.Argument(metavar="ENVIRONMENT", help="staging, production or rehearsal")],
    environments: Annotated[Path, typer.Option(metavar="FILE")] = Path("environments.toml"),
) -> None:
    """Say what keeps a run on a real stack from beginning, and what to do; changes nothing."""
    from seatrials.stacks.live import command as tending  # noqa: PLC0415  # boto3, which takes its time to import

    environment, variables = _real_environment(name, environments)
    raise typer.Exit(tending.doctor(environment, variables, Console()))


@app.command()
def sweep(
    *,
    name: Annotated[str, typer.Argument(metavar="ENVIRONMENT", help="staging, production or rehearsal")],
    yes: Annotated[bool, typer.Option("--yes", help="remove what is shown")] = False,
    confirm: Annotated[str | None, typer.Option(metavar="WORD", help="as for a run, if it wants it")] = None,
    wait: Annotated[
        float, typer.Option(metavar="SECONDS", help="how long to wait for the stack; 75 if its run is dead")
    ] = 0.0,
    environments: Annotated[Path, typer.Option(metavar="FILE")] = Path("environments.toml"),
) -> None:
    """Show what runs that were killed have left on a real stack, and with --yes remove it."""
    from seatrials.stacks.live import command as tending  # noqa: PLC0415  # boto3, which takes its time to import

    require_wait("--wait", wait)
    environment, variables = _real_environment(name, environments)
    tending.sweep(environment, variables, Console(), yes=yes, confirmation=confirm, wait_seconds=wait)


def _real_environment(name: str, path: Path) -> tuple[Environment, dict[str, str]]:
    variables = read_variables()
    environment = load_environment(name, path, variables)
    if not environment.kind.is_shared:
        msg = f"{name} is a mock, which is made anew for each scenario: name a real stack or a rehearsal"
        raise ConfigurationError(msg)
    return environment, variables


@app.command()
def gate(  # noqa: PLR0913  # each is an option
    *,
    criteria: Annotated[Path, typer.Option(metavar="FILE", help="what a release must show")] = Path("gate.toml"),
    evidence: Annotated[Path, typer.Option(metavar="DIR", help="what runs have left")] = DEFAULT_EVIDENCE,
    history: Annotated[
        str, typer.Option(metavar="FILE|s3://BUCKET/KEY", help="the runs judged before (EVIDENCE/gate/history.jsonl)")
    ] = "",
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="where the decision is written (EVIDENCE/gate)")
    ] = None,
    prices: Annotated[
        Path, typer.Option(metavar="FILE", help="what AWS charges (the shipped list)", show_default=False)
    ] = SHIPPED_PRICES,
    commit: Annotated[str, typer.Option(metavar="SHA", help="what is to be released (what is checked out)")] = "",
    scenarios: Annotated[Path, typer.Option(metavar="DIR", help="where the rows are")] = Path("tests/integration"),
    after: Annotated[
        Path | None, typer.Option(metavar="FILE", help="the decision.json that the history must go on from")
    ] = None,
) -> None:
    """Decide whether a release may go out: exit with 0 for GO, 1 for NO-GO, 2 for CANNOT TELL."""
    folder = EvidenceFolder(evidence)
    place = out if out is not None else folder.gate
    signer = signer_of(read_variables())
    paths = GatePaths(criteria=criteria, evidence=evidence, scenarios=scenarios, prices=prices, out=place, after=after)
    kept = open_history(history or str(folder.gate_history))
    raise typer.Exit(run_gate(paths, kept, commit or commit_of(Path())[0], Console(), signer))


@app.command()
def verify(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="a run, a decision, or a folder of them")],
    criteria: Annotated[Path, typer.Option(metavar="FILE", help=r"whose \[signatures] are trusted")] = Path(
        "gate.toml"
    ),
    key: Annotated[Path | None, typer.Option(metavar="FILE", help="the one public key that is trusted")] = None,
) -> None:
    """Say who signed evidence and decisions: exit with 0 when all verifies, 75 when not, 79 when some is unsigned."""
    verification.verify(paths, verification.signers_for(criteria, key), Console())


@app.command()
def report(
    *,
    evidence: Annotated[Path, typer.Option(metavar="DIR", help="what runs have left")] = DEFAULT_EVIDENCE,
    tools: Annotated[Path, typer.Option(metavar="DIR", help="where Allure is pinned")] = Path("allure"),
    build_name: Annotated[str, typer.Option(metavar="TEXT", help="what made the runs, such as a job of CI")] = "",
    build_url: Annotated[str, typer.Option(metavar="URL", help="where it can be seen")] = "",
) -> None:
    """Make one Allure report over the newest runs of all environments."""
    build = Build(name=build_name, url=build_url)
    typer.echo(write_report(evidence=evidence, tools=tools, build=build, variables=read_variables()))


@app.command()
def timeline(
    *,
    run: Annotated[str, typer.Argument(metavar="RUN", help="the folder of a run, or an environment: its newest run")],
    row: Annotated[str | None, typer.Argument(metavar="[ROW]", help="a row, or a test's name; all without it")] = None,
    form: Annotated[str, typer.Option("--format", metavar="NAME", help="html, perfetto or otlp")] = "html",
    evidence: Annotated[Path, typer.Option(metavar="DIR", help="what runs have left")] = DEFAULT_EVIDENCE,
    out: Annotated[
        Path | None, typer.Option(metavar="PATH", help="the file, or without ROW the folder (RUN/pages)")
    ] = None,
) -> None:
    """Show what happened on the platform while a row ran, as a page, or as a file for tools that show traces."""
    typer.echo(write_timeline(run, row, evidence=evidence, out=out, form=form))


@app.command()
def publish(
    *,
    environment: Annotated[str, typer.Option(metavar="NAME", help="whose newest run is published")] = "staging",
    environments: Annotated[Path, typer.Option(metavar="FILE")] = Path("environments.toml"),
    evidence: Annotated[Path, typer.Option(metavar="DIR", help="what runs have left")] = DEFAULT_EVIDENCE,
    prices: Annotated[
        Path, typer.Option(metavar="FILE", help="what AWS charges (the shipped list)", show_default=False)
    ] = SHIPPED_PRICES,
) -> None:
    """Send the figures of a run to CloudWatch, once however often it is called."""
    from seatrials.publishing.command import publish_newest  # noqa: PLC0415  # boto3 takes time that others save

    variables = read_variables()
    chosen = load_environment(environment, environments, variables)
    typer.echo(publish_newest(chosen, evidence, prices, variables))


@app.command()
def notify(
    *,
    decision: Annotated[Path, typer.Argument(metavar="DECISION", help="a decision.json, or its folder")],
    to: Annotated[
        list[str] | None, typer.Option(metavar="slack|sns:ARN|github:OWNER/REPO", help="whom to tell; may be repeated")
    ] = None,
    link: Annotated[str, typer.Option(metavar="URL", help="where the decision can be seen (the job that judged)")] = "",
    again: Annotated[bool, typer.Option("--again", help="tell those too who were told before")] = False,
) -> None:
    """Tell people of a decision, once: the verdict, the reason, the owners and a link."""
    from seatrials.publishing.notify import notify as tell  # noqa: PLC0415  # boto3 takes time that others save

    told = tell(decision, to or [], read_variables(), link=link, again=again)
    for line in (told.verdict, *told.done):
        typer.echo(line)
    told.raise_problems()


def main() -> None:
    """Run the command line, and end the process with an exit code of README.md's table, whatever happens.

    Only a verdict ends with 0, 1 or 2 (and with what a command that was asked for ended). A crash is told in one
    sentence, which says where its traceback lies.
    """
    code = _exit_code() if _can_begin() else SeatrialsError.exit_code
    _drop_unwritten()
    sys.exit(code)


def _can_begin() -> bool:
    """Whether a command has what each of them needs of the shell; says what is missing."""
    if sys.stdout is None:
        _told("standard output is closed: redirect it, to /dev/null if nobody reads it", SeatrialsError.exit_code)
        return False
    try:
        Path.cwd()
    except OSError as error:
        sentence = f"the working folder cannot be used ({error.strerror}): change into another one"
        _told(sentence, SeatrialsError.exit_code)
        return False
    return True


def _exit_code() -> int:
    try:
        code = app(standalone_mode=False)
        # Here, and not at the interpreter's end, where a full disk would only be a code of Python's own.
        sys.stdout.flush()
    except SeatrialsError as error:
        return _told(str(error), error.exit_code)
    except typer.TyperException as error:
        # Typer's own code for wrong use is 2, which for the gate is CANNOT TELL.
        wrong = error.format_message().rstrip(".") or "no command was given"
        return _told(f"{wrong}; --help shows what there is", ConfigurationError.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        return _told("interrupted", INTERRUPTED)
    except SystemExit as ended:
        # Typer ends so itself when nobody reads what is shown, with the 1 of NO-GO.
        return (
            _told("nobody reads what is shown", SeatrialsError.exit_code) if ended.code == 1 else _as_code(ended.code)
        )
    except Exception as error:  # noqa: BLE001  # the last line of defence: Python's own code for a crash is 1, NO-GO
        return _crashed(error)
    return _as_code(code)


def _as_code(given: object) -> int:
    return given if isinstance(given, int) else 0


def _told(sentence: str, code: int) -> int:
    # Names of files may hold what no encoding has.
    shown = sentence.encode(errors="backslashreplace").decode()
    # Where nobody can be told, the code alone tells it.
    with suppress(OSError):
        print(f"seatrials: {shown}", file=sys.stderr)  # noqa: T201  # the one place where errors are shown
    return code


def _crashed(error: Exception) -> int:
    """Keep the traceback of an error that nobody expected, and tell where; return the exit code."""
    traceback = redact("".join(format_exception(error)))
    try:
        with NamedTemporaryFile("w", encoding="utf-8", prefix="seatrials-crash-", suffix=".txt", delete=False) as file:
            file.write(traceback)
    except OSError as full:
        with suppress(OSError):
            print(traceback, file=sys.stderr)  # noqa: T201  # the only place that is left for it
        place = f"above, for no file could be written ({full})"
    else:
        place = f"in {file.name}"
    said = " ".join(redact(str(error)).split())[:_SAID_CHARACTERS_MAX]
    sentence = f"stopped by an error that it does not know, so nothing was decided: {type(error).__name__}: {said}"
    return _told(f"{sentence}; the traceback is {place}", SeatrialsError.exit_code)


def _drop_unwritten() -> None:
    """Let what cannot be shown go, or Python tries once more at its end and replaces the exit code."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


if __name__ == "__main__":
    main()
