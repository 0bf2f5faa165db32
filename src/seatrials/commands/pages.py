"""Commands that write what is made of the code, and compare it."""

from pathlib import Path
from typing import Annotated

import typer

from seatrials.environments.variables import forget_aws_variables
from seatrials.errors import ConfigurationError
from seatrials.evidence.folder import RunFolder
from seatrials.output.output import AsJson, Output
from seatrials.output.paths import path_argument, path_option


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
