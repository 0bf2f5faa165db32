"""What can go wrong between nothing running, a live preview, and nothing running again."""

import dataclasses
from typing import Any

from seatrials.mutants.mutant import Mutant, calibrate, edit_template, replace
from seatrials.seams.http1 import Request, Response
from seatrials.twin.balancer.targets import Target, TargetRegistry
from seatrials.twin.calibration import SLOW
from seatrials.webordinary.editor import routes as editor_routes
from seatrials.webordinary.editor import site
from seatrials.webordinary.editor.preview import Preview
from seatrials.webordinary.editor.sessions import Session as HostedSession
from seatrials.webordinary.editor.sessions import Sessions as HostedSessions
from seatrials.webordinary.hermes import controller, items, lifecycle, store, validation
from seatrials.webordinary.hermes.activation import Activations
from seatrials.webordinary.hermes.fleet import Task
from seatrials.webordinary.hermes.lifecycle import Session, Status
from seatrials.webordinary.hermes.placement import Placement, Work
from seatrials.webordinary.hermes.routes import Routes

Document = dict[str, Any]


def _properties(document: Document, resource: str) -> Document:
    properties: Document = document["Resources"][resource]["Properties"]
    return properties


def _one_task_always(document: Document) -> None:
    _properties(document, "EditService")["DesiredCount"] = 1
    _properties(document, "EditScalableTarget")["MinCapacity"] = 1


def _default_serves_200(document: Document) -> None:
    action = _properties(document, "HttpsListener")["DefaultActions"][0]
    action["FixedResponseConfig"]["StatusCode"] = "200"


def _hermes_path_is_api(document: Document) -> None:
    condition = _properties(document, "HermesRule")["Conditions"][0]
    condition["PathPatternConfig"]["Values"] = ["/hermes-api/*"]


def _metric_of_another_name(document: Document) -> None:
    _properties(document, "SessionsHighAlarm")["MetricName"] = "ActiveSessions"


def _two_tasks_for_one_session(document: Document) -> None:
    steps = _properties(document, "ScaleOutPolicy")["StepScalingPolicyConfiguration"]["StepAdjustments"]
    steps[0]["ScalingAdjustment"] = 2


def _alarm_from_two_sessions(document: Document) -> None:
    _properties(document, "SessionsHighAlarm")["Threshold"] = 2


def _ttl_of_another_attribute(document: Document) -> None:
    _properties(document, "SessionTable")["TimeToLiveSpecification"]["AttributeName"] = "expiresAt"


def _client_index_by_user(document: Document) -> None:
    index = _properties(document, "SessionTable")["GlobalSecondaryIndexes"][0]
    index["IndexName"] = "userId-status-index"
    index["KeySchema"][0]["AttributeName"] = "userId"
    definitions = _properties(document, "SessionTable")["AttributeDefinitions"]
    definitions[:] = [each for each in definitions if each["AttributeName"] != "clientId"]


def _scale_by_hand(routes: Routes) -> None:
    """Stand in for `_changed` of a Hermes that starts a task itself instead of publishing its metric."""
    routes.wake_controller()
    fleet: Any = routes.wake_controller.__self__._fleet  # type: ignore[attr-defined]  # a method of the controller
    fleet._ecs.update_service(cluster=fleet._cluster, service=fleet._service, desiredCount=1)


