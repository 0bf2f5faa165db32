"""What can go wrong between a session's first use and its end: COLD-11 to COLD-20."""

import dataclasses
import hashlib
import json
import uuid
from collections.abc import Sequence
from typing import Any

from boto3.dynamodb.conditions import Attr

from seatrials.mutants import Mutants, replace, skip, wrap
from seatrials.mutants.template_edits import Document, put
from seatrials.seams.http1 import Request, Response, json_response
from seatrials.webordinary.editor.activity import Activity
from seatrials.webordinary.hermes import lifecycle, store, table, validation
from seatrials.webordinary.hermes.activation import Activations
from seatrials.webordinary.hermes.editor import EditorClient
from seatrials.webordinary.hermes.fleet import Fleet
from seatrials.webordinary.hermes.lifecycle import Session, Status
from seatrials.webordinary.hermes.placement import Placement, Work
from seatrials.webordinary.hermes.publisher import Publisher
from seatrials.webordinary.hermes.routes import NoSessionError, Routes
from seatrials.webordinary.hermes.routing import Router
from seatrials.webordinary.hermes.store import SessionStore
from seatrials.webordinary.hermes.table import StoreUnavailableError
from seatrials.webordinary.hermes.validation import Activation

MUTANTS = Mutants()


@MUTANTS.replacing(SessionStore.touch, "keepalive-not-stored", breaks="COLD-11")
def _(original: Any, session_store: SessionStore, _session: Session) -> tuple[int, int]:
    """A keepalive answers a new ttl and stores nothing."""
    last_activity = session_store._clock.epoch_ms()
    return last_activity, lifecycle.ttl_of(last_activity)


@MUTANTS.replacing(SessionStore.touch, "keepalive-forgets-ttl", breaks="COLD-11")
def _(original: Any, session_store: SessionStore, session: Session) -> tuple[int, int]:
    """A keepalive moves lastActivity and leaves ttl where it was."""
    last_activity = session_store._clock.epoch_ms()
    session_store.set_fields(session, {"lastActivity": last_activity})
    return last_activity, session.ttl


MUTANTS.rows["COLD-12"] = {
    "idle-after-an-hour": ("A session counts as idle after an hour.", replace(lifecycle, "IDLE_SECONDS", 3600)),
    "idle-after-four-minutes": ("A session counts as idle a minute early.", replace(lifecycle, "IDLE_SECONDS", 240)),
    "no-scale-in": ("The alarm for few sessions triggers no policy.", put("SessionsLowAlarm", "AlarmActions", [])),
    "scale-in-keeps-one": (
        "The scale-in policy never goes below one task.",
        put("ScaleInPolicy", "StepScalingPolicyConfiguration.StepAdjustments.0.ScalingAdjustment", 1),
        put("ScaleInPolicy", "StepScalingPolicyConfiguration.StepAdjustments.1.ScalingAdjustment", 1),
    ),
}

MUTANTS.rows["COLD-13"] = {
    "browsing-is-no-activity": ("Requests to the preview do not keep a session alive.", skip(Activity.touch)),
}

MUTANTS.rows["COLD-14"] = {
    "rules-left-behind": ("The rules of a session that has ended stay.", skip(Router.remove_rules)),
}


@MUTANTS.replacing(Router.remove_rules, "neighbours-rules-removed", breaks="COLD-14")
def _(original: Any, router: Router, session_id: str) -> None:
    """Ending a session removes the rules of the others too."""
    original(router, session_id)
    for rule in router._rules():
        if rule["Priority"] != "default" and int(rule["Priority"]) >= 100:
            router._delete_rule(rule)


@MUTANTS.replacing(Placement.retire, "expired-with-everything-left", breaks="COLD-14")
def _(original: Any, placement: Placement, work: Work, **_: object) -> None:
    """A session that has ended is called expired and otherwise left alone."""
    placement.store.change_status(work.session, Status.EXPIRED)
    placement.publisher.publish()


@MUTANTS.replacing(Placement.retire, "expired-before-it-is-left", breaks="COLD-14")
def _(original: Any, placement: Placement, work: Work, **how: Any) -> None:
    """A session that ends is called expired before its work is committed and its rules go."""
    placement.store.change_status(work.session, Status.EXPIRED)
    original(placement, work, **how)


@MUTANTS.replacing(Routes.deactivate, "draining-said-and-stored-later", breaks="COLD-14")
def _(original: Any, routes: Routes, request: Request, session_id: str) -> Response:
    """A deactivation is answered with draining and the session stays active for three seconds more."""

    def later() -> None:
        routes.clock.sleep(3)
        original(routes, request, session_id)

    routes.status(request, session_id)
    routes.clock.spawn(later, "deactivation")
    return json_response(202, {"status": str(Status.DRAINING)})


