"""ROUTE: every request reaches whom it is for, and nobody else."""

import json
import ssl
from collections import Counter
from functools import partial
from ipaddress import ip_address

import pytest
import trustme

from seatrials.platform import (
    ANSWERED,
    OPEN,
    UNKNOWN_SESSION,
    Answer,
    Clock,
    NotYet,
    Platform,
    Session,
    WebSocket,
    contract,
    p95,
    patience,
)

DEFAULT_ANSWER = (404, {"error": "not found"}, "the load balancer itself")
# Two checks of 30 s each decide about a target, and a check may have just begun.
MARKED_SECONDS = 90
# So many requests miss one of three targets once in sixty thousand times, whichever way they are spread.
ENOUGH_REQUESTS = 30
# Of one session, beside the first.
MORE_BROWSERS = 4
# What a file of the host would show: accounts, shells, the machine's own paths.
HOST_WORDS = ("root:", "daemon:", "/bin/", "/nologin", "/etc/passwd:")


@pytest.mark.scenario("ROUTE-01")
@pytest.mark.production
def test_health_is_answered_by_the_balancer(platform: Platform) -> None:
    """`/health` answers 200 with the contract's body; paths that only look like it get the default 404."""
    health = platform.http.get("/health")
    longer = platform.http.get("/healthz")
    capital = platform.http.get("/Health")

    assert (health.status, health.json()) == (200, {"status": "healthy"})
    assert _told(longer) == DEFAULT_ANSWER
    assert _told(capital) == DEFAULT_ANSWER


@pytest.mark.scenario("ROUTE-02")
@pytest.mark.production
def test_api_paths_reach_an_edit_container(platform: Platform) -> None:
    """`/api/status`, `/api/sessions` and `/api/files` reach an edit container, which says so, never Hermes."""
    session = platform.ready()
    header = session.headers
    tasks_before = platform.services.edit_task_arns()

    status = platform.http.get("/api/status", header)
    sessions = platform.http.get("/api/sessions", header)
    files = platform.http.get("/api/files", header)
    shared = platform.http.get("/api/status")
    nobodys_files = platform.http.get("/api/files")

    # Beside others a task may come or go meanwhile.
    tasks = {*tasks_before, *platform.services.edit_task_arns()}
    assert [status.status, sessions.status, files.status] == [200, 200, 200]
    assert (shared.status, nobodys_files.status) == (200, 400)
    assert [each.origin for each in (status, sessions, files, shared, nobodys_files)] == ["edit"] * 5
    assert [status.json()["service"], sessions.json()["service"], shared.json()["service"]] == ["edit"] * 3
    assert {status.json()["taskArn"], sessions.json()["taskArn"], shared.json()["taskArn"]} <= tasks
    assert session.id in [each["sessionId"] for each in sessions.json()["sessions"]]
    assert "hello.md" in [each["path"] for each in files.json()["files"]]


@pytest.mark.scenario("ROUTE-03")
@pytest.mark.production
def test_hermes_paths_reach_hermes(platform: Platform) -> None:
    """`/hermes/health`, `/hermes/status` and `/hermes/api/sessions/*` reach Hermes, also beside an edit container."""
    session = platform.ready()
    base = contract.SESSIONS_PATH

    health = platform.http.get(contract.HERMES_HEALTH_PATH)
    status = platform.http.get("/hermes/status")
    of_session = platform.http.get(f"{base}/{session.id}/status")
    of_client = platform.http.get(f"{base}/client/{session.client_id}")
    of_nobody = platform.http.get(f"{base}/client/{session.client_id}-of-no-session")
    with_header = platform.http.get(f"{base}/{session.id}/status", session.headers)
    unknown = [platform.http.get(f"{base}/{each}/status") for each in (UNKNOWN_SESSION, "", "x" * 2000)]

    answers = [health, status, of_session, of_client, of_nobody, with_header, *unknown]
    assert [each.status for each in answers] == [*[200] * 6, *[404] * 3]
    assert [each.origin for each in answers] == ["hermes"] * 9
    assert [health.json()["service"], status.json()["service"]] == ["hermes", "hermes"]
    assert [of_session.json()["sessionId"], with_header.json()["sessionId"]] == [session.id, session.id]
    assert [each["sessionId"] for each in of_client.json_list()] == [session.id]
    assert of_nobody.json() == []
    moving = ("status", "lastActivity", "ttl", "taskArn")
    lasting = {name: value for name, value in session.fields.items() if name not in moving}
    assert {name: of_session.json().get(name) for name in lasting} == lasting


@pytest.mark.scenario("ROUTE-04")
@pytest.mark.staging
@pytest.mark.exclusive(tasks_max=3)
def test_each_preview_is_answered_by_the_task_that_hosts_it(platform: Platform) -> None:
    """With 3 sessions on 3 tasks each preview is answered by the very task that hosts it, 20 times of 20."""
    hosted = platform.ready_on_each_task()

    answers = {
        host: Counter(_task_of_preview(platform, session) for _ in range(20)) for host, session in hosted.items()
    }

    assert len(hosted) == 3
    assert {host: Counter({(200, host): 20}) for host in hosted} == answers


