"""What people found out about the generated mutants that no scenario kills: `verdicts.toml`.

A table is one finding, with the mutants that it is about: one, or several that survive for one reason. A mutant goes by
its function and its statement, before and after, so that a verdict stands until this statement is changed.
"""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from seatrials.errors import ConfigurationError

SHIPPED = Path(__file__).with_name("verdicts.toml")


class Kind(StrEnum):
    """Why a mutant survives."""

    # No caller can ever tell it from the original, in anything that the contract speaks of.
    EQUIVALENT = "equivalent"
    # It behaves otherwise, in what the contract does not speak of; it counts as one that is not killed.
    NOT_PROMISED = "not promised"
    # It breaks a promise, and no scenario sees it.
    GAP = "gap"


class Verdict(BaseModel):
    """One finding: which mutants survive, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    verdict: Kind
    reason: str = Field(min_length=1)
    mutants: Sequence[str] = Field(min_length=1)


@dataclass(frozen=True)
class Verdicts:
    """All of them, by the mutant's id."""

    by_id: dict[str, Verdict]

    def of(self, mutant: str) -> Kind | None:
        """Return what was found out about *mutant*; None for one that nobody has judged."""
        found = self.by_id.get(mutant)
        return None if found is None else found.verdict

    def stale(self, ids: Iterable[str]) -> list[str]:
        """Return a sentence for each whose code has changed since: no mutant of *ids* is called so."""
        known = set(ids)
        return [f"judged, and made no longer, so remove it: {each!r}" for each in self.by_id if each not in known]


def read_verdicts(path: Path = SHIPPED) -> Verdicts:
    """Read a file of verdicts; raises `ConfigurationError` with all that is wrong in it."""
    try:
        found = _FILE.validate_python(tomllib.loads(path.read_text(encoding="utf-8"))).survivor
    except (OSError, tomllib.TOMLDecodeError, ValidationError) as error:
        msg = f"{path} holds no verdicts on mutants: {error}"
        raise ConfigurationError(msg) from error
    ids = [one for each in found for one in each.mutants]
    twice = sorted({each for each in ids if ids.count(each) > 1})
    if twice:
        msg = f"{path} judges some mutants twice, leave one of each: {'; '.join(twice)}"
        raise ConfigurationError(msg)
    return Verdicts({one: each for each in found for one in each.mutants})


class _Survivors(BaseModel):
    model_config = ConfigDict(extra="forbid")

    survivor: Sequence[Verdict] = ()


_FILE = TypeAdapter(_Survivors)
