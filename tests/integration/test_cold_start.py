"""COLD: from nothing running to a live preview, and back to nothing."""

import html
import json
import re
from collections.abc import Iterator
from functools import partial
from itertools import groupby

import pytest

from seatrials.platform import (
    ANSWERED,
    UNKNOWN_SESSION,
    Answer,
    Clock,
    Counts,
    NotYet,
    Platform,
    Session,
    contract,
    patience,
)

UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", re.IGNORECASE)

# What is wrong with an activation: its fields or its whole body, and the field that is to blame.
WrongActivation = tuple[str, dict[str, object] | bytes, str]


@pytest.mark.scenario("COLD-01")
@pytest.mark.staging
@pytest.mark.exclusive(leaves=0)
def test_nothing_runs_without_a_session(platform: Platform) -> None:
    """The platform is up, and without a live session the edit service has no task and its groups no target."""
    hermes = platform.http.get(contract.HERMES_HEALTH_PATH)
    default = platform.http.get("/nothing-is-here")
    targets = {
        group["TargetGroupName"]: platform.balancer.targets(group["TargetGroupArn"])
        for group in platform.balancer.edit_target_groups()
    }

    assert hermes.status == 200
    assert (default.status, default.json()) == (404, {"error": "not found"})
    assert platform.sessions.live_items() == [], "the table has live sessions before the first is asked for"
    assert platform.services.edit_counts() == Counts(desired=0, running=0, pending=0)
    assert targets, "the load balancer has no target group on a port of the edit container"
    assert {name: [] for name in targets} == targets


@pytest.mark.scenario("COLD-02", extra_seconds=patience.METRIC_TOLD_SECONDS)
@pytest.mark.staging
@pytest.mark.exclusive(leaves=1)
def test_an_activation_alone_scales_the_service_from_zero_to_one(platform: Platform) -> None:
    """An activation takes the service from 0 to 1 through the platform's metric, alarm and policy."""
    before = platform.services.edit_counts()
    began = platform.clock.now() - platform.skew.allowance_seconds
    session = platform.sessions.start()

    platform.wait_ready(session)
    platform.wait_for_counts(Counts(desired=1, running=1, pending=0))
    metric = platform.wait_for_metric([session])
    scalings = platform.services.edit_scalings(began)

    assert before == Counts(desired=0, running=0, pending=0)
    assert metric == 1
    assert platform.services.edit_counts().desired == 1
    assert [scaling.desired for scaling in scalings] == [1]
    assert f"triggered policy {platform.environment.names.scale_out_policy}" in scalings[0].cause


@pytest.mark.scenario("COLD-03")
@pytest.mark.production
def test_an_activation_answers_every_field_of_the_contract(platform: Platform, clock: Clock) -> None:
    """The activation's answer has each field with its type and unit, and an instruction of 4,000 characters whole."""
    # Letters that are one code point and two units of UTF-16, and one that is two code points and would be one.
    longer = contract.instruction_to_create("hours.md", "Cafe\u0301 \N{CROISSANT} open on every day. " * 200)
    instruction = longer[: contract.TEXT_CHARACTERS_MAX]
    numbers = {"attempt": 1, "share": 0.5, "listed": ["für", {"of": [2, 2.5]}]}
    empty: dict[str, object] = {"reply": None, "subject": "", "Tags": []}
    metadata = {"source": "e-mail", **numbers, **empty, "deep": _nested(20), "instruction": "x", "text": ""}
    # No longer than what is taken, in the fewest characters of JSON.
    metadata["text"] = "ü" * (
        contract.TEXT_CHARACTERS_MAX - len(json.dumps(metadata, ensure_ascii=False, separators=(",", ":")))
    )
    request = platform.sessions.request(instruction=instruction, metadata=metadata)
    largest = json.dumps(platform.sessions.request()).encode().ljust(contract.BODY_BYTES_MAX)
    began_ms = clock.epoch_ms()
    session = platform.sessions.start(request)
    fields, ended_ms = session.fields, clock.epoch_ms()
    kept = platform.sessions.status(session).json()
    # Hermes and this run read different clocks.
    earliest_ms = began_ms - 1000 * platform.skew.allowance_seconds
    latest_ms = ended_ms + 1000 * platform.skew.allowance_seconds

    assert _whole_activation(platform, largest).status == 201
    assert UUID4.sub("UUID4", fields["sessionId"]) == f"{contract.SESSION_ID_PREFIX}UUID4"
    assert UUID4.sub("UUID4", fields["threadId"]) == f"{contract.THREAD_ID_PREFIX}UUID4"
    assert (fields["clientId"], fields["userId"]) == (request["clientId"], request["userId"])
    assert fields["status"] == "initializing"
    assert fields["previewUrl"] == platform.url + contract.preview_path(fields["sessionId"])
    assert type(fields["createdAt"]) is int
    assert earliest_ms <= fields["createdAt"] <= latest_ms
    assert fields["lastActivity"] == fields["createdAt"]
    assert type(fields["ttl"]) is int
    lives_seconds = fields["ttl"] - fields["createdAt"] / 1000
    assert lives_seconds == pytest.approx(contract.TTL_SECONDS, abs=1), (
        f"the ttl is {lives_seconds:.0f} s after createdAt"
    )
    assert fields["metadata"] == {**metadata, "instruction": request["instruction"]}
    # As texts, for 1 and 1.0 are not alike there.
    assert json.dumps(kept["metadata"], sort_keys=True) == json.dumps(fields["metadata"], sort_keys=True)
    assert [type(kept[name]) for name in ("createdAt", "lastActivity", "ttl")] == [int] * 3


