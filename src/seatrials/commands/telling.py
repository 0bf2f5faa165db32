"""Commands that show people what runs and decisions have come to."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from seatrials.cost import SHIPPED_PRICES
from seatrials.environments.variables import read_variables
from seatrials.evidence.folder import DEFAULT_EVIDENCE
from seatrials.output.output import AsJson, Output
from seatrials.output.paths import EnvironmentsFile, path_argument, path_option


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


def publish(
    *,
    environment: Annotated[str, typer.Option(metavar="NAME", help="whose newest run is published")] = "staging",
    environments: EnvironmentsFile = Path("environments.toml"),
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


def notify(
    *,
    decision: Annotated[Path, path_argument(metavar="DECISION", help="a decision.json, or its folder")],
    to: Annotated[
        list[str] | None, typer.Option(metavar="slack|sns:ARN|github:OWNER/REPO", help="whom to tell")
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
