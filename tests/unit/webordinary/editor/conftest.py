"""A mock world with one edit container in it, and a client that speaks raw HTTP to it."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import httpx
import pytest

from seatrials.seams.application import Context
from seatrials.twin.physics.clock import Process, VirtualClock
from seatrials.twin.physics.network import VirtualNetwork
from seatrials.webordinary.editor import Editor
from seatrials.webordinary.editor.repository import Repository
from tests.support.editor import EDITOR_ADDRESS, START_SECONDS, TASK_ARN, EditorWorld, FakeDynamoDb, Start
from tests.support.repository import make_repository


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Return a function that starts a container; a second one, on the same clock, stands for its replacement."""
    clock = VirtualClock(START_SECONDS)
    latencies = Random(1)
    network = VirtualNetwork(clock, lambda: latencies.uniform(0.0002, 0.001))
    host = network.attach("10.0.0.9")

    def begin(**variables: str) -> EditorWorld:
        dynamodb = FakeDynamoDb()
        lines: list[str] = []
        exit_codes: list[int] = []
        known = {"SESSIONS_TABLE": "sessions", "SERVICE_VERSION": "1.2.3", "ECS_TASK_ARN": TASK_ARN, **variables}
        editor_host = network.attach(EDITOR_ADDRESS)
        context = Context(
            variables=known,
            clock=clock,
            network=editor_host,
            random=Random(7),
            aws=lambda _: dynamodb,
            http=httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(500))),
            root=tmp_path,
            stopping=clock.signal(),
            log=lines.append,
        )
        editor, process = Editor(context), Process("editor")
        clock.spawn_in(process, lambda: exit_codes.append(editor.run()), "editor")
        clock.sleep(0.001)
        return EditorWorld(clock, host, dynamodb, context.stopping, lines, tmp_path, process, editor, exit_codes)

    with clock.closing():
        yield begin
    network.close()


@pytest.fixture
def world(start: Start) -> EditorWorld:
    """Start a container where exec is allowed."""
    return start(EXEC_ENABLED="true")


@pytest.fixture
def hosted(world: EditorWorld) -> EditorWorld:
    """Start a container that hosts the session `s1` of acme/ann on thread one."""
    world.init("s1")
    return world


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Make a repository on branch `thread-one`, with `a.txt` committed."""
    return make_repository(tmp_path)
