"""JSON schemas as tables: what a key takes, its default, and what it says."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from seatrials.reference.markdown import code, first_paragraph, table

Schema = Mapping[str, Any]
HEADS = ("key", "value", "default", "what it says")
_TYPES = {"string": "a text", "boolean": "true or false", "object": "a table", "array": "a list"}

_NULL = {"type": "null"}
_FORMATS = {"date": "a day", "path": "a path"}


class SchemaTables:
    """The tables of one schema, whose `$defs` are its inner tables; those *elsewhere* have a link by their names."""

    def __init__(self, schema: Schema, elsewhere: Mapping[str, str] | None = None) -> None:
        self._definitions: Schema = schema.get("$defs", {})
        self._elsewhere = elsewhere or {}

    def row(self, key: str, said: Schema, *, is_needed: bool) -> tuple[str, str, str, str]:
        """Return what is told of a key."""
        default = "needed" if is_needed else _default(said.get("default"))
        return code(key), self.value(said), default, first_paragraph(said.get("description"))

    def rows(self, of: Schema) -> list[tuple[str, str, str, str]]:
        """Return what is told of each key of a table."""
        needed = of.get("required", ())
        return [self.row(key, said, is_needed=key in needed) for key, said in of.get("properties", {}).items()]

    def whole_rows(self, of: Schema, prefix: str = "") -> Iterator[tuple[str, str, str, str]]:
        """Yield what is told of each key of a table and of its inner tables, these with their whole names."""
        for row, said in zip(self.rows(of), of["properties"].values(), strict=True):
            name = f"{prefix}{row[0].strip('`')}"
            joint, inner = self._inner(said)
            if inner is None:
                yield (code(name), *row[1:])
            else:
                yield from self.whole_rows(inner, f"{name}{joint}")

    def _inner(self, said: Schema) -> tuple[str, Schema | None]:
        """Return the table that is the value of a key, or each of its values, and what stands between their names."""
        match said:
            case {"$ref": str(reference)}:
                joint = "."
            case {"type": "array", "items": {"$ref": str(reference)}}:
                joint = "[]."
            case {"type": "object"} if reference := _by_name(said).get("$ref", ""):
                joint = ".NAME."
            case _:
                return "", None
        definition = self._definitions[reference.rpartition("/")[2]]
        return joint, definition if "properties" in definition else None

    def inner(self) -> Iterator[tuple[str, Schema]]:
        """Yield the inner tables by their names."""
        return ((name, each) for name, each in self._definitions.items() if "properties" in each)

    def value(self, said: Schema) -> str:
        """Return in words what a schema takes."""
        match said:
            case {"$comment": str(allowed)}:
                return allowed
            case {"$ref": str(reference)}:
                return self._referred(reference.rpartition("/")[2])
            case {"const": value}:
                return code(value)
            case {"enum": values}:
                return _choice(code(each) for each in values)
            case {"anyOf": ways} | {"oneOf": ways}:
                # That a key may have no value its default says.
                return _choice(dict.fromkeys(self.value(each) for each in ways if each != _NULL))
        return self._typed(said)

    def _typed(self, said: Schema) -> str:
        match said:
            case {"type": "array", "prefixItems": items}:
                return f"a list of {len(items)}"
            case {"type": "array", "items": each}:
                return f"a list of: {self.value(each)}"
            case {"type": "object"} if each := _by_name(said):
                return f"by name: {self.value(each)}"
            case {"type": "number" | "integer"}:
                return _number(said)
        return _FORMATS.get(said.get("format", "")) or _TYPES.get(said.get("type", ""), "anything")

    def _referred(self, name: str) -> str:
        if name in self._elsewhere:
            return self._elsewhere[name]
        definition = self._definitions[name]
        return f"[{name}](#{name.lower()})" if "properties" in definition else self.value(definition)


def tables_of(schema: Schema, known: set[str]) -> list[str]:
    """Return the tables within *schema*, each under a heading of its own; those that are *known* were shown before."""
    tables = SchemaTables(schema)
    lines: list[str] = []
    for name, inner in tables.inner():
        if name not in known:
            known.add(name)
            lines += [f"### {name}", "", first_paragraph(inner.get("description")), ""]
            lines += table(HEADS, tables.rows(inner))
    return lines


def _by_name(said: Schema) -> Schema:
    """Return what each value of a table is whose keys are names; nothing where there is no such table."""
    any_name = said.get("additionalProperties")
    return any_name if isinstance(any_name, Mapping) else next(iter(said.get("patternProperties", {}).values()), {})


def _choice(values: Iterable[str]) -> str:
    *others, last = values
    return f"{', '.join(others)} or {last}" if others else last


def _number(said: Schema) -> str:
    kind = "a whole number" if said["type"] == "integer" else "a number"
    if "exclusiveMinimum" in said:
        return f"{kind} over {said['exclusiveMinimum']:g}"
    if "minimum" in said and "maximum" in said:
        return f"{kind} from {said['minimum']:g} to {said['maximum']:g}"
    return f"{kind} from {said['minimum']:g} on" if "minimum" in said else kind


def _default(value: object) -> str:
    if value is None or value == {} or isinstance(value, dict):
        return ""
    if isinstance(value, list):
        return code(", ".join(str(each) for each in value))
    return code(str(value).lower() if isinstance(value, bool) else value)
