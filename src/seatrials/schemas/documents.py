"""The schemas, by file name: each is made from the model that validates the files, so it cannot say anything else.

A file that a schema refuses is wrong; one that it accepts may still be, for what must hold between two keys is no part
of a schema.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from seatrials.cost import Prices
from seatrials.environments.environment import Environment
from seatrials.errors import ConfigurationError
from seatrials.evidence.envelope import Bundle, Envelope
from seatrials.evidence.record import ChainLink, MatrixRecord, RowRecord, RunRecord, Sample, ServiceRecord, TaskRecord
from seatrials.evidence.recorder import Step
from seatrials.gate.criteria import Criteria
from seatrials.gate.decision import Decision
from seatrials.gate.history import Entry
from seatrials.schemas.comments import comments_of

# Where they are, from the root of the project.
FOLDER = Path("schemas")
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


@dataclass(frozen=True)
class ScenarioRecord:
    """`timeline/<row>.steps.json`: what a scenario did, and what it measured."""

    steps: list[Step]
    samples: list[Sample]


class _Described(GenerateJsonSchema):
    """A property says what the comment above its field says."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        return _with_comments(super().model_schema(schema), schema["cls"])

    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> JsonSchemaValue:
        return _with_comments(super().dataclass_schema(schema), schema["cls"])


def _with_comments(made: JsonSchemaValue, described: type) -> JsonSchemaValue:
    said = comments_of(described)
    properties = {
        key: {**value, "description": said[key]} if key in said else value
        for key, value in made.get("properties", {}).items()
    }
    return {**made, "properties": properties} if properties else made


class _OfToml(_Described):
    """TOML has no null: a key without a value is left out."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return _without_none(super().default_schema(schema), of="default")


def _without_none(value: dict[str, Any], of: str) -> dict[str, Any]:
    """Return *value* without its key *of* if that is None, and without the keys of the table there that are."""
    kept = {key: each for key, each in value.items() if key != of or each is not None}
    if isinstance(kept.get(of), dict):
        kept[of] = {key: each for key, each in kept[of].items() if each is not None}
    return kept


@dataclass(frozen=True)
class Document:
    """A kind of file."""

    # Which files it is, from the root of the project or from the folder of the evidence.
    files: str
    model: Any
    generator: type[GenerateJsonSchema] = _Described

    def schema(self) -> dict[str, Any]:
        """Return the schema of such a file."""
        made = TypeAdapter(self.model).json_schema(schema_generator=self.generator)
        return {"$schema": _DIALECT, "title": self.files, **{key: made[key] for key in made if key != "title"}}


class _Environments(Document):
    """A file of environments: its tables have names of their own, and do not repeat them."""

    def schema(self) -> dict[str, Any]:
        table = super().schema()
        head = {key: table.pop(key) for key in ("$schema", "title", "$defs")}
        table["properties"] = {key: value for key, value in table["properties"].items() if key != "name"}
        table["required"] = [key for key in table["required"] if key != "name"]
        return {**head, "type": "object", "additionalProperties": table}


DOCUMENTS: Mapping[str, Document] = {
    "environments": _Environments("environments.toml", Environment, _OfToml),
    "gate": Document("gate.toml", Criteria, _OfToml),
    "prices": Document("prices.toml", Prices, _OfToml),
    "run": Document("<environment>/<run>/run.json", RunRecord),
    "rows": Document("<environment>/<run>/rows.json", dict[str, RowRecord]),
    "leftovers": Document("<environment>/<run>/leftovers.<process>.json", list[str]),
    "steps": Document("<environment>/<run>/timeline/<row>.steps.json", ScenarioRecord),
    "usage": Document("<environment>/<run>/timeline/<row>.usage.json", dict[str, float]),
    "usage-beside-rows": Document("<environment>/<run>/usage.json", dict[str, float]),
    "tasks": Document("<environment>/<run>/tasks.json", tuple[TaskRecord, ...]),
    "services": Document("<environment>/<run>/timeline/<row>.services.json", dict[str, ServiceRecord]),
    "seal": Document("<environment>/<run>/seal.json", dict[str, str]),
    "signature": Document("<environment>/<run>/signature.json", Envelope | Bundle),
    "chain": Document("chains/<chain>/<number>.json", ChainLink),
    "kill-matrix": Document("mutants/<run>/kill-matrix.json", MatrixRecord),
    "decision": Document("gate/<decision>/decision.json", Decision),
    "history": Document("a line of gate/history.jsonl", Entry),
}


def files_of(folder: Path) -> dict[Path, str]:
    """Return the text of each schema by the file in *folder* that holds it."""
    return {
        folder / f"{name}.schema.json": json.dumps(document.schema(), indent=2) + "\n"
        for name, document in DOCUMENTS.items()
    }


def listed(folder: Path) -> list[dict[str, str]]:
    """Return each schema's file and the files that it is of."""
    return [
        {"schema": str(path), "files": document.files}
        for path, document in zip(files_of(folder), DOCUMENTS.values(), strict=True)
    ]


def problems(folder: Path) -> list[str]:
    """Return what is wrong in *folder*, a sentence each: a schema that is not as its model is, and a file of none."""
    wanted = files_of(folder)
    wrong = [path for path, text in wanted.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    strange = sorted(path for path in folder.glob("*.schema.json") if path not in wanted)
    return [
        *(f"{path} is out of date: run `seatrials schemas --write`" for path in wrong),
        *(f"{path} is a schema of nothing: remove it" for path in strange),
    ]


def write(folder: Path) -> None:
    """Write all schemas into *folder*; raises `ConfigurationError` where that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in files_of(folder).items():
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        msg = f"--folder: no schema can be written to {folder} ({error.strerror}): give another"
        raise ConfigurationError(msg) from error
