"""Tests of a real stack: refused before anything is written, one run at a time, nothing left, nobody else touched."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError, EndpointConnectionError

from seatrials.environments.environment import Budget, ResourceNames, Trust
from seatrials.errors import (
    BudgetExceededError,
    CertificateError,
    ConfigurationError,
    CredentialsError,
    LeaseHeldError,
    LeaseLostError,
    LeftoversError,
    MissingPermissionError,
    MissingResourceError,
    NotConfirmedError,
    NotRunHereError,
    RedirectedError,
    RefusedWriteError,
    SeatrialsError,
    UnreachableError,
    WrongAccountError,
    WrongRegionError,
)
from seatrials.evidence.recorder import Recorder
from seatrials.platform import Platform
from seatrials.safety.permitted import is_reading
from seatrials.safety.usage import read_folder
from seatrials.stacks import StackOptions, StackRun
from seatrials.stacks.live.stacks import LiveStacks

Begin = Callable[..., LiveStacks]


@pytest.fixture
def begin(small_platform: Any, tmp_path: Path) -> Begin:
    """Return what begins a run on the small platform; the test ends it."""

    def begin(run: str = "run-1", **changes: Any) -> LiveStacks:
        options = StackOptions(folder=tmp_path / run, confirmation=changes.pop("confirmation", None))
        variables = changes.pop("variables", {})
        return LiveStacks(small_platform.environment(**changes), options, variables)

    return begin


def platform_of(run: StackRun) -> Platform:
    """Return the platform as a scenario holds it."""
    return Platform(run.stack, Recorder(run.stack.clock.now, run.sample_kind))


def update_edit(run: StackRun, **values: Any) -> None:
    """Change the edit service as a scenario might."""
    names = run.stack.environment.names
    run.stack.aws("ecs").update_service(cluster=names.cluster, service=names.edit_service, **values)


def edit_desired(small_platform: Any) -> int:
    """Return the edit service's desired count."""
    answer = small_platform.aws("ecs").describe_services(
        cluster="webordinary-edit-cluster", services=["webordinary-edit-service"]
    )
    return int(answer["services"][0]["desiredCount"])


def set_edit_desired(small_platform: Any, count: int) -> None:
    """Scale the edit service as its owner does."""
    small_platform.aws("ecs").update_service(
        cluster="webordinary-edit-cluster", service="webordinary-edit-service", desiredCount=count
    )


class Calls:
    """Records every call to AWS, and lets some fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made: list[str] = []
        self.failing: dict[str, Exception] = {}
        make = BaseClient._make_api_call  # noqa: SLF001  # what every call of every client goes through

        def record(client: Any, operation: str, given: Any) -> Any:
            self.made.append(operation)
            failure = self.failing.get(operation) or self.failing.get("*")
            if failure is not None:
                raise failure
            return make(client, operation, given)

        monkeypatch.setattr(BaseClient, "_make_api_call", record)

    def refuse(self, operation: str, code: str) -> None:
        """Let an operation be answered with an error of AWS."""
        self.failing[operation] = ClientError({"Error": {"Code": code, "Message": "no"}}, operation)

    @property
    def writes(self) -> list[str]:
        """The calls that change something."""
        return [each for each in self.made if not is_reading(each)]


def refuse_credentials(_platform: Any, calls: Calls, _monkeypatch: pytest.MonkeyPatch, _folder: Path) -> dict[str, Any]:
    """Let AWS say that the credentials have expired."""
    calls.refuse("GetCallerIdentity", "ExpiredToken")
    return {}


def remove_credentials(_platform: Any, _calls: Calls, monkeypatch: pytest.MonkeyPatch, _folder: Path) -> dict[str, Any]:
    """Take the credentials away, and every place where there might be others."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return {}


def cut_aws_off(_platform: Any, calls: Calls, _monkeypatch: pytest.MonkeyPatch, _folder: Path) -> dict[str, Any]:
    """Let no endpoint of AWS be reached."""
    calls.failing["*"] = EndpointConnectionError(endpoint_url="https://sts.us-west-2.amazonaws.com/")
    return {}


def deny(operation: str) -> Callable[..., dict[str, Any]]:
    """Return what takes a permission away."""

    def refuse(_platform: Any, calls: Calls, _monkeypatch: pytest.MonkeyPatch, _folder: Path) -> dict[str, Any]:
        calls.refuse(operation, "AccessDeniedException")
        return {}

    return refuse


def stop_hermes(platform: Any, _calls: Calls, _monkeypatch: pytest.MonkeyPatch, _folder: Path) -> dict[str, Any]:
    """Let Hermes be down."""
    platform.is_hermes_up = False
    return {}


