"""Who killed which generated mutant when it was kept last: `killers.json`, so that he is asked first.

It says in which order scenarios are asked, and nothing more: a mutant that its killer lets pass meets all the others.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2s
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from seatrials.errors import ConfigurationError
from seatrials.whole_file import write_whole

KEPT = Path(__file__).with_name("killers.json")
_FILE = TypeAdapter(dict[str, list[str]])
# Of some thousand ids no two are alike in so many bytes; if they were, one would be asked in vain.
_DIGEST_BYTES = 4


@dataclass(frozen=True)
class Killers:
    """The ids of scenarios, by what is kept of the ids of the mutants that they killed."""

    by_digest: Mapping[str, str]

    def of(self, mutant: str) -> str | None:
        """Return the id of the scenario that killed *mutant*; None when nothing is known of it."""
        return self.by_digest.get(_digest(mutant))

    def with_news(self, killed: Mapping[str, str], survived: Iterable[str], every: Iterable[str]) -> "Killers":
        """Return them with who *killed* a mutant now, without those that *survived*, and of the *every* that are made.

        *killed* are ids of scenarios by ids of mutants.
        """
        kept = {digest: self.by_digest[digest] for digest in map(_digest, every) if digest in self.by_digest}
        kept |= {_digest(mutant): scenario for mutant, scenario in killed.items()}
        gone = {_digest(mutant) for mutant in survived}
        return Killers({digest: scenario for digest, scenario in kept.items() if digest not in gone})


def read_killers(path: Path = KEPT) -> Killers:
    """Read a file of killers; raises `ConfigurationError` for what is none."""
    try:
        found = _FILE.validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        msg = f"{path} does not say who killed mutants; put {{}} into it, and run with --keep-killers: {error}"
        raise ConfigurationError(msg) from error
    return Killers({digest: scenario for scenario, digests in found.items() for digest in digests})


def write_killers(killers: Killers, path: Path = KEPT) -> None:
    """Write them by scenario, so that a difference shows who sees more and who sees less."""
    by_scenario: dict[str, list[str]] = {}
    for digest, scenario in sorted(killers.by_digest.items()):
        by_scenario.setdefault(scenario, []).append(digest)
    write_whole(path, json.dumps(by_scenario, indent=1, sort_keys=True) + "\n")


def _digest(mutant: str) -> str:
    return blake2s(mutant.encode(), digest_size=_DIGEST_BYTES).hexdigest()
