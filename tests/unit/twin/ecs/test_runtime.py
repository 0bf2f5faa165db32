"""Tests of containers: what they are given, how they end, and what they leave."""

import errno
import os
import re
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, NoReturn

import pytest

from seatrials.seams.application import Context
from seatrials.seams.clock import in_parallel
from seatrials.twin.ecs.runtime import Container, ImageError, Runtime
from seatrials.twin.filesystem import FileSystems, MountError
from seatrials.twin.physics.clock import VirtualClock
from seatrials.twin.physics.network import VirtualNetwork
from seatrials.twin.trace import Trace

ARN = "arn:aws:ecs:us-west-2:123456789012:task/shop/t1"
ADDRESS = "10.0.1.7"


@dataclass
class Machine:
    """A runtime and the applications that it can start."""

    clock: VirtualClock
    network: VirtualNetwork
    runtime: Runtime
    trace: Trace
    contexts: dict[str, Context] = field(default_factory=dict)

    def start(self, *names: str, **settings: object) -> list[Container]:
        """Start a task with a container for each name, *settings* those of each."""
        definitions = [{"name": name, "image": f"{name}:1", **settings} for name in names]
        started = self.runtime.start("t1", ARN, ADDRESS, {"containerDefinitions": definitions})
        self.clock.sleep(0)
        return started

    def serve(self, context: Context) -> int:
        """Listen on port 80 until SIGTERM, then exit with 5."""
        self.contexts["serve"] = context
        context.network.listen(80)
        context.stopping.wait()
        return 5

    def ignore(self, context: Context) -> int:
        """Do not react to SIGTERM."""
        self.contexts["ignore"] = context
        while True:
            context.clock.sleep(1)
            (context.root / "alive").write_text(str(context.clock.now()))

    def crash(self, context: Context) -> NoReturn:
        """Fail after a second."""
        context.log("about to fail")
        context.clock.sleep(1)
        msg = "out of luck"
        raise ValueError(msg)

    def write(self, context: Context) -> int:
        """Try every way to change what is at /data, and log the errors; then wait for SIGTERM."""
        for name, attempt in _ATTEMPTS.items():
            try:
                attempt(context.root / "data")
            except OSError as error:
                context.log(f"{name}: {errno.errorcode[error.errno or 0]}")
        context.log((context.root / "data" / "note").read_text())
        context.stopping.wait()
        return 0

    def leave(self, context: Context) -> int:
        """Exit after a second."""
        context.clock.sleep(1)
        return 0


# By what it changes; each would succeed on a mount that can be written.
_ATTEMPTS: dict[str, Callable[[Path], object]] = {
    "make a file": lambda data: (data / "new").write_text("x"),
    "write to a file": lambda data: (data / "note").open("r+").close(),
    "add to a file": lambda data: (data / "note").open("a").close(),
    "make a folder": lambda data: (data / "folder").mkdir(),
    "make a link": lambda data: (data / "link").symlink_to("note"),
    "move": lambda data: (data / "note").rename(data / "note"),
    "remove": lambda data: (data / "gone").unlink(),
    "change the mode": lambda data: (data / "note").chmod(0o600),
    "change the time": lambda data: os.utime(data / "note"),
    "cut short": lambda data: os.truncate(data / "note", 0),
    "keep a folder": lambda data: data.mkdir(exist_ok=True),
}


class NoEfs:
    """No file system at all."""

    def describe_file_systems(self) -> dict[str, Any]:
        """Answer nothing."""
        return {"FileSystems": []}


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """Give a machine in a small world."""
    with VirtualClock(1_700_000_000).closing() as clock:
        network = VirtualNetwork(clock, lambda: 0.001)
        trace = Trace(clock)
        applications: dict[str, Any] = {}
        runtime = Runtime(
            clock=clock,
            network=network,
            file_systems=FileSystems(tmp_path / "efs", NoEfs()),
            applications=applications,
            aws=lambda caller, service: (caller, service),
            trust=ssl.create_default_context(),
            directory=tmp_path / "tasks",
            random=Random(1),
            trace=trace,
            public_names={},
            on_log=lambda _container, _line: None,
        )
        machine = Machine(clock, network, runtime, trace)
        for name in ("serve", "ignore", "crash", "leave", "write"):
            applications[name] = getattr(machine, name)
        applications["deaf"] = machine.ignore
        yield machine
        network.close()


def test_a_container_gets_what_its_definition_says(machine: Machine) -> None:
    """The environment is the definition's and what ECS adds; calls are made in the container's name."""
    machine.start("serve", environment=[{"name": "COLOUR", "value": "blue"}])
    context = machine.contexts["serve"]

    assert context.variables == {"COLOUR": "blue", "ECS_TASK_ARN": ARN}
    assert context.aws("ecs") == ("serve", "ecs")
    assert context.root.is_dir()


