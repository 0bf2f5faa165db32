"""The command line: `seatrials gate`, `verify`, `notify`, `report`, `timeline`, `publish`, `mutants`, and so on."""

from importlib.metadata import version
from typing import Annotated

import typer

from seatrials.commands import judging, pages, rows, stacks, telling
from seatrials.ending import end_with
from seatrials.monitoring.command import dashboard
from seatrials.reference.command import reference
from seatrials.rights.command import policy
from seatrials.twin_server import command as twin

# In the order in which `--help` shows them; what `watch` does not know is pytest's.
_COMMANDS = (
    *(rows.mutants, rows.explore),
    *(pages.scenarios, pages.schemas, reference, pages.durations, pages.fidelity),
    *(stacks.doctor, policy, stacks.sweep, dashboard),
    *(judging.gate, judging.merge, judging.verify),
    *(telling.report, telling.timeline, telling.publish, telling.notify),
)

app = typer.Typer(
    help="Decides whether a release of the Webordinary platform may go out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(twin.app, name="twin")
for _command in _COMMANDS:
    app.command()(_command)
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(rows.watch)


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


def main() -> None:
    """Run the command line, and end the process with an exit code of README.md's table, whatever happens."""
    end_with(app)


if __name__ == "__main__":
    main()
