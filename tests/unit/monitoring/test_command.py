"""`seatrials dashboard` on moto: what it writes, what it leaves alone, what it shows and how it ends."""

import pytest
from moto.core.responses import ActionResult

from seatrials.environments.file import load_environment
from seatrials.errors import RefusedWriteError
from seatrials.monitoring.bounds import bounds_of
from seatrials.monitoring.cloudwatch import open_cloudwatch
from seatrials.monitoring.wanted import Wanted, wanted
from seatrials.platform.monitoring import Monitoring
from seatrials.safety import rates
from seatrials.seams.application import AwsClient
from tests.support.aws import Clients
from tests.support.live_run import AwsCalls
from tests.support.project import PROJECT
from tests.support.small_platform import ACCOUNT, REGION
from tests.support.whole_command import Run, runner

NAMESPACE = "Webordinary/IntegrationTests"
REACHED = {"SEATRIALS_ACCOUNT_ID": ACCOUNT, "SEATRIALS_BASE_URL": "https://127.0.0.1:9"}
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:alerts"
DASHBOARD, COST = "webordinary-runs", "webordinary-run-cost"
ALARMS = {COST, "webordinary-run-cold-start", "webordinary-run-day-cost", "webordinary-run-success-rate"}
WRITES = [*["PutMetricAlarm"] * 4, "PutDashboard"]


@pytest.fixture
def cloudwatch(aws: Clients) -> AwsClient:
    """Return CloudWatch as a person has it."""
    return aws("cloudwatch")


@pytest.fixture
def run(cloudwatch: AwsClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return what runs the command in the project's folder; it returns the exit code and what both streams have."""
    assert cloudwatch is not None, "moto runs"
    monkeypatch.chdir(PROJECT)
    # Nobody shares moto's limits.
    monkeypatch.setattr(rates, "_OTHERS", rates.Rate(burst=1e6, per_second=1e6))
    for name, value in REACHED.items():
        monkeypatch.setenv(name, value)
    return runner(monkeypatch, capsys, "dashboard")


@pytest.fixture
def calls(cloudwatch: AwsClient, monkeypatch: pytest.MonkeyPatch) -> AwsCalls:
    """Return the record of all calls from now on."""
    assert cloudwatch is not None, "moto runs"
    return AwsCalls(monkeypatch)


def names_of_alarms(cloudwatch: AwsClient) -> set[str]:
    """Return the names of all alarms that there are."""
    return {each["AlarmName"] for each in cloudwatch.describe_alarms()["MetricAlarms"]}


def put_alarm(cloudwatch: AwsClient, name: str, namespace: str = NAMESPACE) -> None:
    """Make an alarm as somebody might."""
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace=namespace,
        MetricName="TestCost",
        Statistic="Maximum",
        Period=300,
        EvaluationPeriods=2,
        ComparisonOperator="GreaterThanThreshold",
        Threshold=5,
        AlarmActions=[TOPIC],
    )


def wanted_of_staging() -> Wanted:
    """Return what is wanted of staging."""
    environment = load_environment("staging", PROJECT / "environments.toml", REACHED)
    return wanted("webordinary-run", NAMESPACE, REGION, bounds_of("staging", environment.budget, PROJECT / "gate.toml"))


def test_all_is_made_once(run: Run, calls: AwsCalls, cloudwatch: AwsClient) -> None:
    """The first call makes dashboard and alarms; the second says that there is nothing to do, and writes nothing."""
    first = run("staging")
    written = list(calls.writes)
    second = run("staging")

    assert (first[0], written, names_of_alarms(cloudwatch)) == (0, WRITES, ALARMS)
    assert "Written: 5 of the dashboard webordinary-runs and 4 alarms of staging." in first[1]
    assert (second[0], calls.writes) == (0, WRITES)
    assert second[1].startswith("Nothing to do")


