"""Tests of the server as its clients see it: real sockets, real TLS, a process of its own."""

import base64
import json
import os
import select
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from seatrials.environments.variables import read_variables
from seatrials.errors import ServerError, TemplateError, TwinFailureError
from seatrials.seams.application import AwsClient
from seatrials.seams.clock import SystemClock, wait_until
from seatrials.twin_server import running_server
from tests.support.project import PROJECT
from tests.support.served import served_client
from tests.support.template_changes import Change

T = TypeVar("T")
CLUSTER = "webordinary-edit-cluster"
EDIT = "webordinary-edit-service"
CHILD = Path(__file__).with_name("child.py")
TEMPLATE = ("--environments", str(PROJECT / "environments.toml"))


def bare_variables(folder: Path) -> dict[str, str]:
    """Return the variables of a server that has no home and puts its files into *folder*; templates are linted once."""
    return {"PATH": os.defpath, "TMPDIR": str(folder), "XDG_CACHE_HOME": read_variables()["XDG_CACHE_HOME"]}


@pytest.fixture(scope="module")
def variables() -> Iterator[Mapping[str, str]]:
    """Give the variables of a server on which thirty seconds pass in one."""
    with running_server(*TEMPLATE, "--pace", "30") as running:
        yield running.variables


@pytest.fixture
def client(variables: Mapping[str, str]) -> Iterator[httpx.Client]:
    """Give a client of the load balancer that trusts the server's own authority and nobody else's."""
    trust = ssl.create_default_context(cafile=variables["SEATRIALS_CA_FILE"])
    with httpx.Client(base_url=variables["SEATRIALS_BASE_URL"], verify=trust, trust_env=False, timeout=30) as client:
        yield client


def until(condition: Callable[[], T], what: str) -> T:
    """Return what *condition* gives once it is true."""
    return wait_until(SystemClock(), condition, 60, what=what, every_seconds=0.05)


def scale(variables: Mapping[str, str], count: int) -> AwsClient:
    """Set the desired count of the edit service, and let no alarm go below it; return the client of ECS."""
    served_client(variables, "application-autoscaling").register_scalable_target(
        ServiceNamespace="ecs",
        ScalableDimension="ecs:service:DesiredCount",
        ResourceId=f"service/{CLUSTER}/{EDIT}",
        MinCapacity=count,
    )
    ecs = served_client(variables, "ecs")
    ecs.update_service(cluster=CLUSTER, service=EDIT, desiredCount=count)
    return ecs


def activate(client: httpx.Client, user: str, instruction: str) -> dict[str, Any]:
    """Return a session that is active."""
    body = {"clientId": "client", "userId": user, "instruction": instruction}
    session = client.post("/hermes/api/sessions/activate", json=body).raise_for_status().json()
    status = f"/hermes/api/sessions/{session['sessionId']}/status"
    until(lambda: client.get(status).json()["status"] == "active", "the session to be active")
    return dict(client.get(status).json())


def test_the_platform_answers_over_tls(client: httpx.Client) -> None:
    """Hermes is up when the server is ready, behind a certificate that the CA file vouches for."""
    assert client.get("/hermes/health").json()["status"] == "healthy"


def test_nobody_else_vouches_for_the_certificate(variables: Mapping[str, str]) -> None:
    """Who does not know the CA file does not believe the server."""
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(variables["SEATRIALS_BASE_URL"], trust_env=False)


def test_http_leads_to_https(variables: Mapping[str, str]) -> None:
    """The redirect names the port on which HTTPS is served here, not the one that the template says."""
    url = f"http://127.0.0.1:{variables['SEATRIALS_HTTP_PORT']}/a?b=c"
    answer = httpx.get(url, trust_env=False)

    assert answer.status_code == 301
    assert answer.headers["location"] == f"{variables['SEATRIALS_BASE_URL']}/a?b=c"


def test_scaling_over_http_starts_a_task_that_serves(variables: Mapping[str, str], client: httpx.Client) -> None:
    """UpdateService leads to a running task, and to its answer through the load balancer."""
    ecs = scale(variables, 1)

    def running() -> bool:
        [service] = ecs.describe_services(cluster=CLUSTER, services=[EDIT])["services"]
        return bool(service["runningCount"] == 1)

    until(running, "the task to run")
    until(lambda: client.get("/api/status").status_code == 200, "the task to be healthy")

    assert len(ecs.list_tasks(cluster=CLUSTER, serviceName=EDIT)["taskArns"]) == 1


