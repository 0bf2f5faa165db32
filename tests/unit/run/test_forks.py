"""Work in forks: what comes back, and what ends a fork."""

import os
import signal

from seatrials.run.forks import Died, Forks, OutOfComputingError, grant


def _forks(work: object, cpu_seconds: int = 30) -> list[tuple[int, object]]:
    return sorted(Forks(work, at_once=2, cpu_seconds=cpu_seconds).run(range(3)), key=lambda each: each[0])  # type: ignore[arg-type]  # any work


def test_each_task_comes_back_with_its_result_and_this_process_stays_as_it_was() -> None:
    """Each task comes back with its result and this process stays as it was."""
    seen: list[int] = []

    def work(task: int) -> list[int]:
        seen.append(task)
        return seen

    found = [result for _, result in _forks(work)]

    assert found == [[0], [1], [2]]
    assert seen == []


def test_a_fork_that_is_ended_tells_by_what_and_the_others_go_on() -> None:
    """A fork that is ended tells by what and the others go on."""

    def work(task: int) -> int:
        if task == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return task * 10

    assert _forks(work) == [(0, 0), (1, Died(-signal.SIGKILL)), (2, 20)]


def test_work_that_computes_for_ever_is_told_so_by_an_error_of_its_own() -> None:
    """Work that computes for ever is told so by an error of its own."""

    def work(task: int) -> str:
        try:
            while task == 1:
                pass
        except OutOfComputingError:
            return "out of computing"
        return "done"

    assert _forks(work, cpu_seconds=1) == [(0, "done"), (1, "out of computing"), (2, "done")]


def test_work_of_several_pieces_has_computing_for_each() -> None:
    """Work of several pieces has computing for each, after one that used all that it was given too."""

    def work(task: int) -> list[str]:
        told = []
        for piece in range(2):
            grant(1)
            try:
                while piece == task:
                    pass
                told.append("done")
            except OutOfComputingError:
                told.append("out of computing")
        return told

    ended, other = "out of computing", "done"
    assert _forks(work) == [(0, [ended, other]), (1, [other, ended]), (2, [other, other])]


def test_an_error_of_the_work_is_no_result() -> None:
    """An error of the work is no result."""

    def work(task: int) -> int:
        return 1 // task

    assert _forks(work) == [(0, Died(1)), (1, 1), (2, 0)]