@pytest.mark.scenario("COLD-04")
@pytest.mark.production
def test_the_table_holds_what_the_activation_answered(platform: Platform) -> None:
    """The item equals the answer field by field, and both indexes find it."""
    session = platform.sessions.start()
    item = platform.sessions.item(session)
    client, since_ms = session.client_id, session.fields["createdAt"]

    assert item is not None
    assert {name: item.get(name) for name in session.fields} == dict(session.fields)
    assert platform.sessions.ttl_attribute() == "ttl", "the table does not expire items by their `ttl`"

    # Where a task is warm, the session may be active before an index has heard of it.
    def by_client() -> bool:
        return any(session.id in platform.sessions.ids_by_client_index(client, status) for status in contract.LIVE)

    def by_status() -> bool:
        return any(session.id in platform.sessions.ids_by_status_index(status, since_ms) for status in contract.LIVE)

    platform.wait_until(by_client, 10, what="the client index to find the session")
    platform.wait_until(by_status, 10, what="the status index to find the session")


@pytest.mark.scenario("COLD-05", extra_seconds=patience.RESERVE_SECONDS)
@pytest.mark.staging
def test_the_status_never_runs_ahead_of_the_preview(platform: Platform) -> None:
    """The status goes from initializing to active, never back, and never before the preview answers 200."""
    session = platform.sessions.start()
    kept = platform.sessions.keepalive(session)
    walk = [str(session.fields["status"])]
    previews_while_active = []

    def settled() -> bool:
        walk.append(platform.sessions.status(session).json()["status"])
        if walk[-1] == "active":
            # On a connection of its own, as each visitor comes: it may lead to any node of the load balancer.
            previews_while_active.append(platform.raw.get(session.preview_path).status)
        return len(previews_while_active) == 5

    platform.wait_until(settled, patience.READY_SECONDS, what="the session to be seen active five times")
    item = platform.sessions.item(session)

    assert kept.status == 200
    assert item is not None
    assert item["createdAt"] == session.fields["createdAt"]
    assert walk[0] == "initializing"
    assert walk == ["initializing"] * walk.count("initializing") + ["active"] * 5
    assert previews_while_active == [200] * 5, "the platform says active before each node serves: " + str(
        previews_while_active
    )


