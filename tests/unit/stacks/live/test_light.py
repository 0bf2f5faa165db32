"""What a run asks of a real stack costs the same however much others have there."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from botocore.endpoint import Endpoint
from moto.dynamodb.models import dynamodb_backends
from moto.logs.models import logs_backends

from seatrials.platform import contract
from seatrials.safety import lease
from seatrials.safety.reading import is_reading
from seatrials.seams.clock import SystemClock
from tests.support.aws import Document, Json
from tests.support.live_run import Begin, platform_of
from tests.support.small_platform import ACCOUNT, REGION, SmallPlatform

_READ_BYTES = 4096
# By operation: calls, elements of their answers, and units of DynamoDB.
Cost = dict[str, tuple[int, int, int]]


@pytest.fixture
def cost(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Cost]:
    """Return what tells the cost of the reads of this thread so far: what beats beside it depends on the machine."""
    calls, elements, units = Counter[str](), Counter[str](), Counter[str]()
    make, this = Endpoint.make_request, threading.get_ident()

    def record(endpoint: Endpoint, model: Json, request: Document) -> Json:
        answer = make(endpoint, model, request)
        service, operation = str(model.service_model.service_name), str(model.name)
        if threading.get_ident() == this and is_reading(service, operation):
            name = f"{service}.{operation}"
            calls[name] += 1
            elements[name] += _elements(answer[1])
            units[name] += _units(answer[1]) if service == "dynamodb" else 0
        return answer

    monkeypatch.setattr(Endpoint, "make_request", record)
    # How old an answer about the lease is depends on the machine too: each change asks anew.
    monkeypatch.setattr(lease, "CONFIRMED_SECONDS", 0.0)
    return lambda: {name: (calls[name], elements[name], units[name]) for name in sorted(calls)}


def _elements(answer: Document) -> int:
    return sum(len(each) for each in answer.values() if isinstance(each, list))


def _units(answer: Document) -> int:
    """Return what strongly consistent reads of this answer's items would cost, one at least."""
    found = [*answer.get("Items", []), *([answer["Item"]] if "Item" in answer else [])]
    size = sum(len(str(item)) for item in found)
    return max(1, -(-size // _READ_BYTES), -(-int(answer.get("ScannedCount", 0)) // 100))


def let_others_in(sessions: int) -> None:
    """Let others have so many sessions that are over, and a log group with twenty events for each."""
    table: Any = dynamodb_backends[ACCOUNT][REGION].tables["webordinary-edit-sessions"]
    for number in range(sessions):
        texts = {"sessionId": f"theirs-{number}", "userId": "anna", "clientId": f"acme-{number}", "status": "expired"}
        table.put_item({**{name: {"S": each} for name, each in texts.items()}, "lastActivity": {"N": str(number)}})
    now = SystemClock().epoch_ms()
    logs: Any = logs_backends[ACCOUNT][REGION]
    for group in ("/ecs/edit", "/ecs/hermes"):
        logs.create_log_group(group, {})
        logs.create_log_stream(group, "s")
        events = [{"timestamp": now, "message": "theirs"} for _ in range(10 * sessions)]
        logs.put_log_events(group, "s", events)


def of_a_run(begin: Begin) -> None:
    """Begin a run, do what COLD-15 of production does, the count that it repeats twice, and end it."""
    stacks = begin()
    with stacks.open("COLD-15") as run:
        platform = platform_of(run)
        session = platform.sessions.start()
        for _ in range(2):
            platform.sessions.count_active_since(0, contract.TASKS_MAX)
        platform.sessions.items_of_client(session.client_id)
        platform.sessions.live_items()
        platform.balancer.edit_targets()
        run.usage()
    stacks.close(in_haste=True)


@pytest.fixture(name="price")
def _price(begin: Begin, cost: Callable[[], Cost]) -> Callable[[int], Cost]:
    def price(sessions: int) -> Cost:
        let_others_in(sessions)
        before = cost()
        of_a_run(begin)
        none = (0, 0, 0)
        return {
            name: (
                each[0] - before.get(name, none)[0],
                each[1] - before.get(name, none)[1],
                each[2] - before.get(name, none)[2],
            )
            for name, each in cost().items()
        }

    return price


_SEEN: list[Cost] = []


@pytest.mark.parametrize("sessions", [50, 5_000])
def test_a_row_costs_the_same_whatever_others_have(price: Callable[[int], Cost], sessions: int) -> None:
    """Calls, elements and read units are those of 50 sessions and 1,000 events at 5,000 sessions and 100,000 events."""
    _SEEN.append(price(sessions))

    assert "dynamodb.Scan" not in _SEEN[-1]
    assert _SEEN[0] == _SEEN[-1]


def test_nothing_scans(begin: Begin, small_platform: SmallPlatform) -> None:
    """Neither the table nor the logs: the guard lets no scenario do it either."""
    stacks = begin()
    with stacks.open("COLD-15") as run:
        for service, operation, given in (
            ("dynamodb", "scan", {"TableName": "webordinary-edit-sessions"}),
            ("logs", "filter_log_events", {"logGroupName": "/ecs/edit"}),
        ):
            with pytest.raises(Exception, match="no run makes such a call"):
                getattr(run.stack.aws(service), operation)(**given)
    stacks.close(in_haste=True)
    assert small_platform.sessions() == {}
