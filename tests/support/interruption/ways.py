"""How a run is interrupted, and the exit codes that it may end with after that."""

import json
import os
import shutil
import signal
from collections.abc import Collection
from random import Random

from seatrials.errors import (
    HUNG_UP,
    INTERRUPTED,
    TERMINATED,
    BudgetExceededError,
    EvidenceError,
    LeaseHeldError,
    LeaseLostError,
    SeatrialsError,
    TooLateError,
)
from tests.support.interruption.plans import Phase, Plan, Way
from tests.support.interruption.rehearsal import Rehearsal
from tests.support.interruption.run import BegunRun

_KILLED = 128 + signal.SIGKILL
_PYTESTS_INTERRUPTED = 2
# Of a run that was not interrupted in time, or that goes on all the same: its rows may fail, or be in doubt, for the
# machine is busy.
_OF_ITSELF = (0, 1, TooLateError.exit_code)
# After these a person sweeps; after all others the run itself has left nothing.
SWEPT = frozenset({Way.STOPPED, Way.KILLED, Way.CONTROLLER_KILLED, Way.LEASE_TAKEN})
_SIGNALS = {
    Way.STOPPED: signal.SIGSTOP,
    Way.KILLED: signal.SIGKILL,
    Way.INTERRUPTED: signal.SIGINT,
    Way.INTERRUPTED_TWICE: signal.SIGINT,
}
_SIGNALS_OF_CONTROLLER = {
    Way.CONTROLLER_KILLED: signal.SIGKILL,
    Way.TERMINATED: signal.SIGTERM,
    Way.HUNG_UP: signal.SIGHUP,
}
_CODES = {
    Way.STOPPED: LeaseLostError.exit_code,
    Way.KILLED: _KILLED,
    Way.CONTROLLER_KILLED: _KILLED,
    Way.TERMINATED: TERMINATED,
    Way.INTERRUPTED: _PYTESTS_INTERRUPTED,
    Way.INTERRUPTED_TWICE: _PYTESTS_INTERRUPTED,
    Way.HUNG_UP: HUNG_UP,
    Way.LEASE_TAKEN: LeaseLostError.exit_code,
    Way.BUDGET_SPENT: BudgetExceededError.exit_code,
    Way.DISK_FULL: EvidenceError.exit_code,
    Way.READ_ONLY: EvidenceError.exit_code,
}
# Beside these, before a run has begun with its rows.
_EARLY = {
    Way.INTERRUPTED: (INTERRUPTED,),
    Way.LEASE_TAKEN: (LeaseHeldError.exit_code,),
    Way.STOPPED: _OF_ITSELF,
    Way.BUDGET_SPENT: _OF_ITSELF,
}
# Of pytest itself, which finds no folder for what is written while it reads its options.
_PYTESTS_OWN_ERROR = 1
# As many dollars as no run may cost.
_SPENT = {"fargate_vcpu_seconds": 1e9}


def command_before(way: Way) -> tuple[str, ...]:
    """Return what must run the command of a run: for root no folder is read-only, unless that right is taken away."""
    if way is not Way.READ_ONLY or os.geteuid() != 0:
        return ()
    setpriv = shutil.which("setpriv")
    assert setpriv is not None, "run this as another user than root, or install util-linux, which has setpriv"
    return (setpriv, "--bounding-set=-dac_override,-dac_read_search", "--")


def interrupt(plan: Plan, run: BegunRun, rehearsal: Rehearsal) -> None:
    """Interrupt a run now."""
    way = plan.way
    if way in _SIGNALS:
        run.send_all(_SIGNALS[way])
    if way in _SIGNALS_OF_CONTROLLER:
        run.send(_SIGNALS_OF_CONTROLLER[way])
    match way:
        case Way.INTERRUPTED_TWICE:
            run.pause(Random(plan.number).uniform(0, 1))
            run.send_all(signal.SIGINT)
        case Way.WORKER_KILLED:
            run.kill_a_worker()
        case Way.LEASE_TAKEN:
            rehearsal.take_lease()
        case Way.BUDGET_SPENT if run.folder is not None:
            run.folder.counts.mkdir(exist_ok=True)
            (run.folder.counts / "process-0.json").write_text(json.dumps(_SPENT), encoding="utf-8")
        case Way.DISK_FULL:
            run.let_files_grow_no_more()
        case Way.READ_ONLY:
            for folder in (run.evidence, *(each for each in run.evidence.rglob("*") if each.is_dir())):
                folder.chmod(0o500)


def codes_after(way: Way, met: Phase) -> Collection[int]:
    """Return the exit codes that a run may end with that was interrupted in a phase; more than one where it races."""
    if met is Phase.OVER:
        return _OF_ITSELF
    if way is Way.WORKER_KILLED:
        # One that did not come so far as to know the rows would be followed by others like it.
        return _OF_ITSELF if met in {Phase.ROWS, Phase.ENDING} else (*_OF_ITSELF, SeatrialsError.exit_code)
    code = _CODES[way]
    if way is Way.KILLED:
        return (code,)
    if way is Way.DISK_FULL and met is Phase.STARTING:
        return (code, _PYTESTS_OWN_ERROR)
    # What a budget ends is the next row, and the rows that have begun may be the last.
    if met is Phase.ENDING or way is Way.BUDGET_SPENT:
        return (code, *_OF_ITSELF)
    # The second may come when pytest itself is at its end, but not yet the run.
    second = (INTERRUPTED,) if way is Way.INTERRUPTED_TWICE else ()
    return (code, *second, *(() if met is Phase.ROWS else _EARLY.get(way, ())))
