"""What has changed between two commits of the project: rows of the catalogue, criteria, resources of the template.

Each answer is None where one of the two cannot be read: nothing is said to be unchanged because nobody could look.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from seatrials.catalogue import Row
from seatrials.evidence.plain import plain

_VALUE_CHARACTERS_MAX = 60
# What tells the tables of a list apart, in the words of a criteria file.
_NAMES = ("id", "subject")


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Rows that one of two catalogues has, or has otherwise, each with its sentence."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


def changed_rows(old: Iterable[Row] | None, new: Iterable[Row]) -> Rows | None:
    """Return which rows came, went, or say something else now."""
    if old is None:
        return None
    before, now = ({row.id: row for row in rows} for rows in (old, new))
    return Rows(
        added=tuple(_named(now[row]) for row in sorted(set(now) - set(before))),
        removed=tuple(_named(before[row]) for row in sorted(set(before) - set(now))),
        changed=tuple(told for row in sorted(set(before) & set(now)) for told in _row_changes(before[row], now[row])),
    )


def changed_criteria(old: bytes | None, new: bytes | None) -> tuple[str, ...] | None:
    """Return which keys of a criteria file came, went, or have another value."""
    before, now = _toml(old), _toml(new)
    return None if before is None or now is None else tuple(_differences(before, now, ""))


def changed_resources(old: bytes | None, new: bytes | None) -> tuple[str, ...] | None:
    """Return which resources, parameters and other parts of a CloudFormation template came, went or are changed."""
    before, now = _template(old), _template(new)
    if before is None or now is None:
        return None
    parts = sorted({*before, *now} - {"Resources"})
    others = [f"{part}: {_fate(part, before, now)}" for part in parts if before.get(part) != now.get(part)]
    resources = (_table(before.get("Resources")), _table(now.get("Resources")))
    return (*_resource_changes(*resources), *others)


def _resource_changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterable[str]:
    for name in sorted({*before, *now}):
        if before.get(name) == now.get(name):
            continue
        kind = plain(str(_table(now.get(name, before.get(name))).get("Type", "of no type")))
        yield f"{plain(name)} ({kind}): {_fate(name, before, now)}{_properties(before.get(name), now.get(name))}"


def _properties(old: object, new: object) -> str:
    """Return which properties of a resource differ, and which of its other keys."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return ""
    before, now = ({**each, **_table(each.get("Properties"))} for each in (old, new))
    names = sorted(plain(str(each)) for each in {*before, *now} - {"Properties"} if before.get(each) != now.get(each))
    return f" in {', '.join(names)}" if names else ""


def _fate(name: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    return "changed" if name in before and name in now else "added" if name in now else "removed"


def _named(row: Row) -> str:
    return f"{row.id}: {plain(row.sentence)}"


def _row_changes(old: Row, new: Row) -> Iterable[str]:
    if old.sentence != new.sentence:
        yield f"{new.id}: {plain(new.sentence)} (it said: {plain(old.sentence)})"
    if set(old.environments) != set(new.environments):
        yield f"{new.id}: required on {', '.join(new.environments)}, and was on {', '.join(old.environments)}"


def _differences(old: object, new: object, path: str) -> Iterable[str]:
    """Yield where two documents differ, by key; a table that is new or gone is one difference."""
    before, now = _keyed(old), _keyed(new)
    if before is None or now is None:
        if old != new:
            yield f"{path}: {_shown(old)} → {_shown(new)}"
        return
    for key in (*now, *(each for each in before if each not in now)):
        where = f"{path}.{key}".removeprefix(".")
        if key in before and key in now:
            yield from _differences(before[key], now[key], where)
        else:
            yield f"{where}: {_fate(key, before, now)}"


def _keyed(value: object) -> Mapping[str, Any] | None:
    """Return a table, or a list of tables that have names, by key; None for anything else."""
    if isinstance(value, dict):
        return {plain(str(key)): each for key, each in value.items()}
    if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        names = [next((plain(str(each[name])) for name in _NAMES if name in each), "") for each in value]
        return dict(zip(names, value, strict=True)) if all(names) and len(set(names)) == len(names) else None
    return None


def _shown(value: object) -> str:
    words = ", ".join(str(each) for each in value) if isinstance(value, list) else str(value)
    return plain(words, _VALUE_CHARACTERS_MAX)


def _table(value: object) -> dict[str, Any]:
    return {str(key): each for key, each in value.items()} if isinstance(value, dict) else {}


def _toml(content: bytes | None) -> dict[str, Any] | None:
    try:
        return None if content is None else tomllib.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):
        return None


def _template(content: bytes | None) -> dict[str, Any] | None:
    if content is None:
        return None
    from cfn_flip import load  # noqa: PLC0415  # YAML, which only a comparison needs

    try:
        document, _ = load(content.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return _table(document) if isinstance(document, dict) else None
