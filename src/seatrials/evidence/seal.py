"""The seal of a run: the SHA-256 of every file that a judgement may rest on, written when all of them are there.

A seal without a signature tells accidents and careless edits, and no forger: who can write the files can write the
seal. That a whole run is gone, or was sealed anew, the chain of the runs tells.
"""

import hashlib
from collections.abc import Iterable, Mapping

from pydantic import ValidationError

from seatrials.evidence.record import SEAL


def seal_of(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return the seal of *files*, given with their content by name."""
    return {name: sha256_of(content) for name, content in sorted(files.items())}


def read_seal(content: bytes) -> Mapping[str, str] | None:
    """Return what a seal says; None when it is none."""
    try:
        return SEAL.validate_json(content)
    except ValidationError:
        return None


def problems_of_seal(seal: Mapping[str, str], files: Mapping[str, bytes]) -> Iterable[str]:
    """Yield where *files* are not as they were sealed, a sentence each."""
    for name in sorted(set(seal) - set(files)):
        yield f"{name} is missing"
    for name in sorted(set(files) - set(seal)):
        yield f"{name} is not of this run"
    for name in sorted(set(files) & set(seal)):
        if sha256_of(files[name]) != seal[name]:
            yield f"{name} was changed after the run"


def sha256_of(content: bytes) -> str:
    """Return the SHA-256 of *content*, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()
