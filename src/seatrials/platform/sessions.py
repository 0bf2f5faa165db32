"""Edit sessions: through Hermes, and as they stand in the table."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from seatrials.environments.parts import ResourceNames
from seatrials.platform import contract
from seatrials.platform.calls import Answer, Calls, Fields
from seatrials.platform.session_table import SessionTable
from seatrials.seams.application import AwsClient
from seatrials.seams.aws import error_code, plain_item

# A well-formed id that no session has.
UNKNOWN_SESSION = f"{contract.SESSION_ID_PREFIX}00000000-0000-4000-8000-000000000000"
DEFAULT_INSTRUCTION = contract.instruction_to_create("hello.md", "Hello from the edit session")


@dataclass(frozen=True)
class Session:
    """A session as its activation answered it."""

    id: str
    user_id: str
    client_id: str
    thread_id: str
    preview_url: str
    # Every field as it came.
    fields: Mapping[str, Any]

    @classmethod
    def of(cls, answer: Answer) -> "Session":
        """Return the session of an activation's answer; fails the scenario when a field is missing."""
        fields = answer.json()
        missing = [name for name in ("sessionId", "userId", "clientId", "threadId", "previewUrl") if name not in fields]
        assert not missing, f"the activation's answer lacks {missing}: {answer}"
        return cls.from_fields(fields)

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> "Session":
        """Return the session of an answer's or an item's fields."""
        return cls(
            fields["sessionId"],
            fields["userId"],
            fields["clientId"],
            fields["threadId"],
            fields["previewUrl"],
            fields,
        )

    @property
    def preview_path(self) -> str:
        """The path of the preview on the load balancer."""
        return contract.preview_path(self.id)

    @property
    def headers(self) -> dict[str, str]:
        """The headers of a call that is about this session."""
        return {contract.SESSION_HEADER: self.id}


