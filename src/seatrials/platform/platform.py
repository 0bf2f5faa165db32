"""The platform under test, as a scenario holds it."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import httpx

from seatrials.clock import in_parallel, wait_until
from seatrials.errors import FatalStateError
from seatrials.evidence import Recorder
from seatrials.platform.balancer import Balancer
from seatrials.platform.calls import Calls
from seatrials.platform.infrastructure import Infrastructure
from seatrials.platform.raw import RawClient
from seatrials.platform.services import Services
from seatrials.platform.sessions import Session, Sessions
from seatrials.platform.stack import Stack
from seatrials.platform.telemetry import Telemetry
from seatrials.platform.websocket import WebSockets
from seatrials.platform.workspace import Workspace

T = TypeVar("T")

# How long a session may take to become ready before waiting for it fails; Hermes itself gives up after 120 s.
READY_TIMEOUT_SECONDS = 120.0


class Platform:
    """Sessions, services, balancer, telemetry and faults of one open stack."""

    def __init__(self, stack: Stack, recorder: Recorder) -> None:
        environment = stack.environment
        calls = Calls(stack.http, stack.clock, recorder)
        self.environment = environment
        self.url = stack.url
        self.faults = stack.faults
        self.recorder = recorder
        self.clock = stack.clock
        self.sessions = Sessions(calls, stack.aws("dynamodb"), environment, stack.run_prefix)
        self.services = Services(stack.aws("ecs"), stack.aws("application-autoscaling"), environment)
        self.balancer = Balancer(calls, stack.aws("elbv2"), environment)
        self.raw = RawClient(stack.connect, stack.url, recorder)
        self.websockets = WebSockets(stack.connect, stack.clock, stack.url, recorder)
        self.infrastructure = Infrastructure(stack.aws, environment)
        self.telemetry = Telemetry(stack.aws("cloudwatch"), stack.clock, environment, self.services, self.balancer)
        self._calls = calls

    @property
    def plain_url(self) -> str:
        """Where the load balancer answers without TLS."""
        return f"http://{httpx.URL(self.url).host}:{self.environment.ports.http}"

    def workspace(self, session: Session) -> Workspace:
        """Return the workspace of a session."""
        return Workspace(self._calls, session)

    def ready(self, request: dict[str, object] | None = None) -> Session:
        """Start a session and wait until it is ready."""
        session = self.sessions.start(request)
        self.wait_ready(session)
        return session

    def ready_on_each_task(self, tasks: int = 3) -> dict[str, Session]:
        """Start sessions until each of so many edit tasks has one; return one session a task, by the task's ARN.

        The first sessions may share the task that is up first. From three sessions on the service has three tasks.
        """
        sessions = self.in_parallel(*[self.sessions.start] * tasks)
        self.wait_until(
            lambda: self.services.edit_counts().running == tasks, 180, what=f"{tasks} edit tasks", every_seconds=2
        )
        for session in sessions:
            self.wait_ready(session)
        hosted = {self.sessions.host(session): session for session in sessions}
        while len(hosted) < tasks and len(sessions) < 3 * tasks:
            sessions.append(self.ready())
            hosted.setdefault(self.sessions.host(sessions[-1]), sessions[-1])
        assert len(hosted) == tasks, f"{len(sessions)} sessions are on {sorted(hosted)}, not on {tasks} tasks"
        return hosted

    def wait_ready(self, session: Session, timeout_seconds: float = READY_TIMEOUT_SECONDS) -> float:
        """Wait until a session is active and its preview answers 200; return the seconds waited.

        Stops at once, with the reason, when the session has ended in `error` or expired.
        """
        began = self.clock.now()
        self.wait_until(
            lambda: self._is_ready(session), timeout_seconds, what=f"session {session.id} to be active and previewed"
        )
        return self.clock.now() - began

    def wait_until(
        self, condition: Callable[[], T], timeout_seconds: float, *, what: str, every_seconds: float = 1.0
    ) -> T:
        """Wait on the platform's time; a wait that fails explains the platform's state."""
        with self.recorder.waiting(what):
            return wait_until(
                self.clock,
                condition,
                timeout_seconds,
                what=what,
                every_seconds=every_seconds,
                explain=self.telemetry.explain,
            )

    def let_pass(self, seconds: float, *, what: str) -> None:
        """Let platform time pass because the requirement names it: idleness, an interval between visits."""
        due = self.clock.now() + seconds
        self.wait_until(lambda: self.clock.now() >= due, seconds + 1, what=what, every_seconds=seconds)

    def in_parallel(self, *tasks: Callable[[], T]) -> list[T]:
        """Run *tasks* beside one another and return their results in order."""
        return in_parallel(self.clock, tasks)

    def at_rate(self, per_second: float, *tasks: Callable[[], T]) -> list[T]:
        """Begin so many of *tasks* each second, whether the ones before are done or not; return results in order."""

        def begin(index: int, task: Callable[[], T]) -> T:
            self.clock.sleep(index / per_second)
            return task()

        return self.in_parallel(*(partial(begin, index, task) for index, task in enumerate(tasks)))

    def sample(self, name: str, value: float, unit: str = "seconds") -> None:
        """Record a measurement of this scenario."""
        self.recorder.sample(name, value, unit)

    def _is_ready(self, session: Session) -> bool:
        answer = self.sessions.status(session)
        status = answer.json().get("status")
        if status in ("error", "expired"):
            msg = f"the session is {status}: {answer}"
            raise FatalStateError(msg)
        return status == "active" and self.sessions.preview(session).status == 200  # noqa: PLR2004  # HTTP's own
