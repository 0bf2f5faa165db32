"""The server: a world on a paced clock, with the ways in from outside."""

import gc
import os
import shutil
import signal
import sys
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from seatrials.configuration import nearest
from seatrials.environments.environment import Environment
from seatrials.environments.variables import cache_folder
from seatrials.errors import ConfigurationError, TemplateError, TwinFailureError
from seatrials.output.output import Say
from seatrials.seams.application import Application, Context
from seatrials.seams.clock import SystemClock, wall_seconds
from seatrials.seams.http1 import HttpServer, Patience
from seatrials.seams.lateness import PULSE_SECONDS
from seatrials.stacks.base import wants_plain_moto
from seatrials.stacks.mock.preflight import check_machine
from seatrials.stacks.mock.traced_usage import Account, usage_of_world
from seatrials.twin.authority import Authority
from seatrials.twin.calibration import WORLDS
from seatrials.twin.cloudformation.fidelity.telling import left_out_of, refuse_left_out
from seatrials.twin.cloudformation.linting import lint
from seatrials.twin.cloudformation.template import Template, load_template
from seatrials.twin.control_plane import ControlPlane, moto_running
from seatrials.twin.ecs.programs import program
from seatrials.twin.faults import TwinFaults
from seatrials.twin.moto_bridge.http_api import AwsApi
from seatrials.twin.physics.clock import Process, VirtualSignal
from seatrials.twin.physics.external import ExternalNetwork, Ports
from seatrials.twin.physics.network import claim_block
from seatrials.twin.physics.outside import Outside
from seatrials.twin.physics.paced_clock import PacedClock
from seatrials.twin.physics.supervision import Failure
from seatrials.twin.scratch import remove_abandoned
from seatrials.twin.world import World
from seatrials.twin_server.confinement import confine
from seatrials.twin_server.control import Control
from seatrials.twin_server.options import ServerOptions
from seatrials.twin_server.pace import QUICK_SECONDS, pace_to_hold
from seatrials.twin_server.served_faults import ServedFaults
from seatrials.twin_server.signals import exiting_on_signals, stop_with, stopping_on_signals
from seatrials.twin_server.stack_api import StackApi
from seatrials.twin_server.troubles import Troubles
from seatrials.twin_server.variables import (
    CA_FILE,
    as_shell,
    client_variables,
    directory_of,
    remove_files,
    write_variables,
)
from seatrials.twin_server.visitors import OwnClients
from seatrials.webordinary import editor, hermes

# What the first word of the last line before the server waits for clients is.
READY = "ready"
# AWS's endpoint is on no port of the world.
_AWS = 0
# How long the services may take to be as the template wants them before clients are let in without it.
_SETTLE_SECONDS = 180
_LOOK_SECONDS = 0.5
# Of the machine: how long tasks get to end by themselves when the server stops.
_FAREWELL_SECONDS = 5.0
# What a container's command has of the server's own variables; the rest is the developer's affair.
_INHERITED = ("PATH", "HOME", "LANG", "TMPDIR", "TZ")
# Of the machine: how long a client of the AWS endpoint may say nothing, and how long a request of it may take to come.
_IDLE_SECONDS = 120.0
_REQUEST_SECONDS = 30.0
# What a request makes lives for a moment, so the young are looked at seldom, and all that lives, which takes a tenth of
# a second in which the world stands still, once in some minutes.
_COLLECTION_THRESHOLDS = (7_000, 10, 50)
_URL_SCHEMES = ("HTTP", "HTTPS")
_EXEC_ON = "/api/exec is on: whoever on this machine reaches the ports runs commands as you"
_EXEC_OFF = "/api/exec is off: --allow-exec lets whoever reaches the ports run commands as you"


