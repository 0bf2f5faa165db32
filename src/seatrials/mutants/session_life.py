"""What can go wrong with a session between its first use and its end, and with activations that make none."""

from typing import Any

from boto3.dynamodb.conditions import Attr

from seatrials.mutants.mutant import Mutant, edit_template, replace
from seatrials.seams.http1 import Request, Response, json_response
from seatrials.webordinary.editor.activity import Activity
from seatrials.webordinary.hermes import lifecycle, validation
from seatrials.webordinary.hermes.activation import Activations
from seatrials.webordinary.hermes.fleet import Fleet
from seatrials.webordinary.hermes.lifecycle import Session, Status
from seatrials.webordinary.hermes.placement import Placement, Work
from seatrials.webordinary.hermes.publisher import Publisher
from seatrials.webordinary.hermes.routes import Routes
from seatrials.webordinary.hermes.routing import Router
from seatrials.webordinary.hermes.store import SessionStore

Document = dict[str, Any]


def _no_scale_in(document: Document) -> None:
    document["Resources"]["SessionsLowAlarm"]["Properties"]["AlarmActions"] = []


def _scale_in_keeps_one(document: Document) -> None:
    policy = document["Resources"]["ScaleInPolicy"]["Properties"]
    for step in policy["StepScalingPolicyConfiguration"]["StepAdjustments"]:
        step["ScalingAdjustment"] = 1


def _answer_alone(session_store: SessionStore, _session: Session) -> tuple[int, int]:
    last_activity = session_store._clock.epoch_ms()
    return last_activity, lifecycle.ttl_of(last_activity)


def _activity_alone(session_store: SessionStore, session: Session) -> tuple[int, int]:
    last_activity = session_store._clock.epoch_ms()
    session_store.set_fields(session, {"lastActivity": last_activity})
    return last_activity, session.ttl


_remove_rules = Router.remove_rules


def _neighbours_rules_too(router: Router, session_id: str) -> None:
    _remove_rules(router, session_id)
    for rule in router._rules():
        if rule["Priority"] != "default" and int(rule["Priority"]) >= 100:  # noqa: PLR2004  # where sessions' rules begin
            router._delete_rule(rule)


def _straight_to_expired(placement: Placement, work: Work, **_: object) -> None:
    placement.store.change_status(work.session, Status.EXPIRED)
    placement.publisher.publish()


_retire, _deactivate = Placement.retire, Routes.deactivate


def _expired_first(placement: Placement, work: Work, **how: Any) -> None:  # noqa: ANN401
    placement.store.change_status(work.session, Status.EXPIRED)
    _retire(placement, work, **how)


def _draining_said_and_stored_later(routes: Routes, request: Request, session_id: str) -> Response:
    def later() -> None:
        routes.clock.sleep(3)
        _deactivate(routes, request, session_id)

    routes.status(request, session_id)
    routes.clock.spawn(later, "deactivation")
    return json_response(202, {"status": str(Status.DRAINING)})


def _no_metadata_check(document: Document) -> Document:
    value = document.get("metadata", {})
    return value if isinstance(value, dict) else {}


_activate = Routes.activate


def _counted_before_judged(routes: Routes, request: Request, segment: str) -> Response:
    routes.publisher._put(routes.publisher.live_count() + 1)
    return _activate(routes, request, segment)


def _every_session_ever(publisher: Publisher) -> int:
    return len(publisher._store._table.scan(Attr("status").exists()))


def _one_before_the_write(publisher: Publisher) -> int:
    """Stand in for a count that is taken before the change that it is published for."""
    before: int = getattr(publisher, "_before", 0)
    publisher._before = publisher._store.live_count()  # type: ignore[attr-defined]  # the mutant's own memory
    return before


