"""Which tests a change cannot touch.

A test is left out only when everything that it executed is, in each of the trees that are compared, as it was when the
test was recorded: then it does the same in all of them, step by step, for it can leave its former way only in something
that has changed. So a recording may be old: it leaves out fewer tests then, and never a wrong one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from seatrials.affected.recording import Recording, is_python, rest_of
from seatrials.affected.tracer import Unit
from seatrials.affected.tree import Tree
from seatrials.affected.units import REST, WHOLE, units_of

_NAMED_MAX = 3
_UNRECORDED = "nothing is recorded: add --record-coverage once"


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The tests that need not run, and a phrase that says why the others must; none is left out of a whole suite."""

    left_out: frozenset[str] = frozenset()
    why: str


class _InDoubtError(Exception):
    """Something changed of which nobody knows whom it touches; *what* is a phrase."""

    def __init__(self, what: str) -> None:
        super().__init__(what)


def select(recording: Recording | None, about: Mapping[str, str], *trees: Tree) -> Selection:
    """Return what a change between *trees* cannot touch, of a run that is *about* this."""
    if recording is None:
        return Selection(why=f"the whole suite, for {_UNRECORDED}")
    try:
        _check_about(recording.about, about)
        changed = {unit for tree in trees for unit in _changed(recording, tree)}
        _check_always(recording, changed)
    except _InDoubtError as doubt:
        return Selection(why=f"the whole suite, for {doubt}")
    touched = {test for test, ran in recording.tests.items() if changed & {*ran.units, rest_of(test)}}
    paths = sorted({path for path, _ in changed})
    return Selection(
        left_out=frozenset(recording.tests) - touched,
        why=f"what executes what changed ({named(paths)})" if paths else "nothing that a test executes has changed",
    )


def named(paths: list[str]) -> str:
    """Return the first of some paths, and how many more there are."""
    more = f" and {len(paths) - _NAMED_MAX} more" if len(paths) > _NAMED_MAX else ""
    return ", ".join(paths[:_NAMED_MAX]) + more


def _check_about(recorded: Mapping[str, str], about: Mapping[str, str]) -> None:
    for name in sorted({*recorded, *about}):
        if recorded.get(name) != about.get(name):
            was, now = recorded.get(name, "none"), about.get(name, "none")
            what = f"{name} is {now}, and was {was} when it was recorded"
            raise _InDoubtError(what)


def _check_always(recording: Recording, changed: set[Unit]) -> None:
    """Raise for a change of what runs before the tests; the rest of a file of tests concerns them alone."""
    own = {rest_of(test) for test in recording.tests}
    for path, unit in sorted(changed & recording.always - own):
        what = {REST: f"{path} changed outside of its functions", WHOLE: f"{path} changed"}
        told = what.get(unit, f"{unit.partition(':')[0]} of {path} changed, which runs before the rows")
        raise _InDoubtError(told)


def _changed(recording: Recording, tree: Tree) -> Iterator[Unit]:
    """Yield the units that are others in *tree* than they were, of the files that ran or were read."""
    known = recording.paths
    for path in sorted({*recording.blobs, *tree.blobs}):
        was, now = recording.blobs.get(path), tree.blobs.get(path)
        if was == now:
            continue
        if was is None:
            if _is_in_reach(path, recording.blobs, known):
                what = f"{path} is new"
                raise _InDoubtError(what)
        elif path in known:
            if now is None:
                what = f"{path} is gone"
                raise _InDoubtError(what)
            yield from _changed_units(path, recording, tree)


def _changed_units(path: str, recording: Recording, tree: Tree) -> Iterator[Unit]:
    if not is_python(path):
        yield path, WHOLE
        return
    try:
        now = units_of(tree.read(path))
    except (SyntaxError, ValueError) as error:
        what = f"{path} is no Python: {error}"
        raise _InDoubtError(what) from error
    was = recording.fingerprints[path]
    yield from ((path, unit) for unit in sorted({*was, *now}) if was.get(unit) != now.get(unit))


def _is_in_reach(path: str, blobs: Mapping[str, str], known: frozenset[str]) -> bool:
    """Whether something may find a new file: one at the root, or in a folder that something was found in or below."""
    folders = {str(folder) for each in blobs for folder in PurePosixPath(each).parents}
    nearest = next(str(folder) for folder in PurePosixPath(path).parents if str(folder) in folders)
    return nearest == "." or any(each.startswith(f"{nearest}/") for each in known)
