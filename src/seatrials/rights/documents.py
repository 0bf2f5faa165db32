"""The documents of one environment, all of them or one, with what no environment names."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from seatrials.configuration import nearest
from seatrials.environments.environment import Environment
from seatrials.errors import ConfigurationError
from seatrials.rights.calls import Purpose
from seatrials.rights.policies import (
    MANAGED_CHARACTERS_MAX,
    TRUST_CHARACTERS_MAX,
    Address,
    Document,
    characters,
    policy,
)
from seatrials.rights.trust import trust

TRUST = "trust"
NAMES = (*map(str, Purpose), TRUST)
_OPTIONS = {Purpose.HISTORY: "--history s3://BUCKET/KEY", TRUST: "--repository OWNER/REPOSITORY"}


@dataclass(frozen=True)
class Asked:
    """What the environment's file does not say, as it was given; None where it was not."""

    # s3://bucket/key
    history: str | None
    # owner/name, or with ids owner@1/name@2, and the environment on GitHub; without the latter, of the name of ours.
    repository: str | None
    github_environment: str | None


def documents(environment: Environment, name: str | None, asked: Asked) -> dict[str, Document]:
    """Return the documents by their names, without *name* all that can be written with what was *asked*.

    Raises `ConfigurationError` for an unknown name, and for one that lacks what it is about.
    """
    if name is not None and name not in NAMES:
        msg = f"--purpose {name}: there is no such purpose; {nearest(name, NAMES)}"
        raise ConfigurationError(msg)
    given = {Purpose.HISTORY: asked.history, TRUST: asked.repository}
    if name in given and given[name] is None:
        msg = f"--purpose {name} is about something that no environment names: give {_OPTIONS[name]}"
        raise ConfigurationError(msg)
    written = [each for each in NAMES if given.get(each, "") is not None]
    return {each: _document(environment, each, asked) for each in written if name in (None, each)}


def too_long(found: Mapping[str, Document]) -> Iterator[str]:
    """Yield a sentence for each document that IAM takes only in another way."""
    for name, document in found.items():
        length, most = characters(document), TRUST_CHARACTERS_MAX if name == TRUST else MANAGED_CHARACTERS_MAX
        if length > most:
            way = "have the quota raised" if name == TRUST else "split its statements among several policies"
            yield f"{name}: it has {length} characters of {most}: {way}"


def _document(environment: Environment, name: str, asked: Asked) -> Document:
    if name == TRUST:
        assert asked.repository is not None, "it is only written with one"
        return trust(environment, asked.repository, asked.github_environment or environment.name)
    address = None if asked.history is None else Address.parse(asked.history)
    return policy(Purpose(name), environment, address)
