"""The platform under test, as a scenario holds it."""

import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from seatrials.environments.capabilities import Capability
from seatrials.errors import BrokenPromiseError, FatalStateError, WaitTimeoutError
from seatrials.evidence.recorder import Recorder
from seatrials.platform import contract, patience
from seatrials.platform.balancer import Balancer
from seatrials.platform.calls import Calls
from seatrials.platform.diagnosis import Diagnosis
from seatrials.platform.faults import declared
from seatrials.platform.infrastructure import Infrastructure
from seatrials.platform.promises import COLD_START, breaks_cold_start
from seatrials.platform.raw import RawClient
from seatrials.platform.services import Counts, Services
from seatrials.platform.sessions import Session, Sessions
from seatrials.platform.skew import ScenarioSkew
from seatrials.platform.stack import Stack
from seatrials.platform.telemetry import Telemetry
from seatrials.platform.waited import Waited
from seatrials.platform.websocket import WebSockets
from seatrials.platform.workspace import Workspace
from seatrials.seams.clock import Clock, NotYet, in_parallel, wait_until

T = TypeVar("T")

# How many looks of a wait at a session that initializes there are for each that asks Hermes.
_LOOKS_PER_REQUEST = 5
# New sessions go to the task with the fewest, so the sixth at the latest has reached the last of three tasks.
_SESSIONS_FOR_THREE_TASKS_MAX = 6


