"""What a task runs: for each container an application of this process, on the task's own address.

A container is a group of actors (`Process`) with a network interface, a file system and a log. SIGTERM sets its
`stopping` flag; SIGKILL ends its actors where they stand and resets its connections, so nothing it had not written
survives.
"""

import errno
import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import httpx

from seatrials.seams.application import Application, AwsClient, Context
from seatrials.seams.clock import Clock
from seatrials.seams.http_client import http_client
from seatrials.seams.tracebacks import place_of, traceback_lines
from seatrials.twin.ecs.restarts import RestartPolicy
from seatrials.twin.filesystem import FileSystems, MountClient
from seatrials.twin.permissions import Principal
from seatrials.twin.physics.clock import Process, VirtualClock, VirtualSignal
from seatrials.twin.physics.guards import Guard, WriteGuard
from seatrials.twin.physics.network import Host, VirtualNetwork
from seatrials.twin.physics.wrong_clock import WrongClock
from seatrials.twin.trace import Trace

# The exit code of a process that a signal ended is 128 + its number.
EXIT_SIGKILL = 137
EXIT_CRASH = 1


@dataclass(eq=False)
class Container:
    """One running container of a task."""

    name: str
    process: Process
    host: Host
    root: Path
    stopping: VirtualSignal
    exited: VirtualSignal
    # Set once its application runs; before, it waits for what it depends on.
    begun: VirtualSignal
    http: httpx.Client
    essential: bool = True
    stop_timeout_seconds: float = 30.0
    exit_code: int | None = None
    # Why it ended, in AWS's words, where they are more than its exit code.
    reason: str = ""
    log: list[str] = field(default_factory=list)
    # What its own health check says.
    health: str = "UNKNOWN"
    depends_on: tuple[str, ...] = ()
    start_timeout_seconds: float = 180.0
    # Where its log driver writes: log group and log stream.
    log_stream: tuple[str, str] | None = None
    restart_policy: RestartPolicy | None = None
    # By whose role its calls are judged.
    principal: Principal | None = None
    began_at: float = 0.0
    # Runs its application anew.
    restart: Callable[[], None] = lambda: None
    # What runs beside the application, anew after each restart.
    beside: list[Callable[[], None]] = field(default_factory=list)


@dataclass(frozen=True)
class Disk:
    """The file system of a container: its root on this machine, and what keeps it from writing there."""

    root: Path
    guards: tuple[Guard, ...]


# Hears a container, and its definition.
MayBegin = Callable[[Container, Mapping[str, Any]], bool]
# Hears the task's principal, a container's definition, its mount point, and the volume.
MayMount = Callable[[Principal, Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]], MountClient]


@dataclass
class Troubles:
    """What goes wrong for containers, each for as long as somebody lets it."""

    images_missing: set[str] = field(default_factory=set)
    # How long an image takes to be pulled at least.
    pull_seconds: dict[str, float] = field(default_factory=dict)
    # Images whose application never answers.
    images_mute: set[str] = field(default_factory=set)
    # By name of the container: how far ahead clocks are of those that begin, and the clocks that are so by that.
    clocks_ahead: dict[str, tuple[float, list[WrongClock]]] = field(default_factory=dict)
    # How long each look at a mounted file system takes more.
    disk_seconds: list[float] = field(default_factory=list)


class ImageError(Exception):
    """A container's image cannot be had; the text is what ECS gives as the reason."""