@pytest.mark.scenario(
    "COLD-06", extra_seconds=patience.RESERVE_SECONDS + patience.HEALTH_TOLD_SECONDS + patience.ROUTED_SECONDS
)
@pytest.mark.staging
def test_the_preview_serves_from_readiness_on(platform: Platform, clock: Clock) -> None:
    """Without a healthy target the preview does not answer 200; from the first 200 on it is the session's and stays."""
    is_cold = platform.services.edit_counts() == Counts(desired=0, running=0, pending=0)
    session = platform.sessions.start()
    looks: list[int] = []

    def first_page() -> bool:
        looks.append(platform.sessions.preview(session).status)
        return looks[-1] == 200

    platform.wait_until(first_page, patience.READY_SECONDS, what="the preview's first 200", every_seconds=0.5)
    every_node_follows = clock.now() + patience.ROUTED_SECONDS
    health = platform.sessions.preview(session, "/health")

    def targets_told() -> bool:
        return [state for _, state in platform.balancer.preview_targets(session.id)] == ["healthy"]

    # Who serves and who tells of it are two systems of AWS's.
    platform.wait_until(targets_told, patience.HEALTH_TOLD_SECONDS, what="the preview's one target to be told healthy")
    afterwards: list[int] = []
    a_minute_later = clock.now() + 60

    def one_minute_of_pages() -> bool | NotYet:
        page = platform.sessions.preview(session)
        if page.is_of_a_node_that_lags and clock.now() < every_node_follows:
            return NotYet(f"a node of the load balancer has yet to follow: {page}")
        afterwards.append(page.status)
        return clock.now() >= a_minute_later

    platform.wait_until(one_minute_of_pages, 60 + patience.RESERVE_SECONDS, what="a minute of pages", every_seconds=2)

    # A container that runs already serves a new session within a second, before which nobody may come to look.
    first_where_nothing_ran = looks[0] if is_cold else None
    assert first_where_nothing_ran != 200
    assert (health.status, health.json()["sessionId"]) == (200, session.id)
    assert set(afterwards) == {200}, afterwards


@pytest.mark.scenario("COLD-07")
@pytest.mark.staging
@pytest.mark.exclusive(leaves=1)
def test_a_cold_start_takes_less_than_a_minute(platform: Platform, clock: Clock) -> None:
    """From activation to the preview's first 200 it takes less than 60 s; the legs are recorded."""
    began = clock.now()
    session = platform.sessions.start()
    seen: dict[str, float] = {}

    def is_ready() -> bool:
        counts = platform.services.edit_counts()
        happened = {
            "decided": counts.desired == 1,
            "running": counts.running == 1,
            "healthy": "healthy" in [state for _, state in platform.balancer.preview_targets(session.id)],
            "ready": platform.sessions.preview(session).status == 200,
        }
        seen.update({step: clock.now() for step, has in happened.items() if has and step not in seen})
        return "ready" in seen

    platform.wait_until(is_ready, patience.READY_SECONDS, what="the preview's first 200")
    ready = seen["ready"]
    # AWS may tell of a step after the page that shows that it was taken.
    decided, running, healthy = (seen.get(step, ready) for step in ("decided", "running", "healthy"))

    platform.sample("cold_start_seconds", ready - began)
    platform.sample("cold_start_scaling_decision_seconds", decided - began)
    platform.sample("cold_start_task_start_seconds", running - decided)
    platform.sample("cold_start_target_health_seconds", max(healthy - running, 0.0))
    platform.sample("cold_start_route_seconds", ready - healthy)

    assert ready - began < contract.COLD_START_SECONDS_MAX, f"a cold start took {ready - began:.0f} s"


@pytest.mark.scenario("COLD-08")
@pytest.mark.production
def test_the_preview_shows_what_the_instruction_asked_for(platform: Platform) -> None:
    """The preview's URL serves this session's own site, with the content that its instruction asked for."""
    mine = "Grüße & frische Heringe"
    other = "Vintage lamps restored"
    session = platform.ready(platform.sessions.request(instruction=contract.instruction_to_show(mine)))
    neighbours = platform.neighbours(platform.sessions.request(instruction=contract.instruction_to_show(other)))

    page = platform.sessions.preview(session)
    neighbours_pages = [html.unescape(platform.sessions.preview(each).text) for each in neighbours]

    assert page.status == 200
    assert page.header("content-type").lower().replace(" ", "") in {"text/html", "text/html;charset=utf-8"}
    # What has changed is seen at once, by a browser that was there before too.
    kept = re.findall(r"immutable|(?:max-age|s-maxage)=[1-9]\d*", page.headers.get("cache-control", ""))
    assert kept == [], "browsers may show what the page was, for it says that it may be kept"
    assert mine in html.unescape(page.text)
    assert other not in page.text
    assert [(other in each, mine in each) for each in neighbours_pages] == [(True, False)] * len(neighbours)