@MUTANTS.replacing(Routes.keepalive, "keepalive-revives-a-draining-session", breaks="COLD-14")
def _(original: Any, routes: Routes, request: Request, session_id: str) -> Response:
    """A keepalive makes a draining session active again."""
    session = routes._find(session_id)
    if session.status is not Status.DRAINING:
        return original(routes, request, session_id)
    now_ms = routes.clock.epoch_ms()
    changes = {"status": "active", "lastActivity": now_ms, "ttl": lifecycle.ttl_of(now_ms)}
    routes.store._table.update(store._key(session), changes=changes, condition=store._unchanged(session))
    return json_response(200, {"ttl": changes["ttl"], "lastActivity": now_ms})


@MUTANTS.replacing(Routes.deactivate, "deactivation-is-always-202", breaks="COLD-14")
def _(original: Any, routes: Routes, request: Request, session_id: str) -> Response:
    """A deactivation of an unknown or expired session gets 202."""
    try:
        return original(routes, request, session_id)
    except NoSessionError:
        return json_response(202, {"status": str(Status.DRAINING)})


@MUTANTS.replacing(Routes.deactivate, "deactivation-ends-the-clients-sessions", breaks="COLD-14")
def _(original: Any, routes: Routes, request: Request, session_id: str) -> Response:
    """A deactivation ends every session of its client."""
    client_id = routes._find(session_id).client_id
    answer = original(routes, request, session_id)
    for other in routes.store.live_sessions():
        if other.client_id == client_id:
            routes.store.change_status(other, Status.DRAINING)
    routes._changed()
    return answer


MUTANTS.rows["COLD-15"] = {
    "long-instructions-taken": (
        "An instruction of 4,001 characters is taken: the limit is off by one.",
        replace(validation, "TEXT_CHARACTERS_MAX", 4001),
    ),
    "large-bodies-taken": ("A body of over 1 MB is read and judged.", replace(validation, "BODY_BYTES_MAX", 1 << 30)),
    "long-names-taken": (
        "Clients, users and threads of more than 4,000 characters are taken.",
        replace(validation, "NAME_CHARACTERS_MAX", 1 << 20),
    ),
}


@MUTANTS.replacing(validation._metadata, "metadata-unchecked", breaks="COLD-15")
def _(original: Any, document: Document) -> Document:
    """Metadata of the wrong type is dropped without a word."""
    value = document.get("metadata", {})
    return value if isinstance(value, dict) else {}


@MUTANTS.replacing(validation._thread, "null-is-no-thread", breaks="COLD-15")
def _(original: Any, document: Document) -> str | None:
    """A thread that is null is taken for one that is not named."""
    return None if document.get("threadId") is None else original(document)


@MUTANTS.replacing(Routes.activate, "refusals-counted", breaks="COLD-15")
def _(original: Any, routes: Routes, request: Request, segment: str) -> Response:
    """An activation is counted in the metric before it is judged, and so are refused ones."""
    routes.publisher._put(routes.publisher.live_count() + 1)
    return original(routes, request, segment)


@MUTANTS.replacing(validation._thread, "empty-thread-taken", breaks="COLD-15")
def _(original: Any, document: Document) -> str | None:
    """An empty thread is taken for none."""
    return None if document.get("threadId") == "" else original(document)


@MUTANTS.replacing(Routes._answer, "refusals-say-message", breaks="COLD-15")
def _(original: Any, routes: Routes, request: Request) -> Response:
    """A refusal says what is wrong under another name than `error`."""
    answer = original(routes, request)
    if answer.status != 400:
        return answer
    assert isinstance(answer.body, bytes)
    fields = json.loads(answer.body)
    return json_response(answer.status, {"message": fields["error"], "field": fields["field"]})


@MUTANTS.replacing(Routes.activate, "not-utf8-is-500", breaks="COLD-15")
def _(original: Any, routes: Routes, request: Request, segment: str) -> Response:
    """A body that is no UTF-8 gets 500."""
    try:
        request.body.decode()
    except UnicodeDecodeError:
        return json_response(500, {"error": "internal error"})
    return original(routes, request, segment)


