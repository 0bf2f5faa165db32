"""Tests of the platform as a scenario holds it: readiness, and waits that explain themselves."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn

import httpx
import pytest

from seatrials.environments.environment import Environment
from seatrials.errors import BrokenPromiseError, FatalStateError, WaitTimeoutError
from seatrials.evidence.recorder import Recorder
from seatrials.platform import Platform, Stack, contract, patience
from seatrials.platform.promises import COLD_START
from seatrials.platform.sessions import Session
from seatrials.twin.physics.clock import VirtualClock
from tests.support.aws import Json
from tests.support.calls import Handler

SESSION = Session("session-1", "u@example.com", "c", "thread-1", "https://alb.example/session/session-1", {})


@dataclass
class FakeIdlePlatform:
    """Answers every call of any service with a platform where nothing runs, and whose table has one session."""

    clock: VirtualClock
    initializing_until: float
    created_ms: int = field(init=False)

    def __post_init__(self) -> None:
        """Note when the session was asked for."""
        self.created_ms = self.clock.epoch_ms()

    def get_item(self, **_parameters: Json) -> dict[str, Any]:
        """Return the session's item."""
        status = "initializing" if self.clock.now() < self.initializing_until else "active"
        return {
            "Item": {
                "sessionId": {"S": SESSION.id},
                "userId": {"S": SESSION.user_id},
                "status": {"S": status},
                "createdAt": {"N": str(self.created_ms)},
            }
        }

    def describe_services(self, **_parameters: Json) -> dict[str, Any]:
        """Return a service that cannot start a task."""
        events = [{"message": "(service edit) was unable to place a task."}]
        return {"services": [{"desiredCount": 1, "runningCount": 0, "pendingCount": 0, "events": events}]}

    def describe_load_balancers(self, **_parameters: Json) -> dict[str, Any]:
        """Return one load balancer."""
        return {"LoadBalancers": [{"LoadBalancerArn": "arn:alb"}]}

    def get_metric_statistics(self, **_parameters: Json) -> dict[str, Any]:
        """Return a metric that nobody publishes."""
        return {"Datapoints": []}

    def get_paginator(self, operation: str) -> "FakeIdlePlatform":
        """Return what lists sessions, tasks or groups."""
        assert operation in {"query", "list_tasks", "describe_target_groups"}
        return self

    def paginate(self, **parameters: Json) -> list[dict[str, Any]]:
        """Return the session, no task and no group."""
        return [{"Items": [self.get_item(**parameters)["Item"]], "taskArns": [], "TargetGroups": []}]


def unused(*_arguments: object) -> NoReturn:
    """Stand for a part of the stack that the test does not touch."""
    raise NotImplementedError


@pytest.fixture
def make_platform(clock: VirtualClock, environment: Environment, recorder: Recorder) -> Callable[..., Platform]:
    """Return what makes a platform whose load balancer is a handler, and whose session initializes for some seconds."""

    def make(handler: Handler, initializing_seconds: float = 0) -> Platform:
        aws = FakeIdlePlatform(clock, clock.now() + initializing_seconds)
        stack = Stack(
            environment=environment,
            clock=clock,
            request_clock=clock,
            aws=lambda _service: aws,
            http=httpx.Client(transport=httpx.MockTransport(handler), base_url="https://alb.example"),
            url="https://alb.example",
            connect=unused,
            breaker=unused,  # no test breaks anything
            run_prefix="TEST_1",
        )
        return Platform(stack, recorder)

    return make


def hermes(clock: VirtualClock, *, active_at: float, preview_at: float, status: str = "active") -> Handler:
    """Return a load balancer behind which a session becomes *status*, then its preview answers."""
    began = clock.now()

    def handler(request: httpx.Request) -> httpx.Response:
        after = clock.now() - began
        if request.url.path.endswith("/status"):
            return httpx.Response(200, json={"status": status if after >= active_at else "initializing"})
        return httpx.Response(200 if after >= preview_at else 404)

    return handler


def test_a_session_is_ready_when_its_preview_answers(
    make_platform: Callable[..., Platform], clock: VirtualClock
) -> None:
    """Readiness is an active session and a preview that answers 200; the wait's length is returned."""
    platform = make_platform(hermes(clock, active_at=3, preview_at=6))

    assert platform.wait_ready(SESSION) == 6


