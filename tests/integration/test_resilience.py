"""RESIL: what breaks, bends and comes back."""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from itertools import pairwise
from typing import Any

import pytest

from seatrials.models import Storm, Walks
from seatrials.platform import Answer, Clock, Counts, NotYet, Platform, Session, Workspace, contract, p95, patience

# How long a service of the platform's own may take to start again.
RESTARTED_SECONDS = 120
# What a Hermes held that died is free by then.
LET_GO_SECONDS = 60
LOAD_MINUTES = 5
# Of a session's item, what changes when another task serves it, or when it is used.
MOVING = ("lastActivity", "ttl", "taskArn")


@pytest.mark.scenario("RESIL-01")
@pytest.mark.staging
@pytest.mark.exclusive(leaves=1)
@pytest.mark.needs("control")
def test_a_stopped_task_costs_its_session_nothing(platform: Platform) -> None:
    """The task of a live session is stopped: within 2 minutes another serves it, with its files, git and item."""
    session = platform.ready()
    work = _leave_work(platform, session)
    task = platform.sessions.host(session)

    with platform.faults.task_stopped(task):
        recovery_seconds = platform.wait_for_recovery(session, task, after="stop")

    assert recovery_seconds < contract.RECOVERY_SECONDS_MAX
    assert _kept(platform, session, work) == work


@pytest.mark.scenario("RESIL-02")
@pytest.mark.mock_only
@pytest.mark.needs("faults.kill")
def test_a_process_that_dies_costs_its_session_nothing(platform: Platform) -> None:
    """The container's process exits, or is out of memory: within 2 minutes another task serves, and nothing is lost."""
    session = platform.ready()
    work = _leave_work(platform, session)
    first = platform.sessions.host(session)
    with platform.faults.task_killed(first, "exits"):
        after_exit_seconds = platform.wait_for_recovery(session, first, after="exit")
    after_exit = _kept(platform, session, work)
    second = platform.sessions.host(session)
    with platform.faults.task_killed(second, "out of memory"):
        out_of_memory_seconds = platform.wait_for_recovery(session, second, after="out_of_memory")
    stopped = [each for each in platform.services.stopped_edit_tasks() if each["taskArn"] in (first, second)]

    assert [each["containers"][0].get("exitCode") for each in stopped] == [1, 137]
    assert max(after_exit_seconds, out_of_memory_seconds) < contract.RECOVERY_SECONDS_MAX
    assert after_exit == work
    assert _kept(platform, session, work) == work


@pytest.mark.scenario("RESIL-03")
@pytest.mark.staging
@pytest.mark.exclusive(tasks_max=3)
@pytest.mark.needs("control")
def test_all_sessions_come_back_when_every_task_is_lost(platform: Platform, clock: Clock) -> None:
    """Every edit task is lost at once: within 2 minutes all sessions are served again, and none has lost anything."""
    sessions = platform.ready_on_three_tasks()
    work = [_leave_work(platform, session) for session in sessions]
    hosts = [platform.sessions.host(session) for session in sessions]
    tasks = platform.services.edit_task_arns()

    began = clock.now()
    with platform.faults.task_stopped(*tasks):
        recoveries = [
            platform.wait_for_recovery(session, host, after="loss_of_all", since=began)
            for session, host in zip(sessions, hosts, strict=True)
        ]

    assert len(tasks) == contract.TASKS_MAX
    assert max(recoveries) < contract.RECOVERY_SECONDS_MAX
    assert [_kept(platform, *each) for each in zip(sessions, work, strict=True)] == work


@pytest.mark.scenario("RESIL-04", extra_seconds=RESTARTED_SECONDS + 180 + patience.METRIC_TOLD_SECONDS)
@pytest.mark.staging
@pytest.mark.exclusive(leaves=1)
@pytest.mark.needs("control")
def test_previews_and_the_metric_do_without_hermes(platform: Platform, clock: Clock) -> None:
    """Hermes is lost: live previews serve, the metric says nothing wrong, and activations work when it is back."""
    session = platform.ready()
    platform.wait_for_metric([session])
    began = clock.now()
    with platform.faults.stopped("hermes"):
        platform.wait_until(lambda: _hermes_is(platform, 503), RESTARTED_SECONDS, what="Hermes to be gone")
        pages = _visits(platform, session, 180, every_seconds=20)
        refused = platform.sessions.activate()
    platform.wait_until(lambda: _hermes_is(platform, 200), RESTARTED_SECONDS, what="Hermes to be back")
    told_meanwhile = platform.telemetry.told_since(began)
    counts = platform.services.edit_counts()
    another = platform.ready()
    metric = platform.wait_for_metric([session, another])

    assert _failed(pages) == []
    assert refused.status == 503
    assert (set(told_meanwhile) - {1.0}, counts.desired) == (set(), 1)
    assert metric == 2


@pytest.mark.scenario("RESIL-05")
@pytest.mark.mock_only
@pytest.mark.needs("faults.hang")
def test_a_container_that_hangs_is_found_and_replaced(platform: Platform) -> None:
    """A container hangs: health checks find it, and within 2 minutes another task serves its session."""
    session = platform.ready()
    work = _leave_work(platform, session)
    task = platform.sessions.host(session)

    with platform.faults.hanging(task):
        recovery_seconds = platform.wait_for_recovery(session, task, after="hang")

    assert recovery_seconds < contract.RECOVERY_SECONDS_MAX
    assert _kept(platform, session, work) == work
    assert _stop_reasons(platform, task, "failed ELB health checks") == 1


@pytest.mark.scenario("RESIL-06")
@pytest.mark.staging
@pytest.mark.exclusive(leaves=1)
@pytest.mark.needs("faults.network")
def test_a_task_that_cannot_be_reached_loses_its_sessions_to_another(platform: Platform) -> None:
    """The load balancer cannot reach a task: within 2 minutes another one serves its sessions, with all they had."""
    session = platform.ready()
    work = _leave_work(platform, session)
    task = platform.sessions.host(session)

    with platform.faults.partitioned("balancer", task):
        recovery_seconds = platform.wait_for_recovery(session, task, after="partition")

    assert recovery_seconds < contract.RECOVERY_SECONDS_MAX
    assert _kept(platform, session, work) == work


