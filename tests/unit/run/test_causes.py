"""Failures are grouped by what lies behind them, and what tells most comes first."""

import json

import pytest

from seatrials.run.causes import Failure, Rank, causes_of, complaint_in, crash_in

GROUP = "arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/webordinary-edit-preview/0123456789abcdef"
UNHEALTHY = f"(service edit) (port 4321) is unhealthy in (target-group {GROUP}) due to (reason Request timed out)"
NO_TABLE = (
    "POST /a answered 503: put_item on table typo failed 4 times, last with: An error occurred "
    "(ResourceNotFoundException) when calling the PutItem operation: Requested resource not found"
)
WAITED = "waited 120 s for session session-{} to be active and previewed; last seen: initializing"


def failure(row: str, reason: str, crash: str = "", logged: str = "", denied: str = "", finding: str = "") -> Failure:
    """Return a failure of a row."""
    return Failure(
        row=row,
        place="test_x.py:7",
        name="test_x",
        reason=reason,
        crash=crash,
        denied=denied,
        logged=logged,
        finding=finding,
        finding_key=finding,
    )


def log(at_seconds: int, line: str, task: str = "hermes-0123abcd") -> str:
    """Return a note of a line that a container logged."""
    return json.dumps({"at_us": at_seconds * 1_000_000, "kind": "log", "line": line, "subject": task})


def starved(row: str, session: str, *explained: str) -> Failure:
    """Return the failure of a wait, which AWS explained."""
    return failure(
        row, "\n".join([WAITED.format(session), "edit service: desired 1, running 1, pending 0", *explained])
    )


def test_the_most_telling_cause_is_first() -> None:
    """A crash, a role, the infrastructure, a log, AWS, the contract, a scenario, and last a wait that starved."""
    found = causes_of(
        [
            starved("COLD-01", "1"),
            failure("ROUTE-01", "expected 200, got 404"),
            failure("ROUTE-02", "expected 200, got 404", finding="body-closed: A body is closed."),
            starved("COLD-02", "2", f"  event: {UNHEALTHY}"),
            failure("INFRA-07", "the security group does not let the load balancer in on [4321]"),
            failure(
                "COLD-04", "expected 201, got <POST /a → 503 from hermes: {}>", logged=f"hermes logged: {NO_TABLE}"
            ),
            failure("COLD-05", "expected 201", denied="role hermes: no dynamodb:Scan on table/x"),
            failure("COLD-03", "expected 201", "container hermes crashed at hermes.py:3 in run: NameError: x"),
        ]
    )

    assert [cause.rank for cause in found] == list(Rank)


def test_what_was_not_reached_is_the_cause() -> None:
    """Rows of a platform whose network kept something apart have that for their cause, whatever each saw of it."""
    blocked = "not let through: hermes does not reach the registry on port 443: route table rtb-1 has no route"
    waited = failure("COLD-06", WAITED.format("2"), denied=blocked)
    [cause] = causes_of([failure("COLD-03", "expected 201, got 503", denied=blocked), waited])

    assert (cause.rank, cause.text, len(cause.failures)) == (Rank.DENIAL, blocked, 2)


def test_waits_with_one_cause_are_one() -> None:
    """An unhealthy target is one cause, whether ECS has told it in an event or the load balancer in its state."""
    listed = "target group webordinary-edit-preview: 10.0.1.10:4321 is unhealthy (Target.Timeout: Request timed out)"

    [cause] = causes_of(
        [starved("COLD-02", "2", f"  event: {UNHEALTHY}"), starved("COLD-01", "1", listed)],
    )

    assert [each.row for each in cause.failures] == ["COLD-01", "COLD-02"]
    told = "(port 4321) is unhealthy in (target-group webordinary-edit-preview) due to (reason Request timed out)"
    assert cause.text == told


def test_a_task_that_cannot_start_is_the_cause() -> None:
    """ECS's reason why no task starts is why a session is not ready."""
    reason = "TaskFailedToStart: CannotPullContainerError: not found"

    [cause] = causes_of([starved("COLD-01", "1", f"  stopped: 0123abcd: {reason}; edit exit code 1")])

    assert cause.text.startswith(reason)


def test_sessions_and_numbers_make_no_other_cause() -> None:
    """What differs by the scenario alone, ids and numbers, does not set two failures apart."""
    first = starved("COLD-01", "5854435f-500b-47a8-a9c2-2fe78e28d1ab")
    second = starved("COLD-02", "6c55b79b-4380-48b2-a624-82116566c0a2")

    assert len(causes_of([first, second])) == 1


def test_what_fails_elsewhere_too_is_not_about_the_infrastructure() -> None:
    """A row of the infrastructure that fails as many others do tells no more than they."""
    reasons = [failure(row, "expected 201 for a new session") for row in ("COLD-01", "INFRA-03")]
    own = failure("INFRA-04", "the rules are not as agreed")

    found = causes_of([*reasons, own])

    assert [cause.failures[0].row for cause in found] == ["INFRA-04", "COLD-01"]
    assert [cause.rank for cause in found] == [Rank.INFRASTRUCTURE, Rank.DIRECT]


