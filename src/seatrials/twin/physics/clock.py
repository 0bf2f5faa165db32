"""Virtual time: a heap of (due, serial, action) that moves only when every actor is blocked.

The idea. Everything that acts in a mock world (the scenario, a request in flight, a loop of the twin or of an
application) is an *actor*, and every actor is a greenlet of one thread. An actor blocks only through this clock: in
`sleep`, or in `Signal.wait`. Blocking hands the turn to the hub, which pops the next event and hands the turn to whom
it wakes. So one actor runs at a time by construction, time jumps over all that nobody does, ties break by serial
number, and the order of everything is a function of the seeds alone: no load on the machine can change it.

Prior art: trio's autojump clock (virtual time while all tasks are blocked) and simpy (the serial number in the heap).
Threads with a running token do the same, but need the token handed along by hand at every socket; a greenlet cannot
forget to. What it costs: an actor must not block the thread on anything that another actor has to do.

Time is an integer number of microseconds, for floats drift.
"""

import heapq
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import greenlet

from seatrials.errors import StalledError
from seatrials.twin.physics.guards import Guard
from seatrials.twin.physics.supervision import Failure, Supervisor

_MICROSECONDS = 1_000_000
# Events at one instant beyond this mean a loop that never sleeps; time would stand still for ever.
_EVENTS_PER_INSTANT_MAX = 200_000


class ActorKilledError(BaseException):
    """Thrown into an actor whose process is killed; no `Exception`, so that no handler mistakes it for a failure."""


@dataclass(eq=False)
class Process:
    """A group of actors that live and die together, as the threads of one operating system process do."""

    name: str
    # In the order of their births; a dictionary, for one of thousands ends as quickly as one of ten.
    actors: dict[greenlet.greenlet, None] = field(default_factory=dict)
    alive: bool = True
    on_crash: Callable[[Exception], None] | None = None
    # While the process is paused: the actors whose turn has come.
    held: "list[greenlet.greenlet] | None" = None
    # What keeps its actors from writing somewhere.
    guards: tuple[Guard, ...] = ()


@dataclass(eq=False)
class Timer:
    """An action on the heap that may still be cancelled."""

    action: Callable[[], None] | None

    def cancel(self) -> None:
        """Make the action not happen."""
        self.action = None


class VirtualSignal:
    """A flag whose waiters sleep on virtual time."""

    def __init__(self, clock: "VirtualClock") -> None:
        self._clock = clock
        self._set = False
        self._waiting: list[_Waiter] = []

    def set(self) -> None:
        """Raise the flag; who waits gets a turn after the actors that are already due."""
        self._set = True
        self.pulse()

    def pulse(self) -> None:
        """Wake everyone who waits now, and leave the flag as it is."""
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            waiter.wake()

    def clear(self) -> None:
        """Lower the flag."""
        self._set = False

    def is_set(self) -> bool:
        """Whether the flag is up."""
        return self._set

    @property
    def is_awaited(self) -> bool:
        """Whether an actor waits for the next pulse."""
        return bool(self._waiting)

    def wait(self, timeout_seconds: float | None = None) -> bool:
        """Wait for `set`; return whether it came, even when the flag was lowered again before the caller's turn."""
        return self._set or self.wait_pulse(timeout_seconds)

    def wait_pulse(self, timeout_seconds: float | None = None) -> bool:
        """Wait for the next `pulse` or `set`; return whether it came in time."""
        waiter = _Waiter(self._clock)
        self._waiting.append(waiter)
        try:
            return waiter.wait(timeout_seconds)
        finally:
            if waiter in self._waiting:
                self._waiting.remove(waiter)


class _Waiter:
    """One actor's wait for a signal, ended by `wake` or by its timeout, whichever comes first."""

    def __init__(self, clock: "VirtualClock") -> None:
        self._clock = clock
        self._actor = greenlet.getcurrent()
        self._woken = False
        self._timed_out = False
        self._turn: Timer | None = None

    def wake(self) -> None:
        if not self._woken:
            self._woken = True
            self._turn = self._clock.call_later(0, lambda: self._clock.resume(self._actor))

    def wait(self, timeout_seconds: float | None) -> bool:
        timer = None
        if timeout_seconds is not None:
            timer = self._clock.call_later(max(0.0, timeout_seconds), self._time_out)
        try:
            self._clock.block()
        finally:
            self._woken = True
            # A wait that an error ended must not leave a turn behind, which would cut the actor's next wait short.
            for each in (timer, self._turn):
                if each is not None:
                    each.cancel()
        return not self._timed_out

    def _time_out(self) -> None:
        if not self._woken:
            self._woken = True
            self._timed_out = True
            self._clock.resume(self._actor)