@pytest.mark.scenario("RESIL-07")
@pytest.mark.mock_only
@pytest.mark.needs("faults.table")
def test_activations_of_a_throttled_table_are_whole_or_refused(platform: Platform) -> None:
    """The table throttles: activations try again and succeed, or end in 503 with Retry-After; nothing is half made."""
    requests = [platform.sessions.request(threadId=f"thread-{number}") for number in range(9)]
    for_a_moment: list[Answer] = []
    with platform.faults.table_throttling(refused=3):
        patient = platform.sessions.activate(requests[0])

    def throttle() -> None:
        with platform.faults.table_throttling():
            platform.let_pass(0.4, what="the table to throttle whatever it is asked")

    platform.in_parallel(throttle, lambda: for_a_moment.append(platform.sessions.status(Session.of(patient))))
    refused = []
    for passing, request in enumerate(requests[1:4]):
        with platform.faults.table_throttling(passing=passing):
            refused.append(platform.sessions.activate(request))
    with platform.faults.table_throttling(refused=24):
        together = platform.in_parallel(*(partial(platform.sessions.activate, each) for each in requests[4:]))
    # One that is as good as stored would be found by its work, and a lock that nobody gives back would hold this up.
    again = [platform.sessions.activate(request) for request in requests[1:4]]
    starting = Session.of(patient)
    with platform.faults.table_throttling():
        platform.let_pass(20, what="a table that throttles while sessions start")
    platform.wait_ready(starting)
    stored = Counter(str(item["clientId"]) for item in platform.sessions.items_of_run())
    made = [stored[str(each["clientId"])] for each in requests]

    assert (patient.status, [each.status for each in for_a_moment]) == (201, [200])
    assert [each.status for each in refused] == [503] * 3
    assert [each for each in refused if not _says_later(each)] == []
    assert [each.status for each in again] == [201] * 3, f"what was refused has left something: {again}"
    assert made == [1, 1, 1, 1, *(int(each.status == 201) for each in together)]
    assert [each for each in together if each.status != 201 and not _says_later(each)] == []


@pytest.mark.scenario("RESIL-08", extra_seconds=patience.METRIC_TOLD_SECONDS)
@pytest.mark.mock_only
@pytest.mark.needs("faults.table")
def test_everything_comes_back_with_the_table(platform: Platform, clock: Clock) -> None:
    """The table is away for a minute: previews serve, calls are told to come again, and then all goes on by itself."""
    session = platform.ready()
    platform.wait_for_metric([session])
    waiting = platform.sessions.start()
    began = clock.now()
    with platform.faults.table_away():
        refused = [
            platform.sessions.activate(),
            platform.sessions.status(session),
            platform.sessions.keepalive(session),
        ]
        pages = _visits(platform, session, 60, every_seconds=5)
    platform.wait_ready(waiting)
    back = [platform.sessions.status(session), platform.sessions.keepalive(session)]
    another = platform.ready()
    metric = platform.wait_for_metric([session, waiting, another])
    told = platform.telemetry.told_since(began)

    assert _failed(pages) == []
    assert [each for each in refused if not _says_later(each)] == []
    assert [each.status for each in back] == [200, 200]
    assert metric == 3
    assert set(told) <= {1.0, 2.0, 3.0}, f"the metric said {told}, and one to three sessions were live"


@pytest.mark.scenario("RESIL-09", extra_seconds=contract.START_SECONDS)
@pytest.mark.mock_only
@pytest.mark.needs("faults.mount")
def test_a_file_system_that_cannot_be_mounted_is_told_of(platform: Platform, clock: Clock) -> None:
    """EFS cannot be mounted: tasks fail with that reason, the session ends in error with it, starts are throttled."""
    began = clock.now() - platform.skew.allowance_seconds
    with platform.faults.mount_failing("edit"):
        session = platform.sessions.start()
        platform.wait_for_status(session, contract.ERROR, patience.READY_SECONDS, every_seconds=2)
        every_stopped = platform.services.stopped_edit_tasks()
        events = [event["message"] for event in platform.services.edit()["events"]]
    item = platform.sessions.item(session)
    stopped = [task for task in every_stopped if task["createdAt"].timestamp() >= began]
    starts = [task["createdAt"].timestamp() for task in stopped]
    pauses = [round(later - earlier) for earlier, later in pairwise(starts)]

    assert item is not None
    assert "ResourceInitializationError" in item["metadata"]["error"]
    assert {"ResourceInitializationError" in task["stoppedReason"] for task in stopped} == {True}, stopped
    assert [text for text in events if "is unable to consistently start tasks successfully" in text], events
    assert len(pauses) >= 2, f"the tasks began at {starts}"
    assert pauses == sorted(pauses), f"the pauses between starts are {pauses} s"
    assert platform.balancer.session_rules(session.id) == []


@pytest.mark.scenario("RESIL-10")
@pytest.mark.mock_only
@pytest.mark.needs("faults.image")
def test_a_slow_image_is_waited_for_by_its_name(platform: Platform) -> None:
    """The image takes 90 s to pull: a wait says what it waits for, and the session still becomes active."""
    first = platform.ready()
    task = platform.sessions.host(first)
    with platform.faults.image_slow("edit", 90):
        with platform.faults.task_stopped(task):
            platform.let_pass(20, what="another task to begin, for a session has two minutes")
        session = platform.sessions.start()
        with pytest.raises(AssertionError) as failure:
            platform.wait_ready(session, 30)
        platform.wait_ready(session)

    assert f"session {session.id} to be active" in str(failure.value)
    assert "pulls its image since" in str(failure.value)
    assert platform.sessions.preview(first).status == 200


