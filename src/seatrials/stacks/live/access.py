"""The way of one process to a real stack: AWS through the guard, and the load balancer as the environment trusts it."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import httpx

from seatrials.environments.capabilities import Capability
from seatrials.environments.environment import Environment
from seatrials.environments.file import with_outputs
from seatrials.environments.parts import Door, ResourceNames
from seatrials.environments.variables import Values
from seatrials.safety.aws_errors import translated
from seatrials.safety.baseline import Surveyor
from seatrials.safety.checks import Check, checks_of
from seatrials.safety.guard import Guard
from seatrials.safety.identity import confirm_identity
from seatrials.safety.permitted import Permitted
from seatrials.safety.rates import Rates
from seatrials.safety.session_policy import session_policy, told_rights
from seatrials.safety.skew import measure_skew, told_skew
from seatrials.safety.store import Store
from seatrials.safety.sweep import Sweeper
from seatrials.safety.trust import trust_context
from seatrials.safety.under_test import UnderTest
from seatrials.safety.usage import Usage
from seatrials.seams.clock import SystemClock
from seatrials.seams.http_client import http_client
from seatrials.seams.network import Connection, SystemNetwork, TlsConnection
from seatrials.seams.skew import Skew
from seatrials.stacks.live.aws_session import AwsSession

# Longer than the load balancer's idle timeout, so that its 504 is what a scenario sees.
_CALL_TIMEOUT_SECONDS = 90.0
_CONNECT_SECONDS = 10.0
_AS_THEY_ARE: Values = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Access:
    """A real stack as a process reaches it; it reads at will and changes nothing until the guard is told more."""

    # With the values that a stack's outputs gave.
    environment: Environment
    clock: SystemClock
    usage: Usage
    guard: Guard
    session: AwsSession
    store: Store
    url: str
    trust: ssl.SSLContext
    http: httpx.Client

    def checks(self) -> list[Check]:
        """Return what must be true before a run begins."""
        environment = self.environment
        return [
            *checks_of(environment, environment.names, self.session.client, self.store, self.http),
            Check("this machine's clock", lambda: told_skew(self.skew())),
            Check("the run's rights", lambda: told_rights(environment)),
        ]

    def skew(self) -> Skew:
        """Return by how much AWS's clock is ahead of this machine's now."""
        return measure_skew(self.session.client, self.clock)

    def permitted(self, prefix: str) -> Permitted:
        """Return what may be changed by a run whose names begin with *prefix*."""
        has_control = self.environment.allows(Capability.CONTROL)
        return Permitted(self.environment.names, prefix, self.under_test(), has_control=has_control)

    def under_test(self) -> UnderTest:
        """Return what belongs to the services under test."""
        return UnderTest(self.environment.names, self.session.client)

    def surveyor(self) -> Surveyor:
        """Return what tells how the stack is now."""
        return Surveyor(self.environment.names, self.session.client)

    def sweeper(self, run_id: str | None = None, prefix: str | None = None) -> Sweeper:
        """Return what finds and removes what a run has left, or any run; of names of *prefix* alone, if it is given."""
        client = self.session.client
        names = self.environment.names
        return Sweeper(names, client, self.store, self.http, self.clock, run_id=run_id, prefix=prefix)

    def connect(self, trust: ssl.SSLContext | None = None, /) -> Connection:
        """Open a bare TLS connection to the load balancer."""
        url = httpx.URL(self.url)
        connection = SystemNetwork().connect(url.host, url.port or 443, _CONNECT_SECONDS)
        try:
            return TlsConnection(
                connection,
                trust or self.trust,
                server_side=False,
                server_hostname=url.host,
                timeout_seconds=_CONNECT_SECONDS,
            )
        except OSError:
            connection.close()
            raise


def open_access(
    environment: Environment, variables: Mapping[str, str], credentials: Values = _AS_THEY_ARE, *, share: float = 1.0
) -> Access:
    """Return the way to the stack of *environment*, with the values of its `outputs_stack` where it has one.

    *credentials* are variables that are set only while AWS's credentials are looked for. *share* is the part of the
    run's calls that this process may make. Raises our errors for a shell or a profile that leads elsewhere; only an
    `outputs_stack` makes a call, after the account was confirmed.
    """
    clock = SystemClock(environment.pace, environment.epoch_seconds)
    usage = Usage()
    guard = Guard(Rates(clock, share), usage)
    session = AwsSession(environment, variables, guard, credentials, session_policy(environment))
    if environment.outputs_stack is not None:
        confirm_identity(environment, session.client)
        environment = with_outputs(environment, _outputs(session, environment.outputs_stack))
        # Only the outputs have told the names that the run's role is narrowed to.
        session = AwsSession(environment, variables, guard, credentials, session_policy(environment))
    trust = trust_context(environment.trust)
    url = _url(environment)
    return Access(
        environment=environment,
        clock=clock,
        usage=usage,
        guard=guard,
        session=session,
        store=_store(session, guard, environment.names),
        url=url,
        trust=trust,
        http=http_client(SystemNetwork(), trust, url, _CALL_TIMEOUT_SECONDS),
    )


def _store(session: AwsSession, guard: Guard, names: ResourceNames) -> Store:
    table = names.lease_table or names.table
    return Store(session.client_of_store(lambda events: guard.attach_store(events, table)), table)


def _url(door: Door) -> str:
    assert door.base_url is not None, "the model asks a real stack for it, or its outputs gave it"
    has_port = httpx.URL(door.base_url).port is not None
    is_usual = door.ports.https == 443  # noqa: PLR2004  # HTTPS's own
    return door.base_url if has_port or is_usual else f"{door.base_url}:{door.ports.https}"


def _outputs(session: AwsSession, stack: str) -> dict[str, str]:
    with translated(f"read the outputs of the stack {stack}"):
        stacks = session.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return {each["OutputKey"]: each["OutputValue"] for each in stacks[0].get("Outputs", [])}