@pytest.mark.scenario("COLD-09")
@pytest.mark.staging
def test_the_instruction_ends_in_a_commit_on_the_threads_branch(platform: Platform) -> None:
    """The instruction's file is in the workspace, committed on the thread's branch with the contract's message."""
    instruction = "Create a file named menu.md with content: Grüße\nvom Koch, and the rest of a long instruction"
    session = platform.ready(platform.sessions.request(instruction=instruction))
    workspace = platform.workspace(session)

    file = workspace.read("menu.md")
    status = workspace.git_status()
    newest = workspace.git_log()[0]
    executed = workspace.execute("Create a file named café.md with content: Crème")

    assert (file.status, file.text.strip()) == (200, "Grüße\nvom Koch, and the rest of a long instruction")
    assert status["branch"] == f"thread-{session.thread_id}"
    assert status["clean"] is True, f"expected a working tree without changes, got {status}"
    assert newest["message"] == f"Thread {session.thread_id}: {instruction[: contract.COMMIT_CHARACTERS_MAX]}"
    assert executed.status == 200
    assert "café.md" in executed.json()["filesChanged"]
    assert workspace.read("café.md").text.strip() == "Crème"


@pytest.mark.scenario("COLD-10")
@pytest.mark.staging
@pytest.mark.exclusive(leaves=1)
def test_a_warm_activation_is_ready_in_five_seconds(platform: Platform) -> None:
    """A second activation while a task is warm is ready in less than 5 s and starts no task."""
    platform.ready()
    platform.wait_for_counts(Counts(desired=1, running=1, pending=0))
    tasks = platform.services.edit_task_arns()

    second = platform.sessions.start()
    # What is to take five seconds is looked at more than once in two.
    waited = platform.wait_ready(second, every_seconds=0.5)
    platform.sample("warm_start_seconds", waited)

    assert waited < contract.WARM_START_SECONDS_MAX
    assert len(tasks) == 1
    assert platform.services.edit_task_arns() == tasks
    assert platform.services.edit_counts() == Counts(desired=1, running=1, pending=0)


@pytest.mark.scenario("COLD-11")
@pytest.mark.production
def test_a_keepalive_moves_the_session_forward(platform: Platform) -> None:
    """A keepalive moves ttl and lastActivity strictly forward, in its answer and in the table."""
    session = platform.ready()
    before = platform.sessions.item(session)
    platform.let_pass(3, what="ttl, in whole seconds, to be able to move")

    answer = platform.sessions.keepalive(session)
    after = platform.sessions.item(session)

    assert answer.status == 200
    assert before is not None
    assert after is not None
    assert {name: after[name] for name in ("ttl", "lastActivity")} == answer.json()
    assert after["ttl"] > before["ttl"]
    assert after["lastActivity"] > before["lastActivity"]
    assert after["ttl"] == pytest.approx(after["lastActivity"] / 1000 + contract.TTL_SECONDS, abs=1)


@pytest.mark.scenario("COLD-12", extra_seconds=contract.EXPIRY_LATEST_SECONDS + patience.EMPTY_SECONDS)
@pytest.mark.staging
@pytest.mark.exclusive(tasks_max=3, leaves=0)
def test_an_idle_session_expires_and_the_service_returns_to_zero(platform: Platform, clock: Clock) -> None:
    """Left idle, the session expires and the service returns to 0 by itself, in the time that its parts allow."""
    session = platform.ready()
    item = platform.sessions.item(session)
    assert item is not None
    left_alone = item["lastActivity"] / 1000

    platform.wait_for_status(session, "expired", contract.EXPIRY_LATEST_SECONDS + 10, every_seconds=5)
    expired = clock.now()
    platform.wait_until(
        lambda: platform.services.edit_counts() == Counts(desired=0, running=0, pending=0),
        patience.EMPTY_SECONDS,
        what="the edit service to return to 0",
        every_seconds=5,
    )
    zero = clock.now()
    # The platform's own clock says when it was left alone.
    apart = platform.skew.allowance_seconds

    assert contract.IDLE_SECONDS - apart <= expired - left_alone <= contract.EXPIRY_LATEST_SECONDS + apart
    assert zero - expired <= contract.EXPIRED_TO_ZERO_SECONDS
    assert platform.sessions.status(session).status == 410