@pytest.mark.scenario("RESIL-11")
@pytest.mark.mock_only
@pytest.mark.needs("faults.spot")
def test_a_task_that_spot_takes_back_is_drained_and_replaced(platform: Platform) -> None:
    """Fargate Spot takes a task back: its targets drain at once, and with its replacement no request fails any more."""
    session = platform.ready()
    work = _leave_work(platform, session)
    task = platform.sessions.host(session)
    group = platform.balancer.shared_group("/preview/*")

    with platform.faults.spot_interrupted(task):
        platform.wait_until(lambda: "draining" in platform.balancer.states(group), 10, what="the target to drain")
        recovery_seconds = platform.wait_for_recovery(session, task, after="spot")
    pages = _visits(platform, session, 60, every_seconds=1)

    assert recovery_seconds < contract.RECOVERY_SECONDS_MAX
    assert _failed(pages) == []
    assert _kept(platform, session, work) == work
    assert _stop_reasons(platform, task, "Your Spot Task was interrupted") == 1


@pytest.mark.scenario("RESIL-12", extra_seconds=patience.SCALING_SECONDS + 480)
@pytest.mark.mock_only
@pytest.mark.needs("faults.metrics")
def test_late_metrics_take_no_task_from_a_session(platform: Platform, clock: Clock) -> None:
    """Metrics come 3 minutes late: nothing is scaled in under a live session, and nothing back and forth."""
    first = platform.ready()
    platform.wait_for_metric([first])
    began = clock.now()
    desired: list[int] = []
    pages: list[int] = []
    with platform.faults.metrics_late(180):
        sessions = [first, platform.ready(), platform.ready()]

        def eight_minutes() -> bool:
            pages.extend(platform.sessions.preview(each).status for each in sessions)
            desired.append(platform.services.edit_counts().desired)
            return clock.now() >= began + 480

        platform.wait_until(eight_minutes, 500, what="eight minutes of late metrics", every_seconds=60)

    def has_three_tasks() -> bool:
        for session in sessions:
            platform.sessions.keepalive(session)
        return platform.services.edit_counts().desired == contract.TASKS_MAX

    platform.wait_until(
        has_three_tasks,
        patience.SCALING_SECONDS + patience.METRIC_TOLD_SECONDS,
        what="three sessions to have three tasks",
        every_seconds=10,
    )
    scalings = [each.desired for each in platform.services.edit_scalings(began)]

    assert set(pages) == {200}, f"the previews answered {pages}"
    assert min(desired) >= 1, f"the edit service had {desired} tasks"
    assert scalings == [contract.TASKS_MAX]


@pytest.mark.scenario("RESIL-13", extra_seconds=contract.EXPIRY_LATEST_SECONDS + 600)
@pytest.mark.mock_only
@pytest.mark.needs("faults.clock")
def test_wrong_clocks_end_no_session_early_or_never(platform: Platform, clock: Clock) -> None:
    """Containers' clocks are 90 s ahead of Hermes's, then 90 s behind: no session expires early, or lives for ever."""
    with platform.faults.clocks_ahead("edit", 90):
        session = platform.ready()
        # The container's activity, of a time that is still to come, must not be taken back.
        moved = platform.sessions.preview(session), platform.sessions.keepalive(session)
        ahead = [*moved, *_visits(platform, session, 360, every_seconds=90)]
        task = platform.sessions.host(session)
    with platform.faults.clocks_ahead("edit", -90):
        with platform.faults.task_stopped(task):
            platform.wait_for_recovery(session, task, after="stop")
        behind = _visits(platform, session, 360, every_seconds=90)
        left_alone = clock.now()
        platform.wait_for_status(session, contract.EXPIRED, contract.EXPIRY_LATEST_SECONDS + 10, every_seconds=5)
        lived_seconds = clock.now() - left_alone

    assert _failed([*ahead, *behind]) == []
    # Hermes looks several times a minute.
    assert lived_seconds >= contract.IDLE_SECONDS - 15, f"it lived for {lived_seconds:.0f} s"


@pytest.mark.scenario("RESIL-14", extra_seconds=patience.STOPPED_SECONDS)
@pytest.mark.staging
@pytest.mark.exclusive(leaves=1)
@pytest.mark.needs("control")
def test_a_rolling_deployment_fails_no_request(platform: Platform) -> None:
    """New tasks of Hermes and of the edit service take over under load, and not one request fails."""
    sessions = [platform.ready(), *platform.neighbours(None)]
    work = [_leave_work(platform, session) for session in sessions]
    before = {platform.sessions.host(session) for session in sessions}
    answers: list[Answer] = []
    calls: list[Callable[[], Answer]] = [partial(platform.http.get, contract.HOSTED_SESSIONS_PATH)]
    for session in sessions:
        calls += [partial(platform.sessions.preview, session), partial(platform.workspace(session).read, "kept.md")]
        calls.append(partial(platform.sessions.keepalive, session))

    def rolled_out() -> bool | NotYet:
        answers.extend(platform.in_parallel(*calls))
        return platform.services.are_rolled_out()

    hermes = set(platform.services.hermes_task_arns())
    platform.services.redeploy_edit()
    platform.services.redeploy_hermes()
    within_seconds = patience.READY_SECONDS + patience.STOPPED_SECONDS
    platform.wait_until(rolled_out, within_seconds, what="both deployments to be done", every_seconds=1.7)

    assert _failed(answers) == []
    assert before & {platform.sessions.host(session) for session in sessions} == set()
    assert hermes & set(platform.services.hermes_task_arns()) == set()
    assert [_kept(platform, *each) for each in zip(sessions, work, strict=True)] == work


@pytest.mark.scenario("RESIL-15", extra_seconds=900)
@pytest.mark.mock_only
@pytest.mark.needs("faults.deployment")
def test_a_broken_release_is_rolled_back_under_live_sessions(platform: Platform) -> None:
    """A version that never answers trips the circuit breaker and is rolled back, and live sessions go on meanwhile."""
    session = platform.ready()
    work = _leave_work(platform, session)
    task, version = platform.sessions.host(session), platform.services.edit()["taskDefinition"]
    pages: list[Answer] = []

    def rolled_back() -> bool | NotYet:
        pages.append(platform.sessions.preview(session))
        service = platform.services.edit()
        return platform.services.are_rolled_out() if service["taskDefinition"] == version else NotYet("it goes on")

    with platform.faults.broken_release("edit"):
        begun = platform.services.edit()["taskDefinition"]
        platform.wait_until(rolled_back, 900, what="the release to be rolled back", every_seconds=10)
        events = [event["message"] for event in platform.services.edit()["events"]]

    assert begun != version
    assert [text for text in events if "rolling back to" in text], events
    assert _failed(pages) == []
    assert platform.sessions.host(session) == task
    assert _kept(platform, session, work) == work


