"""What the platform was refused is told beside a failure."""

import json

from seatrials.run.obstacles import denial_in, obstacles_in

DENIED = {
    "kind": "access_denied",
    "subject": "shop-role",
    "action": "dynamodb:Scan",
    "resource": "table/shop",
    "reason": "because no identity-based policy allows the dynamodb:Scan action",
}
TOLD = "role shop-role: no dynamodb:Scan on table/shop because no identity-based policy allows the dynamodb:Scan action"


def timeline(*events: dict[str, str]) -> list[str]:
    """Return a timeline as evidence has it."""
    return [json.dumps({"at_us": 0, **each}) for each in events]


def stopped(task: str, code: str, reason: str) -> dict[str, str]:
    """Return the event of a task that has to stop."""
    return {"kind": "task_stop", "subject": task, "code": code, "reason": reason}


def test_a_denial_names_role_action_and_resource() -> None:
    """It is told once, however often it happened."""
    assert obstacles_in(timeline(DENIED, DENIED)) == [TOLD]
    assert denial_in(timeline(DENIED)) == TOLD


def test_a_task_that_does_not_start_gives_its_reason() -> None:
    """Of tasks that fail alike one is told; one that ends otherwise is no obstacle; a denial stands last."""
    events = [
        stopped("t1", "TaskFailedToStart", "CannotPullContainerError: shop of t1"),
        stopped("t2", "TaskFailedToStart", "CannotPullContainerError: shop of t2"),
        stopped("t3", "ServiceSchedulerInitiated", "Scaling activity initiated"),
    ]

    assert obstacles_in(timeline(DENIED, *events)) == [
        "a task did not start: CannotPullContainerError: shop of ID",
        TOLD,
    ]


def test_a_mount_that_cannot_be_written_names_its_container() -> None:
    """It says where and why."""
    event = {"kind": "mount_not_writable", "subject": "edit-0123", "path": "/work", "reason": "it is mounted read-only"}

    assert obstacles_in(timeline(event)) == ["container edit cannot write to /work: it is mounted read-only"]


def test_what_the_network_kept_apart_names_the_resource() -> None:
    """It says who did not reach whom, and of what resource that comes."""
    ends = {"source": "service hermes", "target": "AWS's dynamodb", "port": "443"}
    event = {"kind": "not_reached", "subject": "route table Public", "why": "has no route", **ends}
    told = "not let through: service hermes does not reach AWS's dynamodb on port 443: route table Public has no route"

    assert obstacles_in(timeline(event, event)) == [told]
    assert denial_in(timeline(event)) == told


def test_without_obstacles_nothing_is_told() -> None:
    """A platform to which everything was allowed has none."""
    assert obstacles_in(timeline({"kind": "aws_call", "subject": "hermes"})) == []
    assert denial_in([]) == ""