def test_what_is_made_is_what_a_stack_must_have(run: Run, cloudwatch: AwsClient) -> None:
    """INFRA-10 finds metrics that runs publish, its three conditions, and no alarm that one run cannot let fire."""
    run("staging")
    monitoring = Monitoring(cloudwatch, NAMESPACE, "webordinary-run", REGION)

    assert monitoring.on_dashboards() == monitoring.published()
    assert monitoring.in_alarms() <= monitoring.published()
    assert monitoring.deaf_alarms() == set()
    assert monitoring.alarm_conditions() == {
        "Average TestSuccessRate LessThanThreshold 95",
        "Maximum ColdStartLatency GreaterThanThreshold 60",
        "Maximum TestCost GreaterThanOrEqualToThreshold 3",
        "Sum TestCost GreaterThanOrEqualToThreshold 10",
    }


def test_a_dry_run_shows_and_writes_nothing(run: Run, calls: AwsCalls) -> None:
    """It ends with 1 while something would be written, and with 0 when nothing would."""
    code, out, _ = run("staging", "--dry-run")

    assert (code, calls.writes) == (1, [])
    assert f"alarm {COST}: is not there (A run cost $3 or more.)" in out
    assert f"dashboard {DASHBOARD}: is not there (4 charts)" in out
    run("staging")
    assert (run("staging", "--dry-run")[0], calls.writes) == (0, WRITES)


def test_what_was_removed_or_changed_is_put_back(run: Run, calls: AwsCalls, cloudwatch: AwsClient) -> None:
    """A removed alarm is made again, a changed one shown field by field, each by one call and nothing else."""
    run("staging")
    cloudwatch.delete_alarms(AlarmNames=["webordinary-run-cold-start"])
    put_alarm(cloudwatch, COST)
    calls.writes.clear()
    _, out, _ = run("staging")
    alarm = cloudwatch.describe_alarms(AlarmNames=[COST])["MetricAlarms"][0]

    assert calls.writes == ["PutMetricAlarm"] * 2
    assert "alarm webordinary-run-cold-start: is not there (The median cold start of a run took more than 60 s.)" in out
    for line in ("Threshold: 5.0 → 3.0", "EvaluationPeriods: 2 → 1", 'TreatMissingData: nothing → "notBreaching"'):
        assert f"\n  {line}\n" in out
    assert (alarm["Threshold"], alarm["AlarmActions"]) == (3.0, [TOPIC])
    assert names_of_alarms(cloudwatch) == ALARMS


def test_what_is_shown_is_plain_for_a_pipe(run: Run) -> None:
    """Nobody's terminal is asked for colours, and no line is broken."""
    _, out, _ = run("staging", "--dry-run")

    assert "\x1b" not in out
    assert len(out.splitlines()) == len(WRITES) + 1


def test_what_is_of_others_is_left_alone(run: Run, cloudwatch: AwsClient) -> None:
    """Alarms and dashboards of other names stay as they are, whatever their names begin with."""
    for name in ("webordinary-run-cost-of-a-team", "somebody"):
        put_alarm(cloudwatch, name)
        cloudwatch.put_dashboard(DashboardName=name, DashboardBody='{"widgets": []}')

    def others() -> list[object]:
        found = cloudwatch.describe_alarms()["MetricAlarms"]
        bodies = [cloudwatch.get_dashboard(DashboardName=each)["DashboardBody"] for each in ("somebody",)]
        return [*(each for each in found if each["AlarmName"] not in ALARMS), *bodies]

    before = others()
    run("staging")

    assert others() == before


def test_what_bears_our_name_and_is_not_ours_ends_the_command(run: Run, calls: AwsCalls, cloudwatch: AwsClient) -> None:
    """An alarm of that name on another namespace is somebody's: nothing is written at all."""
    put_alarm(cloudwatch, COST, "AWS/EC2")
    calls.writes.clear()
    code, _, err = run("staging")

    assert (code, calls.writes) == (91, [])
    assert f"the alarm {COST} is about AWS/EC2" in err