class Platform:
    """Sessions, services, balancer, telemetry and faults of one open stack, and requests of any kind by `http`."""

    def __init__(self, stack: Stack, recorder: Recorder, waited: Waited | None = None) -> None:
        """*waited* learns how long is waited for sessions and their tasks."""
        environment, names = stack.environment, stack.environment.names
        self.environment = environment
        self.http = Calls(stack.http, stack.request_clock, recorder)
        self.url = stack.url
        self.faults = declared(stack.breaker, recorder)
        self.recorder = recorder
        self.clock = stack.clock
        self.request_clock = stack.request_clock
        settle = partial(self.let_pass, patience.INDEX_SECONDS, what="the table's indexes to have what was written")
        self.sessions = Sessions(self.http, stack.aws("dynamodb"), names, stack.run_prefix, settle)
        self.services = Services(stack.aws("ecs"), stack.aws("application-autoscaling"), names)
        self.balancer = Balancer(stack.aws("elbv2"), names, environment.ports)
        self.raw = RawClient(stack.connect, stack.url, recorder)
        self.websockets = WebSockets(stack.connect, stack.clock, stack.request_clock, stack.url, recorder)
        self.infrastructure = Infrastructure(stack.aws, environment)
        self.telemetry = Telemetry(stack.aws("cloudwatch"), stack.clock, names, recorder.history)
        self.skew = ScenarioSkew(self.http, stack.clock)
        self._waited = waited or Waited(stack.clock.now)
        self._looking = stack.looking or stack.aws
        self._run_prefix = stack.run_prefix

    @property
    def plain_url(self) -> str:
        """Where the load balancer answers without TLS."""
        port = self.environment.http_port or self.environment.ports.http
        return f"http://{httpx.URL(self.url).host}:{port}"

    @property
    def tls_url(self) -> str:
        """Where the load balancer answers with TLS, with the port that browsers leave out."""
        url = httpx.URL(self.url)
        return f"https://{url.host}:{url.port or self.environment.ports.https}"

    def workspace(self, session: Session) -> Workspace:
        """Return the workspace of a session."""
        return Workspace(self.http, session)

    def ready(self, request: dict[str, object] | None = None) -> Session:
        """Start a session and wait until it is ready."""
        session = self.sessions.start(request)
        self.wait_ready(session)
        return session

    def neighbours(self, *requests: dict[str, object] | None) -> list[Session]:
        """Return ready sessions of other clients, one for each of *requests* (None: any).

        There are none where a scenario may have one session at a time. What it asks of its neighbours is then asked of
        nobody, which its evidence says, and the gate lists it as not proven there.
        """
        if not self.environment.allows(Capability.SESSIONS):
            self.recorder.leave_out("of neighbours: one session at a time may be had here")
            return []
        return [self.ready(request) for request in requests]

    def ready_among_tasks(self) -> Session:
        """Return a ready session of a service with three tasks, so that a request may go to a wrong one.

        Where one session may be had the service is as it is, which the evidence says as for `neighbours`.
        """
        if not self.environment.allows(Capability.SESSIONS):
            self.recorder.leave_out("among three tasks: one session at a time may be had here")
            return self.ready()
        return self._three_ready()[0]

    def ready_on_three_tasks(self) -> list[Session]:
        """Start three sessions, for which the edit service has three tasks, and wait until all are ready.

        A task may host several of them, and another none: the first task that is up is taken at once. Tasks that were
        there before stay for the length of a scenario: what the alarms saw before these sessions has been acted on.
        """
        began = self.clock.now() - self.skew.allowance_seconds
        sessions = self._three_ready()
        if not self.services.edit_scalings(began):
            with self._waited.counted():
                self.let_pass(patience.SCALED_IN_SECONDS, what="a scale-in of before to come, if it comes")
                self.wait_for_three_tasks()
        for session in sessions:
            self.wait_ready(session)
        return sessions

    def _three_ready(self) -> list[Session]:
        sessions = self.in_parallel(*[self.sessions.start] * contract.TASKS_MAX)
        self.wait_for_three_tasks()
        for session in sessions:
            self.wait_ready(session)
        return sessions

    def wait_for_three_tasks(self) -> None:
        """Wait until the edit service, which has sessions for three tasks, has three healthy ones."""
        groups = {path: self.balancer.shared_group(path) for path in ("/api/*", "/preview/*")}

        def three_healthy() -> bool | NotYet:
            for path, group in groups.items():
                states = self.balancer.states(group)
                if states != ["healthy"] * contract.TASKS_MAX:
                    return NotYet(f"the targets of {path} are {_counted(states)}")
            return True

        with self._waited.counted():
            self.wait_until(three_healthy, patience.READY_SECONDS, what="three healthy edit tasks", every_seconds=4)
            self.wait_for_routing()

    def ready_on_each_task(self) -> dict[str, Session]:
        """Start sessions until each of three edit tasks has one; return one session a task, by the task's ARN."""
        sessions = self.ready_on_three_tasks()
        hosted = {self.sessions.host(session): session for session in sessions}
        while len(hosted) < len(self.services.edit_task_arns()) and len(sessions) < _SESSIONS_FOR_THREE_TASKS_MAX:
            sessions.append(self.ready())
            hosted.setdefault(self.sessions.host(sessions[-1]), sessions[-1])
        assert len(hosted) == contract.TASKS_MAX, f"{len(sessions)} sessions are on {sorted(hosted)}"
        return hosted

    def ready_together(self, *requests: dict[str, object] | None) -> list[Session]:
        """Start a session for each of *requests* at the same moment (None: any), and wait until all are ready."""
        sessions = self.in_parallel(*(partial(self.sessions.start, request) for request in requests))
        deadline = self.clock.now() + patience.READY_SECONDS
        for session in sessions:
            self.wait_ready(session, max(0.0, deadline - self.clock.now()))
        return sessions

    def wait_ready(
        self, session: Session, timeout_seconds: float = patience.READY_SECONDS, *, every_seconds: float = 2.0
    ) -> float:
        """Wait until a session is active and its preview answers 200; return the seconds waited.

        Stops at once, with the reason, when the session has ended in `error` or expired. While the table says that it
        is initializing, only every fifth look asks Hermes too.
        """
        began = self.clock.now()
        looks = itertools.count()
        with self._waited.counted():
            self.wait_until(
                lambda: self._is_ready(session, next(looks)),
                timeout_seconds,
                what=f"session {session.id} to be active and previewed",
                every_seconds=every_seconds,
            )
        return self.clock.now() - began

    def wait_for_another_task(self, session: Session, before: str) -> None:
        """Wait until another task than *before* hosts a session, as the table says."""
        with self._waited.counted():
            self.wait_until(
                lambda: self.sessions.host(session) != before,
                patience.READY_SECONDS,
                what="another task to serve the session",
                every_seconds=2,
            )

    def wait_for_recovery(self, session: Session, before: str, *, after: str, since: float | None = None) -> float:
        """Wait until another task than *before* serves a session's preview; return how long that took, from now on.

        Or from *since*. It is recorded as `recovery_seconds`, and by what was broken: `recovery_after_<after>_seconds`.
        """
        began = self.clock.now() if since is None else since
        self.wait_for_another_task(session, before)
        self.wait_until(
            lambda: self._is_previewed(session), patience.RESERVE_SECONDS, what="the preview of the new task"
        )
        seconds = self.clock.now() - began
        for name in ("recovery_seconds", f"recovery_after_{after}_seconds"):
            self.sample(name, seconds)
        return seconds

    def wait_for_metric(self, kept: Sequence[Session] = ()) -> float:
        """Wait until ActiveSessionCount has a value of a minute that begins from now on, and return it.

        Sessions that are *kept* are told to be in use meanwhile: it takes minutes, of which they have five.
        """
        since = self.clock.now() + self.skew.allowance_seconds
        values: list[float] = []

        def told() -> bool | NotYet:
            for session in kept:
                self.sessions.keepalive(session)
            value = self.telemetry.active_sessions_after(since)
            if isinstance(value, NotYet):
                return value
            values.append(value)
            return True

        what = f"{self.environment.names.metric} to be told of a minute from now on"
        self.wait_until(told, patience.METRIC_TOLD_SECONDS, what=what, every_seconds=10)
        return values[0]

    def wait_for_counts(self, expected: Counts) -> None:
        """Wait until ECS counts the edit service's tasks so: it counts a task some time after requests reach it."""
        self.wait_until(lambda: self._counts_are(expected), patience.RESERVE_SECONDS, what=f"ECS to count {expected}")

    def wait_for_status(
        self, session: Session, status: str, timeout_seconds: float = 60, *, every_seconds: float = 1.0
    ) -> None:
        """Wait until the table says that a session has a status."""
        self.wait_until(
            lambda: self._has_status(session, status),
            timeout_seconds,
            what=f"session {session.id} to be {status}",
            every_seconds=every_seconds,
        )

    def wait_for_routing(self) -> None:
        """Wait until each node of the load balancer has followed what was changed before: none tells when it has."""
        self.let_pass(patience.ROUTED_SECONDS, what="each node of the load balancer to follow a change")

    def end(self, session: Session) -> None:
        """Deactivate a session, and wait until it has expired."""
        answer = self.sessions.deactivate(session)
        assert answer.status == 202, f"expected 202 for an end, got {answer}"  # noqa: PLR2004  # HTTP's own
        self.wait_for_status(session, contract.EXPIRED)

    def wait_until(
        self, condition: Callable[[], T], timeout_seconds: float, *, what: str, every_seconds: float = 1.0
    ) -> T:
        """Wait on the platform's time; a wait that fails explains the platform's state.

        Raises `BrokenPromiseError` when a session of the scenario has not started in time meanwhile.
        """
        with self.recorder.waiting(what):
            try:
                return wait_until(
                    self.clock,
                    condition,
                    timeout_seconds,
                    what=what,
                    every_seconds=every_seconds,
                    explain=self._explain,
                    last_step=self.recorder.last_within_wait,
                )
            except (FatalStateError, WaitTimeoutError) as error:
                if self._is_overdue():
                    raise BrokenPromiseError(str(error), COLD_START.row, COLD_START.about) from error
                raise

    def let_pass(self, seconds: float, *, what: str) -> None:
        """Let platform time pass because the requirement names it: idleness, an interval between visits."""
        due = self.clock.now() + seconds
        self.wait_until(lambda: self.clock.now() >= due, seconds + 1, what=what, every_seconds=seconds)

    def in_parallel(self, *tasks: Callable[[], T]) -> list[T]:
        """Run *tasks* beside one another and return their results in order."""
        return in_parallel(self.clock, tasks)

    def at_rate(self, per_second: float, *tasks: Callable[[], T]) -> list[T]:
        """Begin so many of *tasks* each second, whether the ones before are done or not; return results in order."""
        return self._at_rate(self.clock, per_second, tasks)

    def at_request_rate(self, per_second: float, *tasks: Callable[[], T]) -> list[T]:
        """Do as `at_rate` does in the seconds of requests: a platform at a faster pace is under the load that is named.

        For load, which takes real time; `at_rate` is for what people do, at the platform's own time.
        """
        return self._at_rate(self.request_clock, per_second, tasks)

    def sample(self, name: str, value: float, unit: str = "seconds") -> None:
        """Record a measurement of this scenario."""
        self.recorder.sample(name, value, unit)

    def _explain(self) -> str:
        """Return the state of the platform and of this scenario's sessions, for the message of a wait that failed."""
        aws, names = self._looking, self.environment.names
        diagnosis = Diagnosis(
            Services(aws("ecs"), aws("application-autoscaling"), names),
            Balancer(aws("elbv2"), names, self.environment.ports),
            Telemetry(aws("cloudwatch"), self.clock, names, self.recorder.history),
            self._looking_sessions(),
            names,
        )
        return diagnosis.explain()

    def _is_overdue(self) -> bool:
        """Whether a session of the scenario has not started in time; a table that cannot be read does not say so."""
        try:
            return breaks_cold_start(self._looking_sessions().items_of_run(), self.clock.now())
        except (BotoCoreError, ClientError):
            return False

    def _looking_sessions(self) -> Sessions:
        """Return the scenario's sessions as one looks at them for the message of a wait that failed."""
        names, clients = self.environment.names, self.sessions.clients
        return Sessions(self.http, self._looking("dynamodb"), names, self._run_prefix, clients=clients)

    def _at_rate(self, clock: Clock, per_second: float, tasks: Sequence[Callable[[], T]]) -> list[T]:
        def begin(index: int, task: Callable[[], T]) -> T:
            clock.sleep(index / per_second)
            return task()

        return self.in_parallel(*(partial(begin, index, task) for index, task in enumerate(tasks)))

    def _counts_are(self, expected: Counts) -> bool | NotYet:
        counts = self.services.edit_counts()
        return counts == expected or NotYet(f"it counts {counts}")

    def _has_status(self, session: Session, status: str) -> bool | NotYet:
        stored = self.sessions.stored_status(session)
        return stored == status or NotYet("no item in the table" if stored is None else f"{stored} in the table")

    def _is_ready(self, session: Session, look: int) -> bool | NotYet:
        # A read of the table takes less of a platform than a request to it, but shows nothing of a Hermes that fails.
        if look % _LOOKS_PER_REQUEST and self.sessions.is_initializing(session):
            self.recorder.step(f"session {session.id} is initializing in the table")
            return NotYet("it is initializing in the table")
        answer = self.sessions.status(session)
        status = answer.json().get("status")
        if status in contract.FINAL:
            msg = f"the session is {status}: {answer}"
            raise FatalStateError(msg)
        if status != contract.ACTIVE:
            return NotYet(f"its status is {status or 'not told'}: {answer}")
        return self._is_previewed(session)

    def _is_previewed(self, session: Session) -> bool | NotYet:
        preview = self.sessions.preview(session)
        return preview.status == 200 or NotYet(f"it is active, and its preview is {preview}")  # noqa: PLR2004  # HTTP's own


def _counted(states: Sequence[str]) -> str:
    """Return how many targets have each state, as in `3 healthy, 1 draining`."""
    return ", ".join(f"{count} {state}" for state, count in Counter(states).most_common()) or "none"
