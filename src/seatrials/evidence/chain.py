"""The chain of runs: each run of an evidence folder has a number, and knows the numbers before it.

A run takes the next number when it begins, whatever environment it is on; a run on mutants does too. Its place is a
`ChainLink`, in its record and in `chains/<chain>/<number>.json`. A link holds the SHA-256 of the file of the number
before, so a later run of any environment proves that the earlier ones were there; and it holds, by environment, the
SHA-256 of the last seal, so a run that was sealed anew is noticed too.

A folder that was empty begins a chain of its own. In CI each job has such a folder, and a gate reads several chains
that were put side by side; since there is a file for each number, none is written over. A folder that is restored and
run in again continues its chain: two jobs at once must not restore the same one, for both would take the same number.

Old runs may be removed and their files of the chain stay. What that can hide is told: a run that is gone and began
after the newest one, or is gone and of the same commit. When the last runs of a chain are gone with their files,
nothing in the folder knows of them: a history does, of runs that were judged. Without signatures whoever can write all
files can write another chain.
"""

import re
import secrets  # noqa: TID251  # no chance of a world's: what two machines name at once must differ
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from seatrials.errors import EvidenceError
from seatrials.evidence.folder import ChainsFolder, EvidenceFolder, seal_in
from seatrials.evidence.record import ChainLink
from seatrials.evidence.seal import sha256_of
from seatrials.whole_file import read_regular, write_once

_ID = re.compile(r"[0-9a-f]{16}")
_ID_BYTES = 8

# By number.
Chain = Mapping[int, ChainLink]


@dataclass(frozen=True, kw_only=True)
class Chains:
    """The chains of an evidence folder as they were read."""

    # By name of the chain.
    links: Mapping[str, Chain]
    # Where their files do not follow one another, a sentence each.
    problems: tuple[str, ...]

    def all(self) -> list[ChainLink]:
        """Return the places of all runs, chain by chain."""
        return [link for chain in self.links.values() for link in chain.values()]

    def of(self, environment: str) -> list[ChainLink]:
        """Return the places of all runs on *environment*, chain by chain."""
        return [link for link in self.all() if link.environment == environment]

    def at(self, link: ChainLink) -> ChainLink | None:
        """Return what the chain says at the place that *link* names; None when it has nothing there."""
        return self.links.get(link.chain, {}).get(link.number)

    def seal_after(self, link: ChainLink) -> tuple[str | None, bool]:
        """Return how later runs saw the run of *link* sealed, and whether one would have if it had ended.

        Only until its environment's next run began, for that one's seal is told from then on.
        """
        chain = self.links.get(link.chain, {})
        for number in sorted(each for each in chain if each > link.number):
            later = chain[number]
            if link.environment in later.seals:
                return later.seals[link.environment], True
            if later.environment == link.environment:
                return None, True
        return None, False


def join(evidence: Path, environment: str, folder: Path, started: str, commit: str | None) -> ChainLink:
    """Give the run in *folder*, which began when *started* says, the next number, and return its place.

    Of several runs that begin at once each gets a number of its own. *environment* is the name of the folder that its
    folder stands in. Raises `EvidenceError` when the chain cannot be continued, and `OSError` when nothing can be
    written.
    """
    chains = EvidenceFolder(evidence).chains
    chain = _current(chains)
    while True:
        links, problems = _read_chain(chains, chain)
        if problems:
            msg = (
                f"no run can be numbered, for the chain is damaged: {problems[0]}; move {evidence} away, or restore it"
            )
            raise EvidenceError(msg)
        last = max(links, default=0)
        link = ChainLink(
            chain=chain,
            number=last + 1,
            environment=environment,
            run=folder.name,
            started=started,
            commit=commit,
            previous_sha256=sha256_of(read_regular(chains.link(chain, last))) if last else None,
            seals=_seals(evidence, links),
        )
        if write_once(chains.link(chain, link.number), link.model_dump_json(indent=1) + "\n"):
            return link


def read_chains(evidence: Path) -> Chains:
    """Return all chains below *evidence*; what is wrong with a file is a problem, never an error."""
    chains = EvidenceFolder(evidence).chains
    read = {name: _read_chain(chains, name) for name in chains.names()}
    return Chains(
        links={name: links for name, (links, _) in read.items()},
        problems=tuple(each for _, problems in read.values() for each in problems),
    )


def _current(chains: ChainsFolder) -> str:
    """Return which chain a run continues; the first run in a folder begins one."""
    chains.path.mkdir(parents=True, exist_ok=True)
    write_once(chains.current, f"{secrets.token_hex(_ID_BYTES)}\n")
    named = read_regular(chains.current).decode(errors="replace").strip()
    if not _ID.fullmatch(named):
        msg = f"{chains.current} names no chain: it says {named[:40]!r}; move {chains.path.parent} away, or restore it"
        raise EvidenceError(msg)
    (chains.path / named).mkdir(exist_ok=True)
    return named


def _read_chain(chains: ChainsFolder, name: str) -> tuple[dict[int, ChainLink], list[str]]:
    links: dict[int, ChainLink] = {}
    problems: list[str] = []
    before: str | None = None
    for expected, number in enumerate(chains.numbers(name), start=1):
        path = chains.link(name, number)
        where = f"{chains.path.name}/{name}/{path.name}"
        try:
            content = read_regular(path)
            link = ChainLink.model_validate_json(content)
        except OSError as error:
            return links, [f"{where} cannot be read: {error.strerror}"]
        except ValidationError:
            return links, [f"{where} is cut off or damaged"]
        if number != expected:
            problems.append(f"number {expected} of chain {name} is gone, and {number} is there")
            return links, problems
        if (link.chain, link.number) != (name, number):
            problems.append(f"{where} says that it is number {link.number} of chain {link.chain}")
        if link.previous_sha256 != before:
            problems.append(f"{where} follows another number {number - 1} than the one that is there")
        links[number], before = link, sha256_of(content)
    return links, problems


def _seals(evidence: Path, chain: Chain) -> dict[str, str]:
    """Return the seal of the last run on each environment that has one by now."""
    last = {chain[number].environment: chain[number] for number in sorted(chain)}
    found = {name: _seal_of(evidence, link) for name, link in sorted(last.items())}
    return {name: seal for name, seal in found.items() if seal is not None}


def _seal_of(evidence: Path, link: ChainLink) -> str | None:
    try:
        return sha256_of(read_regular(seal_in(EvidenceFolder(evidence).dated(link.environment).path / link.run)))
    except OSError:
        # It runs still, was killed, or is gone: the next link cannot speak for it, and says nothing.
        return None