@pytest.mark.scenario("RESIL-16", extra_seconds=contract.EXPIRY_LATEST_SECONDS + patience.EMPTY_SECONDS)
@pytest.mark.staging
@pytest.mark.exclusive(leaves=0)
def test_three_times_the_load_is_taken_or_refused(platform: Platform, clock: Clock) -> None:
    """Three times the normal load for 5 minutes: each activation is taken or gets 429, then all returns to zero."""
    requests = [platform.sessions.request() for _ in range(LOAD_MINUTES * 30)]
    ends_at = clock.now() + 60 * LOAD_MINUTES
    answers = platform.at_rate(30 / 60, *(partial(platform.sessions.activate, request) for request in requests))
    lasted_seconds = clock.now() - ends_at + 60 * LOAD_MINUTES
    taken = [Session.of(answer) for answer in answers if answer.status == 201]
    refused = [answer for answer in answers if answer.status == 429]
    others = [answer for answer in answers if answer.status not in (201, 429)]
    stored = {item["sessionId"] for item in platform.sessions.items_of_run()}
    platform.wait_until(
        lambda: platform.services.edit_counts() == Counts(desired=0, running=0, pending=0),
        contract.EXPIRY_LATEST_SECONDS + patience.EMPTY_SECONDS,
        what="the service to return to zero",
        every_seconds=10,
    )

    assert others == []
    assert lasted_seconds >= 60 * LOAD_MINUTES - 2
    assert {session.id for session in taken} == stored
    assert len(taken) >= contract.SESSIONS_MAX
    assert [each for each in refused if "retry-after" not in each.headers] == []
    assert [item["sessionId"] for item in platform.sessions.items_of_run() if item["status"] in contract.OPEN] == []
    assert platform.balancer.rules_of_sessions() == []


@pytest.mark.scenario("RESIL-18", extra_seconds=2 * 3600 + 1800)
@pytest.mark.mock_only
@pytest.mark.needs(
    "faults.hang", "faults.image", "faults.kill", "faults.metrics", "faults.network", "faults.spot", "faults.table"
)
def test_a_storm_of_faults_breaks_no_invariant(platform: Platform, walks: Walks) -> None:
    """Random faults for 2 hours under load: one owner a session, no lost commit, 3 tasks at most, and no orphan."""
    storm = Storm(platform, walks.seed)
    storm.rage(2 * 3600)
    storm.end()
    platform.wait_until(
        lambda: platform.balancer.edit_targets() == [],
        patience.EMPTY_SECONDS,
        what="the last target to go",
        every_seconds=10,
    )
    open_items = [item["sessionId"] for item in platform.sessions.items_of_run() if item["status"] in contract.OPEN]

    assert len(storm.faults) >= 20, f"only {storm.faults} were broken"
    assert platform.services.edit_counts() == Counts(desired=0, running=0, pending=0)
    assert open_items == []
    assert platform.balancer.rules_of_sessions() == []


@pytest.mark.scenario("RESIL-19", extra_seconds=2 * RESTARTED_SECONDS)
@pytest.mark.staging
@pytest.mark.exclusive(leaves=1)
@pytest.mark.needs("control", "faults.kill", "faults.network")
def test_what_a_dead_hermes_held_is_free_within_a_minute(platform: Platform, clock: Clock) -> None:
    """A Hermes dies with a lock, then with a claim: another takes over in 60 s, no session is made twice or lost."""
    request = platform.sessions.request(threadId="thread-of-the-lock")
    answers: list[Answer] = []

    def die_with_the_lock() -> None:
        # Of the activation's calls of the table the first two have been made, or the first three; none was the last.
        platform.let_pass(7, what="an activation to be amid its calls of a slow table")
        _kill_hermes(platform)

    with platform.faults.slow("table", 2):
        platform.in_parallel(lambda: answers.append(platform.sessions.activate(request)), die_with_the_lock)
    died = clock.now()
    taken: list[Answer] = []
    platform.wait_until(lambda: _taken(platform, request, taken), LET_GO_SECONDS, what="another Hermes to answer")
    session = Session.of(taken[0])
    lock_seconds = clock.now() - died
    platform.wait_until(
        lambda: _has_task(platform, session), patience.READY_SECONDS, what="a claim of Hermes", every_seconds=0.5
    )
    claimed_as = platform.sessions.stored_status(session)
    _kill_hermes(platform)
    died = clock.now()
    platform.wait_for_status(session, contract.ACTIVE, LET_GO_SECONDS + patience.RESERVE_SECONDS)
    claim_seconds = clock.now() - died
    platform.wait_until(lambda: _hermes_is(platform, 200), RESTARTED_SECONDS, what="Hermes to be back")
    platform.wait_ready(session)
    items = platform.sessions.items_of_client(str(request["clientId"]))

    assert [answer.status for answer in answers] == [502]
    assert lock_seconds <= LET_GO_SECONDS
    assert claimed_as == contract.INITIALIZING, "no Hermes had a claim when it died"
    # A session that is taken up again is ready as soon as one that finds a warm task.
    assert claim_seconds <= LET_GO_SECONDS + contract.WARM_START_SECONDS_MAX
    assert [item["sessionId"] for item in items] == [session.id]