def profile(text: str) -> Callable[..., dict[str, Any]]:
    """Return what writes the default profile."""

    def write(_platform: Any, _calls: Calls, _monkeypatch: pytest.MonkeyPatch, folder: Path) -> dict[str, Any]:
        (folder / "AWS_CONFIG_FILE").write_text(f"[default]\n{text}\n")
        return {}

    return write


def change(**changes: Any) -> Callable[..., dict[str, Any]]:
    """Return what changes the environment or the options."""
    return lambda *_arguments: changes


@pytest.mark.parametrize(
    ("arrange", "error", "told"),
    [
        pytest.param(
            change(account_id="210987654321"),
            WrongAccountError,
            "belong to account 123456789012, and staging is in 210987654321: use the right profile",
            id="account",
        ),
        pytest.param(
            change(variables={"AWS_REGION": "eu-west-1"}),
            WrongRegionError,
            "staging is in us-west-2, and AWS_REGION is eu-west-1: unset it",
            id="region",
        ),
        pytest.param(
            profile("region = eu-west-1"), WrongRegionError, "the profile's region is eu-west-1", id="profile-region"
        ),
        pytest.param(
            refuse_credentials, CredentialsError, "the credentials have expired .*: log in again", id="expired"
        ),
        pytest.param(remove_credentials, CredentialsError, "no usable credentials .*: set AWS_PROFILE", id="none"),
        pytest.param(change(profile="nobody"), CredentialsError, "use the AWS profile nobody", id="no-profile"),
        pytest.param(cut_aws_off, UnreachableError, "check the network", id="aws-unreachable"),
        pytest.param(
            change(base_url="https://127.0.0.1:1"),
            UnreachableError,
            "cannot be reached: .*correct `base_url`",
            id="alb",
        ),
        pytest.param(stop_hermes, UnreachableError, "hermes/health answers 503: start the service", id="no-hermes"),
        pytest.param(
            change(trust=Trust(sha256="0" * 64)),
            CertificateError,
            "fingerprint .*; *correct `trust`|correct `trust`",
            id="pin",
        ),
        pytest.param(
            change(trust=Trust()), CertificateError, "not the one that the environment trusts", id="system-cas"
        ),
        pytest.param(
            change(names=ResourceNames(table="nothing")), MissingResourceError, "read the table nothing", id="table"
        ),
        pytest.param(
            change(names=ResourceNames(cluster="nothing")),
            MissingResourceError,
            "no active cluster nothing",
            id="cluster",
        ),
        pytest.param(
            change(names=ResourceNames(edit_service="nothing")), MissingResourceError, "service nothing", id="service"
        ),
        pytest.param(
            deny("DescribeServices"),
            MissingPermissionError,
            "may not call DescribeServices: .*docs/live.md",
            id="denied",
        ),
        pytest.param(
            change(confirm="production"),
            NotConfirmedError,
            "needs --confirm production, .* without it",
            id="unconfirmed",
        ),
        pytest.param(
            change(confirm="production", confirmation="staging"), NotConfirmedError, "with 'staging'", id="misconfirmed"
        ),
        pytest.param(
            change(variables={"AWS_ENDPOINT_URL": "http://127.0.0.1:5000"}),
            RedirectedError,
            r"the shell sends AWS's calls elsewhere \(AWS_ENDPOINT_URL=http://127.0.0.1:5000\): unset it",
            id="endpoint",
        ),
        pytest.param(
            change(variables={"AWS_ENDPOINT_URL_ECS": "http://127.0.0.1:5000"}),
            RedirectedError,
            "_ECS",
            id="endpoint-of-one",
        ),
        pytest.param(
            profile("endpoint_url = http://127.0.0.1:5000"),
            RedirectedError,
            "the AWS profile",
            id="endpoint-of-profile",
        ),
        pytest.param(
            profile("services = local\n[services local]\necs =\n  endpoint_url = http://127.0.0.1:5000"),
            RedirectedError,
            "the AWS profile",
            id="endpoint-of-services",
        ),
    ],
)
def test_a_run_is_refused_before_anything_is_written(
    begin: Begin,
    small_platform: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arrange: Callable[..., dict[str, Any]],
    error: type[SeatrialsError],
    told: str,
) -> None:
    """What is wrong with credentials, place, stack or permission ends a run with a sentence, before it writes."""
    calls = Calls(monkeypatch)
    changes = arrange(small_platform, calls, monkeypatch, tmp_path)

    with pytest.raises(error, match=told):
        begin(**changes)
    assert calls.writes == []
    assert [each for each in small_platform.requests if not each.startswith("GET")] == []