def _milliseconds(last_activity_ms: int) -> int:
    return (last_activity_ms // 1000 + lifecycle.TTL_SECONDS) * 1000


_new_session = Activations.new_session


def _http_preview(activations: Activations, wanted: validation.Activation) -> Session:
    session = _new_session(activations, wanted)
    return dataclasses.replace(session, preview_url=session.preview_url.replace("https://", "http://"))


def _created_in_seconds(activations: Activations, wanted: validation.Activation) -> Session:
    session = _new_session(activations, wanted)
    return dataclasses.replace(session, created_at=session.created_at // 1000)


def _metadata_dropped(activations: Activations, wanted: validation.Activation) -> Session:
    session = _new_session(activations, wanted)
    return dataclasses.replace(session, metadata={"instruction": wanted.instruction})


_item_of = items.item_of


def _item_without_preview(session: Session) -> dict[str, Any]:
    return {**_item_of(session), "previewUrl": {"S": "/session"}}


_place = Placement.place


def _active_first(placement: Placement, work: Work, task: Task) -> None:
    """Stand in for `place` of a Hermes that calls a session active as soon as a task is found for it."""
    if work.session.status is Status.INITIALIZING:
        placement.store.change_status(work.session, Status.ACTIVE, {"taskArn": task.arn})
        work.session = dataclasses.replace(work.session, status=Status.ACTIVE, task_arn=None)
    _place(placement, work, task)


def _serving_from_registration(registry: TargetRegistry, group_arn: str) -> list[Target]:
    return list(registry._targets.get(group_arn, {}).values())


_preview_route = Preview.route


def _placeholder_page(preview: Preview, request: Request) -> Response:
    if request.path.startswith("/session/") and not preview._sessions.all():
        return Response(200, b"<!doctype html><p>Starting</p>", [("content-type", "text/html")])
    return _preview_route(preview, request)


def _busy_for_a_while(preview: Preview, request: Request) -> Response:
    clock = preview._activity._clock
    if request.path.startswith("/session/") and clock.now() % 20 < 3:  # noqa: PLR2004  # three seconds of twenty
        return Response(503, b"building")
    return _preview_route(preview, request)


_find = HostedSessions.find


def _newest_session(sessions: HostedSessions, session_id: str) -> HostedSession:
    _find(sessions, session_id)
    return sessions.all()[-1]


def _no_content(session: HostedSession) -> bytes:
    return f"<!doctype html><title>{session.session_id}</title>".encode()


def _instruction_in_full(thread_id: str, instruction: str) -> str:
    return f"Thread {thread_id}: {instruction}"


def _thread_twice(thread_id: str, instruction: str) -> str:
    return f"{thread_id}: {instruction[:50]}"


def _a_task_for_each(
    running: Any,  # noqa: ANN401  # as in the original
    session_counts: Any,  # noqa: ANN401
    unwanted: Any,  # noqa: ANN401
) -> Task | None:
    chosen = _choose_task(running, session_counts, unwanted)
    return None if chosen is None or session_counts.get(chosen.arn, 0) else chosen


_choose_task = controller.choose_task


MUTANTS = (
    Mutant(
        "edit-never-at-zero",
        breaks="COLD-01",
        sentence="the edit service keeps a task when nobody has a session",
        changes=(edit_template(_one_task_always),),
    ),
    Mutant(
        "default-rule-serves-200",
        breaks="COLD-01",
        sentence="the balancer answers 200 to a path that nothing serves",
        changes=(edit_template(_default_serves_200),),
    ),
    Mutant(
        "hermes-on-another-path",
        breaks="COLD-01",
        sentence="the rule for Hermes has another path than its clients use",
        changes=(edit_template(_hermes_path_is_api),),
    ),
    Mutant(
        "alarm-on-another-metric",
        breaks="COLD-02",
        sentence="the alarm looks at a metric that nobody publishes",
        changes=(edit_template(_metric_of_another_name),),
    ),
    Mutant(
        "scale-out-by-two",
        breaks="COLD-02",
        sentence="the first step of the scaling policy starts two tasks",
        changes=(edit_template(_two_tasks_for_one_session),),
    ),
    Mutant(
        "alarm-from-two-sessions",
        breaks="COLD-02",
        sentence="the scale-out alarm is off by one: a single session does not reach it",
        changes=(edit_template(_alarm_from_two_sessions),),
    ),
    Mutant(
        "hermes-scales-by-hand",
        breaks="COLD-02",
        sentence="Hermes starts a task itself, and the metric stays behind",
        changes=(replace(Routes, "_changed", _scale_by_hand),),
    ),
    Mutant(
        "ttl-in-milliseconds",
        breaks="COLD-03",
        sentence="ttl is in milliseconds, which DynamoDB reads as a date far away",
        changes=(replace(lifecycle, "ttl_of", _milliseconds),),
    ),
    Mutant(
        "preview-without-tls",
        breaks="COLD-03",
        sentence="previewUrl has the scheme http",
        changes=(replace(Activations, "new_session", _http_preview),),
    ),
    Mutant(
        "created-in-seconds",
        breaks="COLD-03",
        sentence="createdAt is in seconds",
        changes=(replace(Activations, "new_session", _created_in_seconds),),
    ),
    Mutant(
        "metadata-dropped",
        breaks="COLD-03",
        sentence="the caller's metadata is not kept",
        changes=(replace(Activations, "new_session", _metadata_dropped),),
    ),
    Mutant(
        "item-differs-from-answer",
        breaks="COLD-04",
        sentence="the item has another previewUrl than the answer",
        changes=(replace(store, "item_of", _item_without_preview),),
    ),
    Mutant(
        "client-index-by-user",
        breaks="COLD-04",
        sentence="the client index is keyed by the user",
        changes=(edit_template(_client_index_by_user),),
    ),
    Mutant(
        "ttl-on-another-attribute",
        breaks="COLD-04",
        sentence="the table expires items by an attribute that no item has",
        changes=(edit_template(_ttl_of_another_attribute),),
    ),
    Mutant(
        "active-before-served",
        breaks="COLD-05",
        sentence="a session is active as soon as a task is found for it",
        changes=(replace(Placement, "place", _active_first),),
    ),
    Mutant(
        "placeholder-before-healthy",
        breaks="COLD-06",
        sentence="a container that is not healthy yet answers 200 with a placeholder",
        changes=(
            replace(Preview, "route", _placeholder_page),
            replace(TargetRegistry, "_candidates", _serving_from_registration),
        ),
    ),
    Mutant(
        "preview-fails-now-and-then",
        breaks="COLD-06",
        sentence="the preview answers 503 for three seconds of every twenty",
        changes=(replace(Preview, "route", _busy_for_a_while),),
    ),
    Mutant(
        "fargate-as-measured",
        breaks="COLD-07",
        sentence="tasks start as slowly as public samples of Fargate, and alarms are looked at once a minute",
        changes=(calibrate(**{each.name: getattr(SLOW, each.name) for each in dataclasses.fields(SLOW)}),),
    ),
    Mutant(
        "newest-session-for-all",
        breaks="COLD-08",
        sentence="the container shows the newest session's site to every session",
        changes=(replace(HostedSessions, "find", _newest_session),),
    ),
    Mutant(
        "preview-without-content",
        breaks="COLD-08",
        sentence="the preview is an empty page",
        changes=(replace(site, "index", _no_content),),
    ),
    Mutant(
        "commit-message-in-full",
        breaks="COLD-09",
        sentence="the commit message is not cut at 50 characters",
        changes=(replace(editor_routes, "commit_message", _instruction_in_full),),
    ),
    Mutant(
        "commit-message-without-thread",
        breaks="COLD-09",
        sentence="the commit message lacks the word that the contract begins it with",
        changes=(replace(editor_routes, "commit_message", _thread_twice),),
    ),
    Mutant(
        "no-shared-containers",
        breaks="COLD-10",
        sentence="a session waits for a task of its own although one is warm",
        changes=(replace(controller, "choose_task", _a_task_for_each),),
    ),
)