def test_a_session_has_a_page_that_a_client_can_open(client: httpx.Client) -> None:
    """The preview URL that Hermes gives leads a client outside to the page."""
    session = activate(client, "page", "Create a file named about.html with content: hello")
    answer = client.get(session["previewUrl"])

    assert answer.status_code == 200
    assert client.get(f"{session['previewUrl']}/about.html").text.strip() == "hello"


def test_a_websocket_passes_through(variables: Mapping[str, str], client: httpx.Client) -> None:
    """A change of a session's files is pushed to a WebSocket that was opened through the load balancer."""
    session = activate(client, "socket", "Create a file named a.html with content: one")
    trust = ssl.create_default_context(cafile=variables["SEATRIALS_CA_FILE"])
    raw = socket.create_connection(("127.0.0.1", int(variables["SEATRIALS_HTTPS_PORT"])), 20)
    with raw, trust.wrap_socket(raw, server_hostname="127.0.0.1") as connection:
        key = base64.b64encode(bytes(16)).decode()
        connection.sendall(
            f"GET /ws/hmr?sessionId={session['sessionId']} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        assert connection.recv(4096).startswith(b"HTTP/1.1 101")

        client.put(
            "/api/files/a.html", content=b"two", headers={"x-session-id": session["sessionId"]}
        ).raise_for_status()
        frame = connection.recv(4096)

    assert json.loads(frame[2:])["type"] == "update"


def test_what_containers_write_is_in_their_log_group(variables: Mapping[str, str]) -> None:
    """CloudWatch Logs has the lines of the mock's own applications."""
    logs = served_client(variables, "logs")
    events = logs.filter_log_events(logGroupName="/ecs/hermes", filterPattern="listens")["events"]

    assert [each["message"] for each in events] == ["hermes 1.0.0 listens on 3000"]


def test_exec_is_off_whatever_a_task_definition_says(variables: Mapping[str, str], client: httpx.Client) -> None:
    """Without --allow-exec no client gets a shell, not even by a task definition that allows it."""
    ecs = scale(variables, 1)
    [service] = ecs.describe_services(cluster=CLUSTER, services=[EDIT])["services"]
    definition = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    allowed = definition["containerDefinitions"][0]["environment"]
    session = activate(client, "exec", "Say hello")
    answer = client.post("/api/exec", json={"command": "id"}, headers={"x-session-id": session["sessionId"]})

    assert {"name": "EXEC_ENABLED", "value": "true"} in allowed
    assert answer.status_code == 403
    assert "does not allow exec" in answer.text


def test_exec_is_on_when_it_is_asked_for() -> None:
    """With --allow-exec a session's command runs."""
    with running_server(*TEMPLATE, "--pace", "30", "--allow-exec") as running:
        trust = ssl.create_default_context(cafile=running.variables["SEATRIALS_CA_FILE"])
        base_url = running.variables["SEATRIALS_BASE_URL"]
        with httpx.Client(base_url=base_url, verify=trust, trust_env=False, timeout=30) as client:
            session = activate(client, "exec", "Say hello")
            headers = {"x-session-id": session["sessionId"]}
            answer = client.post("/api/exec", json={"command": "echo here"}, headers=headers)

    assert answer.status_code == 200
    assert answer.json() == {"output": "here\n", "exitCode": 0}


@pytest.mark.parametrize("host", ["127.0.0.1", "subscriber.example.com"])
def test_no_call_leaves_the_server(variables: Mapping[str, str], host: str) -> None:
    """A message to a subscriber at a URL is an error that says so, and nobody is called."""
    sns = served_client(variables, "sns")
    topic = sns.create_topic(Name=f"to-{host.replace('.', '-')}")["TopicArn"]
    with socket.create_server(("127.0.0.1", 0)) as subscriber:
        subscriber.settimeout(0)
        port = subscriber.getsockname()[1]
        sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=f"http://{host}:{port}/")
        with pytest.raises(ClientError, match="nothing leaves this machine") as caught:
            sns.publish(TopicArn=topic, Message="hello")

        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
        with pytest.raises(BlockingIOError):
            subscriber.accept()


def test_platform_time_passes_at_the_pace(variables: Mapping[str, str], client: httpx.Client) -> None:
    """A clock with the server's pace and epoch is at the time that the platform stamps a session with."""
    clock = SystemClock(float(variables["SEATRIALS_PACE"]), float(variables["SEATRIALS_EPOCH_SECONDS"]))
    body = {"clientId": "client", "userId": "time", "instruction": "Say hello"}
    before = clock.epoch_ms()
    created = client.post("/hermes/api/sessions/activate", json=body).json()["createdAt"]

    assert before - 1000 <= created <= clock.epoch_ms()


