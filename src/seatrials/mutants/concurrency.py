"""What can go wrong when several sessions are asked for at once: activations, capacity, scaling, locks."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from seatrials.mutants.mutant import Mutant, edit_template, replace
from seatrials.seams.http1 import Request, Response, json_response
from seatrials.webordinary.editor.sessions import Session as HostedSession
from seatrials.webordinary.editor.sessions import Sessions as HostedSessions
from seatrials.webordinary.hermes import controller, lifecycle, lock, rules, store
from seatrials.webordinary.hermes.activation import Activations, FullError
from seatrials.webordinary.hermes.items import attributes
from seatrials.webordinary.hermes.lifecycle import Session, Status
from seatrials.webordinary.hermes.lock import ActivationLock, Lease
from seatrials.webordinary.hermes.publisher import Publisher
from seatrials.webordinary.hermes.routes import Routes
from seatrials.webordinary.hermes.routing import Router
from seatrials.webordinary.hermes.store import SessionStore
from seatrials.webordinary.hermes.table import Table
from seatrials.webordinary.hermes.validation import Activation

Document = dict[str, Any]
_TOO_MANY = 429
_COUNTED_REQUESTS_MAX = 3


def _properties(document: Document, resource: str) -> Document:
    properties: Document = document["Resources"][resource]["Properties"]
    return properties


def _steps(document: Document) -> list[Document]:
    steps: list[Document] = _properties(document, "ScaleOutPolicy")["StepScalingPolicyConfiguration"]["StepAdjustments"]
    return steps


def _three_tasks_from_two_sessions(document: Document) -> None:
    first, second = _steps(document)
    first["MetricIntervalUpperBound"] = second["MetricIntervalLowerBound"] = 1


def _two_tasks_at_most(document: Document) -> None:
    _properties(document, "EditScalableTarget")["MaxCapacity"] = 2


def _six_tasks_for_six_sessions(document: Document) -> None:
    _properties(document, "EditScalableTarget")["MaxCapacity"] = 6
    _steps(document)[-1]["MetricIntervalUpperBound"] = 5
    _steps(document).append({"MetricIntervalLowerBound": 5, "ScalingAdjustment": 6})


def _policies(document: Document) -> list[Document]:
    names = ("ScaleOutPolicy", "ScaleInPolicy")
    return [_properties(document, name)["StepScalingPolicyConfiguration"] for name in names]


def _cooldown_of_six_seconds(document: Document) -> None:
    for policy in _policies(document):
        policy["Cooldown"] = 6


def _cooldown_left_out(document: Document) -> None:
    for policy in _policies(document):
        del policy["Cooldown"]


def _id_from_the_clock(activations: Activations) -> uuid.UUID:
    return uuid.UUID(int=int(activations.clock.now()), version=4)


_open = HostedSessions.open


def _one_at_a_time(sessions: HostedSessions, session_id: str, body: Document) -> HostedSession:
    session = _open(sessions, session_id, body)
    sessions._hosted = {session_id: session}
    return session


_activate_route = Routes.activate


def _without_retry_after(routes: Routes, request: Request, rest: str) -> Response:
    answer = _activate_route(routes, request, rest)
    return Response(answer.status, answer.body) if answer.status == _TOO_MANY else answer


_activate = Activations.activate


def _stored_before_counted(activations: Activations, wanted: Activation) -> tuple[Session, bool]:
    try:
        return _activate(activations, wanted)
    except FullError:
        activations.store.add(activations.new_session(wanted))
        raise


def _oldest_makes_room(activations: Activations, wanted: Activation) -> tuple[Session, bool]:
    try:
        return _activate(activations, wanted)
    except FullError:
        activations.store.change_status(activations.store.live_sessions()[0], Status.DRAINING)
        raise


_put_metric = Publisher._put


def _nothing_for_zero(publisher: Publisher, count: int) -> None:
    if count:
        _put_metric(publisher, count)


def _answered_when_active(routes: Routes, request: Request, rest: str) -> Response:
    """Stand in for an activation that is answered when the container is there."""
    answer = _activate_route(routes, request, rest)
    for _ in range(50):
        if any(each.status is Status.ACTIVE for each in routes.store.live_sessions()):
            break
        routes.clock.sleep(1)
    return answer


_status_route = Routes.status


def _status_after_the_next_look(routes: Routes, request: Request, session_id: str) -> Response:
    routes.wake_controller()
    routes.clock.sleep(controller.TICK_PENDING_SECONDS)
    return _status_route(routes, request, session_id)


_handle = Routes.handle


def _limited_by_peer(routes: Routes, request: Request) -> Response:
    """Stand in for a limit per address, where every request comes from the load balancer's."""
    counted: Any = routes.clock
    second = int(routes.clock.now())
    before = getattr(counted, "_counted", (0, 0))
    counted._counted = (second, before[1] + 1 if before[0] == second else 1)
    if counted._counted[1] > _COUNTED_REQUESTS_MAX:
        return json_response(_TOO_MANY, {"error": "too many requests"}, {"retry-after": "1"})
    return _handle(routes, request)


