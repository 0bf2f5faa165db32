"""People are told of a decision once: by a webhook, a topic or an issue, with no secret in any text."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner

from seatrials.cli import app
from seatrials.errors import ConfigurationError, EvidenceError, NotificationError
from seatrials.evidence.envelope import SignatureFile, attest
from seatrials.evidence.signing import decision_files, sign_decision
from seatrials.evidence.statement import DECISION
from seatrials.gate.decision import Decision
from seatrials.gate.release import Failure, Release
from seatrials.publishing.notify import Notification, notify
from tests.support.aws import Clients, Json
from tests.support.project import PROJECT
from tests.support.signing import signer

REGRESSION = Failure(
    subject="cold-start-change.staging",
    sentence="The cold start has not become 20 % slower.",
    environment="staging",
    outcome="fail",
    reason="31.2% more `than` <!channel> @everyone *it* was",
    owners=("@webordinary/performance",),
    is_regression=True,
)
ROW = replace(REGRESSION, subject="COLD-07", reason="assert 53.02 <= 30", owners=("maria",), is_regression=False)
RELEASE = Release(
    commit=None,
    commit_unknown="there is no repository",
    services=(),
    last_go=None,
    changes=None,
    failures=(ROW, REGRESSION),
    owners_unknown="",
    steps=("Ask maria about COLD-07 on staging.",),
    verdicts=(),
    job_url="https://ci.example/decide/7",
)
HIDDEN_PATH = "T000/B000/hidden"
TOPIC = "arn:aws:sns:us-west-2:123456789012:releases"


@dataclass
class Receiver:
    """A server on the loopback that takes what is posted, and answers with *status*."""

    url: str = ""
    status: int = 200
    # Path, headers in lower case, and body of each request.
    requests: list[tuple[str, dict[str, str], Json]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Return a receiver that runs."""
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            found.requests.append((self.path, {key.lower(): value for key, value in self.headers.items()}, body))
            self.send_response(found.status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    # Twice a second, as it is by default, would let each test wait for the server's end.
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_port}"
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return the folder of a decision with a failing row and a regression."""
    return written(tmp_path, RELEASE)


def written(folder: Path, release: Release | None) -> Path:
    """Write a decision about *release*, and return its folder."""
    decision = replace(Decision.read(PROJECT / "tests/unit/gate/decision.json"), release=release)
    (folder / "decision.json").write_text(json.dumps(decision.as_json()))
    return folder


def slack(place: Path, receiver: Receiver, *, again: bool = False) -> Notification:
    """Tell the receiver's webhook."""
    return notify(place, ["slack"], {"SEATRIALS_SLACK_WEBHOOK_URL": f"{receiver.url}/{HIDDEN_PATH}"}, again=again)


def github(place: Path, receiver: Receiver) -> Notification:
    """Open an issue at the receiver."""
    variables = {"GITHUB_API_URL": receiver.url, "SEATRIALS_GITHUB_TOKEN": "hidden"}
    return notify(place, ["github:webordinary/platform"], variables)


def test_a_webhook_hears_what_somebody_needs(place: Path, receiver: Receiver) -> None:
    """Verdict, reason, every failing row with its owner, what to do, and a link are in one message."""
    told = slack(place, receiver)

    path, _, body = receiver.requests[0]
    assert (path, told.problems) == (f"/{HIDDEN_PATH}", [])
    assert body["text"].startswith("NO-GO: ")
    for part in ("COLD-07 on staging", "owner: maria", RELEASE.steps[0], "@webordinary/performance"):
        assert part in body["text"]
    assert body["text"].endswith("https://ci.example/decide/7")


def test_no_text_calls_everybody(place: Path, receiver: Receiver) -> None:
    """Slack's markup is made plain, and so is what calls a whole channel."""
    slack(place, receiver)

    text = receiver.requests[0][2]["text"]
    assert "&lt;!channel&gt;" in text
    assert "@everyone" not in text


def test_a_decision_is_told_once(place: Path, receiver: Receiver) -> None:
    """A second call sends nothing and says so; with --again it sends."""
    slack(place, receiver)

    assert slack(place, receiver).done == ["slack was told before"]
    assert len(receiver.requests) == 1
    assert slack(place, receiver, again=True).done == ["slack is told"]
    assert len(receiver.requests) == 2


