"""What a signature says: an in-toto statement that names files by their SHA-256, and what they are evidence of.

A statement has its predicate from one of the files that it names, so the two can only disagree where somebody with a
key made them; readers compare them all the same. Source: https://github.com/in-toto/attestation/tree/main/spec/v1.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field
from pydantic_core import from_json

from seatrials.evidence.folder import MATRIX_RECORD, RUN_RECORD
from seatrials.evidence.record import Record
from seatrials.evidence.seal import sha256_of

STATEMENT_TYPE: Literal["https://in-toto.io/Statement/v1"] = "https://in-toto.io/Statement/v1"
_TYPES = "https://webordinary.com/seatrials"


class Digest(Record):
    """A digest of a file, in hexadecimal digits."""

    sha256: str


class Subject(Record):
    """A file, by its name below the folder that was signed."""

    name: str
    digest: Digest


class Statement(Record):
    """What was signed."""

    type_: Literal["https://in-toto.io/Statement/v1"] = Field(alias="_type")
    subject: tuple[Subject, ...] = Field(min_length=1)
    predicate_type: str = Field(alias="predicateType")
    predicate: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class About:
    """What a statement is about."""

    predicate_type: str
    # The word for people.
    what: str
    # The file that the predicate is taken from, and the object in it that has the fields; "" is all of the file.
    document: str
    within: str = ""
    # Fields that the file does not have, for it is older than they are, are not told.
    fields: tuple[str, ...]


RUN = About(
    predicate_type=f"{_TYPES}/run/v1",
    what="run",
    document=RUN_RECORD,
    fields=("environment", "kind", "commit", "dirty", "started", "ended", "seed", "chain"),
)
MATRIX = About(
    predicate_type=f"{_TYPES}/kill-matrix/v1",
    what="kill matrix",
    document=MATRIX_RECORD,
    within="run",
    fields=("commit", "dirty", "started", "is_partial", "chain"),
)
DECISION = About(
    predicate_type=f"{_TYPES}/decision/v1",
    what="decision",
    document="decision.json",
    fields=("verdict", "commit", "release", "judged_at", "criteria_file"),
)


def statement_of(about: About, name: str, digests: Mapping[str, str], document: bytes) -> bytes:
    """Return the statement on what is called *name*, whose files have the SHA-256 *digests* by name.

    *document* is the content of the file that the predicate is taken from.
    """
    statement = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": each, "digest": {"sha256": sha256}} for each, sha256 in sorted(digests.items())],
        "predicateType": about.predicate_type,
        "predicate": predicate_of(about, name, document),
    }
    return json.dumps(statement, sort_keys=True, separators=(",", ":")).encode()


def predicate_of(about: About, name: str, document: bytes) -> dict[str, Any]:
    """Return what a statement says of what is called *name*; of a document that cannot be read, the name alone."""
    try:
        told = from_json(document)
    except ValueError:
        return {"name": name}
    part = told.get(about.within) if about.within and isinstance(told, dict) else told
    fields = part if isinstance(part, dict) else {}
    return {"name": name, **{each: fields[each] for each in about.fields if fields.get(each) is not None}}


def problems_of_statement(
    statement: Statement, about: About, name: str | None, files: Mapping[str, bytes], *, is_part: bool = False
) -> Iterable[str]:
    """Yield where a statement says something else than the *files* of what is called *name*, a sentence each.

    With *is_part* there may be more files than these. Without a *name* it may have been called otherwise.
    """
    if statement.predicate_type != about.predicate_type:
        yield f"it is about {statement.predicate_type}, not about a {about.what}"
        return
    signed = {each.name: each.digest.sha256 for each in statement.subject}
    if len(signed) < len(statement.subject):
        yield "it names a file twice"
    if not is_part:
        yield from (f"{each} was signed, and is missing" for each in sorted(set(signed) - set(files)))
    yield from (f"{each} was not signed" for each in sorted(set(files) - set(signed)))
    changed = (each for each in sorted(set(files) & set(signed)) if sha256_of(files[each]) != signed[each])
    yield from (f"{each} is not the file that was signed" for each in changed)
    told = predicate_of(about, name or "", files.get(about.document, b""))
    for field in (*about.fields, *(["name"] if name is not None else [])):
        said, found = statement.predicate.get(field), told.get(field)
        if said != found:
            yield f"it says that {field} is {said!r}, and it is {found!r}"