@contextmanager
def _unheld(activation_lock: ActivationLock) -> Iterator[Lease]:
    """Stand in for no lock at all: look whether there is a session, then write one."""
    clock = activation_lock._clock
    yield Lease(clock, clock.epoch_ms() + lock.LOCK_SECONDS * 1000)


def _live_by_the_index(sessions: SessionStore) -> list[Session]:
    """Stand in for a reader of the live sessions that trusts an index."""
    found: list[Session] = []
    for status in lifecycle.LIVE:
        answer = sessions._table._client.query(
            TableName=sessions._table._name,
            IndexName="status-lastActivity-index",
            KeyConditionExpression="#status = :status",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":status": {"S": str(status)}},
        )
        found += store._sessions(answer["Items"])
    return found


def _read_then_taken(activation_lock: ActivationLock, owner: str) -> Lease | None:
    """Stand in for a lock that is read, found free, and written without a condition."""
    table, clock = activation_lock._table, activation_lock._clock
    if table.partition(lock.LOCK_KEY["sessionId"]):
        return None
    ends_at_ms = clock.epoch_ms() + lock.LOCK_SECONDS * 1000
    item = attributes({**lock.LOCK_KEY, "owner": owner, "expiresAt": ends_at_ms, "ttl": ends_at_ms // 1000})
    table._call("put_item", {"Item": item})
    return Lease(clock, ends_at_ms)


MUTANTS = (
    Mutant(
        "ids-from-the-clock",
        breaks="CONC-01",
        sentence="a session's id is made of the second in which it is asked for",
        changes=(replace(Activations, "_uuid", _id_from_the_clock),),
    ),
    Mutant(
        "lock-tried-once",
        breaks="CONC-01",
        sentence="an activation that finds the lock taken is answered 503 at once",
        changes=(replace(lock, "_WAIT_SECONDS_MAX", 0.001),),
    ),
    Mutant(
        "looks-every-two-minutes",
        breaks="CONC-02",
        sentence="Hermes looks after sessions that wait for a container every two minutes instead of two seconds",
        changes=(replace(controller, "TICK_PENDING_SECONDS", 120),),
    ),
    Mutant(
        "three-tasks-from-two-sessions",
        breaks="CONC-03",
        sentence="the bound between the scaling policy's steps is off by one",
        changes=(edit_template(_three_tasks_from_two_sessions),),
    ),
    Mutant(
        "two-tasks-at-most",
        breaks="CONC-03",
        sentence="the scalable target ends at two tasks, so the third is never there",
        changes=(edit_template(_two_tasks_at_most),),
    ),
    Mutant(
        "six-tasks-for-six-sessions",
        breaks="CONC-04",
        sentence="a further step starts a task for each of six sessions",
        changes=(edit_template(_six_tasks_for_six_sessions),),
    ),
    Mutant(
        "one-session-a-container",
        breaks="CONC-04",
        sentence="a container that opens a session closes the one it had",
        changes=(replace(HostedSessions, "open", _one_at_a_time),),
    ),
    Mutant(
        "thirteen-sessions",
        breaks="CONC-05",
        sentence="the 13th session is taken: the limit is off by one",
        changes=(replace(lifecycle, "SESSIONS_MAX", 13),),
    ),
    Mutant(
        "refusal-without-retry-after",
        breaks="CONC-05",
        sentence="a refusal at capacity does not say when to come back",
        changes=(replace(Routes, "activate", _without_retry_after),),
    ),
    Mutant(
        "refused-but-stored",
        breaks="CONC-05",
        sentence="a session that is refused at capacity is in the table all the same",
        changes=(replace(Activations, "activate", _stored_before_counted),),
    ),
    Mutant(
        "oldest-session-makes-room",
        breaks="CONC-05",
        sentence="a refusal at capacity ends the oldest session, so that there is room when the client comes back",
        changes=(replace(Activations, "activate", _oldest_makes_room),),
    ),
    Mutant(
        "cooldown-of-six-seconds",
        breaks="CONC-06",
        sentence="the cooldown of the scaling policies has lost a digit",
        changes=(edit_template(_cooldown_of_six_seconds),),
    ),
    Mutant(
        "cooldown-left-out",
        breaks="CONC-06",
        sentence="the scaling policies name no cooldown and get AWS's of five minutes",
        changes=(edit_template(_cooldown_left_out),),
    ),
    Mutant(
        "zero-not-published",
        breaks="CONC-13",
        sentence="a count of 0 is taken for no count, and not published",
        changes=(replace(Publisher, "_put", _nothing_for_zero),),
    ),
    Mutant(
        "target-groups-left-behind",
        breaks="CONC-13",
        sentence="the target groups of a task that is gone stay, and its targets with them",
        changes=(replace(Router, "_delete_group", lambda _router, _arn: None),),
    ),
    Mutant(
        "lock-kept-until-it-ends",
        breaks="CONC-14",
        sentence="the activation lock is not given back, and ends by itself after ten seconds",
        changes=(replace(Table, "delete_surely", lambda _table, _key, _condition=None: None),),
    ),
    Mutant(
        "answered-when-active",
        breaks="CONC-14",
        sentence="an activation is answered when the container is there",
        changes=(replace(Routes, "activate", _answered_when_active),),
    ),
    Mutant(
        "status-after-the-next-look",
        breaks="CONC-15",
        sentence="a status is answered after Hermes has looked at all sessions again",
        changes=(replace(Routes, "status", _status_after_the_next_look),),
    ),
    Mutant(
        "limited-by-peer",
        breaks="CONC-15",
        sentence="requests are limited by address, and all come from the load balancer's",
        changes=(replace(Routes, "handle", _limited_by_peer),),
    ),
    Mutant(
        "rules-for-six-sessions",
        breaks="CONC-16",
        sentence="there are listener priorities for six sessions only, and the others get no container",
        changes=(replace(rules, "PRIORITIES", range(150, 168)),),
    ),
    Mutant(
        "checks-and-then-writes",
        breaks="CONC-17",
        sentence="activations look for a session and store one without a lock",
        changes=(replace(ActivationLock, "held", _unheld),),
    ),
    Mutant(
        "lock-read-and-then-taken",
        breaks="CONC-17",
        sentence="the activation lock is read, found free, and taken without a condition",
        changes=(replace(ActivationLock, "_try", _read_then_taken),),
    ),
    Mutant(
        "index-assumed-consistent",
        breaks="CONC-17",
        sentence="an activation looks for the live sessions in an index, which does not yet know of the newest",
        changes=(replace(SessionStore, "live_sessions", _live_by_the_index),),
    ),
)
