"""What Hermes's calls can answer wrongly: lists, states, keepalives, deactivations, refusals, and what is activated."""

import dataclasses
import hashlib
import json
import uuid
from typing import Any

from boto3.dynamodb.conditions import Attr

from seatrials.mutants.mutant import Mutant, replace
from seatrials.seams.http1 import Request, Response, json_response
from seatrials.webordinary.hermes import lifecycle, store, validation
from seatrials.webordinary.hermes.activation import Activations
from seatrials.webordinary.hermes.items import answer_of
from seatrials.webordinary.hermes.lifecycle import Session, Status
from seatrials.webordinary.hermes.routes import NoSessionError, Routes
from seatrials.webordinary.hermes.store import SessionStore
from seatrials.webordinary.hermes.validation import Activation

Document = dict[str, Any]

_status, _keepalive, _deactivate = Routes.status, Routes.keepalive, Routes.deactivate
_list_client, _activate, _answer = Routes.list_client, Routes.activate, Routes._answer
_touch, _change_status = SessionStore.touch, SessionStore.change_status
_new_session, _thread = Activations.new_session, validation._thread
_SHORT = ("sessionId", "status", "ttl", "lastActivity", "taskArn")


def _of_everyone(session_store: SessionStore, _client_id: str) -> list[Session]:
    return store._sessions(session_store._table.scan(Attr("clientId").exists()))


def _none_is_404(routes: Routes, request: Request, client_id: str) -> Response:
    if not routes.store.of_client(client_id):
        raise NoSessionError(404, "this client has no sessions")
    return _list_client(routes, request, client_id)


def _listed_as_stored(routes: Routes, _request: Request, client_id: str) -> Response:
    return json_response(200, [answer_of(each) for each in routes.store.of_client(client_id)])


def _in_short(routes: Routes, _request: Request, session_id: str) -> Response:
    fields = answer_of(routes._find(session_id))
    return json_response(200, {name: value for name, value in fields.items() if name in _SHORT})


def _failed_is_gone(routes: Routes, request: Request, session_id: str) -> Response:
    if routes._find(session_id).status is Status.ERROR:
        raise NoSessionError(410, "session expired")
    return _status(routes, request, session_id)


def _keepalive_past_ttl(routes: Routes, _request: Request, session_id: str) -> Response:
    session = routes.store.find(session_id)
    if session is None or session.status not in lifecycle.LIVE:
        raise NoSessionError(410, "session expired")
    last_activity, ttl = _touch(routes.store, session) or (0, 0)
    return json_response(200, {"ttl": ttl, "lastActivity": last_activity})


def _keepalive_of_active_ones(routes: Routes, request: Request, session_id: str) -> Response:
    if routes._find(session_id).status is not Status.ACTIVE:
        raise NoSessionError(410, "session is not active")
    return _keepalive(routes, request, session_id)


def _keepalive_revives(routes: Routes, request: Request, session_id: str) -> Response:
    session = routes._find(session_id)
    if session.status is not Status.DRAINING:
        return _keepalive(routes, request, session_id)
    now_ms = routes.clock.epoch_ms()
    changes = {"status": "active", "lastActivity": now_ms, "ttl": lifecycle.ttl_of(now_ms)}
    routes.store._table.update(store._key(session), changes=changes, condition=store._unchanged(session))
    return json_response(200, {"ttl": changes["ttl"], "lastActivity": now_ms})


def _touch_the_client(session_store: SessionStore, session: Session) -> tuple[int, int] | None:
    for other in session_store.live_sessions():
        if other.client_id == session.client_id and other.session_id != session.session_id:
            _touch(session_store, other)
    return _touch(session_store, session)


def _deactivated_whatever_it_is(routes: Routes, request: Request, session_id: str) -> Response:
    try:
        return _deactivate(routes, request, session_id)
    except NoSessionError:
        return json_response(202, {"status": str(Status.DRAINING)})


def _deactivate_the_client(routes: Routes, request: Request, session_id: str) -> Response:
    client_id = routes._find(session_id).client_id
    answer = _deactivate(routes, request, session_id)
    for other in routes.store.live_sessions():
        if other.client_id == client_id:
            routes.store.change_status(other, Status.DRAINING)
    routes._changed()
    return answer


def _empty_thread_is_none(document: Document) -> str | None:
    return None if document.get("threadId") == "" else _thread(document)


def _message_for_error(routes: Routes, request: Request) -> Response:
    answer = _answer(routes, request)
    if answer.status != 400:  # noqa: PLR2004  # HTTP's own
        return answer
    assert isinstance(answer.body, bytes)
    fields = json.loads(answer.body)
    return json_response(answer.status, {"message": fields["error"], "field": fields["field"]})


def _utf8_or_500(routes: Routes, request: Request, segment: str) -> Response:
    try:
        request.body.decode()
    except UnicodeDecodeError:
        return json_response(500, {"error": "internal error"})
    return _activate(routes, request, segment)


def _instruction_cut(activations: Activations, wanted: Activation) -> Session:
    session = _new_session(activations, wanted)
    return dataclasses.replace(session, metadata={**session.metadata, "instruction": wanted.instruction[:255]})


def _thread_of_the_user(activations: Activations, wanted: Activation) -> Session:
    session = _new_session(activations, wanted)
    if wanted.thread_id is not None:
        return session
    digest = hashlib.sha256(f"{wanted.client_id}/{wanted.user_id}".encode()).digest()[:16]
    return dataclasses.replace(session, thread_id=f"thread-{uuid.UUID(bytes=digest, version=4)}")