class Server:
    """One server, from its ports to its end."""

    def __init__(
        self,
        options: ServerOptions,
        environment: Environment,
        inherited: Mapping[str, str],
        say: Say,
    ) -> None:
        """*inherited* are the variables of this process; *say* hears how it goes, a line at a time."""
        self._options = options
        self._environment = environment
        self._inherited = inherited
        self._say = say
        self._troubles = Troubles(say)
        self._account = Account()

    def run(self) -> None:
        """Serve until SIGINT or SIGTERM; raises what keeps it from starting.

        At the end it raises `TwinFailureError` when an actor of the twin has failed meanwhile.
        """
        began = wall_seconds()
        with ExitStack() as held:
            held.enter_context(exiting_on_signals())
            check_machine(self._environment.ports)
            remove_abandoned()
            ports = self._take_ports(held)
            directory = held.enter_context(directory_of(self._options.directory))
            world, outside, variables = self._make_world(held, ports, directory)
            clock = outside.clock
            world.on_failure = lambda failure: self._say(f"the twin failed and lives on: {failure}")
            held.enter_context(world.running())
            stopping = held.enter_context(stopping_on_signals(clock, lambda: _leave_nothing(world, directory)))
            if self._options.ends_with_stdin:
                stop_with(sys.stdin.fileno(), clock, stopping)
            self._open_endpoint(world, clock, ports)
            clock.spawn(lambda: self._follow_events(world, clock), "events")
            self._settle(world, clock, stopping)
            gc.freeze()
            gc.set_threshold(*_COLLECTION_THRESHOLDS)
            gc.enable()
            if not stopping.is_set():
                write_variables(directory, variables)
                self._say(as_shell(variables).rstrip(), variables=dict(variables))
                self._tell_addresses(world, outside)
                ready = f"{READY} after {wall_seconds() - began:.1f} s: the variables are in {directory}"
                self._say(ready, directory=str(directory))
                stopping.wait()
            self._say("stopping")
            stop_tasks(world)
            _tell_failures(clock)

    def _take_ports(self, held: ExitStack) -> Ports:
        options, standard = self._options, self._environment.ports
        wanted = {standard.https: options.https_port, standard.http: options.http_port, _AWS: options.aws_port}
        ports = Ports(options.address, wanted)
        held.callback(ports.close)
        return ports

    def _make_world(self, held: ExitStack, ports: Ports, directory: Path) -> tuple[World, Outside, Mapping[str, str]]:
        template = load_template(self._options.template)
        _check_commands(self._options, template)
        unused = left_out_of(template, self._options.region, self._options.inputs)
        if self._options.strict:
            refuse_left_out(template, unused)
        for note in (*template.left_out_notes(), *map(str, unused)):
            self._say(note)
        held.enter_context(moto_running(plain=wants_plain_moto(self._inherited)))
        found = lint(template, self._options.region, cache_folder(self._inherited, "cfn-lint")).errors
        began = wall_seconds()
        plane = ControlPlane(
            template,
            self._options.region,
            "webordinary",
            inputs=self._options.inputs,
            found=found,
            has_neighbours=WORLDS[self._options.world].has_neighbours,
        )
        self._options = self._at_a_pace_to_hold(wall_seconds() - began)
        options, names = self._options, self._environment.names
        self._say(f"{options.template}: seed {options.seed}, world {options.world}, pace {options.pace:g}")
        self._say(_EXEC_ON if options.allow_exec else _EXEC_OFF)
        authority = Authority()
        (directory / CA_FILE).write_bytes(authority.certificate_pem)
        clock = self._clock()
        network = ExternalNetwork(clock, options.address, ports)
        outside = Outside(clock=clock, network=network, ports=ports, load_balancer=names.load_balancer)
        held.callback(outside.close)
        # Filled before the first task starts: which address a command is told depends on the listeners of the world.
        applications: dict[str, Application] = {}
        world = World(
            plane,
            seed=f"{options.seed}/server",
            calibration=WORLDS[options.world],
            applications=applications,
            authority=authority,
            outside=outside,
            keeps_logs=True,
        )
        _check_balancer(world, names.load_balancer)
        variables = self._variables(outside, _front_door(world, outside), directory / CA_FILE)
        applications.update(self._applications(clock, variables))
        return world, outside, variables

    def _at_a_pace_to_hold(self, deployed_seconds: float) -> ServerOptions:
        """Return the options with a pace for this machine, by how long it took to deploy the template."""
        pace = pace_to_hold(self._options.pace, deployed_seconds)
        if not self._options.slows_down or pace == self._options.pace:
            return self._options
        self._say(
            f"pace {pace:g} in place of {self._options.pace:g}, which this machine cannot hold: it took "
            f"{deployed_seconds:.1f} s to deploy the template, not {QUICK_SECONDS:g} s"
        )
        return replace(self._options, pace=pace)

    def _clock(self) -> PacedClock:
        """Return a clock on which the mock's own applications are up before the first client asks for them.

        The world begins a little in the past and catches up at once. Commands of the user's live in real time, so with
        them it begins now.
        """
        real = SystemClock(self._options.pace)
        head_start = 0 if self._options.commands else _SETTLE_SECONDS
        return PacedClock(int(real.epoch_seconds) - head_start, real)

    def _variables(self, outside: Outside, base_url: str, ca_file: Path) -> dict[str, str]:
        standard, ports = self._environment.ports, outside.ports.outside
        return client_variables(
            endpoint_url=f"http://{self._options.address}:{ports[_AWS]}",
            region=self._options.region,
            base_url=base_url,
            ports={"https": ports[standard.https], "http": ports[standard.http]},
            ca_file=ca_file,
            pace=self._options.pace,
            epoch_seconds=outside.clock.real.epoch_seconds,
        )

    def _applications(self, clock: PacedClock, variables: Mapping[str, str]) -> dict[str, Application]:
        names = self._environment.names
        applications = {
            names.hermes_container: hermes.main,
            names.edit_container: editor.main if self._options.allow_exec else _without_exec(editor.main),
        }
        inherited = {name: self._inherited[name] for name in _INHERITED if name in self._inherited}
        given = {**inherited, **variables, "NODE_EXTRA_CA_CERTS": variables["SEATRIALS_CA_FILE"]}
        commands = self._options.commands.items()
        programs = {name: self._troubles.telling(name, program(clock, command, given)) for name, command in commands}
        return {**applications, **programs}

    def _open_endpoint(self, world: World, clock: PacedClock, ports: Ports) -> None:
        """Let AWS's clients in, and nothing that they ask for out."""

        def refused(wanted: str) -> None:
            world.trace.add("connection_refused", "aws endpoint", to=wanted)
            self._say(f"refused a connection to {wanted}: nothing leaves this machine")

        confine(refused)
        network = ExternalNetwork(clock, self._options.address, ports)
        api = AwsApi(
            world.bridge,
            on_call=lambda operation: world.trace.add("aws_call", "outside", operation=operation),
            on_failure=lambda call, reason: self._say(f"no answer to {call}: {reason}"),
        )
        pace = self._options.pace
        patience = Patience(idle_seconds=_IDLE_SECONDS * pace, request_seconds=_REQUEST_SECONDS * pace)
        stack = StackApi(world.stack, clock.now(), api.handle)
        control = Control(stack.handle, clock.lateness, partial(self._usage, world), self._faults(world, clock))
        clients = OwnClients(control.handle, self._options.address, ports.outside[_AWS])
        clock.spawn(partial(_beat, clock), "lateness")
        process = Process(
            "aws endpoint", on_crash=lambda error: clock.supervisor.note(Failure("the AWS endpoint", "", error))
        )
        clock.spawn_in(process, lambda: HttpServer(clock, network, _AWS, clients.handle, patience), "aws endpoint")

    def _faults(self, world: World, clock: PacedClock) -> ServedFaults | None:
        """Return what can be broken: nothing where containers are programs, which no clock of ours stops."""
        if self._options.commands:
            return None
        names = self._environment.names
        services = {"edit": names.edit_service, "hermes": names.hermes_service}
        containers = {"edit": names.edit_container, "hermes": names.hermes_container}
        return ServedFaults(clock, TwinFaults(world, names.cluster, services, containers))

    def _follow_events(self, world: World, clock: PacedClock) -> None:
        while True:
            self._take_events(world)
            clock.sleep(_LOOK_SECONDS * self._options.pace)

    def _take_events(self, world: World) -> None:
        """Tell troubles, and count what costs, of what has happened since the last time; then it is forgotten."""
        events = world.trace.take()
        self._troubles.look(events)
        self._account.take(events)

    def _usage(self, world: World) -> dict[str, float]:
        self._take_events(world)
        return usage_of_world(world, self._environment.names, self._account)

    def _tell_addresses(self, world: World, outside: Outside) -> None:
        for name, port, protocol in _listeners(world):
            url = outside.way_in_to(name).url(protocol.lower(), port)
            self._say(f"{url} is listener {port} ({protocol}) of the load balancer {name}")

    def _settle(self, world: World, clock: PacedClock, stopping: VirtualSignal) -> None:
        """Wait until the services are as the template wants them and the world is not late, or a signal comes."""
        deadline = clock.now() + _SETTLE_SECONDS
        while not world.scheduler.is_settled() and clock.now() < deadline and not stopping.wait(_LOOK_SECONDS):
            pass
        if not world.scheduler.is_settled() and not stopping.is_set():
            self._say(f"after {_SETTLE_SECONDS} s of platform time the services are still on their way")
        while clock.late_seconds > self._options.pace and not stopping.wait(_LOOK_SECONDS):
            pass