MUTANTS.rows["COLD-16"] = {
    "start-failure-swallowed": ("The reason why no task could start is not passed on.", skip(Fleet.failure_reason)),
    "initializing-for-ever": (
        "A session that gets no container stays initializing.",
        wrap(lifecycle.is_start_overdue, lambda *_: False),
    ),
    "gives-up-after-75-seconds": (
        "A session ends in error when it has no container after 75 seconds.",
        replace(lifecycle, "START_SECONDS", 75),
    ),
}


@MUTANTS.replacing(Routes.status, "failed-session-is-gone", breaks="COLD-16")
def _(original: Any, routes: Routes, request: Request, session_id: str) -> Response:
    """The status call says 410 of a session in error, so that nobody learns the reason."""
    if routes._find(session_id).status is Status.ERROR:
        raise NoSessionError(410, "session expired")
    return original(routes, request, session_id)


@MUTANTS.replacing(SessionStore.live_count, "metric-counts-errors", breaks="COLD-16")
def _(original: Any, session_store: SessionStore) -> int:
    """The metric counts sessions that have ended in error."""
    counted = Attr("status").is_in(["initializing", "active", "error"])
    return session_store._table.count(counted & Attr("ttl").gt(int(session_store._clock.now())))


@MUTANTS.replacing(Publisher.live_count, "metric-counts-every-session", breaks="COLD-17")
def _(original: Any, publisher: Publisher) -> int:
    """The metric counts sessions that have ended."""
    return len(publisher._store._table.scan(Attr("status").exists()))


@MUTANTS.replacing(Publisher.live_count, "metric-counts-clients", breaks="COLD-17")
def _(original: Any, publisher: Publisher) -> int:
    """The metric is the number of clients that have a live session."""
    return len({each.client_id for each in publisher._store.live_sessions()})


MUTANTS.rows["COLD-18"] = {
    "second-session-for-the-same-work": (
        "An activation for work that has a session makes another one.",
        skip(Activations.find_existing),
    ),
    "threads-not-told-apart": (
        "Another thread of the same user gets the session of the first.",
        wrap(lifecycle.is_same_work, lambda _, session, *names: (session.client_id, session.user_id) == names[:2]),
    ),
}


@MUTANTS.replacing(Activations.new_session, "thread-of-the-user", breaks="COLD-18")
def _(original: Any, activations: Activations, wanted: Activation) -> Session:
    """Activations without a thread get one and the same for each user."""
    session = original(activations, wanted)
    if wanted.thread_id is not None:
        return session
    digest = hashlib.sha256(f"{wanted.client_id}/{wanted.user_id}".encode()).digest()[:16]
    return dataclasses.replace(session, thread_id=f"thread-{uuid.UUID(bytes=digest, version=4)}")


@MUTANTS.replacing(Activations.new_session, "thread-prefix-added", breaks="COLD-18")
def _(original: Any, activations: Activations, wanted: Activation) -> Session:
    """A thread that does not begin with thread- is given that prefix."""
    session = original(activations, wanted)
    return dataclasses.replace(session, thread_id=f"thread-{session.thread_id.removeprefix('thread-')}")


@MUTANTS.replacing(lifecycle.is_same_work, "clients-in-any-case-share-a-session", breaks="COLD-18")
def _(_original: Any, session: Session, *work: str) -> bool:
    """A client whose name differs by case gets the other one's session."""
    own = (session.client_id.lower(), session.user_id, session.thread_id)
    return own == (work[0].lower(), *work[1:])


MUTANTS.rows["COLD-19"] = {
    "throttled-once-is-away": (
        "A call that the table throttles is not made again.",
        replace(table, "PAUSES_SECONDS", (0,)),
    ),
}


@MUTANTS.replacing(Routes._answer, "throttled-without-retry-after", breaks="COLD-19")
def _(original: Any, routes: Routes, request: Request) -> Response:
    """A 503 does not say when to come again."""
    answer: Response = original(routes, request)
    headers = [(name, value) for name, value in answer.headers if name != "retry-after"]
    return dataclasses.replace(answer, headers=headers)


@MUTANTS.replacing(SessionStore.find, "throttled-is-unknown", breaks="COLD-19")
def _(original: Any, session_store: SessionStore, session_id: str) -> Session | None:
    """While the table cannot be read, every session is unknown."""
    try:
        found: Session | None = original(session_store, session_id)
    except StoreUnavailableError:
        return None
    return found


@MUTANTS.replacing(EditorClient.nodes, "active-at-the-first-node", breaks="COLD-20")
def _(original: Any, editor: EditorClient) -> Sequence[str]:
    """A session is active when one node of the load balancer serves it."""
    nodes: Sequence[str] = original(editor)
    return nodes[:1]