def test_production_wants_to_be_confirmed(run: Run, calls: AwsCalls) -> None:
    """Without its word nothing is called; a dry run writes nothing and needs none."""
    refused = run("production")

    assert (refused[0], calls.made) == (88, [])
    assert (run("production", "--dry-run")[0], calls.writes) == (1, [])
    assert (run("production", "--confirm", "production")[0], calls.writes) == (0, WRITES)


def test_another_account_is_left_alone(run: Run, calls: AwsCalls, monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials of another account than the environment's end the command before a look."""
    monkeypatch.setenv("SEATRIALS_ACCOUNT_ID", "999999999999")
    code, _, err = run("staging")

    assert (code, calls.made) == (81, ["GetCallerIdentity"])
    assert "999999999999" in err


def test_the_role_of_runs_is_not_taken(run: Run, calls: AwsCalls, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run's role may not change alarms, so the credentials are used that would assume it."""
    monkeypatch.setenv("SEATRIALS_ROLE_ARN", f"arn:aws:iam::{ACCOUNT}:role/run")

    assert run("staging")[0] == 0
    assert "AssumeRole" not in calls.made


def test_a_topic_is_told(run: Run, calls: AwsCalls, cloudwatch: AwsClient) -> None:
    """Every alarm tells it, once, and goes on to when nobody asks for it again."""
    run("staging", "--to", f"sns:{TOPIC}")
    calls.writes.clear()
    again = run("staging", "--to", f"sns:{TOPIC}"), run("staging")

    assert {tuple(each["AlarmActions"]) for each in cloudwatch.describe_alarms()["MetricAlarms"]} == {(TOPIC,)}
    assert ([each[0] for each in again], calls.writes) == ([0, 0], [])


@pytest.mark.parametrize("target", ["slack", "sns:", "alerts", TOPIC, f"sns:{TOPIC.replace(REGION, 'eu-west-1')}"])
def test_what_is_no_topic_of_the_region_is_refused(run: Run, calls: AwsCalls, target: str) -> None:
    """An alarm tells topics of its own region only."""
    code, _, err = run("staging", "--to", target)

    assert (code, calls.made) == (64, [])
    assert f"must be sns:ARN of a topic in {REGION}" in err


def test_a_mock_has_no_dashboard(run: Run) -> None:
    """It is made anew for each scenario."""
    assert run("mock")[0] == 64


def test_aws_that_refuses_is_told(run: Run, calls: AwsCalls) -> None:
    """A missing right has its own exit code and names the call."""
    calls.refuse("PutMetricAlarm", "AccessDenied")
    code, _, err = run("staging")

    assert code == 87
    assert "PutMetricAlarm" in err


def test_what_cloudwatch_says_of_a_dashboard_is_shown(
    run: Run, cloudwatch: AwsClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PutDashboard's messages, each with the place that it is about."""
    said = {"DashboardValidationMessages": [{"DataPath": "/widgets/0", "Message": "no such metric"}]}
    monkeypatch.setattr(
        "moto.cloudwatch.responses.CloudWatchResponse.put_dashboard",
        lambda _self: ActionResult(said),
    )

    assert cloudwatch is not None, "moto runs"
    assert "CloudWatch says: /widgets/0: no such metric" in run("staging")[1]


def test_a_dry_run_could_not_write(cloudwatch: AwsClient) -> None:
    """Its client refuses to, and that of a call which writes refuses any other name."""
    assert cloudwatch is not None, "moto runs"
    environment, to_be = load_environment("staging", PROJECT / "environments.toml", REACHED), wanted_of_staging()
    dry = open_cloudwatch(environment, {}, to_be, may_write=False)
    wet = open_cloudwatch(environment, {}, to_be, may_write=True)

    with pytest.raises(RefusedWriteError):
        dry.put_dashboard(DashboardName=DASHBOARD, DashboardBody="{}")
    with pytest.raises(RefusedWriteError, match="webordinary-run-other is not one of"):
        put_alarm(wet, "webordinary-run-other")
    with pytest.raises(RefusedWriteError, match="DeleteAlarms"):
        wet.delete_alarms(AlarmNames=[COST])
    assert names_of_alarms(cloudwatch) == set()
