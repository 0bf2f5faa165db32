"""What each test executed when it was recorded, on disk: tests, files and units by number, for they recur."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from seatrials.affected.tracer import Unit
from seatrials.affected.tree import Tree
from seatrials.affected.units import REST, units_of
from seatrials.whole_file import write_whole


class Ran(NamedTuple):
    """What became of a test when it was recorded, and what it executed that does not run before all tests."""

    is_failed: bool
    units: frozenset[Unit]


class Recording(BaseModel):
    """The newest that is known of each test; all of it holds for one state of the tree."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    # What else decides what a test executes, by name: Python, libraries, environment, seed, template.
    about: dict[str, str]
    # Of every file of the tree: its blob id.
    blobs: dict[str, str]
    # Of each Python file that ran: what its units are.
    fingerprints: dict[str, dict[str, str]]
    # What runs, or is read, before the first test and between two of them.
    always: frozenset[Unit]
    tests: dict[str, Ran]
    # Whether these are all the tests that there are, and not only those of a name or a file.
    is_whole: bool

    @property
    def paths(self) -> frozenset[str]:
        """The files that ran or were read."""
        return frozenset(
            {path for path, _ in self.always} | {path for ran in self.tests.values() for path, _ in ran[1]}
        )

    @property
    def failed(self) -> frozenset[str]:
        """The tests that failed."""
        return frozenset(test for test, ran in self.tests.items() if ran.is_failed)


class _Stored(BaseModel):
    """A recording as its file has it."""

    model_config = ConfigDict(strict=True, extra="forbid")

    about: dict[str, str]
    blobs: dict[str, str]
    fingerprints: dict[str, dict[str, str]]
    units: list[tuple[str, str]]
    always: list[int]
    failed: list[str]
    tests: dict[str, list[int]]
    is_whole: bool


def read_recording(path: Path) -> Recording | None:
    """Return the recording in *path*; None when there is none, or a damaged one, or one of another version."""
    try:
        stored = _Stored.model_validate_json(path.read_bytes())
        return Recording(
            about=stored.about,
            blobs=stored.blobs,
            fingerprints=stored.fingerprints,
            always=frozenset(stored.units[each] for each in stored.always),
            tests={
                test: Ran(test in stored.failed, frozenset(stored.units[each] for each in numbers))
                for test, numbers in stored.tests.items()
            },
            is_whole=stored.is_whole,
        )
    except (OSError, ValidationError, IndexError):
        return None


def write_recording(path: Path, recording: Recording) -> None:
    """Write *recording* so that a reader finds it whole or not at all."""
    units = sorted({*recording.always, *(unit for ran in recording.tests.values() for unit in ran.units)})
    numbers = {unit: number for number, unit in enumerate(units)}
    stored = _Stored(
        about=recording.about,
        blobs=recording.blobs,
        fingerprints=recording.fingerprints,
        units=units,
        always=sorted(numbers[unit] for unit in recording.always),
        failed=sorted(recording.failed),
        tests={test: sorted(numbers[unit] for unit in ran.units) for test, ran in recording.tests.items()},
        is_whole=recording.is_whole,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, stored.model_dump_json())


def has_all_of(recording: Recording, known: Recording | None) -> bool:
    """Whether *known* had all tests, and *recording* has them too: no file of tests has got another one since."""
    if known is None or not known.is_whole or not known.tests.keys() <= recording.tests.keys():
        return False
    rests = {rest_of(test)[0] for test in recording.tests}
    now, then = recording.fingerprints, known.fingerprints
    return all(now.get(path, {}).get(REST) == then.get(path, {}).get(REST) for path in rests)


def fingerprints_of(tree: Tree, paths: Iterable[str], known: Recording | None = None) -> dict[str, dict[str, str]]:
    """Return what the units are of those of *paths* that are Python; of a file that is *known* nothing is parsed."""
    return {path: _fingerprints(tree, path, known) for path in paths if is_python(path)}


def _fingerprints(tree: Tree, path: str, known: Recording | None) -> dict[str, str]:
    if known is not None and path in known.fingerprints and known.blobs.get(path) == tree.blobs[path]:
        return known.fingerprints[path]
    return units_of(tree.read(path))


def is_python(path: str) -> bool:
    """Whether a file has units of its own."""
    return path.endswith(".py")


def rest_of(test: str) -> Unit:
    """Return the rest of the file of a test, by pytest's name of it: nobody else imports that."""
    return test.partition("::")[0], REST
