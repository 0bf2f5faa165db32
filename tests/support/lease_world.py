"""Processes with clocks of their own that use one lease, and are interrupted wherever they look at the table or wait.

Each process runs the lease's own code in greenlets. One gets a turn when the test says so, up to its next call to the
table, which then lands, is answered or is lost as the test says. What must hold is checked at each write and each yes.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import greenlet

from seatrials.errors import AwsError
from seatrials.safety.lease import LAST_CALL_SECONDS, Lease
from tests.support.aws import Json

Item = dict[str, Any]
# Makes the part of a process in the lease of a run, by the run and the process.
MakeLease = Callable[..., Lease]


class SmallTable:
    """A `Store` with one item, which knows the expressions that the lease writes."""

    def __init__(self) -> None:
        self.item: Item | None = None

    def get(self, _kind: str, _name: str) -> Item | None:
        """Return the item."""
        return None if self.item is None else dict(self.item)

    def put(
        self, _kind: str, _name: str, item: Item, condition: str, values: Item | None = None, names: Item | None = None
    ) -> bool:
        """Store an item if *condition* holds of what is there."""
        if not self._is_true(condition, values or {}, names or {}):
            return False
        self.item = {name: _as_read(value) for name, value in item.items()}
        return True

    def update(self, _kind: str, _name: str, expression: str, condition: str, values: Item) -> Item | None:
        """Change the item if *condition* holds of it: ADD to numbers and sets, DELETE from a set."""
        if not self._is_true(condition, values, {}):
            return None
        assert self.item is not None, "no condition of an update holds of nothing"
        action, _, rest = expression.partition(" ")
        for change in rest.split(", "):
            name, _, key = change.partition(" ")
            self._change(action, name, _as_read(values[key]))
        return dict(self.item)

    def _change(self, action: str, name: str, value: Json) -> None:
        assert self.item is not None, "there is an item to change"
        if isinstance(value, Decimal):
            assert action == "ADD", f"DynamoDB has no {action} of a number"
            self.item[name] = self.item.get(name, 0) + value
            return
        left = self.item.get(name, set()) | value if action == "ADD" else self.item.get(name, set()) - value
        # DynamoDB has no empty sets.
        self.item = {**self.item, name: left} if left else {key: self.item[key] for key in self.item if key != name}

    def _is_true(self, condition: str, values: Item, names: Item) -> bool:
        return all(self._is_term_true(term, values, names) for term in condition.split(" AND "))

    def _is_term_true(self, term: str, values: Item, names: Item) -> bool:
        item = self.item or {}
        if term.startswith("attribute_not_exists("):
            name = term.removeprefix("attribute_not_exists(").removesuffix(")")
            return names.get(name, name) not in item
        name, _, key = term.partition(" = ")
        name = names.get(name, name)
        return name in item and item[name] == _as_read(values[key])


def _as_read(value: Json) -> Json:
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


@dataclass
class Actor:
    """One thread of a process, which stands still until the test gives it a turn."""

    work: Callable[[], object]
    # What it has asked the table, until that lands; whether it may go on by itself, such as after a wait.
    request: Callable[[], Any] | None = None
    may_go_on: Callable[[], bool] = bool
    answer: Any = None
    greenlet: "greenlet.greenlet" = field(init=False)

    def __post_init__(self) -> None:
        """Make the thread, without giving it a turn."""
        self.greenlet = greenlet.greenlet(lambda _first_turn: self.work())
        self.may_go_on = lambda: True

    @property
    def is_done(self) -> bool:
        """Whether its work is over."""
        return self.greenlet.dead

    def land(self) -> None:
        """Let what it has asked reach the table; the answer is then on its way."""
        if self.request is not None:
            request, self.request = self.request, None
            self.answer = request()

    def turn(self) -> None:
        """Let its request land, or let it go on if it waits for nothing."""
        if self.request is not None:
            self.land()
        elif not self.is_done and self.may_go_on():
            self.greenlet.switch(self.answer)

    def lose(self, *, lands: bool) -> None:
        """Tell it that its call failed, after which it landed, or never does."""
        if self.request is None:
            return
        if lands:
            self.land()
        self.request = None
        msg = "the answer was lost"
        self.greenlet.throw(AwsError(msg))

    def ask(self, request: Callable[[], Json]) -> Json:
        """Send a call to the table, and return its answer once there is one."""
        self.request = request
        self.may_go_on = lambda: True
        return greenlet.getcurrent().parent.switch()  # type: ignore[union-attr]  # an actor has a parent

    def wait(self, is_over: Callable[[], bool]) -> None:
        """Stand still until *is_over*, and the test gives a turn."""
        self.may_go_on = is_over
        greenlet.getcurrent().parent.switch()  # type: ignore[union-attr]  # an actor has a parent


@dataclass
class World:
    """The true time, the table, and who has been told that he may act."""

    table: SmallTable = field(default_factory=SmallTable)
    seconds: float = 0.0
    fences: list[int] = field(default_factory=list)
    # When, by the true time, and under which fence somebody was told so and may still have a call on its way.
    allowed: list[tuple[float, int]] = field(default_factory=list)
    actors: list[Actor] = field(default_factory=list)

    def actor(self) -> Actor:
        """Return the actor whose turn it is."""
        return next(each for each in self.actors if each.greenlet is greenlet.getcurrent())

    def allow(self, fence: int) -> None:
        """Note that a process was told that it may act, which must be true."""
        assert fence == self.fences[-1], f"fence {fence} may act though fence {self.fences[-1]} was taken"
        self.allowed.append((self.seconds, fence))

    def landed(self) -> None:
        """Look at the table after a write: fences grow, and a taking is later than any call of an earlier one."""
        item = self.table.item or {}
        if "run_id" not in item:
            # It was given back, so nothing of the run is on its way.
            self.allowed.clear()
            return
        fence = int(item["fence"])
        if "beats" in item and item["beats"] == 0 and fence not in self.fences[-1:]:
            assert not self.fences or fence > self.fences[-1], f"fence {fence} after {self.fences}"
            self.fences.append(fence)
            late = [when for when, _ in self.allowed if when + LAST_CALL_SECONDS > self.seconds]
            assert not late, f"taken at {self.seconds} while calls allowed at {late} may be on their way"
            self.allowed.clear()


class WorldStore:
    """The table as a process has it: each call stands still before it lands, and before its answer is there."""

    table = "sessions"

    def __init__(self, world: World) -> None:
        self._world = world

    def get(self, *arguments: Json) -> Item | None:
        """Read, in two steps."""
        item: Item | None = self._world.actor().ask(lambda: self._world.table.get(*arguments))
        return item

    def put(self, *arguments: Json) -> bool:
        """Store, in two steps."""
        return bool(self._write(lambda: self._world.table.put(*arguments)))

    def update(self, *arguments: Json) -> Item | None:
        """Change, in two steps."""
        item: Item | None = self._write(lambda: self._world.table.update(*arguments))
        return item

    def _write(self, write: Callable[[], Json]) -> Json:
        def land() -> Json:
            before = self._world.table.item
            answer = write()
            if self._world.table.item is not before or answer:
                self._world.landed()
            return answer

        return self._world.actor().ask(land)


@dataclass
class WorldClock:
    """A clock that is ahead or behind, and too fast or too slow."""

    world: World
    ahead_seconds: float
    rate: float

    def now(self) -> float:
        """Return the seconds that this clock shows."""
        return 1_700_000_000 + self.ahead_seconds + self.world.seconds * self.rate

    def sleep(self, seconds: float) -> None:
        """Stand still for so many seconds of this clock."""
        until = self.now() + seconds
        self.world.actor().wait(lambda: self.now() >= until)

    def signal(self) -> "WorldSignal":
        """Return a flag that waits on this clock."""
        return WorldSignal(self)


@dataclass
class WorldSignal:
    """A flag whose waiters wait for it or for their clock."""

    clock: WorldClock
    is_up: bool = False

    def set(self) -> None:
        """Raise the flag."""
        self.is_up = True

    def wait(self, timeout_seconds: float) -> bool:
        """Wait for the flag; return whether it is up."""
        until = self.clock.now() + timeout_seconds
        self.clock.world.actor().wait(lambda: self.is_up or self.clock.now() >= until)
        return self.is_up


@dataclass
class Process:
    """A process of a run, which takes the lease, asks before each change whether it may, and leaves when it is told."""

    world: World
    clock: WorldClock
    run_id: str
    member: str
    lease_type: type[Lease]
    is_stopped: bool = False
    is_told_to_leave: bool = False
    is_last: bool = False
    has_lease: bool = False
    main: Actor | None = None
    keeper: Actor | None = None

    @property
    def is_alive(self) -> bool:
        """Whether it was started, and has neither ended nor crashed."""
        return self.main is not None and not self.main.is_done

    def start(self) -> None:
        """Begin, if it is not there."""
        if self.is_alive:
            return
        self.is_stopped = self.is_told_to_leave = self.is_last = self.has_lease = False
        store: Any = WorldStore(self.world)
        clock: Any = self.clock
        lease = self.lease_type(store, clock, run_id=self.run_id, owner="anna", member=self.member)
        self.main, self.keeper = Actor(lambda: self._work(lease)), Actor(lease.keep)
        self.world.actors += [self.main, self.keeper]

    def turn(self, *, is_keeper: bool) -> None:
        """Give one of its threads a turn; in a process that is stopped a request may land, and nothing else happens."""
        actor = self.keeper if is_keeper and self.has_lease else self.main
        if actor is None:
            return
        if self.is_stopped:
            actor.land()
        else:
            actor.turn()

    def lose(self, *, is_keeper: bool, lands: bool) -> None:
        """Let the answer of a call be lost."""
        actor = self.keeper if is_keeper and self.has_lease else self.main
        if actor is not None and not self.is_stopped:
            actor.lose(lands=lands)

    def crash(self, *, lands: bool) -> None:
        """End at once, wherever it is; what it has sent may still land."""
        for actor in (self.main, self.keeper):
            if actor is not None:
                if lands:
                    actor.land()
                actor.request = None
                if not actor.is_done:
                    actor.greenlet.throw(greenlet.GreenletExit)
                self.world.actors.remove(actor)
        self.main = self.keeper = None

    def _work(self, lease: Lease) -> None:
        try:
            lease.acquire(wait_seconds=float("inf"))
            self.has_lease = True
            self._act(lease)
            lease.release(is_last=self.is_last)
        except AwsError:
            pass  # which ends a process, wherever it was

    def _act(self, lease: Lease) -> None:
        while not self.is_told_to_leave and lease.holds():
            self.world.allow(lease.fence)
            self.clock.sleep(1)
