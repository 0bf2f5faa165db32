"""Tests of what keeps the actors of a process from writing."""

import errno
from pathlib import Path

from seatrials.twin.physics.clock import Process
from seatrials.twin.physics.guards import Guard, WriteGuard


def attempts(process: Process, *paths: Path) -> list[int]:
    """Return the error of each file that is written while it is the turn of *process*, 0 for none."""
    guard, errors = WriteGuard(lambda: process), []
    guard.begin()
    for path in paths:
        try:
            path.write_text("x")
        except OSError as error:
            errors.append(error.errno or 0)
        else:
            errors.append(0)
    return errors


def test_nothing_is_written_in_a_place_that_is_read_only(tmp_path: Path) -> None:
    """Not in it, nor anywhere below, by whatever way; beside it everything is."""
    (tmp_path / "place/below").mkdir(parents=True)
    (tmp_path / "way").symlink_to(tmp_path / "place")
    process = Process("reader", guards=(Guard(tmp_path.resolve() / "place"),))
    paths = [tmp_path / each for each in ("place/a", "place/below/a", "way/a", "way/../place/a", "a")]

    assert attempts(process, *paths) == [errno.EROFS] * 4 + [0]


def test_a_directory_of_somebody_else_takes_nothing_new(tmp_path: Path) -> None:
    """The error is that of the guard; a mount's own link guards what is named through it, wherever it leads."""
    (tmp_path / "place/below").mkdir(parents=True)
    (tmp_path / "apart").mkdir()
    (tmp_path / "place/linked").symlink_to(tmp_path / "apart")
    (tmp_path / "link").symlink_to(tmp_path / "place")
    guards = tuple(Guard(place, errno.EACCES) for place in (tmp_path.resolve() / "place", tmp_path / "link"))
    named = [tmp_path / each for each in ("place/a", "place/below/a", "link/linked/a", "apart/a")]

    assert attempts(Process("stranger", guards=guards), *named) == [errno.EACCES] * 3 + [0]


def test_a_process_without_guards_writes_where_it_likes(tmp_path: Path) -> None:
    """Guards are of one process alone."""
    assert attempts(Process("anybody"), tmp_path / "a") == [0]
