"""The health of one target as a table, and the check that feeds it.

Source: AWS ALB User Guide, "Health checks for Application Load Balancer target groups"; reasons and descriptions as the
ELBv2 API's TargetHealth gives them. Every node of a balancer checks on its own, and has such a table for each target.
"""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from seatrials.seams.clock import Clock
from seatrials.seams.network import Connection, Network, TlsConnection
from seatrials.twin.balancer.groups import HealthCheckSettings

_STATUS_LINE_BYTES_MAX = 8_192
_HTTP = ("HTTP", "HTTPS")


class State(StrEnum):
    """What a registered target is."""

    INITIAL = "initial"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    DRAINING = "draining"


class Event(StrEnum):
    """What moves a target from one state to another."""

    # Enough checks in a row passed, or failed.
    PASSED = "passed"
    FAILED = "failed"
    DEREGISTERED = "deregistered"


_TRANSITIONS = {
    (State.INITIAL, Event.PASSED): State.HEALTHY,
    (State.INITIAL, Event.FAILED): State.UNHEALTHY,
    (State.HEALTHY, Event.FAILED): State.UNHEALTHY,
    (State.UNHEALTHY, Event.PASSED): State.HEALTHY,
    (State.INITIAL, Event.DEREGISTERED): State.DRAINING,
    (State.HEALTHY, Event.DEREGISTERED): State.DRAINING,
    (State.UNHEALTHY, Event.DEREGISTERED): State.DRAINING,
}


@dataclass(frozen=True)
class TargetState:
    """A target as DescribeTargetHealth shows it."""

    ip: str
    port: int
    state: str
    reason: str | None = None
    description: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What one check found; a reason is there when it failed."""

    passed: bool
    reason: str | None = None
    description: str | None = None


class Health:
    """What a target's checks have made of it so far."""

    def __init__(self) -> None:
        self.state = State.INITIAL
        self.reason: str | None = "Elb.RegistrationInProgress"
        self.description: str | None = "Target registration is in progress"
        self._last_passed = False
        self._in_a_row = 0

    def begin_checks(self) -> None:
        """Note that the first check is on its way."""
        if self.state is State.INITIAL:
            self._become(State.INITIAL, "Elb.InitialHealthChecking", "Initial health checks in progress")

    def judge(self, outcome: Outcome, settings: HealthCheckSettings) -> bool:
        """Take in the outcome of a check; return whether the state has changed.

        A new target needs a single pass; otherwise the group's thresholds count results in a row.
        """
        self._in_a_row = self._in_a_row + 1 if outcome.passed == self._last_passed else 1
        self._last_passed = outcome.passed
        settled = State.HEALTHY if outcome.passed else State.UNHEALTHY
        if self.state is settled:
            self._become(settled, outcome.reason, outcome.description)
            return False
        if self._in_a_row < self._needed(outcome, settings):
            return False
        self._move(Event.PASSED if outcome.passed else Event.FAILED, outcome.reason, outcome.description)
        return True

    def deregister(self) -> None:
        """Begin to drain."""
        self._move(Event.DEREGISTERED, "Target.DeregistrationInProgress", "Target deregistration is in progress")

    def _needed(self, outcome: Outcome, settings: HealthCheckSettings) -> int:
        if not outcome.passed:
            return settings.unhealthy_threshold
        return 1 if self.state is State.INITIAL else settings.healthy_threshold

    def _move(self, event: Event, reason: str | None, description: str | None) -> None:
        after = _TRANSITIONS.get((self.state, event))
        if after is None:
            msg = f"a target that is {self.state} cannot be {event}: see the table of transitions"
            raise ValueError(msg)
        self._become(after, reason, description)

    def _become(self, state: State, reason: str | None, description: str | None) -> None:
        self.state, self.reason, self.description = state, reason, description


def probe(clock: Clock, network: Network, ip: str, port: int, settings: HealthCheckSettings) -> Outcome:
    """Check a target once: GET the path on a connection of its own, within the timeout.

    The request is `GET` with `Host: ip:port` and the user agent `ELB-HealthChecker/2.0`, and only its status counts.
    Over HTTPS no certificate is looked at; over TCP, and what else a Network Load Balancer has, a connection is enough.
    Source: also AWS NLB User Guide, "Health checks for Network Load Balancer target groups".
    """
    check_port = settings.port or port
    deadline = clock.now() + settings.timeout_seconds

    def seconds_left() -> float:
        return max(0.0, deadline - clock.now())

    try:
        connection = network.connect(ip, check_port, settings.timeout_seconds)
        try:
            if settings.protocol not in _HTTP:
                return Outcome(passed=True)
            if settings.protocol == "HTTPS":
                connection = TlsConnection(
                    connection, _unverified(), server_side=False, server_hostname=ip, timeout_seconds=seconds_left()
                )
            connection.send(_request(ip, check_port, settings.path))
            status = _read_status(connection, seconds_left)
        finally:
            connection.close()
    except TimeoutError:
        return Outcome(passed=False, reason="Target.Timeout", description="Request timed out")
    except (ConnectionError, ssl.SSLError):
        return Outcome(passed=False, reason="Target.FailedHealthChecks", description="Health checks failed")
    return judge_status(status, settings)


def _request(ip: str, port: int, path: str) -> bytes:
    text = (
        f"GET {path} HTTP/1.1\r\nHost: {ip}:{port}\r\nConnection: close\r\n"
        "User-Agent: ELB-HealthChecker/2.0\r\nAccept-Encoding: gzip, compressed\r\n\r\n"
    )
    return text.encode("latin-1")


@cache
def _unverified() -> ssl.SSLContext:
    """Return the context of a client that believes every server, as a load balancer does its targets."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _read_status(connection: Connection, seconds_left: Callable[[], float]) -> bytes:
    """Return the status code of an answer, or `b""` when what came is not one."""
    data = b""
    while b"\r\n" not in data and len(data) < _STATUS_LINE_BYTES_MAX:
        part = connection.receive(_STATUS_LINE_BYTES_MAX, seconds_left())
        if not part:
            break
        data += part
    version, _, rest = data.partition(b"\r\n")[0].partition(b" ")
    return rest[:3] if version.startswith(b"HTTP/1.") else b""


def judge_status(status: bytes, settings: HealthCheckSettings) -> Outcome:
    """Return what a check means that was answered with *status*; what is no status fails."""
    if not (len(status) == len(b"200") and status.isdigit()):
        return Outcome(passed=False, reason="Target.FailedHealthChecks", description="Health checks failed")
    if settings.accepts(int(status)):
        return Outcome(passed=True)
    description = f"Health checks failed with these codes: [{int(status)}]"
    return Outcome(passed=False, reason="Target.ResponseCodeMismatch", description=description)