@pytest.mark.scenario("COLD-13", extra_seconds=20 * 60)
@pytest.mark.mock_only
def test_browsing_the_preview_keeps_a_session_alive(platform: Platform) -> None:
    """A session whose preview is opened every 4 minutes is alive after 20."""
    session = platform.ready()
    pages = []
    for _ in range(5):
        platform.let_pass(4 * 60, what="4 minutes without a request")
        pages.append(platform.sessions.preview(session).status)

    status = platform.sessions.status(session)

    assert pages == [200] * 5
    assert (status.status, status.json()["status"]) == (200, "active")


@pytest.mark.scenario("COLD-14")
@pytest.mark.production
def test_a_deactivated_session_leaves_nothing_behind(platform: Platform) -> None:
    """After deactivation the session drains and expires, its preview, rules and targets go, and others stay."""
    request = platform.sessions.request()
    neighbours = platform.neighbours(platform.sessions.request(clientId=request["clientId"]))
    session = platform.ready(request)
    neighbours_rules = [platform.balancer.session_rules(each.id) for each in neighbours]
    platform.workspace(session).write("draft.md", b"not committed\n")

    answer = platform.sessions.deactivate(session)
    # The answer is the first look: the rest of the draining may be over before the table can be read.
    walk: list[object] = ["active", answer.json().get("status"), platform.sessions.stored_status(session)]
    kept = platform.sessions.keepalive(session)

    def expired() -> bool:
        walk.append(platform.sessions.stored_status(session))
        return walk[-1] == "expired"

    platform.wait_until(expired, 30, what="the session to expire", every_seconds=0.2)
    preview = platform.sessions.preview(session)
    ended_again = platform.sessions.deactivate(session)
    unknown = platform.http.post(f"{contract.SESSIONS_PATH}/{UNKNOWN_SESSION}/deactivate", {})

    assert (answer.status, answer.json()) == (202, {"status": "draining"})
    assert kept.status // 100 == 4
    assert [ended_again.status, unknown.status] == [410, 404]
    assert [status for status, _ in groupby(walk)] == ["active", "draining", "expired"]
    assert preview.status == 404
    assert platform.sessions.status(session).status == 410
    assert platform.balancer.session_rules(session.id) == []
    assert platform.balancer.preview_targets(session.id) == []
    assert [platform.balancer.session_rules(each.id) for each in neighbours] == neighbours_rules
    assert [platform.sessions.preview(each).status for each in neighbours] == [200] * len(neighbours)
    assert [platform.sessions.status(each).json()["status"] for each in neighbours] == ["active"] * len(neighbours)
    assert platform.http.get(contract.HERMES_HEALTH_PATH).status == 200


@pytest.mark.scenario("COLD-15", extra_seconds=2 * contract.ALARM_PERIOD_SECONDS)
@pytest.mark.production
def test_an_invalid_activation_is_refused_and_changes_nothing(platform: Platform) -> None:
    """Each invalid activation is refused with 4xx naming the field, stores nothing and scales nothing."""
    request = platform.sessions.request()
    client, user = str(request["clientId"]), str(request["userId"])
    wrong = _wrong_activations(client, user)
    began = platform.clock.now() - platform.skew.allowance_seconds
    before = platform.services.edit_counts().desired
    answers = {what: _refusal(platform, client, given) for what, given, _ in wrong}
    too_much = _refusal(platform, client, b'{"instruction": "' + b"x" * contract.BODY_BYTES_MAX + b'"}')

    assert answers == {what: (400, field) for what, _, field in wrong}
    assert too_much[0] == 413
    assert platform.sessions.items_of_client(client) == []
    # A metric that counts a refused one has its effect within two alarm periods.
    desired, needed = [], [_tasks_needed(platform)]
    for _ in range(0, 2 * contract.ALARM_PERIOD_SECONDS, 10):
        platform.let_pass(10, what="an alarm to see the metric")
        desired.append(platform.services.edit_counts().desired)
        needed.append(_tasks_needed(platform))
    # What another policy has set, such as the one for CPU where users are at work, is no effect of an activation.
    by_metric = platform.environment.names.scale_out_policy
    by_others = [each.desired for each in platform.services.edit_scalings(began) if by_metric not in each.cause]
    assert max(desired) <= max(before, *needed, *by_others)


