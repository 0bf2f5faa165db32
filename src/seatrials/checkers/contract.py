"""The files of `contract/`, read once: the session's life, the invariants, and where the OpenAPI documents are."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from seatrials.errors import ConfigurationError
from seatrials.shipped import SHIPPED

FOLDER = SHIPPED / "contract"
SERVICES = ("hermes", "editor", "balancer")


@dataclass(frozen=True)
class Invariant:
    """What holds whatever is done to the platform."""

    id: str
    sentence: str
    # The part of the platform's contract that it stands for.
    promise: str
    # The module of this package that checks it.
    checker: str


@dataclass(frozen=True)
class Promise:
    """What the platform promises, and what holds it."""

    # The part of the platform's contract that has it.
    part: str
    sentence: str
    # Rows, invariants, operations, criteria of the gate as gate:ID, and tests as FILE::TEST.
    held_by: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SessionLife:
    """The life of a session as a table."""

    first: str
    live: tuple[str, ...]
    transitions: Mapping[str, tuple[str, ...]]
    ttl_seconds: int
    idle_seconds: int
    live_max: int
    # The operations of the OpenAPI documents that count as activity.
    activity: frozenset[str]
    metric: str
    unit: str

    def leads_to(self, before: str, after: str) -> bool:
        """Whether a session that was *before* may be *after* some time later."""
        return before == after or any(self.leads_to(each, after) for each in self.transitions.get(before, ()))

    def is_final(self, status: object) -> bool:
        """Whether nothing follows a status."""
        return self.transitions.get(str(status)) == ()

    def is_live(self, fields: Mapping[str, Any], at: float) -> bool:
        """Whether a session's item counts as a live session at a moment, in epoch seconds."""
        return fields.get("status") in self.live and float(fields.get("ttl", 0)) > at


def files() -> list[Path]:
    """Return the files of the contract, which decide on a run and are part of its sources."""
    return sorted([*FOLDER.glob("*.toml"), *FOLDER.glob("*.yaml")])


@cache
def invariants() -> Mapping[str, Invariant]:
    """Return every invariant by its id; raises `ConfigurationError` without its file."""
    return {name: Invariant(name, **each) for name, each in _toml("invariants.toml").items()}


@cache
def promises() -> tuple[Promise, ...]:
    """Return every promise in the order of the platform's contract; raises `ConfigurationError` without its file."""
    return tuple(
        Promise(each["part"], each["sentence"], tuple(each["held_by"])) for each in _toml("promises.toml")["promise"]
    )


@cache
def session_life() -> SessionLife:
    """Return the life of a session; raises `ConfigurationError` without its file."""
    table = _toml("session.toml")
    return SessionLife(
        first=table["first"],
        live=tuple(table["live"]),
        transitions={name: tuple(each) for name, each in table["transitions"].items()},
        ttl_seconds=table["ttl_seconds"],
        idle_seconds=table["idle_seconds"],
        live_max=table["live_max"],
        activity=frozenset(table["activity"]["operations"]),
        metric=table["metric"]["name"],
        unit=table["metric"]["unit"],
    )


@cache
def document(service: str) -> dict[str, Any]:
    """Return the OpenAPI document of one of `SERVICES`; raises `ConfigurationError` without its file."""
    import yaml  # noqa: PLC0415  # where nothing is judged nobody needs it

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loaded: dict[str, Any] = yaml.load(_read(f"{service}.openapi.yaml"), loader)  # noqa: S506  # a safe one
    return loaded


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads(_read(name))


def _read(name: str) -> str:
    try:
        return (FOLDER / name).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        msg = f"{FOLDER / name} is missing, by which seatrials judges: restore contract/, or install seatrials anew"
        raise ConfigurationError(msg) from error
