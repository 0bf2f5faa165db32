"""The life of one task: an actor that takes it through the states of `twin/lifecycle.py`, up and down again.

Up: network interface, image, mounts, containers, registration with the target groups. Down, when the scheduler decides:
deregister, wait out the deregistration delay, SIGTERM, SIGKILL after the stop timeout, release the interface. StopTask
and a container that exits are different: the container goes first, the registration after.

Source: Amazon ECS Developer Guide, "Task lifecycle explanation" and "Load balancer connection draining";
aws/amazon-ecs-agent issue 2316 for StopTask.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import partial
from random import Random
from typing import Any

from seatrials.seams.application import AwsClient
from seatrials.twin.balancer.health import TargetState
from seatrials.twin.balancer.targets import TargetRegistry
from seatrials.twin.calibration import Calibration
from seatrials.twin.ecs.agent import Agent
from seatrials.twin.ecs.connections import TaskConnections
from seatrials.twin.ecs.dependencies import DependencyError, stop_order, wait_for_dependencies
from seatrials.twin.ecs.health_checks import ContainerHealth, can_run, command_of
from seatrials.twin.ecs.initialization import InitializationError, initialized
from seatrials.twin.ecs.runtime import Container, ImageError, Runtime
from seatrials.twin.filesystem import MountError
from seatrials.twin.lifecycle import TaskState
from seatrials.twin.moto_bridge import Bridge
from seatrials.twin.physics.clock import VirtualClock
from seatrials.twin.tasks import TaskRecord
from seatrials.twin.trace import Trace
from seatrials.twin.vpc.vpc import Vpc

_BEGIN_POLL_SECONDS = 0.5


class _RegistrationError(Exception):
    """A target group does not take a task; the text is what ECS gives as the reason."""


class StopOrder(Enum):
    """Which goes first when a task stops."""

    DRAIN_FIRST = "the scheduler stops it: targets drain, then SIGTERM"
    SIGTERM_FIRST = "someone else stops it: SIGTERM, then the targets go"
    AT_ONCE = "Fargate Spot takes it back: SIGTERM, while the targets drain"


@dataclass(frozen=True)
class Surroundings:
    """The parts of a world that a task speaks to on its way, and how long AWS takes for each step of it."""

    clock: VirtualClock
    bridge: Bridge
    runtime: Runtime
    vpc: Vpc
    targets: TargetRegistry
    elbv2: AwsClient
    calibration: Calibration
    random: Random
    trace: Trace


class TaskRun:
    """One task of a service, from its start to STOPPED."""

    def __init__(
        self,
        world: Surroundings,
        record: TaskRecord,
        definition: Mapping[str, Any],
        groups: list[tuple[str, int]],
        on_change: Callable[[], None],
    ) -> None:
        """*groups* are (target group ARN, container port); *on_change* hears every step."""
        self._world = world
        self.record = record
        self.definition = definition
        self.groups = groups
        self.containers: list[Container] = []
        self.address: str = record.containers[0]["networkInterfaces"][0]["privateIpv4Address"]
        self.subnet: str = record.attachments[0]["details"][0]["value"]
        # Set by the scheduler while a replacement is on its way, with the target group whose checks the task failed.
        self.is_being_replaced = False
        self.failed_group = ""
        # Set by the scheduler once it has counted the end of the task.
        self.is_counted = False
        self._on_change = on_change
        self._stop_asked = world.clock.signal()
        self._order = StopOrder.SIGTERM_FIRST
        self._registered = False
        # The containers with a health check of their own.
        self._is_checked: list[Container] = []

    @property
    def failed_to_start(self) -> bool:
        """Whether the task ended without ever having run."""
        return self.record.stop_code == "TaskFailedToStart"

    def targets_are(self, *states: str) -> bool:
        """Whether each of the task's targets is in one of *states*; True for a task without targets."""
        return not self.targets_except(*states)

    def targets_except(self, *states: str) -> list[tuple[str, TargetState]]:
        """Return (target group ARN, target) of the task's targets that are in none of *states*."""
        targets = [(group, self._target(group, port)) for group, port in self.groups]
        return [(group, target) for group, target in targets if target.state not in states]

    def stop(self, code: str, reason: str, order: StopOrder) -> None:
        """Ask the task to stop; the first one to ask gives the reason."""
        if self.record.is_wanted:
            self.record.ask_to_stop(code, reason)
            self._order = order
            self._world.trace.add("task_stop", self.record.id, code=code, reason=reason)
            self._stop_asked.set()
            self._changed()

    def run(self) -> None:
        """Live the whole life; the scheduler spawns this."""
        supervisor, about = self._world.clock.supervisor, f"task {self.record.id} of {self.record.group}"
        with supervisor.turn("ECS", about) as life:
            if self._bring_up():
                self._stop_asked.wait()
            self._take_down()
        if life.failed:
            with supervisor.turn("ECS", about):
                self._abandon()

    def _bring_up(self) -> bool:
        """Return whether the task runs; False: it was asked to stop, or cannot start."""
        calibration = self._world.calibration
        self._say("provisioning")
        if self._pause(calibration.provisioning.draw(self._world.random)):
            return False
        self._enter(TaskState.PENDING)
        self._enter(TaskState.ACTIVATING)
        self.record.pull_started_at = self._world.bridge.timestamp()
        images = [str(each["image"]) for each in self.definition["containerDefinitions"]]
        usual_seconds = calibration.pull.draw(self._world.random)
        if self._pause(self._world.runtime.pull_seconds(images, usual_seconds)):
            return False
        try:
            self._start_containers()
            if not self._all_begin():
                return False
            self._register()
            if calibration.counting and self._pause(calibration.counting.draw(self._world.random)):
                return False
        except (ImageError, MountError, InitializationError, _RegistrationError) as error:
            self.record.containers[0]["reason"] = str(error)
            self.stop("TaskFailedToStart", str(error), StopOrder.SIGTERM_FIRST)
            return False
        self.record.started_at = self._world.bridge.timestamp()
        self._set_containers("RUNNING")
        self._enter(TaskState.RUNNING)
        return True

    def _start_containers(self) -> None:
        world = self._world
        TaskConnections(world.vpc, world.clock, self.address, world.bridge.region).check(self.definition)
        agent = Agent(self.definition, self.record.id, world.bridge)
        definition = initialized(self.definition, agent, self.record.id)
        for container in self.definition["containerDefinitions"]:
            agent.check_pull(container["image"])
            world.runtime.pull(container["image"])
        self.record.pull_stopped_at = world.bridge.timestamp()
        world.clock.sleep(world.calibration.activating.draw(world.random))
        record = self.record
        self.containers = world.runtime.start(record.id, record.task_arn, self.address, definition, self._may_begin)
        for container, described in zip(self.containers, definition["containerDefinitions"], strict=True):
            world.clock.spawn(partial(self._watch, container), f"watch {self.record.id}")
            self._check_health(container, described.get("healthCheck") or {})

    def _may_begin(self, container: Container, definition: Mapping[str, Any]) -> bool:
        siblings = {each.name: each for each in self.containers}
        try:
            wait_for_dependencies(self._world.clock, container, definition, siblings)
        except DependencyError as error:
            self._shown(container.name)["reason"] = str(error)
            self.stop("TaskFailedToStart", str(error), StopOrder.SIGTERM_FIRST)
        return not container.stopping.is_set() and self.record.is_wanted

    def _all_begin(self) -> bool:
        """Wait for the containers that depend on others; False: the task was asked to stop before all had begun."""
        while not all(each.begun.is_set() for each in self.containers):
            if self._pause(_BEGIN_POLL_SECONDS):
                return False
        return True

    def _check_health(self, container: Container, check: Mapping[str, Any]) -> None:
        command = command_of(check)
        if command is None:
            return
        if not can_run(command):
            what = f"the health check {command!r}: the twin knows curl, wget and exit"
            self._world.trace.add("left_out", f"{self.record.family} {container.name}", what=what)
            return
        health = ContainerHealth(self._world.clock, container, check, partial(self._health_changed, container))
        self._is_checked.append(container)
        container.beside.append(health.run)
        self._world.clock.spawn_in(container.process, health.run, f"health check {self.record.id}")

    def _health_changed(self, container: Container, health: str) -> None:
        """Show a container's health, and that of the task: of its essential containers that have a check.

        Source: Amazon ECS Developer Guide, "Determine Amazon ECS task health using container health checks".
        """
        self._shown(container.name)["healthStatus"] = health
        states = [each.health for each in self._is_checked if each.essential]
        worst = next((each for each in ("UNHEALTHY", "UNKNOWN", "HEALTHY") if each in states), "UNKNOWN")
        self.record.health_status = worst
        self._world.trace.add("container_health", self.record.id, container=container.name, state=health)
        self._changed()

    @property
    def is_well(self) -> bool:
        """Whether every essential container that has a health check passes it."""
        return all(each.health == "HEALTHY" for each in self._is_checked if each.essential)

    def _watch(self, container: Container) -> None:
        container.exited.wait()
        self._shown(container.name)["exitCode"] = container.exit_code
        if container.reason:
            self._shown(container.name)["reason"] = container.reason
        self._changed()
        if container.essential:
            told = container.reason or "Essential container in task exited"
            self.stop("EssentialContainerExited", told, StopOrder.SIGTERM_FIRST)

    def _take_down(self) -> None:
        record, world = self.record, self._world
        record.stopping_at = world.bridge.timestamp()
        if self.containers:
            self._enter(TaskState.DEACTIVATING)
            if self._order is not StopOrder.SIGTERM_FIRST:
                self._deregister()
            if self._order is StopOrder.DRAIN_FIRST:
                self._wait_until_drained()
            self._enter(TaskState.STOPPING)
            for together in stop_order(self.containers):
                world.runtime.terminate(*together)
            self._deregister()
            record.execution_stopped_at = world.bridge.timestamp()
        self._enter(TaskState.DEPROVISIONING)
        world.clock.sleep(world.calibration.deprovisioning.draw(world.random))
        for attachment in record.attachments:
            attachment["status"] = "DELETED"
        world.bridge.detach_interface(record.network_interface)
        world.vpc.leave(self.address)
        record.stopped_at = world.bridge.timestamp()
        self._set_containers("STOPPED")
        world.runtime.remove(record.id)
        self._enter(TaskState.STOPPED)

    def _abandon(self) -> None:
        """End a task that could not be brought up or down: its service must not wait for it for ever."""
        record, world = self.record, self._world
        code = "TaskFailedToStart" if record.started_at is None else "EssentialContainerExited"
        record.ask_to_stop(code, "the twin failed at this task: its events say where")
        record.stopped_at = world.bridge.timestamp()
        record.last_status = TaskState.STOPPED
        self._set_containers("STOPPED")
        self._changed()
        for container in world.runtime.containers.get(record.id, []):
            container.stopping.set()
            world.runtime.kill(container)
        world.runtime.remove(record.id)
        self._deregister()

    def _register(self) -> None:
        self._registered = True
        elbv2 = self._world.elbv2
        for group, port in self.groups:
            try:
                elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": self.address, "Port": port}])
            except elbv2.exceptions.TargetGroupNotFoundException as error:  # a client has deleted it
                msg = f"unable to register targets in (target-group {group}): the target group does not exist"
                raise _RegistrationError(msg) from error

    def _deregister(self) -> None:
        if self._registered:
            self._registered = False
            for group, port in self.groups:
                self._deregister_from(group, port)

    def _deregister_from(self, group: str, port: int) -> None:
        elbv2, target = self._world.elbv2, {"Id": self.address, "Port": port}
        try:
            elbv2.deregister_targets(TargetGroupArn=group, Targets=[target])
        except (elbv2.exceptions.InvalidTargetException, elbv2.exceptions.TargetGroupNotFoundException):
            pass  # someone else has taken the target out, or deleted its group, which is as good

    def _wait_until_drained(self) -> None:
        while not self.targets_are("unused"):
            self._world.clock.sleep(1.0)

    def _target(self, group: str, port: int) -> TargetState:
        return self._world.targets.describe(group, [(self.address, port)])[0]

    def _pause(self, seconds: float) -> bool:
        """Return whether the task was asked to stop before *seconds* had passed."""
        return self._stop_asked.wait(seconds)

    def _enter(self, state: TaskState) -> None:
        self.record.enter(state)
        self._say(state.lower())
        self._changed()

    def _changed(self) -> None:
        self._world.bridge.touched("ecs")
        self._on_change()

    def _say(self, state: str) -> None:
        self._world.trace.add("task", self.record.id, service=self.record.group.partition(":")[2], state=state)
        self._world.trace.more(address=self.address)

    def _set_containers(self, status: str) -> None:
        for container in self.record.containers:
            container["lastStatus"] = status

    def _shown(self, name: str) -> dict[str, Any]:
        return next(each for each in self.record.containers if each["name"] == name)