def test_a_run_without_permission_for_its_lease_has_written_nothing(
    begin: Begin, small_platform: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lease is the first write; a run that may not take it ends there."""
    calls = Calls(monkeypatch)
    calls.refuse("PutItem", "AccessDeniedException")

    with pytest.raises(MissingPermissionError, match="may not call PutItem"):
        begin()
    calls.failing.clear()
    assert (calls.writes, small_platform.runs_items()) == (["PutItem"], [])


def test_every_refusal_has_an_exit_code_of_its_own() -> None:
    """Who starts a run can tell from its exit code what to mend."""
    codes = [each.exit_code for each in _subclasses(SeatrialsError)]

    assert len(set(codes)) == len(codes)
    assert min(codes) >= 64


def _subclasses(parent: type[SeatrialsError]) -> list[type[SeatrialsError]]:
    children = parent.__subclasses__()
    return [*children, *(each for child in children for each in _subclasses(child))]


def test_the_second_run_is_told_who_has_the_stack(begin: Begin) -> None:
    """Two runs never share a stack: the second ends with the first one's name, and the first goes on."""
    first = begin("run-1")
    with pytest.raises(LeaseHeldError, match="belongs to the run run-1 of "):
        begin("run-2")
    first.close()
    begin("run-2").close()


def test_a_scenario_s_sessions_end_with_it(begin: Begin, small_platform: Any) -> None:
    """What a scenario started is ended after it, and somebody else's session is not."""
    stranger = small_platform.add_session("acme")
    stacks = begin()
    with stacks.open("COLD-03") as run:
        session = platform_of(run).sessions.start()
        during = small_platform.sessions()[session.id]
    after = small_platform.sessions()
    stacks.close()

    assert session.client_id == "TEST_run-1_COLD-03-client-1"
    assert (during, after[session.id], after[stranger]) == ("active", "expired", "active")


def test_a_scenario_s_sessions_end_though_it_fails(begin: Begin, small_platform: Any) -> None:
    """A failed assertion leaves no session running."""
    stacks = begin()

    def fail() -> None:
        with stacks.open("COLD-03") as run:
            assert platform_of(run).sessions.start() is None, "on purpose"

    with pytest.raises(AssertionError, match="on purpose"):
        fail()
    statuses = small_platform.sessions()
    stacks.close()

    assert statuses == {"session-1": "expired"}


def test_a_hermes_that_ends_nothing_fails_the_scenario(begin: Begin, small_platform: Any) -> None:
    """Sessions are ended through Hermes only: without it, the clean-up fails and says so."""
    stacks = begin()

    def lose_hermes() -> None:
        with stacks.open("COLD-03") as run:
            platform_of(run).sessions.start()
            small_platform.is_hermes_up = False

    with pytest.raises(LeftoversError, match="Hermes does not end session-1, but answers 503"):
        lose_hermes()
    small_platform.is_hermes_up = True
    stacks.close()


def test_a_run_leaves_nothing(begin: Begin, small_platform: Any) -> None:
    """At its end a run has deleted its items, its journal and its lease, and looked whether anything is left."""
    stranger = small_platform.add_session("acme")
    stacks = begin()
    with stacks.open("COLD-03") as run:
        platform_of(run).sessions.start()
    before = stacks.leftovers()
    stacks.close()

    assert (before, stacks.leftovers()) == (None, [])
    assert (small_platform.sessions(), small_platform.runs_items()) == ({stranger: "active"}, [])


def test_an_exclusive_scenario_waits_for_nobody_else_s_sessions(begin: Begin, small_platform: Any) -> None:
    """With live sessions of others on the service an exclusive scenario is not run, and the reason names them."""
    stranger = small_platform.add_session("acme")
    stacks = begin()

    with (
        pytest.raises(NotRunHereError, match=f"to itself, which has live sessions of others: {stranger}"),
        stacks.open("COLD-01", exclusive=True),
    ):
        pytest.fail("it was run")
    stacks.close()


def test_an_exclusive_scenario_has_a_quiet_service(begin: Begin) -> None:
    """Without a live session, and with the service at zero, an exclusive scenario is run."""
    stacks = begin()
    with stacks.open("COLD-01", exclusive=True) as run:
        counts = platform_of(run).services.edit_counts()
    stacks.close()

    assert counts.desired == 0


@pytest.mark.parametrize("values", [{"desiredCount": 0}, {"forceNewDeployment": True}], ids=["scaled", "restarted"])
def test_a_service_with_strangers_is_not_touched(begin: Begin, small_platform: Any, values: dict[str, Any]) -> None:
    """A service that serves somebody else's live session is never scaled or restarted."""
    stranger = small_platform.add_session("acme")
    set_edit_desired(small_platform, 1)
    stacks = begin()
    with (
        stacks.open("PERS-17") as run,
        pytest.raises(RefusedWriteError, match=f"would disturb live sessions of others: {stranger}"),
    ):
        update_edit(run, **values)
    stacks.close()

    assert edit_desired(small_platform) == 1


def test_a_changed_service_is_put_back(begin: Begin, small_platform: Any) -> None:
    """What a scenario left changed is as it was found when the run has ended."""
    stacks = begin()
    with stacks.open("COLD-12") as run:
        update_edit(run, desiredCount=2)
    during = edit_desired(small_platform)
    stacks.close()

    assert (during, edit_desired(small_platform)) == (2, 0)


def test_a_change_is_in_the_journal_before_it_is_made(
    begin: Begin, small_platform: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A run that dies in the moment of a change has written down what it was about to change, on disk and in AWS."""
    calls = Calls(monkeypatch)
    stacks = begin()
    with stacks.open("COLD-12") as run:
        calls.made.clear()
        update_edit(run, desiredCount=2)
        made = list(calls.writes)
        noted = len(small_platform.runs_items())
    written = "".join(path.read_text() for path in (tmp_path / "run-1" / "journal").iterdir())
    stacks.close()

    assert made == ["UpdateService", "TransactWriteItems"]
    assert noted == 3
    assert '"service": "webordinary-edit-service", "found": {"desiredCount": 0}' in written


@pytest.mark.parametrize(
    ("call", "told"),
    [
        pytest.param(
            lambda aws, _names: aws("ecs").delete_cluster(cluster="webordinary-edit-cluster"),
            "no run makes",
            id="unknown",
        ),
        pytest.param(
            lambda aws, _names: aws("ecs").update_service(cluster="other", service="other", desiredCount=0),
            "knows the services",
            id="other-service",
        ),
        pytest.param(
            lambda aws, names: aws("dynamodb").put_item(
                TableName=names.table, Item={"sessionId": {"S": "session-1"}, "userId": {"S": "u"}}
            ),
            "sessions are made by Hermes only",
            id="session-around-hermes",
        ),
        pytest.param(
            lambda aws, names: aws("dynamodb").delete_item(
                TableName=names.table, Key={"sessionId": {"S": "session-1"}, "userId": {"S": "anna@example.com"}}
            ),
            "is no session of a user TEST_run-1_",
            id="stranger-s-item",
        ),
        pytest.param(
            lambda aws, _names: aws("cloudwatch").put_metric_data(
                Namespace="Webordinary/EditSessions", MetricData=[{"MetricName": "ActiveSessionCount", "Value": 0}]
            ),
            "publishes to Webordinary/IntegrationTests only",
            id="metric",
        ),
        pytest.param(
            lambda aws, _names: aws("elbv2").delete_rule(RuleArn="arn:rule"), "was not found to be left", id="rule"
        ),
    ],
)
def test_what_a_run_may_not_touch_is_refused(begin: Begin, call: Callable[..., Any], told: str) -> None:
    """A call that would change what is not the run's own is not sent."""
    sent: list[str] = []
    stacks = begin()
    with stacks.open("COLD-03") as run, pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.endpoint.Endpoint.make_request", lambda _self, model, _given: sent.append(model.name))
        with pytest.raises(RefusedWriteError, match=told):
            call(run.stack.aws, run.stack.environment.names)
    stacks.close()

    assert sent == []


def test_a_session_s_own_item_may_be_changed(begin: Begin) -> None:
    """A scenario may move the `ttl` of its own session, as some rows of the catalogue ask."""
    stacks = begin()
    with stacks.open("PERS-12") as run:
        platform = platform_of(run)
        session = platform.sessions.start()
        platform.sessions.set_ttl(session, 1)
        item = platform.sessions.item(session)
    stacks.close()

    assert item is not None
    assert item["ttl"] == 1


@pytest.mark.parametrize(
    ("budget", "told"),
    [
        pytest.param(Budget(minutes=0.000001), "its budget is 1e-06 minutes", id="minutes"),
        pytest.param(Budget(dollars=0.0000001), r"by its own estimate, and its budget is \$0.00", id="dollars"),
    ],
)
def test_a_budget_stops_the_run_and_it_cleans_up(begin: Begin, small_platform: Any, budget: Budget, told: str) -> None:
    """A run over its budget begins no scenario, and still leaves nothing."""
    stacks = begin(budget=budget)
    with pytest.raises(BudgetExceededError, match=told), stacks.open("COLD-03"):
        pytest.fail("it was run")
    stacks.close()

    assert (stacks.leftovers(), small_platform.runs_items()) == ([], [])


def test_one_session_at_a_time_where_no_more_is_allowed(begin: Begin, small_platform: Any) -> None:
    """Production has one canary session: a second one is not asked for."""
    stacks = begin(capabilities=())
    with stacks.open("COLD-08") as run:
        platform = platform_of(run)
        platform.sessions.start()
        with pytest.raises(RefusedWriteError, match="allows one session at a time"):
            platform.sessions.start()
    stacks.close()

    assert [each for each in small_platform.requests if each.endswith("/activate")] == [
        "POST /hermes/api/sessions/activate"
    ]


def test_what_dead_runs_left_comes_first(begin: Begin) -> None:
    """A run does not begin on the leftovers of another; it names the run and the command."""
    dead = begin("dead")
    with dead.open("COLD-03"):
        pass
    # A killed run gives nothing back, and its lease is over some day.
    dead._lease.release(is_last=True)  # noqa: SLF001
    dead._access.http.close()  # noqa: SLF001

    with pytest.raises(LeftoversError, match=r"dead runs have left something here \(dead\): `seatrials sweep staging`"):
        begin("next")


def test_a_run_counts_what_it_uses(begin: Begin, tmp_path: Path) -> None:
    """Calls, DynamoDB's units and requests are in the evidence."""
    stacks = begin()
    with stacks.open("COLD-03") as run:
        platform_of(run).sessions.start()
    stacks.close()
    (counts,) = read_folder(tmp_path / "run-1/usage")

    assert counts["dynamodb_write_units"] > 0
    assert counts["dynamodb_read_units"] > 0
    assert counts["aws_requests"] > 20
    assert (counts["http_requests"], counts["sessions"]) == (2, 1)


def test_a_pinned_certificate_is_believed(begin: Begin, small_platform: Any) -> None:
    """The certificate with the fingerprint that the environment names is believed, whoever signed it."""
    stacks = begin(trust=Trust(sha256=small_platform.certificate_sha256))
    with stacks.open("ROUTE-27") as run:
        status = run.stack.http.get("/health").status_code
        run.stack.connect().close()
    stacks.close()

    assert status == 200


def test_samples_are_measured(begin: Begin) -> None:
    """Numbers taken on a real stack are measured, and requests are timed in real time."""
    stacks = begin()
    with stacks.open("COLD-03") as run:
        kind, now = run.sample_kind, run.stack.request_clock.now()
        same = abs(now - run.stack.clock.now()) < 1
    stacks.close()

    assert (kind, same) == ("measured", True)


def test_a_real_stack_takes_no_mutant(begin: Begin) -> None:
    """A mutant is a broken mock platform, and is refused on any other."""
    stacks = begin()
    with pytest.raises(ConfigurationError, match="staging is none: use the mock"), stacks.open("COLD-03", object()):
        pytest.fail("it was run")
    stacks.close()


def test_a_real_stack_is_examined_without_the_twin() -> None:
    """A process that examines a real stack imports neither the twin nor the mock applications, moto or a mutant."""
    program = (
        "import sys, seatrials.run.plugin, seatrials.stacks.live.stacks, seatrials.stacks.live.command;"
        "print([name for name in sys.modules if name.startswith("
        "('moto', 'greenlet', 'seatrials.twin', 'seatrials.webordinary', 'seatrials.mutants'))])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603

    assert result.stdout == "[]\n"


def test_a_run_that_lost_its_lease_changes_nothing(begin: Begin, small_platform: Any) -> None:
    """A run that stood still while another took the stack asks Hermes and AWS for no change, and says why."""
    stacks = begin()
    with stacks.open("COLD-03") as run:
        key = {"sessionId": {"S": "seatrials#lease"}, "userId": {"S": "stack"}}
        taken = {"run_id": {"S": "other"}, "owner": {"S": "anna"}, "beats": {"N": "0"}, "fence": {"N": "2"}}
        small_platform.aws("dynamodb").put_item(TableName="webordinary-edit-sessions", Item={**key, **taken})
        stacks._lease._confirmed_at = 0.0  # noqa: SLF001  # it was a while ago
        with pytest.raises(LeaseLostError, match="ecs UpdateService was not called"):
            update_edit(run, desiredCount=2)
        with pytest.raises(LeaseLostError, match=r"POST /hermes/api/sessions/activate was not sent"):
            platform_of(run).sessions.start()
    stacks.close()

    assert (small_platform.sessions(), edit_desired(small_platform)) == ({}, 0)
    assert small_platform.runs_items() == ["seatrials#lease"]
