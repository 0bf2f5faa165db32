"""The mock stack: a fresh world of the twin for each scenario."""

import copy
import ssl
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from seatrials.environments.environment import Environment
from seatrials.mutants.mutant import Mutant, Plan
from seatrials.platform.stack import Stack
from seatrials.seams.http_client import http_client
from seatrials.seams.network import Connection, TlsConnection
from seatrials.stacks.base import AS_IT_IS, StackOptions, StackRun, Wanted, template_of
from seatrials.stacks.mock.onlooker import Onlooker
from seatrials.stacks.mock.traced_usage import Account, usage_of_world
from seatrials.twin.authority import Authority
from seatrials.twin.calibration import WORLDS
from seatrials.twin.cloudformation.inputs import read_inputs
from seatrials.twin.cloudformation.rules import RULES
from seatrials.twin.cloudformation.template import Template, load_template, parse_template
from seatrials.twin.control_plane import ControlPlane, moto_running
from seatrials.twin.faults import TwinFaults
from seatrials.twin.world import World
from seatrials.webordinary import editor, hermes

if TYPE_CHECKING:
    from seatrials.platform.faults import Faults

# How long Hermes may take to start before a scenario begins without it, and then says so itself.
_SETTLE_SECONDS = 180.0
# Longer than the load balancer's idle timeout, so that its 504 is what a scenario sees.
_CALL_TIMEOUT_SECONDS = 90.0


class MockStacks:
    """Worlds of one process: moto, the deployed templates and the certificate authority are kept between them."""

    def __init__(self, environment: Environment, options: StackOptions, found: Iterable[str] = ()) -> None:
        """*found* is what a linter has against the template, to be told with the rest that is wrong with it."""
        self._environment = environment
        self._inputs = read_inputs(options.parameters, options.parameter_files, options.imports)
        self._found = tuple(found)
        self._options = options
        self._authority = Authority()
        self._planes: dict[tuple[object, ...], ControlPlane] = {}
        with ExitStack() as held:
            held.enter_context(moto_running(plain=options.plain_moto))
            self._template = load_template(template_of(environment, options))
            self._plane(Plan(calibration=WORLDS[environment.world]))
            self._held = held.pop_all()

    def close(self, *, in_haste: bool = False) -> None:
        """Switch moto off."""
        del in_haste
        self._held.close()

    def lateness(self) -> None:
        """Return None: virtual time waits for everybody."""

    def leftovers(self) -> list[str] | None:
        """Return None: worlds end with their scenarios."""
        return None

    @contextmanager
    def open(
        self,
        scenario: str,
        mutant: Mutant | None = None,
        *,
        exclusive: bool = False,
        tasks_max: int = 0,
        wanted: Wanted = AS_IT_IS,
    ) -> Iterator[StackRun]:
        """Make a world for *scenario*, let it settle, and end it with the scenario, who is alone with no task."""
        del exclusive, tasks_max
        plan = Plan(calibration=WORLDS[wanted.world or self._environment.world], parameters=wanted.parameters)
        if mutant is not None:
            mutant.apply(plan)
        with ExitStack() as held:
            for owner, name, value in plan.replacements:
                held.enter_context(patch.object(owner, name, value))
            world = World(
                self._plane(plan),
                seed=f"{self._options.seed}/{scenario}",
                calibration=plan.calibration,
                applications=self._applications(),
                authority=self._authority,
            )
            held.enter_context(world.running(alive=plan.alive))
            world.settle(_SETTLE_SECONDS)
            yield self._run(world, scenario)

    def _plane(self, plan: Plan) -> ControlPlane:
        template = self._edited(plan)
        has_neighbours = plan.calibration.has_neighbours
        key = (template.text, has_neighbours, *plan.parameters.items())
        if key not in self._planes:
            # A mutant may be what a template cannot make and a change by hand can, so it is held against no rule.
            self._planes[key] = ControlPlane(
                template,
                self._environment.region,
                "webordinary",
                inputs=replace(self._inputs, parameters={**self._inputs.parameters, **plan.parameters}),
                found=self._found,
                rules=() if plan.template_edits else RULES,
                has_neighbours=has_neighbours,
            )
        return self._planes[key]

    def _edited(self, plan: Plan) -> Template:
        if not plan.template_edits:
            return self._template
        document: dict[str, Any] = copy.deepcopy(dict(self._template.document))
        for edit in plan.template_edits:
            edit(document)
        return parse_template(document)

    def _applications(self) -> dict[str, Any]:
        names = self._environment.names
        return {names.hermes_container: hermes.main, names.edit_container: editor.main}

    def _run(self, world: World, scenario: str) -> StackRun:
        names = self._environment.names
        services = {"edit": names.edit_service, "hermes": names.hermes_service}
        containers = {"edit": names.edit_container, "hermes": names.hermes_container}
        breaker: Faults = TwinFaults(world, names.cluster, services, containers)
        url = world.url_of(names.load_balancer)
        host = url.removeprefix("https://")
        client = http_client(world.client_host, world.authority.trust, url, _CALL_TIMEOUT_SECONDS)
        stack = Stack(
            environment=self._environment,
            clock=world.clock,
            request_clock=world.clock,
            aws=lambda service: world.bridge.client("scenario", service),
            looking=world.aws,
            http=client,
            url=url,
            connect=partial(self._connect, world, host),
            breaker=breaker,
            run_prefix=f"TEST_{self._options.seed}_{scenario}",
        )
        return StackRun(
            stack=stack,
            sample_kind=self._environment.kind.sample_kind,
            timeline_text=lambda: [event.as_text() for event in world.trace.events],
            timeline_json=world.trace.lines,
            timeline_notes=lambda: world.trace.notes,
            timeline_seconds=world.clock.now() - world.clock.elapsed_us() / 1_000_000,
            trace_sha256=world.trace.sha256,
            witness=lambda history: Onlooker(world, names, history).look(),
            usage=lambda: self._usage(world),
        )

    def _usage(self, world: World) -> dict[str, float]:
        account = Account()
        account.take(world.trace.events)
        return usage_of_world(world, self._environment.names, account)

    def _connect(self, world: World, host: str, trust: ssl.SSLContext | None = None) -> Connection:
        connection = world.client_host.connect(host, self._environment.ports.https)
        return TlsConnection(connection, trust or world.authority.trust, server_side=False, server_hostname=host)