def test_a_crash_is_one_cause_whatever_the_ids_in_its_paths() -> None:
    """A file system that nobody may write to crashed a hundred rows, and each was told as a cause of its own."""
    denied = "role edit: no elasticfilesystem:ClientWrite on arn because no identity-based policy allows it"

    def crashed(row: str, task: str, line: int = 76) -> Failure:
        file = f"/mnt/seatrials-{task}/tasks/{task}/edit/workspace/TEST_1_{row}-client-1/T***@example.com/.git"
        error = f"OSError: [Errno 30] Read-only file system: '{file}'"
        return failure(row, "gave up", f"container edit crashed at guards.py:{line} in check: {error}", denied=denied)

    rows = [crashed("COLD-02", "26839018c87d1f49"), crashed("COLD-05", "feba1e0d13be5243"), crashed("COLD-06", "0a", 9)]
    causes = causes_of(rows)

    assert [[each.row for each in cause.failures] for cause in causes] == [["COLD-02", "COLD-05"], ["COLD-06"]]
    assert causes[0].text == f"{denied}; and {rows[0].crash}"


def test_a_crash_in_a_mock_is_told_with_its_place() -> None:
    """The timeline of a mock has the place at which a container crashed."""
    event = {
        "kind": "container_crash",
        "subject": "hermes-0123",
        "error": "NameError: name 'x' is not defined",
        "place": "seatrials/webordinary/hermes/main.py:82 in run",
    }

    told = crash_in(['{"kind":"task"}', json.dumps(event, separators=(",", ":"))])

    assert told == (
        "container hermes crashed at seatrials/webordinary/hermes/main.py:82 in run: NameError: name 'x' is not defined"
    )


LOG = [
    "hermes v1 listens on 3000",
    "Traceback (most recent call last):",
    '  File "/app/hermes/main.py", line 82, in run',
    "    self.publisher.strat()",
    '  File "/usr/lib/python3/site-packages/httpx/client.py", line 9, in send',
    "    raise Oops",
    "AttributeError: 'Publisher' object has no attribute 'strat'",
]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (LOG, "container hermes crashed at /app/hermes/main.py:82 in run: " + LOG[-1]),
        (LOG[:1], ""),
        ([], ""),
    ],
    ids=["traceback", "none", "nothing"],
)
def test_a_crash_on_aws_is_read_from_the_log_of_the_stopped_task(lines: list[str], expected: str) -> None:
    """The last frame that is no library's, and the error, stand in the log of a container of the real platform."""
    timeline = [json.dumps({"kind": "log", "subject": f"hermes/hermes/0123: {line}"}) for line in lines]

    assert crash_in(timeline) == expected


def test_a_service_that_answers_with_an_error_has_logged_why() -> None:
    """Answers of 5xx are one cause with the log of the service, whichever call of it AWS refused."""
    said = "expected 201, got <POST /a → 503 from hermes: {}>"
    scan = NO_TABLE.replace("put_item", "scan").replace("PutItem", "Scan")

    [cause] = causes_of(
        [
            failure("COLD-01", said, logged=f"hermes logged: {NO_TABLE}"),
            failure("COLD-02", f"the answer lacks a field: {said}", logged=f"hermes logged: {scan}"),
        ]
    )

    assert cause.text == f"hermes logged: {NO_TABLE}"
    assert [each.row for each in cause.failures] == ["COLD-01", "COLD-02"]


@pytest.mark.parametrize(
    "said", ["assert 3 == 2", "got <GET / → 502 from the load balancer itself>", "→ 500 from edit"]
)
def test_a_log_is_no_cause_of_what_it_does_not_tell_of(said: str) -> None:
    """A scenario that saw no error of the service that logged one fails of what it says itself."""
    [cause] = causes_of([failure("COLD-01", said, logged=f"hermes logged: {NO_TABLE}")])

    assert (cause.rank, cause.text) == (Rank.DIRECT, "")


def test_a_wait_starves_of_what_a_service_cannot_do() -> None:
    """What Hermes could not do until the end of a wait is why the wait was over, where AWS says nothing."""
    waited = WAITED.format("1")
    logged = "hermes logged: session 1: step put off: AccessDenied"

    [cause] = causes_of([failure("COLD-01", waited, logged=logged)])

    assert (cause.rank, cause.text) == (Rank.SERVICE, logged)


def test_the_last_complaint_in_the_log_is_found() -> None:
    """An answer with an error says more than a step that is put off; what runs well is no complaint."""
    notes = [
        log(100, "GET /a answered 500: first"),
        log(101, "GET /b answered 503: second"),
        log(102, "session 1: step put off: the preview answers 503"),
        log(103, "session 1 is served by a task"),
        json.dumps({"kind": "aws_refusal", "at_us": 1}),
    ]

    assert complaint_in(notes, 104_000_000) == "hermes logged: GET /b answered 503: second"
    assert complaint_in(notes[2:], 104_000_000).endswith("step put off: the preview answers 503")
    assert complaint_in(notes[3:], 104_000_000) == ""


def test_a_complaint_that_is_over_is_none() -> None:
    """What a service could not do half a minute ago and has not told of since is done."""
    assert complaint_in([log(100, "session 1: step put off: the preview answers 503")], 131_000_000) == ""