def test_hermes_is_asked_now_and_then_about_a_session_that_initializes(
    make_platform: Callable[..., Platform], clock: VirtualClock
) -> None:
    """While the table says so every fifth look asks Hermes; once it says otherwise each one does."""
    began = clock.now()
    asked_after: list[float] = []

    def handler(_request: httpx.Request) -> httpx.Response:
        asked_after.append(clock.now() - began)
        return httpx.Response(200, json={"status": "active" if clock.now() >= began + 26 else "initializing"})

    platform = make_platform(handler, initializing_seconds=24)

    assert platform.wait_ready(SESSION) == 26
    assert asked_after == [0, 10, 20, 24, 26, 26]


def test_a_hermes_that_fails_meanwhile_ends_the_wait(
    make_platform: Callable[..., Platform], clock: VirtualClock
) -> None:
    """A session that initializes hides no Hermes that is down."""
    began = clock.now()
    platform = make_platform(lambda _request: httpx.Response(502, text="bad gateway"), initializing_seconds=999)

    with pytest.raises(AssertionError, match="502"):
        platform.wait_ready(SESSION)
    assert clock.now() == began


def test_sessions_that_start_together_have_one_time_limit(
    make_platform: Callable[..., Platform], clock: VirtualClock
) -> None:
    """The last of them has no longer than the first."""
    began = clock.now()
    ids = iter("abc")

    def handler(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            others = dict.fromkeys(("userId", "clientId", "threadId", "previewUrl"), "any")
            return httpx.Response(201, json={"sessionId": next(ids), **others})
        _, _, rest = request.url.path.partition("/hermes/api/sessions/")
        ready_after = {"a/status": 100, "b/status": 200, "c/status": 300, "": 0}[rest]
        return httpx.Response(200, json={"status": "active" if clock.now() >= began + ready_after else "initializing"})

    with pytest.raises(WaitTimeoutError, match="session b to be active"):
        make_platform(handler).ready_together(None, None, None)
    assert clock.now() == began + patience.READY_SECONDS


def test_a_wait_for_a_session_that_stays_initializing_says_so(
    make_platform: Callable[..., Platform], recorder: Recorder
) -> None:
    """The step of such a wait ends with what the table said."""
    answer = httpx.Response(200, json={"status": "initializing"})
    platform = make_platform(lambda _request: answer, initializing_seconds=999)

    with pytest.raises(WaitTimeoutError):
        platform.wait_ready(SESSION, timeout_seconds=32)

    assert [step.title for step in recorder.steps] == [
        "waited for session session-1 to be active and previewed",
        "session session-1 is initializing in the table",
    ]


def test_a_status_is_waited_for_in_the_table(make_platform: Callable[..., Platform], clock: VirtualClock) -> None:
    """Nobody else is asked, for a request could count as activity of the session."""
    asked: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(500)

    platform, began = make_platform(handler, initializing_seconds=7), clock.now()
    platform.wait_for_status(SESSION, "active")

    assert (clock.now() - began, asked) == (7, [])


def test_an_end_is_asked_for_and_waited_for(make_platform: Callable[..., Platform]) -> None:
    """A deactivation that is refused is no end, and neither is one that is taken while the session lives on."""
    refuses = make_platform(lambda _request: httpx.Response(410))
    lives_on = make_platform(lambda _request: httpx.Response(202))

    with pytest.raises(AssertionError, match=r"expected 202 for an end, got .* → 410"):
        refuses.end(SESSION)
    with pytest.raises(WaitTimeoutError, match="session session-1 to be expired"):
        lives_on.end(SESSION)


def test_a_session_that_has_failed_is_not_waited_for(
    make_platform: Callable[..., Platform], clock: VirtualClock
) -> None:
    """A final state ends the wait at once, with the state, the answer and the platform's own words."""
    platform = make_platform(hermes(clock, active_at=2, preview_at=999, status="error"))
    began = clock.now()

    with pytest.raises(FatalStateError) as failure:
        platform.wait_ready(SESSION)

    assert clock.now() - began == 2
    assert "gave up waiting for session session-1 to be active and previewed: the session is error" in str(
        failure.value
    )
    assert "event: (service edit) was unable to place a task." in str(failure.value)


def test_a_wait_with_a_session_that_is_overdue_meets_a_broken_promise(
    make_platform: Callable[..., Platform], clock: VirtualClock
) -> None:
    """Whatever is waited for: the error has the same words, and the row that asks for the promise."""
    platform = make_platform(lambda _request: httpx.Response(200), initializing_seconds=999)
    platform.sessions.clients[SESSION.client_id] = None
    with pytest.raises(WaitTimeoutError):
        platform.wait_until(lambda: False, 50, what="a task")
    with pytest.raises(BrokenPromiseError, match="waited 20 s for a task") as failure:
        platform.wait_until(lambda: False, 20, what="a task")

    assert failure.value.row == COLD_START.row
    assert clock.now() > contract.COLD_START_SECONDS_MAX


WAITED = "waited 30 s for session session-1 to be active and previewed"
INITIALIZING = '<GET /hermes/api/sessions/session-1/status → 200 from a service: {"status":"initializing"}>'


def test_a_wait_that_is_over_explains_the_platform(make_platform: Callable[..., Platform], clock: VirtualClock) -> None:
    """A session that is not ready in time fails with what was waited for and the state of the service."""
    platform = make_platform(hermes(clock, active_at=999, preview_at=999))
    platform.sessions.clients["c"] = None

    with pytest.raises(WaitTimeoutError) as failure:
        platform.wait_ready(SESSION, timeout_seconds=30)

    assert str(failure.value).splitlines() == [
        f"{WAITED}; last seen: its status is initializing: {INITIALIZING}",
        "edit service: desired 1, running 0, pending 0",
        "  event: (service edit) was unable to place a task.",
        "hermes service: desired 1, running 0, pending 0",
        "  event: (service edit) was unable to place a task.",
        "ActiveSessionCount: no value of the last 5 minutes",
        "session-1: active",
    ]


def test_a_wait_is_one_step(make_platform: Callable[..., Platform], clock: VirtualClock, recorder: Recorder) -> None:
    """However often it asks, a wait leaves its length and the last answer."""
    make_platform(hermes(clock, active_at=9, preview_at=9)).wait_ready(SESSION)

    assert [step.title for step in recorder.steps] == [
        "waited for session session-1 to be active and previewed",
        "GET /session/session-1 → 200",
    ]


def test_tasks_run_beside_one_another(make_platform: Callable[..., Platform], clock: VirtualClock) -> None:
    """Results come in the order of the tasks, and the time is that of the longest."""
    platform = make_platform(unused)
    began = clock.now()

    def sleep(seconds: int) -> int:
        clock.sleep(seconds)
        return seconds

    assert platform.in_parallel(lambda: sleep(3), lambda: sleep(1), lambda: sleep(2)) == [3, 1, 2]
    assert clock.now() - began == 3


def test_tasks_begin_at_a_rate(make_platform: Callable[..., Platform], clock: VirtualClock) -> None:
    """Each begins at its time, though the one before it is not done."""
    platform = make_platform(unused)
    began = clock.now()

    def beginning() -> float:
        moment = clock.now() - began
        clock.sleep(60)
        return moment

    assert platform.at_rate(2, beginning, beginning, beginning) == [0, 0.5, 1]
    assert clock.now() - began == 61


def test_a_sample_is_recorded(make_platform: Callable[..., Platform], recorder: Recorder) -> None:
    """A measurement goes to the scenario's evidence."""
    make_platform(unused).sample("cold_start_seconds", 31)

    assert [(sample.name, sample.value, sample.unit) for sample in recorder.samples] == [
        ("cold_start_seconds", 31, "seconds")
    ]


def test_time_passes_when_a_requirement_names_it(
    make_platform: Callable[..., Platform], clock: VirtualClock, recorder: Recorder
) -> None:
    """Time that is let pass is exact, and a step says why."""
    began = clock.now()

    make_platform(unused).let_pass(240, what="4 minutes without a request")

    assert clock.now() - began == 240
    assert [step.title for step in recorder.steps] == ["waited for 4 minutes without a request"]


def test_there_are_no_neighbours_where_one_session_may_be_had(
    make_platform: Callable[..., Platform], environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scenario then has its own session alone, and what it asks of its neighbours it asks of nobody."""
    platform = make_platform(unused)
    started: list[dict[str, object] | None] = []

    def ready(request: dict[str, object] | None = None) -> Session:
        started.append(request)
        return SESSION

    monkeypatch.setattr(platform, "ready", ready)
    monkeypatch.setattr(platform, "_three_ready", lambda: [SESSION] * 3)
    wanted: dict[str, object] = {"clientId": "c"}
    among_others = platform.neighbours(None, wanted), platform.ready_among_tasks()
    assert among_others == ([SESSION, SESSION], SESSION)
    assert started == [None, wanted]
    assert platform.recorder.left_out == []

    started.clear()
    platform.environment = environment.model_copy(update={"capabilities": frozenset()})
    alone = platform.neighbours(None, wanted), platform.ready_among_tasks()
    assert alone == ([], SESSION)
    assert started == [None]
    why = "one session at a time may be had here"
    assert platform.recorder.left_out == [f"of neighbours: {why}", f"among three tasks: {why}"]