def test_a_command_is_a_container() -> None:
    """A command of the user's runs as the edit container: reached through the balancer, stopped, its end told."""
    run = f"edit={sys.executable} -S -u {CHILD}"
    # Why not faster: half a minute after SIGTERM a container is killed, and a busy machine takes seconds to end one.
    with running_server(*TEMPLATE, "--pace", "8", "--run", run) as running:
        variables = running.variables
        trust = ssl.create_default_context(cafile=variables["SEATRIALS_CA_FILE"])
        ecs, logs = scale(variables, 1), served_client(variables, "logs")
        address = variables["SEATRIALS_BASE_URL"]
        with httpx.Client(base_url=address, verify=trust, trust_env=False, timeout=30) as client:
            until(lambda: client.get("/api/status").text == "from a child", "the child to answer")
        [arn] = ecs.list_tasks(cluster=CLUSTER, serviceName=EDIT)["taskArns"]
        ecs.stop_task(cluster=CLUSTER, task=arn, reason="enough")

        def stopped() -> dict[str, Any] | None:
            [task] = ecs.describe_tasks(cluster=CLUSTER, tasks=[arn])["tasks"]
            return dict(task) if task["lastStatus"] == "STOPPED" else None

        task = until(stopped, "the task to stop")
        events = logs.filter_log_events(logGroupName="/ecs/edit", filterPattern="told to stop")["events"]

        assert task is not None
        assert task["containers"][0]["exitCode"] == 5
        assert events[0]["logStreamName"].endswith(arn.rpartition("/")[2])