MUTANTS = (
    Mutant(
        "keepalive-not-stored",
        breaks="COLD-11",
        sentence="a keepalive answers a new ttl and stores nothing",
        changes=(replace(SessionStore, "touch", _answer_alone),),
    ),
    Mutant(
        "keepalive-forgets-ttl",
        breaks="COLD-11",
        sentence="a keepalive moves lastActivity and leaves ttl where it was",
        changes=(replace(SessionStore, "touch", _activity_alone),),
    ),
    Mutant(
        "idle-after-an-hour",
        breaks="COLD-12",
        sentence="a session counts as idle after an hour instead of five minutes",
        changes=(replace(lifecycle, "IDLE_SECONDS", 3600),),
    ),
    Mutant(
        "idle-after-four-minutes",
        breaks="COLD-12",
        sentence="a session counts as idle a minute too early",
        changes=(replace(lifecycle, "IDLE_SECONDS", 240),),
    ),
    Mutant(
        "no-scale-in",
        breaks="COLD-12",
        sentence="the alarm for few sessions triggers no policy",
        changes=(edit_template(_no_scale_in),),
    ),
    Mutant(
        "scale-in-keeps-one",
        breaks="COLD-12",
        sentence="the scale-in policy never goes below one task",
        changes=(edit_template(_scale_in_keeps_one),),
    ),
    Mutant(
        "browsing-is-no-activity",
        breaks="COLD-13",
        sentence="requests to the preview do not keep a session alive",
        changes=(replace(Activity, "touch", lambda _activity, _session: None),),
    ),
    Mutant(
        "rules-left-behind",
        breaks="COLD-14",
        sentence="the rules of a session that has ended stay",
        changes=(replace(Router, "remove_rules", lambda _router, _session_id: None),),
    ),
    Mutant(
        "neighbours-rules-removed",
        breaks="COLD-14",
        sentence="ending a session removes the rules of the others too",
        changes=(replace(Router, "remove_rules", _neighbours_rules_too),),
    ),
    Mutant(
        "expired-with-everything-left",
        breaks="COLD-14",
        sentence="a session that has ended is called expired and otherwise left alone",
        changes=(replace(Placement, "retire", _straight_to_expired),),
    ),
    Mutant(
        "expired-before-it-is-left",
        breaks="COLD-14",
        sentence="a session that ends is called expired before its work is committed and its rules go",
        changes=(replace(Placement, "retire", _expired_first),),
    ),
    Mutant(
        "draining-said-and-stored-later",
        breaks="COLD-14",
        sentence="a deactivation is answered with draining and the session stays active for three seconds more",
        changes=(replace(Routes, "deactivate", _draining_said_and_stored_later),),
    ),
    Mutant(
        "long-instructions-taken",
        breaks="COLD-15",
        sentence="an instruction of 4,001 characters is taken: the limit is off by one",
        changes=(replace(validation, "TEXT_CHARACTERS_MAX", 4001),),
    ),
    Mutant(
        "large-bodies-taken",
        breaks="COLD-15",
        sentence="a body of more than 1 MB is read and judged by its fields",
        changes=(replace(validation, "BODY_BYTES_MAX", 1 << 30),),
    ),
    Mutant(
        "metadata-unchecked",
        breaks="COLD-15",
        sentence="metadata of the wrong type is dropped without a word",
        changes=(replace(validation, "_metadata", _no_metadata_check),),
    ),
    Mutant(
        "refusals-counted",
        breaks="COLD-15",
        sentence="an activation is counted in the metric before it is judged, and so are refused ones",
        changes=(replace(Routes, "activate", _counted_before_judged),),
    ),
    Mutant(
        "start-failure-swallowed",
        breaks="COLD-16",
        sentence="the reason why no task could start is not passed on",
        changes=(replace(Fleet, "failure_reason", lambda _fleet, _since: None),),
    ),
    Mutant(
        "initializing-for-ever",
        breaks="COLD-16",
        sentence="a session that gets no container stays initializing",
        changes=(replace(lifecycle, "is_start_overdue", lambda _session, _now: False),),
    ),
    Mutant(
        "metric-counts-every-session",
        breaks="COLD-17",
        sentence="the metric counts sessions that have ended",
        changes=(replace(Publisher, "live_count", _every_session_ever),),
    ),
    Mutant(
        "metric-before-the-write",
        breaks="COLD-17",
        sentence="the metric is the count before the change that it is published for",
        changes=(replace(Publisher, "live_count", _one_before_the_write),),
    ),
    Mutant(
        "second-session-for-the-same-work",
        breaks="COLD-18",
        sentence="an activation for work that has a session makes another one",
        changes=(replace(Activations, "find_existing", lambda _activations, _live, _wanted: None),),
    ),
    Mutant(
        "threads-not-told-apart",
        breaks="COLD-18",
        sentence="another thread of the same user gets the session of the first",
        changes=(
            replace(
                lifecycle,
                "is_same_work",
                lambda session, client_id, user_id, _thread: (
                    (session.client_id, session.user_id) == (client_id, user_id)
                ),
            ),
        ),
    ),
)
