"""What can go wrong in how Hermes looks after sessions: capacity, locks, claims, counts, restarts, ends, leftovers."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
from boto3.dynamodb.conditions import Attr

from seatrials.mutants.mutant import Mutant, memory_of, replace
from seatrials.seams.http1 import Request, Response
from seatrials.webordinary.editor.sessions import Sessions as HostedSessions
from seatrials.webordinary.hermes import lifecycle, lock, routing, rules, store
from seatrials.webordinary.hermes.access_points import AccessPoints
from seatrials.webordinary.hermes.activation import Activations, FullError
from seatrials.webordinary.hermes.controller import Controller
from seatrials.webordinary.hermes.lifecycle import Session
from seatrials.webordinary.hermes.lock import ActivationLock, Lease
from seatrials.webordinary.hermes.placement import Placement, StepFailedError, Work
from seatrials.webordinary.hermes.publisher import Publisher
from seatrials.webordinary.hermes.routes import NoSessionError, Routes
from seatrials.webordinary.hermes.routing import Router
from seatrials.webordinary.hermes.store import SessionStore
from seatrials.webordinary.hermes.validation import Activation

_activate, _activate_route, _find = Activations.activate, Routes.activate, Routes._find
_start, _start_steps, _retire = Controller.start, Controller._start_steps, Placement.retire
_conditions_of, _ensure_rules = rules.conditions_of, Router.ensure_rules


def _full_before_existing(activations: Activations, wanted: Activation) -> tuple[Session, bool]:
    if len(activations.store.live_sessions()) >= lifecycle.SESSIONS_MAX:
        msg = "full"
        raise FullError(msg)
    return _activate(activations, wanted)


def _full_for_ten_minutes(activations: Activations, wanted: Activation) -> tuple[Session, bool]:
    if memory_of(activations).get("until", 0) > activations.clock.now():
        msg = "still full"
        raise FullError(msg)
    try:
        return _activate(activations, wanted)
    except FullError:
        memory_of(activations)["until"] = activations.clock.now() + 600
        raise


@contextmanager
def _held_in_memory(activation_lock: ActivationLock) -> Iterator[Lease]:
    clock = activation_lock._clock
    while memory_of(activation_lock).get("taken"):
        clock.sleep(0.03)
    memory_of(activation_lock)["taken"] = True
    try:
        yield Lease(clock, clock.epoch_ms() + lock.LOCK_SECONDS * 1000)
    finally:
        memory_of(activation_lock)["taken"] = False


def _claimed_by_all(
    session_store: SessionStore,
    session: Session,
    worker: str,
    seconds: float,
    changes: Mapping[str, Any] | None = None,
) -> bool:
    until = session_store._clock.epoch_ms() + round(seconds * 1000)
    claim = {**(changes or {}), "worker": worker, "workerUntil": until}
    return session_store._table.update(store._key(session), changes=claim, condition=store._unchanged(session))


def _made_here(routes: Routes, request: Request, segment: str) -> Response:
    answer = _activate_route(routes, request, segment)
    if answer.status < 300:  # noqa: PLR2004  # HTTP's own
        assert isinstance(answer.body, bytes)
        memory_of(routes)[json.loads(answer.body)["sessionId"]] = True
    return answer


def _found_if_made_here(routes: Routes, session_id: str, *, only_live: bool = False) -> Session:
    if session_id not in memory_of(routes):
        raise NoSessionError(404, "session not found")
    return _find(routes, session_id, only_live=only_live)


def _start_and_note(controller: Controller) -> None:
    memory_of(controller)["began"] = controller._clock.now()
    _start(controller)


def _steps_of_own_sessions(controller: Controller, sessions: list[Session], busy_before: Any) -> bool:  # noqa: ANN401
    began = memory_of(controller)["began"]
    return _start_steps(controller, [each for each in sessions if each.created_seconds >= began], busy_before)


def _errors_counted(session_store: SessionStore) -> int:
    counted = Attr("status").is_in(["initializing", "active", "error"])
    return session_store._table.count(counted & Attr("ttl").gt(int(session_store._clock.now())))


def _clients_counted(publisher: Publisher) -> int:
    return len({each.client_id for each in publisher._store.live_sessions()})


def _retired_by_a_task_alone(placement: Placement, work: Work, **how: Any) -> None:  # noqa: ANN401
    if work.task is None:
        msg = "its task is gone: there is nobody to commit"
        raise StepFailedError(msg)
    _retire(placement, work, **how)


def _settled_without_commit(placement: Placement, session: Session, **_: object) -> None:
    try:
        placement.editor.forget(session.session_id)
    except httpx.HTTPError as error:
        placement.log(f"not forgotten: {error}")


def _forgotten_without_commit(hosted: HostedSessions, session_id: str) -> None:
    hosted.find(session_id)
    hosted._hosted.pop(session_id, None)


def _ended_ones_counted(controller: Controller) -> dict[str, int]:
    items = controller._store._table.scan(Attr("taskArn").exists())
    arns = {item["sessionId"]["S"]: item["taskArn"]["S"] for item in items}
    arns |= {name: work.task.arn for name, work in controller._busy.items() if work.task is not None}
    return {arn: list(arns.values()).count(arn) for arn in arns.values()}


def _any_path_that_begins_so(session_id: str) -> dict[str, Any]:
    path = f"/session/{session_id}"
    return {**_conditions_of(session_id), "preview": [rules._path(path, f"{path}*")]}


def _hmr_on_any_path(session_id: str) -> dict[str, Any]:
    conditions = _conditions_of(session_id)
    return {**conditions, "hmr": [each for each in conditions["hmr"] if each["Field"] == "query-string"]}


def _hmr_stays_behind(
    router: Router, session_id: str, groups: Mapping[str, str], standby: Mapping[str, str] | None = None
) -> None:
    mine = {rules.kind_of(each): each for each in router._rules() if rules.session_of(each) == session_id}
    if "hmr" not in mine or standby is not None:
        _ensure_rules(router, session_id, groups, standby)
        return
    for kind in ("preview", "api"):
        router._elbv2.modify_rule(RuleArn=mine[kind]["RuleArn"], Actions=rules.forward(groups[kind]))


def _one_more_access_point(points: AccessPoints, client_id: str) -> None:
    memory_of(points)["made"] = made = memory_of(points).get("made", 0) + 1
    points._efs.create_access_point(
        ClientToken=hashlib.sha256(f"{client_id}/{made}".encode()).hexdigest(),
        FileSystemId=points._file_system_id,
        PosixUser={"Uid": 1000, "Gid": 1000},
        RootDirectory={
            "Path": f"/workspace/{client_id}",
            "CreationInfo": {"OwnerUid": 1000, "OwnerGid": 1000, "Permissions": "0755"},
        },
    )


MUTANTS = (
    Mutant(
        "full-before-existing",
        breaks="CONC-05",
        sentence="at capacity an activation for the work of a live session gets 429",
        changes=(replace(Activations, "activate", _full_before_existing),),
    ),
    Mutant(
        "full-for-ten-minutes",
        breaks="CONC-05",
        sentence="once full, Hermes refuses for ten minutes, whoever has left",
        changes=(replace(Activations, "activate", _full_for_ten_minutes),),
    ),
    Mutant(
        "lock-within-one-process",
        breaks="CONC-05",
        sentence="the lock of activations is in the memory of each Hermes, so that two of them fill one place twice",
        changes=(replace(ActivationLock, "held", _held_in_memory),),
    ),
    Mutant(
        "claims-ignored",
        breaks="CONC-05",
        sentence="a Hermes works on sessions that the other one has claimed",
        changes=(replace(SessionStore, "claim", _claimed_by_all),),
    ),
    Mutant(
        "known-to-its-maker-alone",
        breaks="ROUTE-28",
        sentence="a Hermes knows the sessions alone that it made since it began",
        changes=(replace(Routes, "activate", _made_here), replace(Routes, "_find", _found_if_made_here)),
    ),
    Mutant(
        "sessions-of-another-hermes-forgotten",
        breaks="ROUTE-28",
        sentence="a Hermes looks after the sessions alone that were made since it began",
        changes=(
            replace(Controller, "start", _start_and_note),
            replace(Controller, "_start_steps", _steps_of_own_sessions),
        ),
    ),
    Mutant(
        "gives-up-after-75-seconds",
        breaks="COLD-16",
        sentence="a session ends in error when it has no container after 75 seconds",
        changes=(replace(lifecycle, "START_SECONDS", 75),),
    ),
    Mutant(
        "metric-counts-errors",
        breaks="COLD-16",
        sentence="the metric counts sessions that have ended in error",
        changes=(replace(SessionStore, "live_count", _errors_counted),),
    ),
    Mutant(
        "metric-counts-clients",
        breaks="COLD-17",
        sentence="the metric is the number of clients that have a live session",
        changes=(replace(Publisher, "live_count", _clients_counted),),
    ),
    Mutant(
        "session-without-a-task-drains-for-ever",
        breaks="CONC-14",
        sentence="a session that has no task goes on draining",
        changes=(replace(Placement, "retire", _retired_by_a_task_alone),),
    ),
    Mutant(
        "not-committed-at-the-end",
        breaks="PERS-12",
        sentence="the uncommitted work of a session that ends is left uncommitted",
        changes=(
            replace(Placement, "_settle", _settled_without_commit),
            replace(HostedSessions, "forget", _forgotten_without_commit),
        ),
    ),
    Mutant(
        "ended-sessions-count-for-their-task",
        breaks="CONC-04",
        sentence="sessions that have ended count where the task with the fewest is chosen",
        changes=(replace(Controller, "_session_counts", _ended_ones_counted),),
    ),
    Mutant(
        "preview-rule-without-slash",
        breaks="ROUTE-15",
        sentence="a session's rule takes every path that begins with its preview's",
        changes=(replace(rules, "conditions_of", _any_path_that_begins_so),),
    ),
    Mutant(
        "hmr-rule-on-every-path",
        breaks="ROUTE-15",
        sentence="a session's rule for WebSockets takes every path with its id in the query",
        changes=(replace(rules, "conditions_of", _hmr_on_any_path),),
    ),
    Mutant(
        "session-groups-drain-for-five-minutes",
        breaks="INFRA-03",
        sentence="the target groups that Hermes makes keep AWS's deregistration delay",
        changes=(replace(routing, "DEREGISTRATION_DELAY_SECONDS", 300),),
    ),
    Mutant(
        "access-point-for-every-placement",
        breaks="PERS-14",
        sentence="a client gets another access point with every session",
        changes=(replace(AccessPoints, "ensure", _one_more_access_point),),
    ),
    Mutant(
        "hmr-stays-behind-on-a-move",
        breaks="PERS-17",
        sentence="after a move the WebSocket's rule leads to the old task still",
        changes=(replace(Router, "ensure_rules", _hmr_stays_behind),),
    ),
)
