"""Which of several runs is the newest, and what keeps anybody from knowing it.

A bad run that seems to be older than a good one is hidden by it. So a run whose time cannot be believed is told with
the one that is taken for the newest. That a run is gone altogether its chain tells, in `chain.py`.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import ValidationError

from seatrials.configuration import describe_problems
from seatrials.evidence.consistency import epoch_seconds, name_problem
from seatrials.evidence.envelope import SignatureFile, read_signature
from seatrials.evidence.folder import second_of, signature_of
from seatrials.evidence.record import ChainLink, Record
from seatrials.evidence.seal import problems_of_seal, read_seal, sha256_of
from seatrials.whole_file import read_regular

_SECOND_END = 0.999_999

AnyRecord = TypeVar("AnyRecord", bound=Record)


@dataclass(frozen=True, kw_only=True)
class Found(Generic[AnyRecord]):
    """The folder of a run, and its record and seal as they were read, once."""

    path: Path
    # How the seal calls the record, and what was read of it; None when it cannot be read.
    name: str
    content: bytes | None
    record: AnyRecord | None
    # None when there is none, or it is damaged.
    seal: Mapping[str, str] | None
    # The seal's name, the seal as it was read, and who answers for it; None when there is none.
    seal_name: str
    sealed: bytes | None
    signed: SignatureFile | None
    problems: tuple[str, ...]
    started: str | None
    # Whether it came to its end, where a run writes its seal.
    has_ended: bool
    # Its place in the chain of all runs; None when its record tells of none.
    link: ChainLink | None
    # The SHA-256 of the seal itself, whatever it says.
    seal_sha256: str | None

    @property
    def moment(self) -> float:
        """When it began, in seconds since the epoch, for the order of runs.

        One that does not say is taken for the last of the second that its folder is called after, so that nothing
        hides it; a folder of another name is no run that could be newer than others.
        """
        told = epoch_seconds(self.started)
        if told is not None:
            return told
        second = second_of(self.path)
        return -math.inf if second is None else second + _SECOND_END


def find(
    path: Path,
    files: tuple[Path, Path],
    model: type[AnyRecord],
    told: Callable[[AnyRecord], tuple[str | None, bool, ChainLink | None]],
) -> Found[AnyRecord]:
    """Return what is in the folder *path*, whose record and seal are the *files*.

    *told* returns what a record says of its beginning, whether it tells of an end, and its place in a chain.
    """
    record_path, seal_path = files
    content, problems = read_content(record_path)
    record = None
    if content is not None:
        record, problems = validated(content, record_path.name, model)
    sealed, _ = read_content(seal_path)
    started, has_ended, link = told(record) if record is not None else (None, False, None)
    return Found(
        path=path,
        name=record_path.name,
        content=content,
        record=record,
        seal=read_seal(sealed) if sealed is not None else None,
        seal_name=seal_path.name,
        sealed=sealed,
        signed=read_signature(signature_of(path)),
        problems=tuple(problems),
        started=started,
        has_ended=has_ended,
        link=link,
        seal_sha256=sha256_of(sealed) if sealed is not None else None,
    )


def in_order(found: Iterable[Found[AnyRecord]]) -> list[Found[AnyRecord]]:
    """Return runs, oldest first; of two that began at once, their names decide."""
    return sorted(found, key=lambda each: (each.moment, each.path))


def doubts_of_order(others: Iterable[Found[AnyRecord]]) -> list[str]:
    """Return why some of the runs that seem to be older may be the newest, a sentence each."""
    told = [(each.path.name, _doubt(each)) for each in others]
    return [f"{name} may be the newest run: {doubt}; remove it if it is not" for name, doubt in told if doubt]


def _doubt(found: Found[AnyRecord]) -> str | None:
    if found.record is None:
        return "; ".join(found.problems) if second_of(found.path) is not None else None
    if found.has_ended and found.seal is None:
        return "it ended, and has no seal"
    renamed = name_problem(found.path, found.started)
    if renamed is not None or found.seal is None or found.content is None:
        return renamed
    sealed = {name: sha256 for name, sha256 in found.seal.items() if name == found.name}
    return next(iter(problems_of_seal(sealed, {found.name: found.content})), None)


def read_content(path: Path) -> tuple[bytes | None, list[str]]:
    """Return what a file holds, or None and why it cannot be read."""
    try:
        return read_regular(path), []
    except OSError as error:
        return None, [f"{path.name} cannot be read: {error.strerror}"]


def validated(content: bytes, name: str, model: type[AnyRecord]) -> tuple[AnyRecord | None, list[str]]:
    """Return what stands in a file, or None and what is wrong with it."""
    try:
        return model.model_validate_json(content), []
    except ValidationError as error:
        if any(each["type"] == "json_invalid" for each in error.errors(include_url=False)):
            return None, [f"{name} is cut off or damaged"]
        return None, describe_problems(error, model, name, "")
