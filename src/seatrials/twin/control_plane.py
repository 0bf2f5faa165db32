"""moto with a stack deployed, kept as bytes for the life of the process: what every world of it begins with."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from seatrials.twin.cloudformation.deployer import DeployedStack, deploy
from seatrials.twin.cloudformation.inputs import NO_INPUTS, Inputs
from seatrials.twin.cloudformation.rules import RULES, Rule
from seatrials.twin.cloudformation.template import Template
from seatrials.twin.entrances import domain_names
from seatrials.twin.moto_bridge import (
    ACCOUNT,
    NOBODY,
    Bridge,
    control_plane,
    let_neighbours_in,
    restore,
    seed_identifiers,
    shortcuts,
    snapshot,
    unplug,
)

# Every world begins at this moment, so that traces of different days are equal. 2026-03-02T09:00:00Z, a Monday.
EPOCH_SECONDS = 1_772_442_000
_DEPLOYMENT_SEED = 1


class ControlPlane:
    """moto with one template deployed, as every world of this process begins."""

    def __init__(
        self,
        template: Template,
        region: str,
        stack_name: str,
        *,
        inputs: Inputs = NO_INPUTS,
        found: Iterable[str] = (),
        rules: Iterable[Rule] = RULES,
        has_neighbours: bool = False,
    ) -> None:
        """*found* is what a linter has against the template, to be told with the rest that is wrong with it.

        *rules* are what it must not break. With *has_neighbours* others have stacks in the same account and network.
        """
        self.region = region
        # What shortcuts know of the control plane as every world begins with it.
        self.pristine: dict[str, Any] = {}
        bridge = Bridge(
            region=region,
            now=lambda: float(EPOCH_SECONDS),
            on_call=lambda _caller, _operation: None,
            on_change=lambda _service, _operation, _parameters, _answer: None,
            sleep=lambda _seconds: None,
            shortcuts=shortcuts({}),
        )
        bridge.attach(None)
        restore(_EMPTY[0])
        seed_identifiers(_DEPLOYMENT_SEED)
        bridge.plug_in()
        try:
            self.stack: DeployedStack = deploy(
                template,
                lambda service: bridge.client("cloudformation", service),
                stack_name=stack_name,
                region=region,
                account=ACCOUNT,
                inputs=inputs,
                found=found,
                rules=rules,
            )
            aws = partial(bridge.client, "cloudformation")
            # By the ARNs of load balancers.
            self.domain_names = domain_names(aws)
            self.neighbours = let_neighbours_in(bridge, aws) if has_neighbours else NOBODY
            self.state = snapshot()
        finally:
            unplug()


_EMPTY: list[bytes] = []


@contextmanager
def moto_running(*, plain: bool = False) -> Iterator[None]:
    """Switch moto on for the life of a process that runs worlds; *plain*, without what only saves time.

    Why not an argument of each `ControlPlane`: what saves time replaces functions of moto, for the whole process.
    """
    with control_plane(plain=plain):
        _EMPTY[:] = [snapshot()]
        yield
