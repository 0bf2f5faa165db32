"""What worlds of the mock cost: to deploy, to restore, to let live, to ask."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from seatrials.environments.file import load_environment
from seatrials.evidence.recorder import Recorder
from seatrials.platform import Platform, Session
from seatrials.stacks import StackOptions
from seatrials.stacks.mock.stacks import MockStacks
from seatrials.twin.physics.clock import VirtualClock
from tests.bench.timing import Bench
from tests.support.project import PROJECT

_HOUR_SECONDS = 3600.0


@pytest.fixture
def opened(stacks: MockStacks) -> Iterator[Callable[[], Platform]]:
    """Return what opens a world of its own, which lives to the end of the benchmark."""
    with ExitStack() as held:

        def opened() -> Platform:
            run = held.enter_context(stacks.open("PERS-07"))
            return Platform(run.stack, Recorder(run.stack.clock.now, run.sample_kind))

        yield opened


def test_world_deployed(bench: Bench) -> None:
    """From a template to a control plane that worlds begin with."""
    environment = load_environment("mock", PROJECT / "environments.toml", {})

    def deploy(_nothing: None) -> None:
        MockStacks(environment, StackOptions(seed=1)).close()

    bench(deploy, unit="deployment", rounds=5)


def test_world_restored(bench: Bench, stacks: MockStacks) -> None:
    """A world from its beginning to its end, without anybody in it."""

    def live(_nothing: None) -> None:
        for _ in range(10):
            with stacks.open("PERS-07"):
                pass

    bench(live, unit="world", times=10)


def test_cold_start(bench: Bench, stacks: MockStacks) -> None:
    """A world with one session, from its activation to its end."""

    def live(_nothing: None) -> None:
        with stacks.open("PERS-07") as run:
            platform = Platform(run.stack, Recorder(run.stack.clock.now, run.sample_kind))
            platform.end(platform.ready())

    bench(live, unit="session in a world of its own")


@pytest.mark.parametrize("sessions", [0, 1, 12])
def test_hour_of_platform(bench: Bench, opened: Callable[[], Platform], sessions: int) -> None:
    """An hour of an idle world, and of one whose sessions are kept alive."""

    def prepare() -> tuple[Platform, list[Session]]:
        platform = opened()
        return platform, [platform.sessions.start() for _ in range(sessions)]

    def live(prepared: tuple[Platform, list[Session]]) -> None:
        platform, alive = prepared
        for _ in range(30):
            for session in alive:
                platform.sessions.keepalive(session)
            platform.clock.sleep(_HOUR_SECONDS / 30)

    bench(live, prepare=prepare, unit="platform hour", rounds=5)


_LEGS: dict[str, Callable[[Platform, Session], object]] = {
    "balancer": lambda platform, _session: platform.http.get("/nowhere"),
    "hermes": lambda platform, session: platform.sessions.status(session),
    "preview": lambda platform, session: platform.sessions.preview(session),
    "file": lambda platform, session: platform.workspace(session).write("note.md", b"kept"),
}


@pytest.mark.parametrize("leg", list(_LEGS))
def test_request(bench: Bench, opened: Callable[[], Platform], leg: str) -> None:
    """A request that the balancer answers itself, and one to each of what stands behind it."""
    platform = opened()
    session = platform.ready()

    def ask(_nothing: None) -> None:
        for _ in range(50):
            _LEGS[leg](platform, session)

    bench(ask, unit="request", times=50)


@pytest.mark.parametrize("before", [0, 150, 300])
def test_session_after_others(bench: Bench, opened: Callable[[], Platform], before: int) -> None:
    """A session of a world that has had so many: what is over must not make the next one dearer."""

    def prepare() -> Platform:
        platform = opened()
        for _ in range(before):
            platform.end(platform.sessions.start())
        return platform

    def live(platform: Platform) -> None:
        for _ in range(6):
            platform.end(platform.ready())

    bench(live, prepare=prepare, unit="session", times=6, rounds=3)


@pytest.mark.parametrize("actors", [10, 10_000])
def test_actor_ended(bench: Bench, actors: int) -> None:
    """The end of an actor among so many."""
    held = ExitStack()

    def prepare() -> VirtualClock:
        held.close()
        clock = held.enter_context(VirtualClock(0).closing())
        for number in range(actors):
            clock.spawn(lambda: clock.sleep(1_000_000), f"actor {number}")
        clock.sleep(1)
        return clock

    def end(clock: VirtualClock) -> None:
        for number in range(2_000):
            clock.spawn(lambda: None, f"short {number}")
        clock.sleep(1)

    with held:
        bench(end, prepare=prepare, unit="actor", times=2_000)