def _beat(clock: PacedClock) -> None:
    """Give the clock something to be late for, again and again, also when nothing else is due."""
    while True:
        clock.sleep(PULSE_SECONDS * clock.real.pace)


def _listeners(world: World) -> list[tuple[str, int, str]]:
    """Return the listeners that speak HTTP or HTTPS: the load balancer's name, the port and the protocol."""
    elbv2 = world.aws("elbv2")
    return [
        (str(balancer["LoadBalancerName"]), int(listener["Port"]), str(listener["Protocol"]))
        for balancer in world.acting_balancers()
        for listener in elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
        if listener["Protocol"] in _URL_SCHEMES
    ]


def _front_door(world: World, outside: Outside) -> str:
    """Return the URL by which clients reach the platform: HTTPS if it is there, on its usual port if it is there."""
    doors = [(protocol, port) for name, port, protocol in _listeners(world) if name == outside.load_balancer]
    usual = {"HTTPS": 443, "HTTP": 80}
    doors.sort(key=lambda door: (door[0] != "HTTPS", door[1] != usual[door[0]], door[1]))
    protocol, port = doors[0] if doors else ("HTTPS", usual["HTTPS"])
    outside.ports.reserve(port)
    return outside.url(protocol.lower(), port)


def _without_exec(application: Application) -> Application:
    """Return *application* told that its environment does not allow exec, whatever the task definition says.

    Why not a parameter of the template: any client may register another task definition.
    """

    def main(context: Context) -> int:
        return application(replace(context, variables={**context.variables, "EXEC_ENABLED": "false"}))

    return main