class Runtime:
    """Starts and ends containers in this process."""

    def __init__(  # noqa: PLR0913  # what a container is given comes from many sides, each named
        self,
        *,
        clock: VirtualClock,
        network: VirtualNetwork,
        file_systems: FileSystems,
        applications: Mapping[str, Application],
        aws: Callable[[str, str], AwsClient],
        trust: ssl.SSLContext,
        directory: Path,
        random: Random,
        trace: Trace,
        public_names: Mapping[str, str],
        on_log: Callable[[Container, str], None],
        may_mount: MayMount = lambda _principal, _container, mount, _volume: MountClient(
            may_write=not mount.get("readOnly", False)
        ),
        clock_error: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """*applications* by container name; *aws* returns a client by (container name, service).

        *may_mount* says as whom a container mounts, and raises `MountError` when it may not.
        *public_names* are what a container's variables say for something that is reached by another name here;
        *on_log* hears (container, line) of every line that a container writes; *clock_error* tells by how many seconds
        the clock of the next container is ahead.
        """
        self._clock = clock
        self._network = network
        self._file_systems = file_systems
        self._applications = applications
        self._aws = aws
        self._trust = trust
        self._directory = directory
        self._random = random
        self._trace = trace
        self._public_names = public_names
        self._on_log = on_log
        self._guard = WriteGuard(clock.current_process)
        self._may_mount = may_mount
        self._clock_error = clock_error
        # How much all containers that ever were have written.
        self.log_bytes = 0
        # Containers by task id, for faults and for what a failed scenario shows.
        self.containers: dict[str, list[Container]] = {}
        self.troubles = Troubles()

    def principal_of(self, key: str | None) -> Principal | None:
        """Return by whose role a call with an access key is judged, or without one that of the running actor.

        None for who is in no container.
        """
        if key is None:
            container = self.current()
            return None if container is None else container.principal
        principals = (each.principal for containers in self.containers.values() for each in containers)
        return next((each for each in principals if each is not None and each.access_key == key), None)

    def pull_seconds(self, images: Iterable[str], usual_seconds: float) -> float:
        """Return how long it takes to pull *images*, which as a rule takes so long."""
        return max(usual_seconds, *(self.troubles.pull_seconds.get(each, 0.0) for each in images))

    def pull(self, image: str) -> None:
        """Raise `ImageError` when *image* cannot be pulled."""
        if image in self.troubles.images_missing:
            msg = (
                "CannotPullContainerError: pull image manifest has been retried 5 time(s): "
                f"failed to resolve ref {image}: not found"
            )
            raise ImageError(msg)

    def start(
        self,
        task_id: str,
        task_arn: str,
        address: str,
        definition: Mapping[str, Any],
        may_begin: MayBegin = lambda _container, _definition: True,
    ) -> list[Container]:
        """Start the containers of a task on *address*; raises `MountError` when a volume cannot be mounted.

        *may_begin* waits for what a container depends on, and says whether it may begin at all.
        """
        # Everything is made ready first: a task that cannot start must not leave a part of it running.
        principal = Principal(definition.get("taskRoleArn"), task_id)
        disks = [self._prepare(principal, each, definition) for each in definition["containerDefinitions"]]
        host = self._network.attach(address)
        self.containers[task_id] = [
            self._run(task_id, task_arn, host, disk, each, may_begin)
            for disk, each in zip(disks, definition["containerDefinitions"], strict=True)
        ]
        for each in self.containers[task_id]:
            each.principal = principal
        return self.containers[task_id]

    def current(self) -> Container | None:
        """Return the container whose actor runs now, None when it is nobody's in a task."""
        process = self._clock.current_process()
        found = (each for containers in self.containers.values() for each in containers if each.process is process)
        return next(found, None)

    def terminate(self, *containers: Container) -> None:
        """Send SIGTERM to all at once, and SIGKILL to each that has not exited after its stop timeout.

        Source: botocore, ecs.ContainerDefinition, stopTimeout.
        """
        began = self._clock.now()
        for container in containers:
            container.stopping.set()
        for container in sorted(containers, key=lambda each: each.stop_timeout_seconds):
            left_seconds = began + container.stop_timeout_seconds - self._clock.now()
            if not container.exited.wait(max(0.0, left_seconds)):
                self.kill(container, EXIT_SIGKILL)

    def kill(self, container: Container, exit_code: int = EXIT_SIGKILL, reason: str = "") -> None:
        """End the container at once."""
        if container.exit_code is None:
            container.reason = reason
            self._clock.kill(container.process)
            self._exit(container, exit_code)

    def remove(self, task_id: str) -> None:
        """Forget a task whose containers have exited."""
        for container in self.containers.pop(task_id, []):
            self._file_systems.unmount(container.root.parent)

    def _prepare(self, principal: Principal, container: Mapping[str, Any], definition: Mapping[str, Any]) -> Disk:
        """Return the file system of a container, with its volumes mounted.

        A volume that it mounts twice, and once to write, can be written. Source: botocore, ecs.MountPoint, readOnly,
        and ecs.ContainerDefinition, readonlyRootFilesystem.
        """
        name = str(container["name"])
        if name not in self._applications:
            msg = (
                f"CannotStartContainerError: no application for a container named {name!r}; "
                f"this world has {sorted(self._applications)}"
            )
            raise ImageError(msg)
        root = self._directory / principal.session / name
        root.mkdir(parents=True)
        volumes = {each["name"]: each for each in definition.get("volumes", [])}
        mounted: dict[Path, bool] = {root.resolve(): bool(container.get("readonlyRootFilesystem"))}
        shown: dict[Path, Path] = {}
        foreign: list[Path] = []
        for mount in container.get("mountPoints", []):
            volume, point = volumes[mount["sourceVolume"]], root / mount["containerPath"].lstrip("/")
            client = self._may_mount(principal, container, mount, volume)
            shown[point] = source = self._file_systems.mount(root, mount["containerPath"], volume)
            mounted[source] = not client.may_write and mounted.get(source, True)
            obstacle = self._file_systems.obstacle(volume, client)
            if obstacle:
                foreign += [source, point]
                subject = f"{name}-{principal.session}"
                self._trace.add("mount_not_writable", subject, path=mount["containerPath"], reason=obstacle)
        read_only = [place for place, is_read_only in mounted.items() if is_read_only]
        read_only += [point for point, source in shown.items() if mounted[source]]
        return Disk(root, (*map(Guard, read_only), *(Guard(place, errno.EACCES) for place in foreign)))

    def _run(  # a container comes from its task, its place and its definition
        self,
        task_id: str,
        task_arn: str,
        host: Host,
        disk: Disk,
        definition: Mapping[str, Any],
        may_begin: MayBegin,
    ) -> Container:
        name = definition["name"]
        if disk.guards:
            self._guard.begin()
        container = Container(
            name=name,
            process=Process(f"{name}-{task_id}", guards=disk.guards),
            host=host,
            root=disk.root,
            stopping=self._clock.signal(),
            exited=self._clock.signal(),
            begun=self._clock.signal(),
            depends_on=tuple(str(each["containerName"]) for each in definition.get("dependsOn", [])),
            start_timeout_seconds=float(definition.get("startTimeout") or 180),
            http=http_client(host, self._trust),
            essential=definition.get("essential", True),
            stop_timeout_seconds=float(definition.get("stopTimeout", 30)),
            log_stream=_log_stream(definition, task_id),
            restart_policy=RestartPolicy.of(definition),
        )
        if not container.depends_on:
            container.begun.set()
        self._begin(container, task_arn, definition, may_begin)
        return container

    def _begin(self, container: Container, task_arn: str, definition: Mapping[str, Any], may_begin: MayBegin) -> None:
        """Run a container's application in its process, once it may begin, and again after each restart."""
        container.process.on_crash = lambda error: self._crash(container, error)
        container.restart = lambda: self._begin(container, task_arn, definition, lambda _container, _definition: True)
        context = self._context(container, task_arn, definition)
        is_mute = definition["image"] in self.troubles.images_mute
        application = _mute if is_mute else self._applications[container.name]

        def main() -> None:
            if container.depends_on and not may_begin(container, definition):
                self._exit(container, EXIT_SIGKILL)
                return
            container.began_at = self._clock.now()
            container.begun.set()
            self._exit(container, application(context))

        self._clock.spawn_in(container.process, main, f"{container.name} main")

    def _crash(self, container: Container, error: Exception) -> None:
        for line in traceback_lines(error):
            container.log.append(line)
            self._on_log(container, line)
        told = f"{type(error).__name__}: {error}"
        self._trace.add("container_crash", container.process.name, error=told, place=place_of(error))
        self.kill(container, EXIT_CRASH)

    def _exit(self, container: Container, exit_code: int) -> None:
        if container.exit_code is not None:
            return
        container.process.alive = False
        if self._is_restarted(container, exit_code):
            self._restart(container, exit_code)
            return
        container.exit_code = exit_code
        if container.essential:  # with it goes the task, and with that the interface that its containers share
            container.host.detach()
        container.exited.set()

    def _is_restarted(self, container: Container, exit_code: int) -> bool:
        policy, ran_seconds = container.restart_policy, self._clock.now() - container.began_at
        goes_on = container.begun.is_set() and not container.stopping.is_set()
        return policy is not None and goes_on and policy.restarts(exit_code, ran_seconds)

    def _restart(self, container: Container, exit_code: int) -> None:
        ended = container.process
        self._clock.kill(ended)
        container.host.release(ended)
        container.process = Process(ended.name, guards=ended.guards)
        container.http = http_client(container.host, self._trust)
        self._trace.add("container_restart", ended.name, exit_code=exit_code)
        container.restart()
        for companion in container.beside:
            self._clock.spawn_in(container.process, companion, f"{container.name} companion")

    def _context(self, container: Container, task_arn: str, definition: Mapping[str, Any]) -> Context:
        variables = {each["name"]: self._public(each["value"]) for each in definition.get("environment", [])}
        return Context(
            variables={**variables, "ECS_TASK_ARN": task_arn},
            clock=self._clock_of(container.name),
            network=container.host,
            random=Random(self._random.getrandbits(64)),
            aws=lambda service: self._aws(container.name, service),
            http=container.http,
            root=container.root,
            read_only=tuple(each.place for each in container.process.guards if each.code == errno.EROFS),
            stopping=container.stopping,
            log=lambda line: self._log(container, line),
            disk=self._look_at_disk,
        )

    def _clock_of(self, container: str) -> Clock:
        more_seconds, wrong = self.troubles.clocks_ahead.get(container, (0.0, []))
        ahead_seconds = self._clock_error() + more_seconds
        if not ahead_seconds:
            return self._clock
        wrong.append(WrongClock(self._clock, ahead_seconds))
        return wrong[-1]

    def _look_at_disk(self) -> None:
        if self.troubles.disk_seconds:
            self._clock.sleep(sum(self.troubles.disk_seconds))

    def _public(self, text: str) -> str:
        for name, public_name in self._public_names.items():
            text = text.replace(name, public_name)
        return text

    def _log(self, container: Container, line: str) -> None:
        self.log_bytes += len(line.encode())
        container.log.append(f"{self._clock.elapsed_us() / 1_000_000:10.3f} s  {line}")
        self._trace.note("log", container.process.name, line=line)
        self._on_log(container, line)


def _mute(context: Context) -> int:
    """Run and answer nobody, until SIGTERM."""
    context.stopping.wait()
    return 0


def _log_stream(definition: Mapping[str, Any], task_id: str) -> tuple[str, str] | None:
    """Return where the awslogs driver writes: prefix/container/task. Source: Amazon ECS Developer Guide, "awslogs"."""
    options = definition.get("logConfiguration", {}).get("options", {})
    group = options.get("awslogs-group")
    if group is None:
        return None
    return group, f"{options.get('awslogs-stream-prefix', 'ecs')}/{definition['name']}/{task_id}"