@pytest.mark.scenario("COLD-16", extra_seconds=contract.START_SECONDS + patience.METRIC_TOLD_SECONDS)
@pytest.mark.mock_only
def test_a_task_that_cannot_start_ends_the_session_with_its_reason(platform: Platform, clock: Clock) -> None:
    """When no image can be pulled, waiting fails with ECS's reason and the session ends in error with it, not early."""
    with platform.faults.image_missing("edit"):
        session = platform.sessions.start()
        platform.let_pass(50, what="a page to keep its session alive, which does not give it more time to start")
        kept = platform.sessions.keepalive(session)
        with pytest.raises(AssertionError) as failure:
            platform.wait_ready(session)
        platform.wait_for_status(session, "error", 80)
        waited_seconds = clock.now() - session.fields["createdAt"] / 1000
    item = platform.sessions.item(session)
    status = platform.sessions.status(session)
    metric = platform.wait_for_metric()

    assert kept.status == 200
    assert "CannotPullContainerError" in str(failure.value)
    assert waited_seconds >= contract.START_SECONDS - platform.skew.allowance_seconds
    assert waited_seconds < contract.START_SECONDS + 40, "a keepalive gave it more time to start"
    assert item is not None
    assert "CannotPullContainerError" in item["metadata"]["error"]
    assert item["metadata"] == {**session.fields["metadata"], "error": item["metadata"]["error"]}
    assert (status.status, status.json().get("status")) == (200, "error")
    assert status.json()["metadata"] == item["metadata"]
    assert metric == 0
    assert platform.sessions.preview(session).status == 404
    assert platform.balancer.session_rules(session.id) == []


@pytest.mark.scenario("COLD-17", extra_seconds=contract.EXPIRY_LATEST_SECONDS + 5 * patience.METRIC_TOLD_SECONDS)
@pytest.mark.staging
@pytest.mark.exclusive(tasks_max=3, leaves=1)
def test_the_published_metric_is_the_number_of_live_sessions(platform: Platform) -> None:
    """ActiveSessionCount equals the number of live sessions after each activation, deactivation and expiry."""
    published = []
    sessions = []
    # All of one client and user: those are not what the metric counts.
    request = platform.sessions.request()
    for _ in range(3):
        sessions.append(platform.sessions.start(request))
        platform.wait_ready(sessions[-1])
        published.append(platform.wait_for_metric(sessions))
    platform.sessions.deactivate(sessions[0])
    platform.wait_for_status(sessions[0], "expired")
    published.append(platform.wait_for_metric(sessions[1:]))
    platform.wait_until(
        lambda: {platform.sessions.stored_status(each) for each in sessions} == {"expired"},
        contract.EXPIRY_LATEST_SECONDS,
        what="the idle sessions to expire",
        every_seconds=5,
    )
    published.append(platform.wait_for_metric())

    assert published == [1, 2, 3, 2, 0]