def _check_commands(options: ServerOptions, template: Template) -> None:
    """Refuse commands for containers that the template does not have, or on a system whose loopback is too small."""
    if options.commands and claim_block() == 0:
        msg = "--run gives each task a loopback address of its own, and this system has only 127.0.0.1: use Linux"
        raise ConfigurationError(msg)
    definitions = [each for each in template.resources.values() if each.type == "AWS::ECS::TaskDefinition"]
    containers = [each for definition in definitions for each in definition.properties.get("ContainerDefinitions", [])]
    names = [each["Name"] for each in containers if isinstance(each.get("Name"), str)]
    unknown = [name for name in options.commands if name not in names]
    if unknown:
        problems = [
            f"--run: no container of {options.template} is called {each!r}; {nearest(each, names)}" for each in unknown
        ]
        raise ConfigurationError("\n".join(problems))


def _check_balancer(world: World, name: str) -> None:
    found = [str(each["LoadBalancerName"]) for each in world.aws("elbv2").describe_load_balancers()["LoadBalancers"]]
    if name not in found:
        msg = f"the template has no load balancer called {name!r} for clients to reach; {nearest(name, found)}"
        raise TemplateError(msg)


def _leave_nothing(world: World, directory: Path) -> None:
    """Kill what this process has started and remove its files, without a turn of the world."""
    for child in Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split():
        # Each leads a group of its own: containers, and the commands of a session.
        with suppress(ProcessLookupError):
            os.killpg(int(child), signal.SIGKILL)
    remove_files(directory)
    shutil.rmtree(world.directory, ignore_errors=True)


def _tell_failures(clock: PacedClock) -> None:
    """Raise `TwinFailureError` when an actor has failed: who relied on the platform must hear that it was not whole."""
    told = clock.supervisor.told
    if told:
        msg = "\n".join([f"{len(told)} failures of the twin itself, each of which it survived:", *told])
        raise TwinFailureError(msg)


def stop_tasks(world: World) -> None:
    """Send SIGTERM to every container, and wait a little for them; what is left then is killed with the world.

    The wait is the machine's time, for whoever stops a server that is late does not wait until it has caught up.
    """
    containers = [each for task in world.runtime.containers.values() for each in task]
    for container in containers:
        container.stopping.set()
    began = wall_seconds()
    for container in containers:
        while not container.exited.is_set() and wall_seconds() - began < _FAREWELL_SECONDS:
            container.exited.wait(_LOOK_SECONDS)
