"""A mock world with one edit container in it, and a client that speaks raw HTTP to it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import h11

from seatrials.seams.clock import Signal
from seatrials.seams.network import Connection
from seatrials.twin.physics.clock import Process, VirtualClock
from seatrials.twin.physics.network import Host
from seatrials.webordinary.editor import Editor
from tests.support.aws import Document, Json

EDITOR_ADDRESS = "10.0.1.5"
TASK_ARN = "arn:aws:ecs:us-west-2:123456789012:task/webordinary-edit-cluster/0123456789abcdef"
START_SECONDS = 1_700_000_000


@dataclass
class FakeDynamoDb:
    """Remembers every update; raises *error* instead when one is set."""

    updates: list[Document] = field(default_factory=list)
    error: Exception | None = None

    def update_item(self, **parameters: Json) -> Document:
        """Record the call."""
        self.updates.append(parameters)
        if self.error is not None:
            raise self.error
        return {}


@dataclass(frozen=True)
class EditorAnswer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Json:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


@dataclass
class EditorWorld:
    """The container's surroundings and its callers."""

    clock: VirtualClock
    host: Host
    dynamodb: FakeDynamoDb
    stopping: Signal
    lines: list[str]
    root: Path
    process: Process
    editor: Editor
    exit_codes: list[int]

    def call(
        self, method: str, path: str, body: object = None, *, session: str | None = None, port: int = 8080
    ) -> EditorAnswer:
        """Make one request on a connection of its own; a *body* that is not bytes goes as JSON."""
        connection = self.host.connect(EDITOR_ADDRESS, port)
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        headers = [("host", "editor"), ("content-length", str(len(content)))]
        headers += [] if session is None else [("X-Session-ID", session)]
        protocol = h11.Connection(h11.CLIENT)
        request = protocol.send(h11.Request(method=method, target=path, headers=headers)) or b""
        request += (protocol.send(h11.Data(data=content)) or b"") if content else b""
        connection.send(request + (protocol.send(h11.EndOfMessage()) or b""))
        answer = _read(protocol, connection)
        connection.close()
        return answer

    def preview(self, path: str, method: str = "GET") -> EditorAnswer:
        """Ask the preview port."""
        return self.call(method, path, port=4321)

    def init(self, session: str, client: str = "acme", user: str = "ann", thread: str = "one") -> EditorAnswer:
        """Register a session."""
        return self.call("POST", "/api/init", {"clientId": client, "userId": user, "threadId": thread}, session=session)

    def execute(self, session: str, instruction: str) -> EditorAnswer:
        """Give an instruction."""
        return self.call("POST", "/api/execute", {"instruction": instruction}, session=session)

    def paths(self, session: str) -> list[str]:
        """Return the paths of a session's files."""
        return [entry["path"] for entry in self.call("GET", "/api/files", session=session).json["files"]]

    def log(self, session: str) -> list[Document]:
        """Return a session's commits."""
        commits: list[Document] = self.call("GET", "/api/git/log", session=session).json["commits"]
        return commits


def _read(protocol: h11.Connection, connection: Connection) -> EditorAnswer:
    status, headers, body = 0, {}, b""
    while True:
        event = protocol.next_event()
        if event is h11.NEED_DATA:
            protocol.receive_data(connection.receive(65_536))
        elif isinstance(event, h11.Response):
            status = event.status_code
            headers = {name.decode(): value.decode() for name, value in event.headers}
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage):
            return EditorAnswer(status, headers, body)


Start = Callable[..., EditorWorld]