class Sessions:
    """Sessions of one scenario; all names it makes begin with the run's prefix."""

    def __init__(
        self,
        calls: Calls,
        dynamodb: AwsClient,
        names: ResourceNames,
        prefix: str,
        settle: Callable[[], None] = lambda: None,
        clients: dict[str, None] | None = None,
    ) -> None:
        """*settle* lets so much time pass that an index has what was written before.

        *clients* are those of whom a session was asked for before, in order.
        """
        self._calls = calls
        self._table = SessionTable(dynamodb, names)
        self._settle = settle
        self.clients: dict[str, None] = {} if clients is None else clients
        self._dynamodb = dynamodb
        self._names = names
        self._prefix = prefix
        self._made = 0

    def request(self, **changes: Any) -> dict[str, Any]:  # noqa: ANN401  # a request may be wrong on purpose
        """Return a valid activation request for a client of its own, with *changes*; None takes a field out."""
        self._made += 1
        fields = {
            "clientId": f"{self._prefix}-client-{self._made}",
            "userId": f"{self._prefix}-user-{self._made}@example.com",
            "instruction": DEFAULT_INSTRUCTION,
            **changes,
        }
        return {name: value for name, value in fields.items() if value is not None}

    def activate(self, request: Mapping[str, Any] | None = None) -> Answer:
        """Ask Hermes for a session."""
        asked = self.request() if request is None else request
        if isinstance(asked.get("clientId"), str):
            self.clients[asked["clientId"]] = None
        return self._calls.post(contract.ACTIVATE_PATH, asked)

    def start(self, request: Mapping[str, Any] | None = None) -> Session:
        """Ask for a new session and fail the scenario unless there is one."""
        answer = self.activate(request)
        assert answer.status == 201, f"expected 201 for a new session, got {answer}"  # noqa: PLR2004  # HTTP's own
        return Session.of(answer)

    def status(self, session: Session) -> Answer:
        """Ask Hermes for a session's status."""
        return self._calls.get(f"{contract.SESSIONS_PATH}/{session.id}/status")

    def keepalive(self, session: Session) -> Answer:
        """Tell Hermes that a session is in use."""
        return self._calls.post(f"{contract.SESSIONS_PATH}/{session.id}/keepalive", {})

    def deactivate(self, session: Session) -> Answer:
        """End a session."""
        return self._calls.post(f"{contract.SESSIONS_PATH}/{session.id}/deactivate", {})

    def preview(self, session: Session, page: str = "") -> Answer:
        """Open a session's preview as a browser does."""
        return self._calls.get(f"{session.preview_path}{page}")

    def hosted(self) -> list[str]:
        """Return the ids of all sessions that an edit container hosts: of any, so ask while there is one."""
        answer = self._calls.get(contract.HOSTED_SESSIONS_PATH)
        assert answer.status == 200, f"expected 200, got {answer}"  # noqa: PLR2004  # HTTP's own
        return [str(each["sessionId"]) for each in answer.json()["sessions"]]

    def item(self, session: Session) -> dict[str, Any] | None:
        """Return the session's item by a strongly consistent read, None when there is none."""
        began = self._calls.history.now()
        stored = self._table.item(session.id, session.user_id)
        item = None if stored is None else _fields_of(stored)
        self._calls.history.read(began, [] if item is None else [item])
        return item

    def stored_status(self, session: Session) -> str | None:
        """Return the status in the table, None without an item; asking Hermes or the preview may count as activity."""
        item = self.item(session)
        return None if item is None else str(item["status"])

    def is_initializing(self, session: Session) -> bool:
        """Whether the session's item says so, by a strongly consistent read."""
        item = self.item(session)
        return item is not None and item.get("status") == contract.INITIALIZING

    def host(self, session: Session) -> str:
        """Return the ARN of the task that the table says hosts a session; fails the scenario when it names none."""
        item = self.item(session)
        assert item is not None, f"the table has no item of {session.id}"
        assert "taskArn" in item, f"the item of {session.id} names no task: {item}"
        return str(item["taskArn"])

    def ttl_attribute(self) -> str | None:
        """Return the attribute by which the table expires items, None when it does not."""
        answer = self._dynamodb.describe_time_to_live(TableName=self._names.table)
        description = answer["TimeToLiveDescription"]
        return description["AttributeName"] if description["TimeToLiveStatus"] == "ENABLED" else None

    def recovery_status(self) -> str:
        """Return `ENABLED` when the table can be restored to any moment (point-in-time recovery)."""
        answer = self._dynamodb.describe_continuous_backups(TableName=self._names.table)
        recovery = answer["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
        return str(recovery.get("PointInTimeRecoveryStatus", "not told"))

    def set_ttl(self, session: Session, epoch_seconds: int) -> None:
        """Give the session's item another `ttl`, behind Hermes's back; fails the scenario when there is no item."""
        self._set(session, "ttl", {"N": str(epoch_seconds)})

    def lengthen(self, session: Session, count: int) -> None:
        """Give the session's item so many bytes more, 400 KB at most, in an attribute that is nobody's."""
        self._set(session, "padding", {"S": "p" * count})

    def items_of_client(self, client_id: str) -> list[dict[str, Any]]:
        """Return every item of a client, once the client index has had its time."""
        self._settle()
        return self._items_of([client_id])

    def items_of_run(self) -> list[dict[str, Any]]:
        """Return every item of the clients that this scenario asked for a session, once the index has had its time."""
        self._settle()
        return self._items_of(list(self.clients))

    def live_of_run(self) -> list[Session]:
        """Return the sessions of this scenario whose status in the table is live."""
        return [Session.from_fields(item) for item in self.items_of_run() if item["status"] in contract.LIVE]

    def live_items(self) -> list[dict[str, Any]]:
        """Return every item whose status is live, whoever's it is, of those that the activity index knows by now."""
        with self._index(self._names.activity_index):
            return [_fields_of(item) for item in self._table.with_status(contract.LIVE)]

    def count_active_since(self, epoch_ms: int, most: int) -> int:
        """Return how many sessions of anybody, ended or not, were used since then; *most*, where there are more."""
        with self._index(self._names.activity_index):
            return self._table.count_active_since(epoch_ms, most)

    def ids_by_client_index(self, client_id: str, status: str) -> list[str]:
        """Return the ids that the client index has for a client and status."""
        values = {":client": {"S": client_id}, ":status": {"S": status}}
        return self._query(self._names.client_index, "clientId = :client AND #s = :status", values)

    def ids_by_status_index(self, status: str, since_ms: int) -> list[str]:
        """Return the ids that the status index has for a status and a last activity from *since_ms* on."""
        values = {":status": {"S": status}, ":since": {"N": str(since_ms)}}
        condition = "#s = :status AND lastActivity >= :since"
        return self._query(self._names.activity_index, condition, values)

    def _set(self, session: Session, name: str, value: dict[str, str]) -> None:
        self._calls.history.disturb(session.id)
        try:
            self._dynamodb.update_item(
                TableName=self._names.table,
                Key={"sessionId": {"S": session.id}, "userId": {"S": session.user_id}},
                UpdateExpression="SET #name = :value",
                ConditionExpression="attribute_exists(sessionId)",
                ExpressionAttributeNames={"#name": name},
                ExpressionAttributeValues={":value": value},
            )
        except self._dynamodb.exceptions.ConditionalCheckFailedException as error:
            msg = f"expected an item of {session.id} whose {name} can be changed, and the table has none"
            raise AssertionError(msg) from error

    def _items_of(self, client_ids: Sequence[str]) -> list[dict[str, Any]]:
        began = self._calls.history.now()
        with self._index(self._names.client_index):
            items: list[dict[str, Any]] = [
                _fields_of(item) for each in client_ids for item in self._table.of_client(each)
            ]
        self._calls.history.read(began, items)
        return items

    def _query(self, index: str, condition: str, values: Mapping[str, Any]) -> list[str]:
        """Return the ids that an index has; fails the scenario when the table has no such index, or of other keys."""
        with self._index(index):
            answer = self._dynamodb.query(
                TableName=self._names.table,
                IndexName=index,
                KeyConditionExpression=condition,
                ExpressionAttributeNames={"#s": "status"},
                ExpressionAttributeValues=values,
            )
        return [item["sessionId"]["S"] for item in answer["Items"]]

    @contextmanager
    def _index(self, name: str) -> Iterator[None]:
        """Fail the scenario when the table has no index of that name, or one of other keys."""
        try:
            yield
        except ClientError as error:
            # AWS says ValidationException of an index that is not there, and moto says ResourceNotFoundException.
            if error_code(error) not in ("ValidationException", "ResourceNotFoundException"):
                raise
            msg = f"expected the index {name} of {self._names.table} to find sessions: {error}"
            raise AssertionError(msg) from error


def _fields_of(item: Mapping[str, Any]) -> Fields:
    """Return an item's attributes, and those of its maps; asking for one that is not there fails the scenario."""
    plain = plain_item(item)
    told = f"the table's item {plain}"
    maps = {name: Fields(value, told) for name, value in plain.items() if isinstance(value, dict)}
    return Fields({**plain, **maps}, told)