@pytest.mark.scenario("ROUTE-05")
@pytest.mark.staging
def test_sub_paths_reach_the_same_container_unchanged(platform: Platform) -> None:
    """`/session/{id}/health` and `/session/{id}/{page}` reach the session's container, path and query intact."""
    session = platform.ready_on_three_tasks()[0]
    host = platform.sessions.host(session)
    workspace = platform.workspace(session)
    written = workspace.write("src/pages/über uns.md", b"# Wir\n")
    for text in ("As written first", "As written then"):
        workspace.write("src/pages/blog/first.md", f"# {text}\n".encode())
        _await_page(platform, session, "/blog/first", text)
    nested = platform.sessions.preview(session, "/blog/first")
    # A name may be as long as a file system takes.
    missing = [platform.sessions.preview(session, path).status for path in ("/no-such-page", f"/{'x' * 255}")]
    health = f"/session/{session.id}/health?probe=1&probe=2"
    page = f"/session/{session.id}/%C3%BCber%20uns?next=%2Fa%2Fb&q=a+b%26c&empty="

    healths = [platform.raw.get(health) for _ in range(6)]
    pages = [platform.raw.get(page) for _ in range(6)]

    assert written.status == 200
    assert [each.status for each in (*healths, *pages)] == [200] * 12
    assert {each.header("x-task-arn") for each in (*healths, *pages)} == {host}
    assert {each.header("x-request-target") for each in healths} == {health}
    assert {each.header("x-request-target") for each in pages} == {page}
    named = ("sessionId", "clientId", "userId", "threadId")
    assert [{name: each.json().get(name) for name in named} for each in healths] == [
        {name: session.fields[name] for name in named}
    ] * 6
    assert healths[0].json()["taskArn"] == host
    assert f"{session.client_id}/{session.user_id}" in healths[0].json()["workspace"]
    assert "<h1>Wir</h1>" in pages[0].text
    assert nested.media_type == "text/html"
    assert missing == [404, 404]


@pytest.mark.scenario("ROUTE-06")
@pytest.mark.staging
def test_the_session_header_leads_to_the_hosting_container(platform: Platform) -> None:
    """`X-Session-ID` takes `/api/*` to the container that hosts the session, and another id to another."""
    hosted = platform.ready_on_each_task()

    answers = {host: [_api_status(platform, session.id) for _ in range(6)] for host, session in hosted.items()}

    assert len(hosted) == 3
    assert {host: [(200, host)] * 6 for host in hosted} == answers


@pytest.mark.scenario("ROUTE-07")
@pytest.mark.production
def test_an_unknown_session_header_gets_404(platform: Platform) -> None:
    """An unknown `X-Session-ID` gets 404, and neither sees nor changes anything of a session that is there."""
    session = platform.ready()
    before = platform.workspace(session).files()
    refused = {"error": "no such session"}

    def refusal(method: str, path: str, session_id: str, content: bytes | None = None) -> tuple[int, object]:
        answer = platform.http.send(method, path, content, {contract.SESSION_HEADER: session_id})
        return answer.status, answer.json()

    answers = {
        "status": refusal("GET", "/api/status", UNKNOWN_SESSION),
        "files": refusal("GET", "/api/files", UNKNOWN_SESSION),
        "a file": refusal("GET", "/api/files/hello.md", UNKNOWN_SESSION),
        "log": refusal("GET", "/api/git/log", UNKNOWN_SESSION),
        "exists": refusal("POST", "/api/files/exists", UNKNOWN_SESSION, b'{"filePath": "hello.md"}'),
        "git's status": refusal("GET", "/api/git/status", UNKNOWN_SESSION),
        "write": refusal("PUT", "/api/files/planted.md", UNKNOWN_SESSION, b"planted"),
        "execute": refusal("POST", "/api/execute", UNKNOWN_SESSION, b'{"instruction": "Add a page called Planted"}'),
        "the beginning of an id": refusal("GET", "/api/files", session.id[:-1]),
        "an id and more": refusal("GET", "/api/files", f"{session.id}0"),
        "a pattern": refusal("GET", "/api/files", "session-*"),
    }

    nameless = [platform.http.get(path) for path in ("/api/files/hello.md", "/api/git/log", "/api/git/status")]

    assert dict.fromkeys(answers, (404, refused)) == answers
    assert [answer.status for answer in nameless] == [400] * 3
    assert before != []
    assert platform.workspace(session).files() == before


@pytest.mark.scenario("ROUTE-08")
@pytest.mark.staging
def test_the_path_wins_over_the_header(platform: Platform) -> None:
    """With path and header of different sessions the path decides, and nothing of the other session is shown."""
    request = platform.sessions.request
    first = platform.ready(request(instruction="Create a file named index.md with content: Fresh herring"))
    second = platform.ready(request(instruction="Create a file named index.md with content: Vintage lamps"))

    def contradicting(path: Session, header: Session, page: str = "") -> tuple[int, list[str]]:
        answer = platform.http.get(f"{path.preview_path}{page}", header.headers)
        return answer.status, [each for each in ("herring", "lamps", header.id) if each in answer.text]

    shown = {
        f"the path of {name}{page}, with the other's header": contradicting(one, other, page)
        for name, one, other in (("the first", first, second), ("the second", second, first))
        for page in ("", "/index")
    }
    health = platform.http.get(f"{first.preview_path}/health", second.headers)

    assert shown == {what: (200, ["herring"]) if "the first" in what else (200, ["lamps"]) for what in shown}
    assert (health.status, health.json()["sessionId"], health.json()["clientId"]) == (200, first.id, first.client_id)
    assert second.id not in health.text