def test_nobody_is_told_of_a_decision_that_was_edited(place: Path, receiver: Receiver) -> None:
    """What is not as it was signed is no decision of the gate, whatever verdict it names."""
    sign_decision(place, signer(Ed25519PrivateKey.generate()))
    told = slack(place, receiver)
    document = json.loads((place / "decision.json").read_text())
    (place / "decision.json").write_text(json.dumps({**document, "verdict": "GO"}))

    with pytest.raises(EvidenceError, match=r"decision\.json is not the file that was signed"):
        slack(place, receiver)
    assert (told.problems, len(receiver.requests)) == ([], 1)


def test_telling_of_a_decision_leaves_its_signature_whole(place: Path, receiver: Receiver) -> None:
    """The notes of who was told come after the signature, and are no part of what it covers."""
    sign_decision(place, signer(Ed25519PrivateKey.generate()))
    slack(place, receiver)
    content = (place / "signature.json").read_bytes()

    attestation = attest(SignatureFile(content=content), DECISION, place.name, decision_files(place))

    assert attestation is not None
    assert (attestation.problems, len(list(place.glob("notified-*")))) == ((), 1)


def test_another_decision_in_the_same_place_is_told(place: Path, receiver: Receiver) -> None:
    """What was told is a decision, not a file's name."""
    slack(place, receiver)
    written(place, replace(RELEASE, steps=()))

    slack(place, receiver)
    assert len(receiver.requests) == 2


def test_a_refusal_is_told_and_may_be_tried_again(place: Path, receiver: Receiver) -> None:
    """A message that did not arrive is no message: the next call sends it."""
    receiver.status = 403
    refused = slack(place, receiver)
    receiver.status = 200

    assert refused.problems == ["slack was not told: it answered 403: call again"]
    assert refused.verdict.startswith("NO-GO: ")
    assert slack(place, receiver).done == ["slack is told"]


def test_a_broken_answer_leaves_open_whether_it_arrived(place: Path, receiver: Receiver) -> None:
    """Nothing is sent a second time before somebody has looked."""
    receiver.status = 502
    first = slack(place, receiver)
    receiver.status = 200

    assert "may have been told: it answered 502" in first.problems[0]
    assert "an earlier call began and did not end" in slack(place, receiver).problems[0]
    assert len(receiver.requests) == 1
    assert slack(place, receiver, again=True).done == ["slack is told"]


def test_a_refused_repetition_takes_back_nothing(place: Path, receiver: Receiver) -> None:
    """What was told once stays told."""
    slack(place, receiver)
    receiver.status = 403
    slack(place, receiver, again=True)

    assert slack(place, receiver).done == ["slack was told before"]


def test_every_channel_is_tried(place: Path, receiver: Receiver, aws: Clients) -> None:
    """One that fails keeps nobody else from hearing."""
    topic = aws("sns").create_topic(Name="releases")["TopicArn"]
    receiver.status = 403

    told = notify(place, ["slack", f"sns:{topic}"], {"SEATRIALS_SLACK_WEBHOOK_URL": receiver.url})

    assert (told.done, len(told.problems)) == ([f"sns:{topic} is told"], 1)
    with pytest.raises(NotificationError, match="403"):
        told.raise_problems()