@pytest.mark.scenario("RESIL-20", extra_seconds=RESTARTED_SECONDS + patience.METRIC_TOLD_SECONDS)
@pytest.mark.staging
@pytest.mark.exclusive(leaves=1)
@pytest.mark.needs("control")
def test_sigterm_cuts_nothing_that_is_being_answered(platform: Platform, clock: Clock) -> None:
    """At SIGTERM Hermes and a container finish what they answer and begin nothing new, and the metric does not fall."""
    session = platform.ready()
    platform.wait_for_metric([session])
    began = clock.now()
    (hermes,), task = platform.services.hermes_task_arns(), platform.sessions.host(session)
    thinking = partial(platform.workspace(session).execute, "Create a file named last.md with content: Finished")
    activation = partial(platform.sessions.activate, platform.sessions.request(threadId="thread-of-the-end"))

    late: list[Answer] = []

    def stop_both() -> None:
        platform.let_pass(0.02, what="both requests to be on their way")
        with platform.faults.task_stopped(hermes, task):
            platform.let_pass(0.2, what="SIGTERM to have come, and the instruction not to be done")
            late.append(platform.sessions.preview(session))

    answers: list[Answer] = []
    platform.in_parallel(lambda: answers.append(thinking()), lambda: answers.append(activation()), stop_both)
    platform.wait_for_recovery(session, task, after="stop")
    platform.wait_until(lambda: _hermes_is(platform, 200), RESTARTED_SECONDS, what="Hermes to be back")
    made = [Session.of(answer) for answer in answers if "sessionId" in answer.text]
    for each in made:
        platform.wait_ready(each)
    metric = platform.wait_for_metric([session, *made])
    told = platform.telemetry.told_since(began)
    workspace = platform.workspace(session)

    assert sorted(answer.status for answer in answers) == [200, 201]
    assert [answer for answer in late if answer.status == 200] == [], "a container takes new work after SIGTERM"
    assert workspace.read("last.md").text.strip() == "Finished"
    assert workspace.git_status()["clean"] is True, "what was finished is not committed"
    assert min(told) >= 1, f"the metric said {told}, and one session or two were live"
    assert metric == 2


@pytest.mark.scenario("RESIL-21", extra_seconds=contract.START_SECONDS)
@pytest.mark.mock_only
@pytest.mark.needs("faults.network")
def test_slow_parts_are_waited_for_and_nothing_is_done_twice(platform: Platform) -> None:
    """Load balancer, table and EFS take 2 s more for each answer: every call ends well, and nothing is done twice."""
    session = platform.ready()
    workspace = platform.workspace(session)
    request = platform.sessions.request(threadId="thread-of-the-slow")
    instruction = "Create a file named once.md with content: Once"
    calls: list[Callable[[], Answer]] = [
        partial(platform.sessions.activate, request),
        partial(platform.sessions.keepalive, session),
        partial(platform.sessions.status, session),
        partial(platform.sessions.preview, session),
        partial(workspace.write, "written.md", b"written slowly"),
        partial(workspace.execute, instruction),
    ]
    with platform.faults.slow("balancer", 2), platform.faults.slow("table", 2), platform.faults.slow("efs", 2):
        answers = platform.in_parallel(*calls)
        answers.append(platform.sessions.activate(request))
    again = platform.sessions.activate(request)
    # Two at once, when each sees and changes the table late.
    alike = partial(platform.sessions.activate, platform.sessions.request(threadId="thread-of-the-slower"))
    with platform.faults.slow("table", 4):
        twice = platform.in_parallel(alike, alike)
    twice.append(alike())
    slowest = max(answers, key=lambda each: each.elapsed_seconds)
    unclear = [each for each in answers if each.status >= 300 and not _says_later(each)]
    executed, made = answers[5].status == 200, [each for each in (*answers, again) if each.status == 201]
    commits = [each["message"] for each in workspace.git_log()]
    platform.wait_ready(Session.of(again))
    items = platform.sessions.items_of_client(str(request["clientId"]))

    assert unclear == []
    assert [each for each in twice if each.status >= 300 and not _says_later(each)] == []
    assert len({each.json()["sessionId"] for each in twice if each.status < 300}) == 1
    assert slowest.elapsed_seconds < contract.IDLE_TIMEOUT_SECONDS / 2, f"{slowest} took {slowest.elapsed_seconds} s"
    assert [item["sessionId"] for item in items] == [each.json()["sessionId"] for each in made]
    assert sum(instruction in message for message in commits) == int(executed), f"the log has {commits}"
    assert (answers[4].status == 200) == (workspace.read("written.md").content == b"written slowly")


