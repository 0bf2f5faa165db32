"""The pages of files that people write and of those that runs leave: environments.toml, criteria, evidence."""

from seatrials.environments.environment import keys_refused_by
from seatrials.environments.kinds import KINDS
from seatrials.environments.overrides import variable_of
from seatrials.reference.markdown import code, first_paragraph, table
from seatrials.reference.schema_tables import HEADS, SchemaTables, tables_of
from seatrials.schemas.documents import DOCUMENTS, Document

_ENVIRONMENTS = """\
# environments.toml

Every key of a table, with those of its inner tables behind a dot; [environments.md](../environments.md) shows such
tables, and says what kinds there are and how a file is read.

A key that is *needed* has no default. One of the kinds that stand beside a key may have it; a variable takes the place
of the file's value, for `names` in every kind, otherwise in rehearsals and live stacks.
"""
_GATE = """\
# gate.toml

Every key of a file of criteria; [gate.md](../gate.md) tells how they are judged.

`environments.NAME.rows` is the key `rows` of the table `[environments.NAME]`, for each environment, `statistics[].id`
the key `id` of each table `[[statistics]]`. A key that is *needed* has no default, where its table is there.
"""
_EVIDENCE = """\
# Evidence

Every file of JSON that runs, mutants and the gate leave in `evidence/`, and what is in it; `schemas/` has the same as
JSON schemas. A file is read strictly, so a text is no number. A key that is not *needed* may be missing or null, which
the sentences call None, for the run was killed or is older than the key. A key without a sentence goes with the one
above it, or is what it is called.
"""
_OF_A_TABLE = ("environments", "gate", "prices")
_HEADS = ("key", "value", "default", "kinds", "variable", "what it says")
# Of the keys that every table needs, as the model has it; a kind may need more.
_OF_ALL = ("kind", "region")
_CAPABILITIES = {"Capability": "[capabilities](capabilities.md)"}


def environments() -> str:
    """Return the page of environments.toml."""
    schema = DOCUMENTS["environments"].schema()
    rows = SchemaTables(schema, _CAPABILITIES).whole_rows(schema["additionalProperties"])
    return "\n".join([_ENVIRONMENTS, *table(_HEADS, map(_of_kinds, rows))])


def _of_kinds(row: tuple[str, str, str, str]) -> tuple[str, ...]:
    """Return a row with which kinds of environment may have its key, and which must, and with its variable."""
    key = row[0].strip("`")
    may = [kind.name for kind in KINDS.values() if key not in keys_refused_by(kind)]
    must = [kind.name for kind in KINDS.values() if key in kind.needs or key in _OF_ALL]
    words = "all" if len(may) == len(KINDS) else f"{', '.join(may)} alone"
    needed = "it" if len(may) == 1 else "all" if must == may else ", ".join(must)
    variable = next((found for kind in KINDS.values() if (found := variable_of(key, kind))), "")
    return (*row[:3], f"{words}; needed by {needed}" if must else words, code(variable), row[3])


def gate() -> str:
    """Return the page of criteria."""
    schema = DOCUMENTS["gate"].schema()
    return "\n".join([_GATE, *table(HEADS, SchemaTables(schema).whole_rows(schema))])


def evidence() -> str:
    """Return the page of evidence, file by file; what stands in several of them is shown at the first."""
    lines, known = [_EVIDENCE], set[str]()
    for name, document in DOCUMENTS.items():
        if name not in _OF_A_TABLE:
            lines += _file(document, known)
    return "\n".join(lines)


def _file(document: Document, known: set[str]) -> list[str]:
    schema = document.schema()
    tables = SchemaTables(schema)
    rows = tables.rows(schema)
    shown = table(HEADS, rows) if rows else [f"It is {tables.value(schema)}.", ""]
    said = first_paragraph(schema.get("description"))
    return [f"## `{document.files}`", "", *([said, ""] if said else []), *shown, *tables_of(schema, known)]