def test_chance_is_different_in_each_container(machine: Machine) -> None:
    """Each container draws from a stream of its own."""
    machine.start("serve", "ignore")

    assert machine.contexts["serve"].random.random() != machine.contexts["ignore"].random.random()


def test_a_log_has_the_times_of_the_world(machine: Machine) -> None:
    """A line of the log begins with the seconds since the world began."""
    machine.clock.sleep(2.5)
    [container] = machine.start("serve")
    machine.contexts["serve"].log("ready")

    assert [line.strip() for line in container.log] == ["2.500 s  ready"]


def test_sigterm_lets_a_container_exit_by_itself(machine: Machine) -> None:
    """A container that heeds SIGTERM ends with its own exit code, at once."""
    [container] = machine.start("serve")
    machine.runtime.terminate(container)

    assert container.exit_code == 5
    assert machine.clock.elapsed_us() == 0


def test_sigkill_follows_the_stop_timeout(machine: Machine) -> None:
    """SIGKILL comes after stopTimeout, 30 s by default, with exit code 137 (botocore: ContainerDefinition)."""
    [container] = machine.start("ignore")
    machine.runtime.terminate(container)

    assert container.exit_code == 137
    assert machine.clock.elapsed_us() == 30_000_000


def test_a_killed_container_does_nothing_more(machine: Machine) -> None:
    """After SIGKILL nothing is written any more."""
    [container] = machine.start("ignore")
    machine.clock.sleep(3.5)
    machine.runtime.kill(container)
    written = (container.root / "alive").read_text()
    machine.clock.sleep(10)

    assert (container.root / "alive").read_text() == written


def test_a_killed_container_resets_its_connections(machine: Machine) -> None:
    """A peer of a killed container sees a reset, and nobody answers on its address any more."""
    [container] = machine.start("serve")
    client = machine.network.attach("10.0.9.9")
    connection = client.connect(ADDRESS, 80)
    machine.runtime.kill(container)

    with pytest.raises(ConnectionResetError):
        connection.receive(1)
    with pytest.raises(TimeoutError):
        client.connect(ADDRESS, 80, 1)


def test_a_second_kill_changes_nothing(machine: Machine) -> None:
    """The first exit code stays."""
    [container] = machine.start("serve")
    machine.runtime.kill(container, 1)
    machine.runtime.kill(container)

    assert container.exit_code == 1


def test_a_crash_ends_the_container_with_its_error_in_the_log(machine: Machine) -> None:
    """An exception that nobody catches ends the process with exit code 1, not the world, and tells file and line."""
    [container] = machine.start("crash")
    container.exited.wait()
    [crash] = machine.trace.events

    assert container.exit_code == 1
    assert container.log[1] == "Traceback (most recent call last):"
    assert re.match(r'  File ".*/test_runtime.py", line \d+, in ', container.log[-3])
    assert container.log[-1] == "ValueError: out of luck"
    assert (crash.kind, crash.subject) == ("container_crash", "crash-t1")
    assert crash.details["error"] == "ValueError: out of luck"
    assert re.fullmatch(r"test_runtime.py:\d+ in \w+", crash.details["place"])


def test_a_crash_of_any_actor_ends_the_process(machine: Machine) -> None:
    """What a container spawned belongs to it: an error there ends the whole container."""
    [container] = machine.start("serve")

    def fail() -> None:
        raise ValueError(ARN)

    machine.clock.spawn_in(container.process, fail, "worker")
    container.exited.wait()

    assert container.exit_code == 1


def test_exits_are_told_to_whoever_waits(machine: Machine) -> None:
    """`exited` wakes all who wait for the end of a container."""
    [container] = machine.start("leave")
    woken = in_parallel(machine.clock, [container.exited.wait, container.exited.wait])

    assert woken == [True, True]
    assert container.exit_code == 0


def test_the_end_of_an_inessential_container_leaves_the_others_alone(machine: Machine) -> None:
    """A container that is not essential may exit while its neighbours serve (botocore: ContainerDefinition)."""
    definitions = [
        {"name": "serve", "image": "serve:1"},
        {"name": "leave", "image": "leave:1", "essential": False},
    ]
    [server, helper] = machine.runtime.start("t1", ARN, ADDRESS, {"containerDefinitions": definitions})
    helper.exited.wait()
    machine.network.attach("10.0.9.9").connect(ADDRESS, 80, 1).close()

    assert server.exit_code is None