@pytest.mark.scenario("RESIL-22", extra_seconds=60)
@pytest.mark.staging
@pytest.mark.exclusive(leaves=1)
@pytest.mark.needs("rate")
def test_a_hundred_file_operations_a_second_are_served(platform: Platform) -> None:
    """100 file operations a second over 3 sessions for a minute: none fails, p95 is below 1 s, and git is clean."""
    sessions = [platform.ready(), *platform.neighbours(None, None)]
    workspaces = [platform.workspace(session) for session in sessions]
    prepared = [workspace.write(f"load/{number}.md", b"") for workspace in workspaces for number in range(10)]
    answers: list[Answer] = []
    for second in range(60):
        content = f"written in second {second}".encode()
        operations = [
            partial(each.write, f"load/{number % 10}.md", content)
            if number % 2
            else partial(each.read, f"load/{number % 10}.md")
            for number in range(100)
            for each in [workspaces[number // 2 % len(workspaces)]]
        ]
        answers += platform.at_request_rate(100, *operations)
    seconds = [answer.elapsed_seconds for answer in answers]
    for workspace in workspaces:
        workspace.commit("After the load")

    assert _failed([*prepared, *answers]) == []
    assert len(answers) == 6000
    assert p95(seconds) < contract.FILE_OPERATION_SECONDS_MAX
    assert [workspace.git_status()["clean"] for workspace in workspaces] == [True] * len(workspaces)


@pytest.mark.scenario("RESIL-23", extra_seconds=contract.IDLE_SECONDS)
@pytest.mark.mock_only
@pytest.mark.needs("faults.network")
def test_a_use_comes_before_an_end_or_after_it(platform: Platform) -> None:
    """Kept alive while Hermes ends it for idleness, by a slow table, a session lives on or its client is told."""
    sessions = platform.ready_together(*[None] * contract.SESSIONS_MAX)
    platform.in_parallel(*(partial(platform.sessions.keepalive, session) for session in sessions))
    # Hermes looks every ten seconds, and what it has read is four seconds old when it writes.
    platform.let_pass(contract.IDLE_SECONDS - 6, what="five minutes without activity to be almost over")
    with platform.faults.slow("table", 2):
        answers = platform.at_rate(1, *(partial(platform.sessions.keepalive, session) for session in sessions))
        platform.let_pass(10, what="Hermes to have written what it was about to")
    after = [platform.sessions.stored_status(session) for session in sessions]

    kept = [answer.status == 200 for answer in answers]
    assert {answer.status for answer in answers} <= {200, 410}
    assert [status == "active" for status in after] == kept, f"{after} after {[each.status for each in answers]}"


@pytest.mark.scenario("RESIL-24", extra_seconds=patience.READY_SECONDS + patience.STOPPED_SECONDS)
@pytest.mark.mock_only
@pytest.mark.needs("faults.network")
def test_a_move_that_takes_long_fails_no_request(platform: Platform) -> None:
    """A session is served while it moves to another task, however slowly its workspace is opened there."""
    session = platform.ready()
    before = platform.sessions.host(session)
    files = platform.workspace(session)
    answers: list[Answer] = []

    def look(ask: Callable[[], Answer]) -> None:
        while not platform.services.are_rolled_out():
            answers.append(ask())

    with platform.faults.slow("efs", 2):
        platform.services.redeploy_edit()
        # One request after the other, so that none of the two seconds of an opening is without one.
        platform.in_parallel(
            partial(look, partial(platform.sessions.preview, session)), partial(look, partial(files.read, "hello.md"))
        )

    assert _failed(answers) == []
    assert platform.sessions.host(session) != before


@pytest.mark.scenario("RESIL-25", extra_seconds=contract.START_SECONDS)
@pytest.mark.mock_only
@pytest.mark.exclusive(tasks_max=3)
@pytest.mark.needs("faults.hang")
def test_a_container_that_does_not_get_healthy_is_left_for_another(platform: Platform) -> None:
    """A new session meets a container that fails its health checks, and gets one that passes them before 120 s."""
    sessions = [*platform.ready_on_three_tasks(), platform.ready(), platform.ready()]
    # The next session would be brought there.
    (left, count), *_ = reversed(Counter(map(platform.sessions.host, sessions)).most_common())
    assert count == 1, f"expected a task with one session, and two with two, for {sessions}"
    ports = platform.environment.ports
    # Without an image no replacement comes, and ECS keeps the unhealthy task until one does.
    with platform.faults.image_missing("edit"):
        with platform.faults.failing_health_checks([left], ports.edit_preview):
            there = next(each for each in sessions if platform.sessions.host(each) == left)
            platform.wait_for_another_task(there, left)
            session = platform.ready()
        with platform.faults.failing_health_checks([left], ports.edit_api):
            platform.let_pass(75, what="the load balancer to find its API unhealthy")
            other = platform.ready()

    assert left not in [platform.sessions.host(each) for each in (session, other)]


@pytest.mark.scenario("RESIL-26", extra_seconds=2 * contract.START_SECONDS)
@pytest.mark.mock_only
@pytest.mark.needs("faults.hang")
def test_a_session_whose_preview_is_never_healthy_ends_in_error_with_its_work(platform: Platform) -> None:
    """A session that cannot be previewed within 120 s ends in error: its work is committed, and its rules are gone."""
    request = platform.sessions.request(threadId="thread-without-preview")
    task, port = platform.sessions.host(platform.ready()), platform.environment.ports.edit_preview
    # Without an image no replacement comes, and ECS keeps the unhealthy task until one does.
    with platform.faults.image_missing("edit"), platform.faults.failing_health_checks([task], port):
        group = platform.balancer.shared_group("/preview/*")
        platform.wait_until(
            lambda: platform.balancer.states(group) == ["unhealthy"],
            patience.CHECKED_SECONDS,
            what="the container's preview to be found unhealthy",
            every_seconds=5,
        )
        platform.let_pass(60, what="the task's own group to find it unhealthy too")
        began = platform.clock.now()
        session = platform.sessions.start(request)
        files = platform.workspace(session)
        platform.wait_until(lambda: _has_committed(files), patience.CHECKED_SECONDS, what="the instruction to be done")
        files.write("drafts/work.md", b"not committed")
        # A session that cannot even be committed ends all the same.
        stuck = platform.sessions.start()
        others = platform.workspace(stuck)
        platform.wait_until(lambda: _has_committed(others), patience.CHECKED_SECONDS, what="its instruction to be done")
        others.run("git init -q inner")
        platform.wait_for_status(session, "error", patience.READY_SECONDS)
        lasted_seconds = platform.clock.now() - began
        platform.wait_for_status(stuck, "error", patience.READY_SECONDS)
        rules = platform.balancer.session_rules(session.id) + platform.balancer.session_rules(stuck.id)
    again = platform.workspace(
        platform.ready({**request, "instruction": "Create a file named next.md with content: N"})
    )
    messages = [each["message"] for each in again.git_log()]

    assert lasted_seconds < contract.START_SECONDS + 12
    assert rules == []
    assert again.files() == ["drafts/work.md", "hello.md", "next.md"]
    assert again.git_status()["changes"] == []
    assert len(messages) == 3, f"expected a commit of the work that was left between two instructions, not {messages}"


@pytest.mark.scenario("RESIL-27", extra_seconds=RESTARTED_SECONDS)
@pytest.mark.mock_only
@pytest.mark.needs("faults.table")
def test_a_hermes_that_is_told_to_stop_finishes_a_long_activation(platform: Platform) -> None:
    """An activation that takes seconds, for the table is slow, is answered by the Hermes that is told to stop."""

    def stop() -> None:
        platform.let_pass(1, what="the activation to be on its way")
        with platform.faults.task_stopped(*platform.services.hermes_task_arns()):
            pass

    answers: list[Answer] = []
    with platform.faults.slow("table", 2):
        platform.in_parallel(lambda: answers.append(platform.sessions.activate()), stop)

    assert [answer.status for answer in answers] == [201]
    platform.wait_until(lambda: _hermes_is(platform, 200), RESTARTED_SECONDS, what="Hermes to be back")
    platform.wait_ready(Session.of(answers[0]))


@pytest.mark.scenario("RESIL-28", extra_seconds=patience.READY_SECONDS)
@pytest.mark.mock_only
@pytest.mark.needs("faults.kill")
def test_an_instruction_that_a_container_died_of_is_carried_out_by_the_next(platform: Platform) -> None:
    """The container is killed while it carries out a session's instruction: the session gets another, which does."""
    session = platform.sessions.start()
    workspace = platform.workspace(session)
    platform.wait_until(
        lambda: _is_open(workspace), patience.READY_SECONDS, what="the workspace to be open", every_seconds=0.2
    )
    early = workspace.ask("POST", "/api/git/commit", b'{"message": "Nothing yet"}')
    with platform.faults.task_killed(platform.sessions.host(session)):
        platform.wait_ready(session)

    assert (early.status, early.json()) == (200, {"filesChanged": [], "commit": None})
    assert workspace.read("hello.md").status == 200
    assert len(workspace.git_log()) == 1, f"an instruction is carried out once: {workspace.git_log()}"


@pytest.mark.scenario("RESIL-29", extra_seconds=LET_GO_SECONDS)
@pytest.mark.mock_only
@pytest.mark.needs("faults.table")
def test_what_the_table_does_and_cannot_say_is_whole_or_nothing(platform: Platform) -> None:
    """The table does what it is told, and says that it failed: activations are made or refused, and none is both."""
    # An activation takes a lock, reads, adds the session and gives the lock back; Hermes tries each four times.
    cases = {(0, 3): 201, (0, 4): 503, (0, 8): 503, (1, 3): 201, (1, 4): 503, (1, 8): 503, (1, 12): 503, (2, 8): 201}
    answers: list[Answer] = []
    stored, again = [], []
    for (passing, unsaid), is_away in (*((case, False) for case in cases), ((1, 4), True)):
        # Nobody else writes meanwhile.
        platform.let_pass(12, what="Hermes to be at rest")
        request = platform.sessions.request(threadId=f"thread-{len(answers)}")
        # What is there after all can be deleted a second later only.
        then = platform.faults.table_throttling(passing=6, refused=8) if is_away else nullcontext()
        with platform.faults.table_unsure(passing=passing, unsaid=unsaid), then:
            answers.append(platform.sessions.activate(request))
        platform.let_pass(12, what="Hermes to make up for what it could not do")
        stored.append(len(platform.sessions.items_of_client(str(request["clientId"]))))
        again.append(platform.sessions.activate(request))
        platform.end(Session.of(again[-1]))
    expected = [*cases.values(), 503]
    session, other = platform.ready_together(None, None)
    kept = []
    for unsaid in (1, 4):
        with platform.faults.table_unsure(unsaid=unsaid):
            kept.append(platform.sessions.keepalive(session))
    with platform.faults.table_unsure(unsaid=1):
        ended = [platform.sessions.deactivate(session)]
    platform.let_pass(12, what="Hermes to be at rest")
    # The attempt after the one in doubt is throttled, which says nothing of the one before.
    with platform.faults.table_unsure(unsaid=1), platform.faults.table_throttling(passing=2, refused=1):
        ended.append(platform.sessions.deactivate(other))
    for each in (session, other):
        platform.wait_for_status(each, "expired", LET_GO_SECONDS)

    assert [each.status for each in answers] == expected
    assert [each for each in answers if each.status == 503 and not _says_later(each)] == []
    assert stored == [int(status == 201) for status in expected]
    assert [each.status for each in again] == [200 if status == 201 else 201 for status in expected]
    assert [each for each in kept if each.status != 200 and not _says_later(each)] == []
    assert kept[0].status == 200
    assert [_says_later(each) for each in ended] == [True, True], (
        f"who ended them was told that they were over: {ended}"
    )


@pytest.mark.scenario("RESIL-30", extra_seconds=patience.SCALING_SECONDS + patience.METRIC_TOLD_SECONDS)
@pytest.mark.mock_only
@pytest.mark.needs("faults.metrics")
def test_a_metric_that_was_refused_goes_on(platform: Platform) -> None:
    """CloudWatch throttles the metric for a while: it is told afterwards, and three sessions get their three tasks."""
    first = platform.ready()
    platform.wait_for_metric([first])
    # The minute that a value belongs to may have begun a while before.
    began = platform.clock.now() - 60
    with platform.faults.metrics_refused():
        sessions = [first, *platform.ready_together(None, None)]
        platform.let_pass(20, what="the metric to be refused")
        before = platform.telemetry.told_since(began)
    # A change is told as soon as it can be, and not at the next full minute.
    platform.wait_until(lambda: 3.0 in platform.telemetry.told_since(began), 12, what="the metric to be told")
    metric = platform.wait_for_metric(sessions)
    platform.wait_for_three_tasks()

    assert 3.0 not in before
    assert metric == 3


@pytest.mark.scenario("RESIL-31", extra_seconds=LET_GO_SECONDS)
@pytest.mark.mock_only
@pytest.mark.needs("faults.network")
def test_a_hermes_that_is_told_to_stop_finishes_its_step(platform: Platform) -> None:
    """A session ends, which a slow file system makes take seconds: the Hermes that is told to stop ends it still."""
    session = platform.ready()
    with platform.faults.slow("efs", 4):
        platform.sessions.deactivate(session)
        platform.let_pass(1, what="the container to be asked to commit")
        with platform.faults.task_stopped(*platform.services.hermes_task_arns()):
            # Another Hermes would have to wait until this one's claim is over.
            platform.wait_for_status(session, "expired", 12)

    assert platform.balancer.session_rules(session.id) == []


@pytest.mark.scenario("RESIL-32", extra_seconds=patience.READY_SECONDS + patience.CHECKED_SECONDS)
@pytest.mark.mock_only
@pytest.mark.needs("faults.hang")
def test_of_two_hermes_one_works_on_a_session(platform: Platform) -> None:
    """Two Hermes run, and starts take long: an instruction is done once, and what ends meanwhile is hosted no more."""
    platform.services.scale_hermes(2)
    platform.wait_until(lambda: platform.services.hermes_running() == 2, 120, what="two Hermes")
    task, port = platform.sessions.host(platform.ready()), platform.environment.ports.edit_api
    with platform.faults.slow("efs", 4):
        ended = platform.sessions.start()
        platform.let_pass(1.5, what="the container to be opening the workspace")
        platform.sessions.deactivate(ended)
        platform.wait_for_status(ended, "expired", LET_GO_SECONDS)
    platform.let_pass(12, what="all that was under way to be done")
    hosted = platform.sessions.hosted()
    # Without an image no replacement comes, and ECS keeps the unhealthy task until one does.
    with platform.faults.image_missing("edit"):
        with platform.faults.failing_health_checks([task], port):
            platform.let_pass(90, what="the container's API to be found unhealthy")
        platform.let_pass(24, what="a part of the time that it takes to be found healthy again")
        session = platform.sessions.start(platform.sessions.request(instruction="Greet everybody"))
        workspace = platform.workspace(session)
        platform.wait_until(
            lambda: _is_open(workspace), patience.CHECKED_SECONDS, what="the workspace to be open", every_seconds=0.2
        )
        with platform.faults.hanging(task):
            platform.let_pass(24, what="the claim's end, had it not been renewed")
        platform.wait_ready(session)

    assert ended.id not in hosted
    assert len(workspace.git_log()) == 1, f"an instruction is carried out once: {workspace.git_log()}"


def _has_committed(workspace: Workspace) -> bool | NotYet:
    """Whether a session's instruction has been carried out."""
    answer = workspace.ask("GET", "/api/git/log")
    return answer.text.count("hello.md") == 1 or NotYet(f"{answer}")


def _is_open(workspace: Workspace) -> bool | NotYet:
    """Whether a container has opened a session's workspace."""
    answer = workspace.ask("GET", "/api/git/status")
    return answer.status == 200 or NotYet(f"{answer}")


def _leave_work(platform: Platform, session: Session) -> dict[str, Any]:
    """Leave committed and uncommitted work in a session's workspace; return all that must not be lost."""
    workspace = platform.workspace(session)
    workspace.write("kept.md", b"committed")
    workspace.commit("Kept work")
    workspace.write("kept.md", b"changed since")
    workspace.write("drafts/new.bin", bytes(range(256)) * 64)
    return _work_of(platform, session)


def _kept(platform: Platform, session: Session, work: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a session's *work* is there, and record how many of its files are."""
    now = _work_of(platform, session)
    kept = sum(now["files"].get(path) == content for path, content in work["files"].items())
    platform.sample("files_retained_percent", 100 * kept / len(work["files"]), "percent")
    return now


def _work_of(platform: Platform, session: Session) -> dict[str, Any]:
    """Return a session's files, commits, changes and item, but for what moves with its use and its task."""
    workspace = platform.workspace(session)
    item: Mapping[str, Any] = platform.sessions.item(session) or {}
    return {
        "files": {path: hashlib.sha256(workspace.read(path).content).hexdigest() for path in workspace.files()},
        "commits": list(workspace.git_log()),
        "changes": workspace.git_status()["changes"],
        "item": {name: value for name, value in item.items() if name not in MOVING},
    }


def _visits(platform: Platform, session: Session, seconds: float, *, every_seconds: float) -> list[Answer]:
    """Look at a session's preview for so long; return what it answered."""
    pages: list[Answer] = []
    until = platform.clock.now() + seconds

    def looked() -> bool:
        pages.append(platform.sessions.preview(session))
        return platform.clock.now() >= until

    reserve_seconds = 2 * every_seconds + patience.RESERVE_SECONDS
    platform.wait_until(looked, seconds + reserve_seconds, what="visits to end", every_seconds=every_seconds)
    return pages


def _hermes_is(platform: Platform, status: int) -> bool | NotYet:
    answer = platform.http.get(contract.HERMES_HEALTH_PATH)
    return answer.status == status or NotYet(f"it is {answer}")


def _failed(answers: Sequence[Answer]) -> list[str]:
    """Return what failed of many requests that should not: the first of them, and how many there are."""
    failed = [answer for answer in answers if answer.status != 200]
    more = [f"and {len(failed) - 3} more of {len(answers)}"] if len(failed) > 3 else []
    return [*map(repr, failed[:3]), *more]


def _says_later(answer: Answer) -> bool:
    """Whether an answer says in so many words to come again."""
    return answer.status == 503 and "retry-after" in answer.headers


def _kill_hermes(platform: Platform) -> None:
    """End every process of Hermes by SIGKILL."""
    for task in platform.services.hermes_task_arns():
        with platform.faults.task_killed(task):
            pass


def _taken(platform: Platform, request: Mapping[str, Any], taken: list[Answer]) -> bool | NotYet:
    """Whether Hermes answers an activation with a session; *taken* gets that answer."""
    answer = platform.sessions.activate(request)
    taken += [answer] if answer.status < 300 else []
    return bool(taken) or NotYet(f"an activation is {answer}")


def _has_task(platform: Platform, session: Session) -> bool | NotYet:
    """Whether a session that initializes has its task by now: who works on it has claimed it."""
    item = platform.sessions.item(session)
    return (item is not None and "taskArn" in item) or NotYet(f"its item is {item}")


def _stop_reasons(platform: Platform, task: str, reason: str) -> int:
    """Return how many times ECS gives a reason for the end of a task, which it has once it is told to stop."""

    def told() -> list[str]:
        stopped = [each for each in platform.services.stopped_edit_tasks() if each["taskArn"] == task]
        return [each["stoppedReason"] for each in stopped]

    platform.wait_until(told, patience.STOPPED_SECONDS, what="ECS to stop the task", every_seconds=5)
    return sum(reason in each for each in told())