def test_a_topic_gets_a_subject_that_e_mail_can_carry(place: Path, aws: Clients) -> None:
    """The queue behind the topic has the text, the subject and the verdict."""
    topic = aws("sns").create_topic(Name="releases")["TopicArn"]
    queue = aws("sqs").create_queue(QueueName="releases")["QueueUrl"]
    arn = aws("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    aws("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    notify(place, [f"sns:{topic}"], {})

    received = json.loads(aws("sqs").receive_message(QueueUrl=queue)["Messages"][0]["Body"])
    assert received["Subject"].startswith("NO-GO: ")
    assert len(received["Subject"]) < 100
    assert "COLD-07 on staging" in received["Message"]
    assert received["MessageAttributes"]["verdict"]["Value"] == "NO-GO"


def test_a_topic_that_is_not_there_is_told(place: Path, aws: Clients) -> None:
    """AWS's reason is in the sentence."""
    assert aws is not None

    assert "was not told" in notify(place, [f"sns:{TOPIC}"], {}).problems[0]


def test_an_issue_is_opened_for_a_regression(place: Path, receiver: Receiver) -> None:
    """It names the regression alone, calls its owner, and nobody whom a text names."""
    github(place, receiver)

    path, headers, body = receiver.requests[0]
    assert path == "/repos/webordinary/platform/issues"
    assert headers["authorization"] == "Bearer hidden"
    assert body["title"].startswith("Regression: NO-GO")
    assert "- `cold-start-change.staging: " in body["body"]
    assert "- `COLD-07" not in body["body"]
    assert "31.2% more 'than' <!channel> @everyone *it* was" in body["body"]
    assert "Owners: `maria`, @webordinary/performance" in body["body"]


@pytest.mark.parametrize("release", [None, replace(RELEASE, failures=(ROW,))])
def test_without_a_regression_there_is_no_issue(tmp_path: Path, receiver: Receiver, release: Release | None) -> None:
    """A failing row is the affair of the run that it failed in, and nothing of it is noted as told."""
    told = github(written(tmp_path, release), receiver)

    assert (receiver.requests, told.problems) == ([], [])
    assert "no regression" in told.done[0]


def test_a_message_of_many_failures_says_what_it_leaves_out(tmp_path: Path, receiver: Receiver) -> None:
    """It stays as short as Slack takes it, and counts what it does not name."""
    many = tuple(replace(ROW, subject=f"ROW-{index:02}", reason="long " * 50) for index in range(90))
    slack(written(tmp_path, replace(RELEASE, failures=many)), receiver)

    text = receiver.requests[0][2]["text"]
    named = text.count("ROW-")
    assert len(text) <= 3000
    assert f"{90 - named} more failed than there is room for" in text


@pytest.mark.parametrize(
    ("targets", "variables", "told"),
    [
        ([], {}, "nobody is to be told"),
        (["slack"], {}, "set SEATRIALS_SLACK_WEBHOOK_URL"),
        (["slack"], {"SEATRIALS_SLACK_WEBHOOK_URL": "http://example.com/hidden"}, "begins with https"),
        (["slack"], {"SEATRIALS_SLACK_WEBHOOK_URL": "https://[hidden"}, "begins with https"),
        (["github:webordinary/platform"], {}, "SEATRIALS_GITHUB_TOKEN"),
        (["github:webordinary/.."], {"GITHUB_TOKEN": "hidden"}, "must be slack, sns:ARN"),
        (["sns:releases"], {}, "must be slack, sns:ARN"),
        (["mail"], {}, "must be slack, sns:ARN"),
    ],
)
def test_wrong_configuration_is_told_before_anything_is_sent(
    place: Path, targets: list[str], variables: dict[str, str], told: str
) -> None:
    """The sentence names the variable, and never shows what it holds."""
    with pytest.raises(ConfigurationError, match=told) as error:
        notify(place, targets, variables)

    assert "hidden" not in str(error.value)


def test_every_problem_of_the_configuration_is_told_at_once(place: Path) -> None:
    """Nobody mends one to learn of the next."""
    with pytest.raises(ConfigurationError) as error:
        notify(place, ["slack", "mail", "github:a/b"], {}, link="javascript:alert(1)")

    assert len(str(error.value).splitlines()) == 4


def test_a_server_that_is_away_shows_no_secret(place: Path) -> None:
    """The address of a webhook is the secret."""
    told = notify(place, ["slack"], {"SEATRIALS_SLACK_WEBHOOK_URL": f"http://127.0.0.1:9/{HIDDEN_PATH}"})

    assert told.problems == ["slack was not told: it cannot be reached (ConnectError): call again"]
    assert [each for each in place.iterdir() if each.name != "decision.json"] == []


@pytest.mark.parametrize("content", ["", "{}", "[", '{"verdict": "GO"}'])
def test_what_is_no_decision_is_refused(tmp_path: Path, content: str) -> None:
    """Nobody is told of it."""
    (tmp_path / "decision.json").write_text(content)

    with pytest.raises(EvidenceError, match=r"decision\.json"):
        notify(tmp_path, ["slack"], {"SEATRIALS_SLACK_WEBHOOK_URL": "https://example.com"})


def test_the_command_shows_the_verdict_though_nobody_was_told(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure of sending has a code of its own, and hides nothing."""
    monkeypatch.setenv("SEATRIALS_SLACK_WEBHOOK_URL", "http://127.0.0.1:9/x")

    result = CliRunner().invoke(app, ["notify", str(place / "decision.json"), "--to", "slack"])

    assert result.stdout.startswith("NO-GO: ")
    assert isinstance(result.exception, NotificationError)
    assert result.exception.exit_code == 68