def _thread_prefixed(activations: Activations, wanted: Activation) -> Session:
    session = _new_session(activations, wanted)
    bare = session.thread_id.removeprefix("thread-")
    return dataclasses.replace(session, thread_id=f"thread-{bare}")


def _same_work_past_its_ttl(activations: Activations, _live: object, wanted: Activation) -> Session | None:
    mine = [
        each
        for each in activations.store.open_sessions()
        if each.status in lifecycle.LIVE
        and (each.client_id, each.user_id, each.thread_id) == (wanted.client_id, wanted.user_id, wanted.thread_id)
    ]
    return mine[0] if mine else None


def _created_when_active(
    session_store: SessionStore,
    session: Session,
    after: Status,
    changes: Document | None = None,
    *,
    if_untouched: bool = False,
) -> bool:
    if after is Status.ACTIVE:
        changes = {**(changes or {}), "createdAt": session_store._clock.epoch_ms()}
    return _change_status(session_store, session, after, changes, if_untouched=if_untouched)


MUTANTS = (
    Mutant(
        "list-shows-everyones-sessions",
        breaks="ROUTE-03",
        sentence="the list of a client's sessions is that of all clients",
        changes=(replace(SessionStore, "of_client", _of_everyone),),
    ),
    Mutant(
        "client-without-sessions-is-404",
        breaks="ROUTE-03",
        sentence="the list of a client without sessions is a 404",
        changes=(replace(Routes, "list_client", _none_is_404),),
    ),
    Mutant(
        "list-shows-the-stored-status",
        breaks="PERS-10",
        sentence="the list calls a session active that is past its ttl",
        changes=(replace(Routes, "list_client", _listed_as_stored),),
    ),
    Mutant(
        "status-in-short",
        breaks="ROUTE-03",
        sentence="the status call leaves out whose the session is, its preview and its metadata",
        changes=(replace(Routes, "status", _in_short),),
    ),
    Mutant(
        "failed-session-is-gone",
        breaks="COLD-16",
        sentence="the status call says 410 of a session in error, so that nobody learns the reason",
        changes=(replace(Routes, "status", _failed_is_gone),),
    ),
    Mutant(
        "keepalive-past-its-ttl",
        breaks="PERS-10",
        sentence="a keepalive brings a session back that is past its ttl",
        changes=(replace(Routes, "keepalive", _keepalive_past_ttl),),
    ),
    Mutant(
        "keepalive-only-when-active",
        breaks="COLD-05",
        sentence="a keepalive of a session that initializes gets 410",
        changes=(replace(Routes, "keepalive", _keepalive_of_active_ones),),
    ),
    Mutant(
        "keepalive-revives-a-draining-session",
        breaks="COLD-14",
        sentence="a keepalive makes a draining session active again",
        changes=(replace(Routes, "keepalive", _keepalive_revives),),
    ),
    Mutant(
        "keepalive-for-the-whole-client",
        breaks="CONC-11",
        sentence="a keepalive keeps all sessions of its client alive",
        changes=(replace(SessionStore, "touch", _touch_the_client),),
    ),
    Mutant(
        "deactivation-is-always-202",
        breaks="COLD-14",
        sentence="a deactivation of an unknown or expired session gets 202",
        changes=(replace(Routes, "deactivate", _deactivated_whatever_it_is),),
    ),
    Mutant(
        "deactivation-ends-the-clients-sessions",
        breaks="COLD-14",
        sentence="a deactivation ends every session of its client",
        changes=(replace(Routes, "deactivate", _deactivate_the_client),),
    ),
    Mutant(
        "long-names-taken",
        breaks="COLD-15",
        sentence="clients, users and threads of more than 4,000 characters are taken",
        changes=(replace(validation, "NAME_CHARACTERS_MAX", 1 << 20),),
    ),
    Mutant(
        "instruction-of-4000-refused",
        breaks="COLD-03",
        sentence="an instruction of 4,000 characters is refused: the limit is off by one, the other way",
        changes=(replace(validation, "TEXT_CHARACTERS_MAX", 3_999),),
    ),
    Mutant(
        "empty-thread-taken",
        breaks="COLD-15",
        sentence="an empty thread is taken for none",
        changes=(replace(validation, "_thread", _empty_thread_is_none),),
    ),
    Mutant(
        "refusals-say-message",
        breaks="COLD-15",
        sentence="a refusal says what is wrong under another name than `error`",
        changes=(replace(Routes, "_answer", _message_for_error),),
    ),
    Mutant(
        "not-utf8-is-500",
        breaks="COLD-15",
        sentence="a body that is no UTF-8 gets 500",
        changes=(replace(Routes, "activate", _utf8_or_500),),
    ),
    Mutant(
        "instruction-cut-at-255",
        breaks="COLD-03",
        sentence="an instruction is kept up to its 255th character",
        changes=(replace(Activations, "new_session", _instruction_cut),),
    ),
    Mutant(
        "thread-of-the-user",
        breaks="COLD-18",
        sentence="activations without a thread get one and the same for each user",
        changes=(replace(Activations, "new_session", _thread_of_the_user),),
    ),
    Mutant(
        "thread-prefix-added",
        breaks="COLD-18",
        sentence="a thread that does not begin with thread- is given that prefix",
        changes=(replace(Activations, "new_session", _thread_prefixed),),
    ),
    Mutant(
        "returned-past-its-ttl",
        breaks="PERS-10",
        sentence="an activation is answered with a session that is past its ttl",
        changes=(replace(Activations, "find_existing", _same_work_past_its_ttl),),
    ),
    Mutant(
        "created-when-active",
        breaks="COLD-05",
        sentence="createdAt is written anew when the session becomes active",
        changes=(replace(SessionStore, "change_status", _created_when_active),),
    ),
)