@pytest.mark.scenario("ROUTE-09")
@pytest.mark.staging
def test_shared_pages_and_assets_reach_an_astro_server(platform: Platform) -> None:
    """`/preview/*` and `/_astro/*` reach an Astro server."""
    platform.ready()

    page = platform.http.get("/preview/about")
    script = platform.http.get("/_astro/client.js")

    assert (page.status, page.header("server"), page.origin) == (200, "astro", "edit")
    assert (script.status, script.header("server"), script.origin) == (200, "astro", "edit")
    assert (page.media_type, script.media_type) == ("text/html", "text/javascript")


@pytest.mark.scenario("ROUTE-10")
@pytest.mark.staging
def test_the_websocket_opens_and_answers_a_ping(platform: Platform) -> None:
    """`/ws/hmr?sessionId=` of a live session upgrades with 101 and answers a ping with the same payload."""
    session = platform.ready()
    websocket = platform.websockets.attempt(session.id)

    assert websocket.status == 101
    assert [websocket.ping(b"first"), websocket.ping(b"second")] == [ANSWERED, ANSWERED]
    assert websocket.state() == OPEN


@pytest.mark.scenario("ROUTE-11")
@pytest.mark.staging
def test_an_edit_arrives_on_the_sessions_websocket_alone(platform: Platform) -> None:
    """Edits of a session arrive on its WebSocket as updates that name the files, and on no other session's."""
    request = platform.sessions.request()
    session = platform.ready(request)
    neighbour = platform.ready({**request, "threadId": "another-thread"})
    mine, theirs = [platform.websockets.open(each.id) for each in (session, neighbour)]
    also_mine = [platform.websockets.open(session.id) for _ in range(MORE_BROWSERS)]

    executed = platform.workspace(session).execute("Create a file named notes.md with content: first")
    front_before = platform.sessions.preview(session).text
    written = platform.workspace(session).write("src/pages/index.md", b"# Closed for the holidays\n")
    platform.wait_until(lambda: _has_heard(mine, 2), 60, what="the first of five browsers to hear two updates")
    front_after = platform.sessions.preview(session).text
    theirs_answered = theirs.ping()
    platform.workspace(session).write("src/pages/index.md", b"# Closed for ever\n")
    platform.workspace(session).write("über uns.md", b"# Wir\n")
    platform.wait_until(lambda: _has_heard(mine, 4), 60, what="the first of five browsers to hear two more updates")
    _, first_look = platform.in_parallel(
        lambda: platform.workspace(session).execute("Create a file named late.md with content: late").status,
        lambda: _first_look_after(platform, session, mine, updates=5, path="late.md"),
    )

    assert (executed.status, written.status) == (200, 200)
    assert mine.received() == [
        {"type": "update", "path": "notes.md"},
        {"type": "update", "path": "src/pages/index.md"},
        {"type": "update", "path": "src/pages/index.md"},
        {"type": "update", "path": "über uns.md"},
        {"type": "update", "path": "late.md"},
    ]
    assert first_look == 200, "an update came before the file could be read"
    assert [each.received() for each in also_mine] == [mine.received()] * MORE_BROWSERS
    assert ["Closed for the holidays" in front for front in (front_before, front_after)] == [False, True]
    assert theirs_answered == ANSWERED
    assert theirs.received() == []


@pytest.mark.scenario("ROUTE-12")
@pytest.mark.staging
def test_a_websocket_of_an_unknown_session_is_refused(platform: Platform) -> None:
    """A WebSocket for an unknown session gets 404 and no 101, while a live session's opens."""
    session = platform.ready()

    unknown = platform.websockets.attempt(UNKNOWN_SESSION)
    longer = platform.websockets.attempt(f"{session.id}0")
    nameless = platform.websockets.attempt("")
    live = platform.websockets.attempt(session.id)

    assert [unknown.status, longer.status, nameless.status] == [404, 404, 404]
    assert live.status == 101
    assert live.ping() == ANSWERED


@pytest.mark.scenario("ROUTE-13", extra_seconds=2 * contract.IDLE_TIMEOUT_SECONDS)
@pytest.mark.mock_only
def test_a_quiet_websocket_is_closed_at_the_idle_timeout(platform: Platform, clock: Clock) -> None:
    """A quiet WebSocket is closed at the idle timeout and not before; pings keep one open."""
    session = platform.ready()
    began = clock.now()
    quiet, pinged = platform.websockets.open(session.id), platform.websockets.open(session.id)

    platform.let_pass(40, what="most of the idle timeout")
    answered_at_40 = pinged.ping()
    platform.let_pass(17, what="almost the whole idle timeout")
    state_at_58 = quiet.state()
    quiet.wait_closed(10)
    closed_after = clock.now() - began
    platform.let_pass(35, what="more than the idle timeout since the pinged one was opened")
    answered_at_95 = pinged.ping()

    assert answered_at_40 == ANSWERED
    assert state_at_58 == OPEN
    assert contract.IDLE_TIMEOUT_SECONDS <= closed_after < contract.IDLE_TIMEOUT_SECONDS + 1
    assert answered_at_95 == ANSWERED
    assert pinged.state() == OPEN


