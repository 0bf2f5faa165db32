"""All pages of the reference that are made of code, by their names."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from seatrials.reference import files, lists
from seatrials.reference.commands import commands
from seatrials.reference.markdown import code, table
from seatrials.reference.options import options

_NOTE = "Written by `seatrials reference --write` from the code; `seatrials reference --check` fails when it is old."
_MUTANTS = """\
# The mutants

Every broken platform, by the row that must find it; [mutants.md](../mutants.md) says what a mutant is, and how to make
one. One with an invariant is found by that alone.
"""


def pages(folder: Path, root: Any) -> dict[Path, str]:  # noqa: ANN401  # Typer's own
    """Return what each page in *folder* should hold; *root* is the command line's group."""
    made: Mapping[str, str] = {
        "commands": commands(root),
        "options": options(),
        "exit-codes": lists.exit_codes(),
        "capabilities": lists.capabilities(),
        "marks": lists.marks(),
        "environments": files.environments(),
        "gate": files.gate(),
        "evidence": files.evidence(),
        "mutants": _mutants(),
    }
    return {folder / f"{name}.md": f"{text.rstrip()}\n\n{_NOTE}\n" for name, text in made.items()}


def _mutants() -> str:
    return "\n".join([_MUTANTS, *table(("row", "mutant", "what is broken", "found by the invariant"), _mutant_rows())])


def _mutant_rows() -> Iterator[tuple[str, str, str, str]]:
    from seatrials.mutants.catalogue import CATALOGUE  # noqa: PLC0415  # it imports moto, a second that others save

    for each in sorted(CATALOGUE, key=lambda mutant: (not mutant.hollow, mutant.breaks)):
        yield ("every row" if each.hollow else each.breaks), code(each.id), each.sentence, code(each.invariant)