@pytest.mark.scenario("COLD-18")
@pytest.mark.staging
def test_activating_twice_gives_one_session(platform: Platform) -> None:
    """Activating again for a live client, user and thread returns its session, and one for other names another."""
    request = platform.sessions.request(threadId="thread-of-the-test")
    first = platform.sessions.activate(request)
    again_while_initializing = platform.sessions.activate(request)
    session = Session.of(first)
    platform.wait_ready(session)
    again_while_active = platform.sessions.activate(request)
    other_thread = platform.sessions.activate({**request, "threadId": "another-thread"})
    without_thread = platform.sessions.request(clientId=request["clientId"], userId=request["userId"])
    others = [Session.of(other_thread), *(platform.sessions.start(without_thread) for _ in range(2))]
    # That the list has all of them is the contract's, and asked of every list.
    listed = platform.http.get(f"{contract.SESSIONS_PATH}/client/{session.client_id}")

    assert [first.status, again_while_initializing.status, again_while_active.status] == [201, 200, 200]
    assert listed.status == 200
    assert Session.of(again_while_initializing).id == session.id
    assert Session.of(again_while_active).id == session.id
    assert (other_thread.status, others[0].id != session.id) == (201, True)
    assert (session.thread_id, others[0].thread_id) == ("thread-of-the-test", "another-thread")
    assert len({each.thread_id for each in others}) == 3
    items = platform.sessions.items_of_client(session.client_id)
    assert sorted(item["sessionId"] for item in items) == sorted([session.id, *(each.id for each in others)])
    for name in ("clientId", "userId", "threadId"):
        # Of longer names, which differ from one another by case, and have what a form would take for a blank.
        longer = [{**request, name: f"{request[name]}{end}"} for end in ("+x", "+X")]
        alike = [platform.sessions.activate(each) for each in longer]
        assert [each.status for each in alike] == [201, 201], f"{name} differs, and this was answered: {alike}"
        for each in map(Session.of, alike):
            assert platform.http.get(f"{contract.SESSIONS_PATH}/client/{each.client_id}").status == 200
            platform.sessions.deactivate(each)


@pytest.mark.scenario("COLD-19")
@pytest.mark.mock_only
@pytest.mark.needs("faults.table")
def test_a_table_that_throttles_is_asked_again_and_then_told_of(platform: Platform) -> None:
    """A throttled table is asked again; one that refuses all means 503 with `Retry-After`, and nothing left behind."""
    session = platform.ready()
    client = platform.sessions.request()["clientId"]
    calls = [partial(call, session) for call in (platform.sessions.status, platform.sessions.keepalive)]
    with platform.faults.table_throttling(refused=3):
        patient = platform.sessions.status(session)
    refused = []
    # However far an activation comes: before the lock, with it, and with its session as good as stored.
    for passing in range(3):
        with platform.faults.table_throttling(passing=passing):
            refused.append(platform.sessions.activate(platform.sessions.request(clientId=client)))
            refused += [call() for call in calls]
            platform.let_pass(30, what="a table that is away")
    again = platform.sessions.activate(platform.sessions.request(clientId=client))

    assert patient.status == 200
    assert [(each.status, "retry-after" in each.headers) for each in refused] == [(503, True)] * len(refused)
    assert again.status == 201
    assert [each["sessionId"] for each in platform.sessions.items_of_client(str(client))] == [again.json()["sessionId"]]
    assert [call().status for call in calls] == [200, 200]
    assert platform.sessions.preview(session).status == 200


@pytest.mark.scenario("COLD-20", extra_seconds=patience.READY_SECONDS)
@pytest.mark.mock_only
@pytest.mark.world("apart")
def test_whoever_is_active_is_served_by_every_node(platform: Platform) -> None:
    """However late each node of the load balancer hears of a session, all serve it from the moment it is active."""
    # The container is healthy, so that nothing but rules is waited for.
    platform.ready()
    sessions = [platform.sessions.start() for _ in range(contract.SESSIONS_MAX - 1)]

    def ask(session: Session) -> tuple[list[str], list[Answer]]:
        platform.wait_until(
            lambda: platform.sessions.stored_status(session) == "active",
            patience.READY_SECONDS,
            what="the session to be active",
            every_seconds=0.1,
        )
        # The rule of its WebSockets is the last that is made; each of six leads to one of the nodes.
        pings = platform.in_parallel(*[lambda: platform.websockets.open(session.id).ping()] * 6)
        preview, read = (
            partial(platform.sessions.preview, session),
            partial(platform.workspace(session).read, "hello.md"),
        )
        return pings, platform.in_parallel(*[preview, read] * 4)

    told = platform.in_parallel(*(partial(ask, session) for session in sessions))

    assert [str(each) for _, answers in told for each in answers if each.status != 200] == []
    assert [pings for pings, _ in told] == [[ANSWERED] * 6] * len(sessions)