@pytest.mark.scenario("ROUTE-14")
@pytest.mark.staging
def test_a_lower_priority_number_wins(platform: Platform) -> None:
    """Of two rules that fit, that of the lower number is applied: a session's own, before the shared one for all."""
    session = platform.ready_on_three_tasks()[0]
    host = platform.sessions.host(session)
    own = platform.balancer.priority("/api/*", session.id)
    shared = platform.balancer.priority("/api/*")

    with_header = [_api_status(platform, session.id) for _ in range(9)]
    without = Counter(platform.http.get("/api/status").json()["taskArn"] for _ in range(ENOUGH_REQUESTS))

    assert own < shared
    assert with_header == [(200, host)] * 9
    assert sorted(without) == platform.services.edit_task_arns()


@pytest.mark.scenario("ROUTE-15")
@pytest.mark.production
def test_an_unmatched_path_gets_the_default_404(platform: Platform) -> None:
    """A path that no rule names gets the load balancer's default 404, whatever it resembles."""
    session = platform.ready()
    paths = ["/", "/nothing", "/nothing/at/all", "/hermes", "/api", "/apis/status", "/session", "/preview", "/ws/other"]
    paths += [f"/session/{session.id}0", f"/nothing?sessionId={session.id}"]

    answers = {path: platform.http.get(path) for path in paths}
    posted = platform.http.post("/nothing", {"some": "body"})

    assert {path: _told(answer) for path, answer in answers.items()} == dict.fromkeys(paths, DEFAULT_ANSWER)
    assert _told(posted) == DEFAULT_ANSWER


@pytest.mark.scenario("ROUTE-16")
@pytest.mark.production
def test_paths_are_case_sensitive_and_header_values_are_not(platform: Platform) -> None:
    """`/API/status` gets the default 404; a session's id in capitals leads to its container all the same."""
    session = platform.ready_among_tasks()
    host = platform.sessions.host(session)

    capital_api = platform.http.get("/API/status", session.headers)
    capital_hermes = platform.http.get("/Hermes/health")
    capital_session = platform.http.get(f"/Session/{session.id}")
    capital_header = [_api_status(platform, session.id.upper()) for _ in range(6)]

    assert _told(capital_api) == DEFAULT_ANSWER
    assert _told(capital_hermes) == DEFAULT_ANSWER
    assert _told(capital_session) == DEFAULT_ANSWER
    assert capital_header == [(200, host)] * 6


@pytest.mark.scenario("ROUTE-17")
@pytest.mark.production
def test_unknown_and_expired_sessions_look_alike(platform: Platform) -> None:
    """An unknown session gets 404, and nothing tells it from an expired one of another client."""
    expired = platform.ready()
    platform.sessions.deactivate(expired)
    platform.wait_until(
        lambda: platform.sessions.status(expired).status == 410, 30, what="the session to be over", every_seconds=2
    )

    def looks(session_id: str) -> dict[str, tuple[tuple[int, object, str], list[str]]]:
        header = {contract.SESSION_HEADER: session_id}
        calls = {
            "preview": platform.http.get(f"/session/{session_id}"),
            "page": platform.http.get(f"/session/{session_id}/hello.md"),
            "health": platform.http.get(f"/session/{session_id}/health"),
            "files": platform.http.get("/api/files", header),
        }
        return {name: (_told(each), sorted(each.headers)) for name, each in calls.items()}

    platform.wait_for_routing()
    unknown_websocket = platform.websockets.attempt(UNKNOWN_SESSION)
    expired_websocket = platform.websockets.attempt(expired.id)
    of_unknown, of_expired = looks(UNKNOWN_SESSION), looks(expired.id)

    assert {name: told for name, (told, _) in of_unknown.items()} == {
        "preview": DEFAULT_ANSWER,
        "page": DEFAULT_ANSWER,
        "health": DEFAULT_ANSWER,
        "files": (404, {"error": "no such session"}, "edit"),
    }
    assert of_expired == of_unknown
    assert (unknown_websocket.status, expired_websocket.status) == (404, 404)
    assert expired_websocket.content == unknown_websocket.content


@pytest.mark.scenario("ROUTE-18")
@pytest.mark.staging
def test_malformed_requests_are_refused_and_do_no_harm(platform: Platform) -> None:
    """A malformed request gets a documented 4xx, a severe one a closed connection too, and the next is served."""
    end = b"Host: {host}\r\n\r\n"
    requests = {
        "a raw NUL in the path": b"GET /hermes/\x00health HTTP/1.1\r\n" + end,
        "a raw CR in the path": b"GET /hermes/\rhealth HTTP/1.1\r\n" + end,
        "no version": b"GET /hermes/health\r\n" + end,
        "no request at all": b"hello there, load balancer\r\n" + end,
        "two Content-Lengths": b"POST /hermes/health HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n" + end,
        "a header over 16 KB": b"GET /hermes/health HTTP/1.1\r\nX-Long: " + b"x" * 16_400 + b"\r\n" + end,
        "a target over the limit": b"GET /hermes/" + b"x" * 16_400 + b" HTTP/1.1\r\n" + end,
        "TRACE": b"TRACE /hermes/health HTTP/1.1\r\n" + end,
    }

    refusals = {name: platform.raw.send(request) for name, request in requests.items()}
    afterwards = [platform.http.get(contract.HERMES_HEALTH_PATH).status for _ in requests]

    # AWS lists headers over its limits under two statuses, and says of severe requests alone that they close.
    documented = {name: {400} for name in requests}
    documented |= {"a header over 16 KB": {400, 413}, "a target over the limit": {414}, "TRACE": {405}}
    severe = ("a raw NUL in the path", "a raw CR in the path", "two Content-Lengths")

    assert {name: each.status for name, each in refusals.items() if each.status not in documented[name]} == {}
    # A target would answer some of them alike.
    assert {each.origin for each in refusals.values()} == {DEFAULT_ANSWER[2]}
    assert {name: refusals[name].is_closed for name in severe} == dict.fromkeys(severe, True)
    assert afterwards == [200] * len(requests)