class VirtualClock:
    """A `Clock` of which hours pass in moments, and always in the same order."""

    def __init__(self, start_seconds: int) -> None:
        self._now_us = start_seconds * _MICROSECONDS
        self._start_us = self._now_us
        self._heap: list[tuple[int, int, Timer]] = []
        self._serial = itertools.count()
        self._scenario = greenlet.getcurrent()
        self._hub = greenlet.greenlet(self._run_hub, parent=self._scenario)
        self._processes: dict[greenlet.greenlet, Process] = {}
        self._failure: Exception | None = None
        # Of the actors that are nobody's process: AWS's own.
        self.supervisor = Supervisor(lambda failure: self.fail(failure.error))
        # One turn for all events: a scenario has thousands.
        self._event = self.supervisor.turn("an event", "")
        self.world = Process("world")

    def now(self) -> float:
        """Return the seconds since the epoch."""
        return self._now_us / _MICROSECONDS

    def epoch_ms(self) -> int:
        """Return the milliseconds since the epoch."""
        return self._now_us // 1000

    def elapsed_us(self) -> int:
        """Return the microseconds since this clock began."""
        return self._now_us - self._start_us

    def signal(self) -> VirtualSignal:
        """Return a new flag that waits on this clock."""
        return VirtualSignal(self)

    def sleep(self, seconds: float) -> None:
        """Hand the turn over and come back after so many seconds."""
        if seconds < 0:
            msg = f"time cannot go back: sleep({seconds!r})"
            raise ValueError(msg)
        self._check_alive()
        actor = greenlet.getcurrent()
        timer = self.call_later(seconds, lambda: self.resume(actor))
        try:
            self.block()
        finally:
            timer.cancel()

    def microseconds(self, seconds: float) -> int:
        """Return a time as this clock counts it."""
        return round(seconds * _MICROSECONDS)

    def call_later(self, seconds: float, action: Callable[[], None]) -> Timer:
        """Let the hub run *action*, which must not block, after so many seconds."""
        if seconds < 0:
            msg = f"time cannot go back: call_later({seconds!r})"
            raise ValueError(msg)
        timer = Timer(action)
        due = self._now_us + self.microseconds(seconds)
        heapq.heappush(self._heap, (due, next(self._serial), timer))
        return timer

    def spawn(self, work: Callable[[], object], name: str) -> None:
        """Start an actor, in the process of the caller; it gets its first turn from an event, never at once."""
        self.spawn_in(self.current_process(), work, name)

    def spawn_in(self, process: Process, work: Callable[[], object], name: str) -> None:
        """Start an actor in *process*."""
        actor = greenlet.greenlet(lambda: self._run_actor(process, work), parent=self._hub)
        actor.name = name  # type: ignore[attr-defined]  # read when time stands still, to say who waits
        process.actors[actor] = None
        self._processes[actor] = process
        self.call_later(0, lambda: self.resume(actor))

    def current_process(self) -> Process:
        """Return the process that the running actor belongs to."""
        return self._processes.get(greenlet.getcurrent(), self.world)

    def kill(self, process: Process) -> None:
        """End every actor of *process* where it stands; none of them acts again, not even in a `finally`."""
        process.alive = False
        for actor in list(process.actors):
            if actor is greenlet.getcurrent():
                continue
            if actor:
                self._throw(actor)
            self._forget(actor, process)

    def pause(self, process: Process) -> None:
        """Give no actor of *process* a turn until `unpause`, as SIGSTOP does; a paused process can be killed."""
        process.held = []

    def unpause(self, process: Process) -> None:
        """Give the turns that came meanwhile, in their order, as SIGCONT does."""
        held, process.held = process.held or [], None
        for actor in held:
            self.call_later(0, partial(self.resume, actor))

    def block(self) -> None:
        """Hand the turn to the hub until someone resumes the calling actor."""
        self._check_alive()
        if self._hub.dead:
            msg = "the world has ended: something other than an `Exception` went through its clock"
            raise StalledError(msg)
        self._hub.switch()
        if greenlet.getcurrent() not in self._processes:
            self.raise_failure()
        self._check_alive()

    def fail(self, error: Exception) -> None:
        """Raise *error* where the scenario waits, or waits next; the first one, when there are several."""
        self._failure = self._failure or error

    def raise_failure(self) -> None:
        """Raise now what `fail` was told and nobody has waited for."""
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    def resume(self, actor: greenlet.greenlet) -> None:
        """Give the turn to *actor*; only the hub may call this, from an event."""
        process = self._processes.get(actor)
        if process is not None and process.held is not None:
            process.held.append(actor)
        elif not actor.dead:
            actor.switch()

    @contextmanager
    def closing(self) -> Iterator["VirtualClock"]:
        """Kill every actor at the end, so that nothing of this world outlives it."""
        try:
            yield self
        finally:
            for process in {id(p): p for p in self._processes.values()}.values():
                self.kill(process)
            self._heap.clear()
            self._end_hub()

    def _end_hub(self) -> None:
        """End the hub: garbage is not looked for in a greenlet that waits, so it would keep its world for ever."""
        if not self._hub.dead:
            self._hub.parent = greenlet.getcurrent()
            self._hub.throw(greenlet.GreenletExit)

    def _check_alive(self) -> None:
        if not self.current_process().alive:
            raise ActorKilledError

    def _throw(self, actor: greenlet.greenlet) -> None:
        # The dying actor unwinds to its parent, so its parent is made the killer for that moment.
        actor.parent = greenlet.getcurrent()
        try:
            actor.throw(ActorKilledError)
        except ActorKilledError:
            pass

    def _run_actor(self, process: Process, work: Callable[[], object]) -> None:
        actor = greenlet.getcurrent()
        try:
            if process.alive:
                work()
        except ActorKilledError:
            return
        except Exception as error:  # noqa: BLE001  # a crash of an application is its process's affair; any other is ours
            if process.alive:  # what fails in the cleanup of a killed actor is nobody's affair
                self._crashed(process, error, str(getattr(actor, "name", "?")))
        finally:
            self._forget(actor, process)

    def _forget(self, actor: greenlet.greenlet, process: Process) -> None:
        self._processes.pop(actor, None)
        process.actors.pop(actor, None)

    def _crashed(self, process: Process, error: Exception, actor: str) -> None:
        if process.on_crash is not None:
            process.on_crash(error)
        else:
            self.supervisor.note(Failure(actor, "", error))

    def _run_hub(self) -> None:
        at_instant = 0
        while True:
            if self._failure is not None:
                self._scenario.switch()
                continue
            if not self._await_next():
                continue
            due, _, timer = heapq.heappop(self._heap)
            if timer.action is None:
                continue
            at_instant = at_instant + 1 if due == self._now_us else 0
            if at_instant > _EVENTS_PER_INSTANT_MAX:
                msg = f"{at_instant} events at one instant: an actor loops without sleeping ({self._actor_names()})"
                self._failure = StalledError(msg)
                at_instant = 0
                heapq.heappush(self._heap, (due, next(self._serial), timer))
                continue
            self._now_us = due
            self._perform(timer.action)

    def _await_next(self) -> bool:
        """Return whether the next event may be taken now; where nothing comes from outside, there must be one."""
        if not self._heap:
            self._failure = StalledError(self._stall_message())
        return bool(self._heap)

    def _perform(self, action: Callable[[], None]) -> None:
        # Raised here, it would end the hub.
        with self._event:
            action()

    def _stall_message(self) -> str:
        return f"nothing is due and every actor waits, so time cannot move; waiting: {self._actor_names()}"

    def _actor_names(self) -> str:
        names = sorted({str(getattr(actor, "name", "?")) for actor in self._processes})
        return ", ".join(names) or "only the scenario"