def _wrong_activations(client: str, user: str) -> list[WrongActivation]:
    """Return what may be wrong with an activation that is otherwise one of this client and user."""
    too_long = contract.TEXT_CHARACTERS_MAX + 1
    return [
        ("no client", {"clientId": None}, "clientId"),
        ("no user", {"userId": None}, "userId"),
        ("no instruction", {"instruction": None}, "instruction"),
        ("empty client", {"clientId": ""}, "clientId"),
        ("empty user", {"userId": ""}, "userId"),
        ("empty instruction", {"instruction": ""}, "instruction"),
        *_of_another_type({"clientId": client, "userId": user, "instruction": "x"}),
        # More than an item of DynamoDB can hold: 32 levels, 38 digits, 400 KB.
        ("metadata of 100 levels", {"metadata": _nested(100)}, "metadata"),
        ("metadata with a number of 40 digits", {"metadata": {"number": 10**39 + 1}}, "metadata"),
        ("metadata of half a megabyte", {"metadata": {"text": "x" * 500_000}}, "metadata"),
        ("an empty thread", {"threadId": ""}, "threadId"),
        # A client that is not the run's own is never sent, for a platform that took it would keep what no sweep finds.
        ("a client with white space", {"clientId": f"{client} "}, "clientId"),
        ("a user of white space", {"userId": " "}, "userId"),
        ("an instruction of white space", {"instruction": " \n"}, "instruction"),
        ("a client that is two folders", {"clientId": f"{client}/.."}, "clientId"),
        ("a user that is the folder above", {"userId": ".."}, "userId"),
        ("a user that is two folders", {"userId": "a/b"}, "userId"),
        ("a thread that no branch can have", {"threadId": "a..b"}, "threadId"),
        ("an instruction of 4,001 characters", {"instruction": "x" * too_long}, "instruction"),
        ("a client of 4,001 characters", {"clientId": client.ljust(too_long, "x")}, "clientId"),
        ("a user of 4,001 characters", {"userId": user.ljust(too_long, "x")}, "userId"),
        ("a thread of 4,001 characters", {"threadId": "x" * too_long}, "threadId"),
        ("not JSON", b"{", "body"),
        ("not UTF-8", b'{"clientId": "\xff"}', "body"),
        ("a number that JSON does not have", b'{"clientId": NaN}', "body"),
        ("half a surrogate pair", b'{"instruction": "\\ud800"}', "body"),
        ("JSON, but no object", b"[1]", "body"),
    ]


def _nested(levels: int) -> dict[str, object]:
    """Return an object in an object, so many times."""
    inner: dict[str, object] = {}
    for _ in range(levels - 1):
        inner = {"in": inner}
    return inner


def _of_another_type(request: dict[str, object]) -> Iterator[WrongActivation]:
    """Yield *request* with every value of JSON in each field that takes values of one type alone."""
    for field in ("clientId", "userId", "instruction", "threadId", "metadata"):
        right = dict if field == "metadata" else str
        for value in (None, True, 7, 1.5, "x", ["a"], {"text": "x"}):
            if not isinstance(value, right):
                yield f"{json.dumps(value)} as {field}", json.dumps({**request, field: value}).encode(), field


def _refusal(platform: Platform, client: str, given: dict[str, object] | bytes) -> tuple[int, object]:
    """Activate with a whole body, or with fields of *client*; return the status and the field that is to blame."""
    if isinstance(given, bytes):
        answer = _whole_activation(platform, given)
    else:
        answer = platform.sessions.activate(platform.sessions.request(**{"clientId": client, **given}))
    assert answer.status != 400 or "error" in answer.json(), f"it is not said what is wrong: {answer}"
    return answer.status, answer.json().get("field")


def _whole_activation(platform: Platform, body: bytes) -> Answer:
    return platform.http.send("POST", contract.ACTIVATE_PATH, body, {"content-type": "application/json"})


def _tasks_needed(platform: Platform) -> int:
    """Return what the sessions of the last minutes, of others on a shared stack, may have the service scaled to.

    Those that have just ended are among them, for an alarm sees them later.
    """
    since_ms = platform.clock.epoch_ms() - 1000 * contract.IDLE_SECONDS
    sessions = platform.sessions.count_active_since(since_ms, len(contract.TASKS_FOR_SESSIONS) - 1)
    return contract.TASKS_FOR_SESSIONS[sessions]
