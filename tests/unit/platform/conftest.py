"""What a scenario's platform is made of, without a platform."""

from collections.abc import Iterator

import httpx
import pytest

from seatrials.environments.environment import Environment
from seatrials.environments.file import load_environment
from seatrials.evidence.recorder import Recorder
from seatrials.platform.calls import Calls
from seatrials.twin.physics.clock import VirtualClock
from tests.support.calls import Handler, MakeCalls
from tests.support.project import PROJECT

START_SECONDS = 1_700_000_000


@pytest.fixture
def clock() -> Iterator[VirtualClock]:
    """Return a virtual clock."""
    with VirtualClock(START_SECONDS).closing() as clock:
        yield clock


@pytest.fixture
def environment() -> Environment:
    """Return the project's mock environment."""
    return load_environment("mock", PROJECT / "environments.toml", {})


@pytest.fixture
def recorder(clock: VirtualClock) -> Recorder:
    """Return a recorder on virtual time."""
    return Recorder(clock.now, "modelled")


@pytest.fixture
def make_calls(clock: VirtualClock, recorder: Recorder) -> MakeCalls:
    """Return what makes calls that a handler answers."""

    def make(handler: Handler) -> Calls:
        client = httpx.Client(transport=httpx.MockTransport(handler), base_url="https://alb.example")
        return Calls(client, clock, recorder)

    return make