def test_containers_are_stopped_together(machine: Machine) -> None:
    """All get SIGTERM at once, and each SIGKILL when its own stopTimeout is over (botocore: ContainerDefinition)."""
    definitions = [
        {"name": "ignore", "image": "ignore:1", "stopTimeout": 20},
        {"name": "deaf", "image": "deaf:1", "stopTimeout": 10},
        {"name": "serve", "image": "serve:1"},
    ]
    containers = machine.runtime.start("t1", ARN, ADDRESS, {"containerDefinitions": definitions})
    machine.clock.sleep(1)
    began = machine.clock.now()
    machine.runtime.terminate(*containers)

    assert machine.clock.now() - began == 20
    assert [each.exit_code for each in containers] == [137, 137, 5]


def test_an_image_that_is_there_can_be_pulled(machine: Machine) -> None:
    """Only what is missing is refused."""
    machine.runtime.troubles.images_missing.add("other:1")
    machine.runtime.pull("serve:1")

    with pytest.raises(ImageError, match=r"^CannotPullContainerError: .*failed to resolve ref other:1: not found$"):
        machine.runtime.pull("other:1")


def test_a_container_without_an_application_cannot_start(machine: Machine) -> None:
    """The reason names what this world has."""
    with pytest.raises(ImageError, match=r"no application for a container named 'nobody'; this world has \['crash'"):
        machine.start("nobody")


def test_a_task_that_cannot_start_leaves_nothing_running(machine: Machine) -> None:
    """When one container's volume cannot be mounted, no other container of the task has begun."""
    volumes = [{"name": "data", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}]
    mount = {"mountPoints": [{"sourceVolume": "data", "containerPath": "/data"}]}
    definitions = [{"name": "serve", "image": "serve:1"}, {"name": "ignore", "image": "ignore:1", **mount}]
    definition = {"containerDefinitions": definitions, "volumes": volumes}
    with pytest.raises(MountError):
        machine.runtime.start("t1", ARN, ADDRESS, definition)
    machine.clock.sleep(5)

    assert machine.contexts == {}
    assert ADDRESS not in machine.network.hosts


READ_ONLY_ROOT = {"readonlyRootFilesystem": True}
DATA = {"sourceVolume": "data", "containerPath": "/data"}
OTHER = {"sourceVolume": "data", "containerPath": "/other"}


def _attempts(machine: Machine, *mounts: dict[str, Any], **settings: object) -> list[str]:
    """Return what a container says that tries to change the folder /data."""
    written = {"name": "write", "image": "write:1", "mountPoints": mounts, **settings}
    definition = {"containerDefinitions": [written], "volumes": [{"name": "data"}]}
    [container] = machine.runtime.start("t1", ARN, ADDRESS, definition)
    data = container.root / "data"
    data.mkdir(exist_ok=True)
    (data / "note").write_text("old")
    (data / "gone").touch()
    machine.clock.sleep(1)
    return [line.strip().partition(" s  ")[2] for line in container.log]


@pytest.mark.parametrize(
    ("mounts", "settings"),
    [([{**DATA, "readOnly": True}], {}), ([], READ_ONLY_ROOT), ([OTHER], READ_ONLY_ROOT)],
    ids=["mount", "root", "root beside a mount"],
)
def test_what_is_read_only_is_read_and_not_written(
    machine: Machine, mounts: list[dict[str, Any]], settings: dict[str, object]
) -> None:
    """Every write is refused with EROFS (botocore: MountPoint readOnly, ContainerDefinition readonlyRootFilesystem)."""
    refused = [f"{name}: EROFS" for name in _ATTEMPTS if name != "keep a folder"]

    assert _attempts(machine, *mounts, **settings) == [*refused, "old"]


@pytest.mark.parametrize(
    ("mounts", "settings"),
    [([DATA], READ_ONLY_ROOT), ([DATA, {**OTHER, "readOnly": True}], {})],
    ids=["in a read-only root", "by two names"],
)
def test_a_mount_that_is_not_read_only_is_written(
    machine: Machine, mounts: list[dict[str, Any]], settings: dict[str, object]
) -> None:
    """Each mount is writable unless it says otherwise, whatever the root is (same shapes)."""
    assert _attempts(machine, *mounts, **settings) == [""]


def test_a_removed_task_leaves_no_files(machine: Machine) -> None:
    """The disk of a task goes with it; removing it twice is no error."""
    [container] = machine.start("serve")
    machine.runtime.terminate(container)
    machine.runtime.remove("t1")
    machine.runtime.remove("t1")

    assert not container.root.exists()
    assert machine.runtime.containers == {}