@pytest.mark.scenario("ROUTE-19")
@pytest.mark.production
def test_no_spelling_of_a_path_leaves_the_workspace(platform: Platform) -> None:
    """Traversal in a preview's path ends in a 4xx, and nothing of the host is in the answer."""
    session = platform.ready()
    mine = f"/session/{session.id}"
    targets = [
        "/session/../../etc/passwd",
        f"{mine}/../../../../../../../../../../etc/passwd",
        f"{mine}/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        f"{mine}/..%2f..%2f..%2f..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
        f"{mine}/..%5c..%5c..%5c..%5c..%5cetc%5cpasswd",
        f"{mine}/%252e%252e/%252e%252e/%252e%252e/etc/passwd",
        f"{mine}/src/../../../../../../../../../../../etc/passwd",
        f"{mine}//etc/passwd",
        f"{mine}/%2fetc%2fpasswd",
        f"//session/{session.id}/../../../../../../etc/passwd",
        f"{mine}/%00",
        f"{mine}/../../../../../../../../../../etc/passwd%00.md",
    ]

    answers = {target: platform.raw.get(target) for target in targets}
    shown = {target: [word for word in HOST_WORDS if word in answer.text] for target, answer in answers.items()}

    assert {target: answer.status // 100 for target, answer in answers.items()} == dict.fromkeys(targets, 4)
    assert {target: words for target, words in shown.items() if words} == {}
    assert platform.sessions.preview(session).status == 200


@pytest.mark.scenario("ROUTE-20")
@pytest.mark.staging
@pytest.mark.exclusive(tasks_max=3)
def test_shared_paths_are_spread_over_all_targets(platform: Platform) -> None:
    """30 requests to a shared path over 3 healthy targets reach all three, none more than twice the fair share."""
    platform.ready_on_three_tasks()

    answers = Counter(platform.http.get("/api/status").json()["taskArn"] for _ in range(ENOUGH_REQUESTS))

    assert sorted(answers) == platform.services.edit_task_arns()
    assert len(answers) == 3
    assert max(answers.values()) <= 20


@pytest.mark.scenario("ROUTE-21", extra_seconds=3 * (MARKED_SECONDS + patience.CHECKED_SECONDS))
@pytest.mark.mock_only
def test_unhealthy_targets_are_spared_unless_all_are(platform: Platform) -> None:
    """An unhealthy target gets no request once marked, and gets them again after recovery; all unhealthy get all."""
    port = platform.environment.ports.edit_api
    platform.ready_on_three_tasks()
    tasks = platform.services.edit_task_arns()
    group = platform.balancer.shared_group("/api/*")

    def asked() -> Counter[tuple[int, str]]:
        return Counter(_api_status(platform) for _ in range(9))

    def wait_for(states: list[str]) -> None:
        platform.wait_until(
            lambda: platform.balancer.states(group) == states,
            MARKED_SECONDS,
            what=f"the targets to be {states}",
            every_seconds=5,
        )

    def wait_for_requests_to(reached: list[str]) -> None:
        # Each node of the load balancer checks by itself: the API tells of the one that has found something first.
        expected = [(200, task) for task in reached]
        platform.wait_until(
            lambda: (found := sorted(asked())) == expected or NotYet(f"they went to {found}"),
            patience.CHECKED_SECONDS,
            what=f"requests to go to {len(reached)} tasks",
            every_seconds=5,
        )

    # Without an image no replacement comes, and ECS keeps the unhealthy task until one does.
    with platform.faults.image_missing("edit"):
        with platform.faults.failing_health_checks(tasks[:1], port):
            wait_for(["healthy", "healthy", "unhealthy"])
            wait_for_requests_to(tasks[1:])
            while_one_is_unhealthy = asked()
        wait_for(["healthy"] * 3)
        wait_for_requests_to(tasks)
        after_recovery = asked()
        with platform.faults.failing_health_checks(tasks, port):
            wait_for(["unhealthy"] * 3)
            wait_for_requests_to(tasks)
            while_all_are_unhealthy = asked()

    assert sorted(while_one_is_unhealthy) == [(200, task) for task in tasks[1:]]
    assert sorted(after_recovery) == [(200, task) for task in tasks]
    assert sorted(while_all_are_unhealthy) == [(200, task) for task in tasks]


@pytest.mark.scenario("ROUTE-22")
@pytest.mark.staging
@pytest.mark.exclusive(tasks_max=3)
@pytest.mark.needs("control")
def test_a_draining_target_finishes_its_requests(platform: Platform) -> None:
    """A draining target finishes its requests in flight and gets no new ones."""
    platform.ready_on_three_tasks()
    tasks = platform.services.edit_task_arns()
    group = platform.balancer.shared_group("/api/*")
    head = b"GET /api/status HTTP/1.1\r\nHost: {host}\r\nContent-Length: 4\r\n\r\n"
    in_flight = [platform.raw.begin(head + b"ha") for _ in range(ENOUGH_REQUESTS)]
    platform.let_pass(1, what="the requests to be in flight")
    new: list[Counter[tuple[int, str]]] = []

    def is_spared() -> bool | NotYet:
        new.append(Counter(_api_status(platform) for _ in range(ENOUGH_REQUESTS)))
        return len(new[-1]) == 2 or NotYet(f"they went to {dict(new[-1])}")

    with platform.balancer.deregistered(group) as drained:
        states = dict(platform.balancer.targets(group))
        platform.wait_until(is_spared, patience.ROUTED_SECONDS, what="new requests to go to two of three tasks")
        platform.let_pass(2, what="a part of the deregistration delay")
        finished = platform.in_parallel(*(partial(request.finish, b"lf") for request in in_flight))

    by_task = Counter((answer.status, answer.json()["taskArn"]) for answer in finished)
    assert states[drained] == "draining"
    assert {status for each in new for status, _ in each} == {200}
    assert sorted(by_task) == [(200, task) for task in tasks]
    assert by_task.total() == ENOUGH_REQUESTS


@pytest.mark.scenario("ROUTE-23", extra_seconds=contract.IDLE_TIMEOUT_SECONDS)
@pytest.mark.mock_only
def test_failures_of_targets_have_their_own_statuses(platform: Platform) -> None:
    """No target is a 503, a target that closes is a 502, and one that hangs is a 504 at the idle timeout."""
    nobody = platform.http.get("/api/status")
    session = platform.ready()
    host = platform.sessions.host(session)
    with platform.faults.hanging_up(host):
        closing = platform.sessions.preview(session)
    between = platform.sessions.preview(session)
    with platform.faults.hanging(host):
        hanging = platform.sessions.preview(session)

    answers = [nobody, closing, between, hanging]
    assert [each.status for each in answers] == [503, 502, 200, 504]
    assert [each.origin for each in answers if each.status != 200] == ["the load balancer itself"] * 3
    assert contract.IDLE_TIMEOUT_SECONDS <= hanging.elapsed_seconds < contract.IDLE_TIMEOUT_SECONDS + 1
    assert closing.elapsed_seconds < 1


@pytest.mark.scenario("ROUTE-24")
@pytest.mark.staging
def test_the_container_learns_where_a_request_came_from(platform: Platform) -> None:
    """`X-Forwarded-For` (appended), `-Proto`, `-Port` and `X-Amzn-Trace-Id` reach the container."""
    platform.ready()
    given_trace = "Root=1-67891233-abcdef012345678912345678"
    given = {"x-forwarded-for": "198.51.100.7", "x-forwarded-proto": "http", "x-amzn-trace-id": given_trace}

    plain = platform.http.get("/api/status").json()["request"]
    again = platform.http.get("/api/status").json()["request"]
    forwarded = platform.http.get("/api/status", given).json()["request"]

    assert _kind_of(plain["x-forwarded-for"]) == "an address"
    assert forwarded["x-forwarded-for"] == f"198.51.100.7, {plain['x-forwarded-for']}"
    assert [each["x-forwarded-proto"] for each in (plain, forwarded)] == ["https", "https"]
    assert [each["x-forwarded-port"] for each in (plain, forwarded)] == [str(platform.environment.ports.https)] * 2
    assert plain["x-amzn-trace-id"][:7] == "Root=1-"
    assert len(plain["x-amzn-trace-id"]) == len(given_trace)
    assert again["x-amzn-trace-id"] != plain["x-amzn-trace-id"]
    assert forwarded["x-amzn-trace-id"][:7] == "Self=1-"
    assert forwarded["x-amzn-trace-id"].partition(";")[2] == given_trace


def _kind_of(value: object) -> str:
    """Return what a header's value is: an address, or, in its own words, something else."""
    try:
        ip_address(str(value))
    except ValueError:
        return f"{value!r}"
    return "an address"


@pytest.mark.scenario("ROUTE-25")
@pytest.mark.staging
def test_bodies_pass_through_byte_for_byte(platform: Platform) -> None:
    """HEAD, OPTIONS, a 10 MB POST, a chunked upload and a streamed answer pass through byte for byte."""
    session = platform.ready()
    workspace, header = platform.workspace(session), session.headers
    lines = "".join(map("{:0159d}\n".format, range(1 << 16)))
    parts = [bytes([number]) * size for number, size in enumerate((1, 65_536, 3, 70_001, 16_384, 0x1000))]

    page = platform.sessions.preview(session)
    head = platform.http.send("HEAD", session.preview_path)
    options = platform.http.send("OPTIONS", "/api/files/a.md", headers=header)
    posted = workspace.execute(f"Create a file named lines.txt with content: {lines}")
    streamed = workspace.read("lines.txt")
    uploaded = platform.http.send("PUT", "/api/files/parts.bin", iter(parts), header)
    stored = workspace.read("parts.bin")

    assert (head.status, head.content) == (200, b"")
    assert head.header("content-length") == page.header("content-length") == str(len(page.content))
    assert (options.status, options.content) == (204, b"")
    assert options.header("allow") == "GET, HEAD, PUT, OPTIONS"
    assert (posted.status, posted.json()["filesChanged"]) == (200, ["lines.txt"])
    assert streamed.header("transfer-encoding") == "chunked"
    assert streamed.text == lines
    assert uploaded.json() == {"path": "parts.bin", "size": sum(map(len, parts))}
    assert stored.content == b"".join(parts)


@pytest.mark.scenario("ROUTE-26")
@pytest.mark.production
def test_routing_adds_little(platform: Platform) -> None:
    """Of 100 requests p95 is below 500 ms and none takes 2 s; recorded as `routing_seconds`."""
    answers = [platform.http.get(contract.HERMES_HEALTH_PATH) for _ in range(100)]
    seconds = [answer.elapsed_seconds for answer in answers]
    for each in seconds:
        platform.sample("routing_seconds", each)

    assert [answer.status for answer in answers] == [200] * 100
    assert p95(seconds) < contract.API_SECONDS_MAX
    assert max(seconds) < 2


@pytest.mark.scenario("ROUTE-27")
@pytest.mark.production
def test_http_leads_to_https_with_the_trusted_certificate(platform: Platform) -> None:
    """HTTP is redirected to HTTPS with 301; the certificate is the trusted one, and another one is refused."""
    another = ssl.create_default_context()
    trustme.CA().configure_trust(another)

    redirect = platform.http.get(f"{platform.plain_url}/hermes/health?from=http")
    posted = platform.http.send("POST", platform.plain_url + contract.ACTIVATE_PATH, b"{}")
    trusted = platform.http.get(contract.HERMES_HEALTH_PATH)
    with pytest.raises(ssl.SSLCertVerificationError):
        platform.raw.connect_trusting(another)

    origin = platform.tls_url
    assert (redirect.status, redirect.header("location")) == (301, f"{origin}/hermes/health?from=http")
    assert (posted.status, posted.header("location")) == (301, origin + contract.ACTIVATE_PATH)
    assert (trusted.status, trusted.origin) == (200, "hermes")


@pytest.mark.scenario("ROUTE-28")
@pytest.mark.mock_only
def test_previews_are_served_without_hermes(platform: Platform) -> None:
    """Without Hermes `/hermes/*` is a 503 of the balancer and live previews serve; the next one looks after them."""
    session = platform.ready()
    before = platform.sessions.preview(session)
    previews = []

    def six_previews() -> bool:
        previews.append(platform.sessions.preview(session))
        return len(previews) == 6

    with platform.faults.stopped("hermes"):
        platform.wait_until(
            lambda: platform.http.get(contract.HERMES_HEALTH_PATH).status == 503, 20, what="Hermes to be gone"
        )
        hermes = [platform.http.get("/hermes/status"), platform.sessions.status(session)]
        refused = platform.sessions.activate()
        platform.wait_until(six_previews, 30, what="six previews without Hermes", every_seconds=4)
        file = platform.workspace(session).read("hello.md")
    platform.wait_until(
        lambda: platform.http.get(contract.HERMES_HEALTH_PATH).status == 200, 120, what="Hermes to be back"
    )
    back = [platform.sessions.status(session), platform.sessions.keepalive(session)]
    platform.sessions.deactivate(session)
    platform.wait_until(lambda: platform.sessions.status(session).status == 410, 30, what="the session to expire")

    assert [each.status for each in back] == [200, 200]
    assert [(each.status, each.origin) for each in (*hermes, refused)] == [(503, "the load balancer itself")] * 3
    assert [each.status for each in (before, *previews)] == [200] * 7
    assert {each.content for each in previews} == {before.content}
    assert file.status == 200


@pytest.mark.scenario("ROUTE-29")
@pytest.mark.staging
def test_a_method_that_a_path_does_not_have_is_refused(platform: Platform) -> None:
    """A method that a path of Hermes or of a container does not have gets 405, an unknown path 404; nothing changes."""
    session = platform.ready()
    before = platform.sessions.item(session)
    sessions = f"{contract.SESSIONS_PATH}/{session.id}"
    read = [f"{sessions}/status", "/api/files", "/api/git/status", "/api/git/log", session.preview_path]
    told = [contract.ACTIVATE_PATH, f"{sessions}/keepalive", f"{sessions}/deactivate", "/api/execute"]
    others = [("GET", path) for path in told] + [("POST", path) for path in read]
    others += [(method, path) for method in ("PUT", "PATCH", "DELETE") for path in (*read, *told)]

    nowhere = ["/hermes/nothing", f"{sessions}/nothing", "/api/nothing", "/api/git/nothing"]

    answers = [platform.http.send(method, path, headers=session.headers) for method, path in others]
    nobodys = [(method, path) for method in ("GET", "POST") for path in nowhere]
    unknown = [platform.http.send(method, path, headers=session.headers) for method, path in nobodys]

    assert [answer for answer in answers if answer.status != 405] == []
    assert [answer for answer in unknown if answer.status != 404] == []
    after = platform.sessions.item(session)
    assert before is not None
    assert after is not None
    # What else Hermes writes there, such as who works on the session, is the platform's own affair.
    assert {name: after.get(name) for name in session.fields} == {name: before.get(name) for name in session.fields}
    assert platform.workspace(session).files() == ["hello.md"]


@pytest.mark.scenario("ROUTE-30")
@pytest.mark.staging
def test_a_wrong_body_is_refused_by_its_field_and_does_nothing(platform: Platform) -> None:
    """A call of a container whose body is no JSON object or has a wrong field gets 400 naming it, and does nothing."""
    session = platform.ready()
    workspace, wrong = platform.workspace(session), _wrong_bodies(session)
    before, log = platform.sessions.item(session), list(workspace.git_log())

    answers = [platform.http.send("POST", path, body, session.headers) for path, body, _ in wrong]
    nameless = platform.http.post("/api/init", _names(session), {contract.SESSION_HEADER: "no/name"})

    refusals = [(each.status, each.json().get("field")) for each in answers]
    assert dict(enumerate(refusals)) == {number: (400, field) for number, (_, _, field) in enumerate(wrong)}
    assert (nameless.status, nameless.json()["field"].lower()) == (400, contract.SESSION_HEADER)
    after = platform.sessions.item(session)
    assert before is not None
    assert after is not None
    assert {name: after.get(name) for name in session.fields} == {name: before.get(name) for name in session.fields}
    assert workspace.files() == ["hello.md"]
    assert list(workspace.git_log()) == log


@pytest.mark.scenario("ROUTE-31")
@pytest.mark.mock_only
@pytest.mark.world(ExecEnabled="false")
def test_where_exec_is_not_allowed_nobody_runs_a_command(platform: Platform) -> None:
    """Where the environment does not allow exec, `POST /api/exec` is 403 and runs nothing; all else serves."""
    session = platform.ready()
    workspace = platform.workspace(session)

    answers = [workspace.ask("POST", "/api/exec", body) for body in (b'{"command": "echo X > run.md"}', b"{}")]

    assert [each.status for each in answers] == [403, 403]
    assert workspace.files() == ["hello.md"]
    assert workspace.execute("Create a file named next.md with content: N").status == 200


def _has_heard(websocket: WebSocket, count: int) -> bool | NotYet:
    return len(websocket.received()) >= count or NotYet(f"it has heard {websocket.received()}")


def _names(session: Session) -> dict[str, str]:
    """Return whose a session is, as a container is told."""
    return {"clientId": session.client_id, "userId": session.user_id, "threadId": session.thread_id}


def _wrong_bodies(session: Session) -> list[tuple[str, bytes, str]]:
    """Return path, body and what is to blame, one thing at a time, of the calls of a container that take a body."""
    right: dict[str, dict[str, str]] = {
        "/api/init": _names(session),
        "/api/execute": {"instruction": "Create a file named wrong.md with content: x"},
        "/api/files/exists": {"filePath": "hello.md"},
        "/api/git/commit": {"message": "wrong"},
    }
    # No UTF-8 is in the last one; a text with half a surrogate pair or a NUL is none that a program takes.
    wrong = [(path, body, "body") for path in right for body in (b"", b"{", b"[1]", b'{"\xff": 1}')]
    values: list[object] = [None, 7, ["a"], "", " ", "a\0b", "a\ud800"]
    given = [(path, field, value) for path, fields in right.items() for field in fields for value in values]
    given += [("/api/init", field, name) for field in _names(session) for name in ("..", "a/b", "x" * 129)]
    given += [("/api/init", "threadId", name) for name in ("a..b", "a.", "a.lock")]
    # It may be left out.
    given += [("/api/init", "repoUrl", value) for value in values if value is not None]
    wrong += [(path, json.dumps({**right[path], field: value}).encode(), field) for path, field, value in given]
    return wrong + [
        (path, json.dumps({name: text for name, text in fields.items() if name != field}).encode(), field)
        for path, fields in right.items()
        for field in fields
    ]


def _await_page(platform: Platform, session: Session, page: str, text: str) -> None:
    platform.wait_until(
        lambda: text in platform.sessions.preview(session, page).text, 10, what=f"{page} to show {text!r}"
    )


def _first_look_after(platform: Platform, session: Session, websocket: WebSocket, *, updates: int, path: str) -> int:
    """Read a file as soon as so many updates have arrived, and return the status."""
    platform.wait_until(
        lambda: len(websocket.received()) >= updates, 60, what="an update of the file", every_seconds=0.01
    )
    return platform.workspace(session).read(path).status


def _told(answer: Answer) -> tuple[int, object, str]:
    """Return status, JSON and origin of an answer."""
    return answer.status, answer.json(), answer.origin


def _task_of_preview(platform: Platform, session: Session) -> tuple[int, str]:
    """Return the status of a preview and the task that answered."""
    answer = platform.sessions.preview(session)
    return answer.status, answer.headers.get("x-task-arn", answer.origin)


def _api_status(platform: Platform, session_id: str | None = None) -> tuple[int, str]:
    """Return the status of a call of the API, of a session if one is named, and the task that answered."""
    answer = platform.http.get("/api/status", None if session_id is None else {contract.SESSION_HEADER: session_id})
    return answer.status, answer.headers.get("x-task-arn", answer.origin)