def test_a_taken_port_is_told_with_its_exit_code() -> None:
    """A port of another program ends the start with one sentence."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(ServerError, match=rf"(?s)exit code 71 .*cannot listen on 127\.0\.0\.1:{port}"),
            running_server(*TEMPLATE, "--aws-port", str(port)),
        ):
            pass


def test_another_address_than_the_loopback_is_refused() -> None:
    """The server is for this machine alone."""
    with (
        pytest.raises(ServerError, match=r"(?s)exit code 64 .*--address"),
        running_server(*TEMPLATE, "--address", "0.0.0.0"),  # noqa: S104  # must be refused
    ):
        pass


def test_a_container_that_the_template_does_not_have_is_told() -> None:
    """A misspelt container ends the start, and the right name is offered."""
    with (
        pytest.raises(ServerError, match=r"(?s)exit code 64 .*'edti'; did you mean 'edit'"),
        running_server(*TEMPLATE, "--run", "edti=true"),
    ):
        pass


def test_a_strict_server_refuses_what_is_left_out(tmp_path: Path) -> None:
    """It ends as for a template that cannot be deployed, whoever has started it."""
    change = Change("EditService.ServiceRegistries", [{"RegistryArn": "arn:aws:servicediscovery:x"}])
    template = tmp_path / "template.json"
    template.write_text(json.dumps(change.template().document), encoding="utf-8")
    with (
        pytest.raises(TemplateError, match=r"(?s)exit code 65 .*EditService .*ServiceRegistries: left out by the twin"),
        running_server(*TEMPLATE, "--stack", str(template), "--strict"),
    ):
        pass


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_server_in_order(tmp_path: Path, number: signal.Signals) -> None:
    """After SIGINT or SIGTERM the exit code is 0, and no file is left; a profile of the shell's changes nothing."""
    command = [sys.executable, "-m", "seatrials.cli", "twin", "serve", *TEMPLATE, "--pace", "30"]
    variables = {**bare_variables(tmp_path), "AWS_PROFILE": "not-there"}
    process = subprocess.Popen(  # noqa: S603  # this Python
        command, stdout=subprocess.PIPE, env=variables, text=True
    )
    wait_for_ready(process)
    process.send_signal(number)
    process.communicate(timeout=20)

    assert process.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_a_server_ends_with_who_has_started_it(tmp_path: Path) -> None:
    """When its starter is killed, a server stops its containers and leaves no file."""
    run = f"hermes={sys.executable} -S -u {CHILD}"
    options = [*TEMPLATE, "--pace", "100", "--run", run, "--ends-with-stdin"]
    variables = bare_variables(tmp_path)
    process = subprocess.Popen(  # noqa: S603  # this Python
        [sys.executable, "-m", "seatrials.cli", "twin", "serve", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=variables,
        text=True,
    )
    wait_for_ready(process)
    process.communicate(timeout=20)

    assert process.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_the_next_start_removes_what_a_killed_server_has_left(tmp_path: Path) -> None:
    """SIGKILL lets a server remove nothing; the next one does, be it one that cannot start itself."""
    command = [sys.executable, "-m", "seatrials.cli", "twin", "serve", *TEMPLATE, "--pace", "30"]
    variables = bare_variables(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        killed = subprocess.Popen(command, stdout=subprocess.PIPE, env=variables, text=True)  # noqa: S603  # this Python
        wait_for_ready(killed)
        left = folders_of(killed.pid)
        killed.kill()
        killed.communicate()
        assert len(left) == 2
        assert all(folder.is_dir() for folder in left)

        port = str(taken.getsockname()[1])
        following = subprocess.run([*command, "--aws-port", port], env=variables, capture_output=True, check=False)  # noqa: S603  # this Python

    assert following.returncode == 71
    assert not any(folder.exists() for folder in left)


def test_the_next_start_ends_the_containers_of_a_killed_server(tmp_path: Path) -> None:
    """A command that ran as a container outlives a server that gets SIGKILL, and ends with the next start."""
    run = f"hermes={sys.executable} -S -u {CHILD}"
    command = [sys.executable, "-m", "seatrials.cli", "twin", "serve", *TEMPLATE, "--pace", "100"]
    variables = bare_variables(tmp_path)
    killed = subprocess.Popen([*command, "--run", run], stdout=subprocess.PIPE, env=variables, text=True)  # noqa: S603  # this Python
    wait_for_ready(killed)
    children = Path(f"/proc/{killed.pid}/task/{killed.pid}/children").read_text(encoding="ascii").split()
    # Readable once its process has ended.
    containers = [os.pidfd_open(int(child)) for child in children]
    killed.kill()
    killed.communicate()
    following = subprocess.Popen(command, stdout=subprocess.PIPE, env=variables, text=True)  # noqa: S603  # this Python
    wait_for_ready(following)
    ended = [container for container in containers if select.select([container], [], [], 20)[0]]
    for container in containers:
        os.close(container)
    following.send_signal(signal.SIGTERM)
    following.communicate(timeout=20)

    assert len(containers) > 0
    assert ended == containers


def folders_of(process_id: int) -> list[Path]:
    """Return the folders that a process owns, by the files that it holds open."""
    files = [each.readlink() for each in Path(f"/proc/{process_id}/fd").iterdir()]
    return sorted(file.parent for file in files if file.name == ".owner")


def wait_for_ready(process: "subprocess.Popen[str]") -> None:
    """Read what a server says until it is ready."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("ready"):
            return
    pytest.fail(f"the server ended with exit code {process.wait()}")


# A server one of whose actors meets what nobody thought of.
BROKEN = """
from seatrials.twin.autoscaling import watch

def broken(alarm, values):
    return {}["Statistic"]

watch.evaluate = broken
from seatrials.cli import main
main()
"""


def test_a_server_lives_on_and_says_at_its_end_what_failed(tmp_path: Path) -> None:
    """An actor that raises ends nothing: clients are answered, and the exit code and the last lines tell of it."""
    command = [sys.executable, "-c", BROKEN, "twin", "serve", *TEMPLATE, "--pace", "30"]
    variables = bare_variables(tmp_path)
    process = subprocess.Popen(  # noqa: S603  # this Python
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=variables, text=True
    )
    wait_for_ready(process)
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=20)

    assert process.returncode == TwinFailureError.exit_code
    assert "CloudWatch failed at alarm" in said
    assert "KeyError: 'Statistic'" in said
    assert list(tmp_path.iterdir()) == []


def test_a_client_that_waits_for_a_message_holds_up_nobody() -> None:
    """While ReceiveMessage waits, other calls are answered, and SIGTERM ends the server."""
    with running_server(*TEMPLATE, "--pace", "1") as running:
        sqs = served_client(running.variables, "sqs")
        queue = sqs.create_queue(QueueName="q")["QueueUrl"]
        waiting = threading.Thread(target=_receive, args=(sqs, queue), daemon=True)
        waiting.start()
        assert served_client(running.variables, "ecs").list_clusters()["clusterArns"] != []
        assert waiting.is_alive()

    waiting.join(timeout=10)
    assert not waiting.is_alive()


def _receive(sqs: AwsClient, queue: str) -> None:
    with suppress(ClientError, BotoCoreError):  # the server ends before there is a message
        sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20)
