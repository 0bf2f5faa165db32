"""A run's figures reach CloudWatch once: not twice, whoever calls again, and not silently never."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from moto import mock_aws

from seatrials.cost import SHIPPED_PRICES, load_prices
from seatrials.environments.environment import Environment
from seatrials.environments.file import load_environment
from seatrials.errors import ConfigurationError, EvidenceError
from seatrials.evidence.folder import RunFolder
from seatrials.evidence.reader import RunEvidence
from seatrials.publishing import command as publish_run
from seatrials.publishing.publisher import Publisher, figures_of
from seatrials.report.report import newest_runs
from seatrials.seams.application import AwsClient
from tests.support.aws import Json
from tests.support.published_run import BEGAN, NAMESPACE, NOW, run_of

FIGURES = {"ColdStartLatency": 44.5, "TestSuccessRate": 98.5, "TestCost": 1.2}


class CloudWatch:
    """Counts what reaches CloudWatch, and may fail before or after it does."""

    def __init__(self, client: AwsClient) -> None:
        self._client = client
        self.calls = 0
        self.fails_before: Exception | None = None
        self.fails_after: Exception | None = None

    def put_metric_data(self, **parameters: Json) -> None:
        """Pass the figures on."""
        self.calls += 1
        if self.fails_before is not None:
            raise self.fails_before
        self._client.put_metric_data(**parameters)
        if self.fails_after is not None:
            raise self.fails_after

    def get_metric_statistics(self, **parameters: Json) -> Json:
        """Pass the question on."""
        return self._client.get_metric_statistics(**parameters)

    def counted(self, name: str) -> float:
        """Return how many values of a metric there are."""
        answer = self._client.get_metric_statistics(
            Namespace=NAMESPACE,
            MetricName=name,
            StartTime=BEGAN - timedelta(hours=1),
            EndTime=NOW + timedelta(hours=1),
            Period=60,
            Statistics=["SampleCount"],
        )
        return sum(float(point["SampleCount"]) for point in answer["Datapoints"])


@pytest.fixture
def cloudwatch(monkeypatch: pytest.MonkeyPatch) -> Iterator[CloudWatch]:
    """Return a CloudWatch of moto."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        yield CloudWatch(boto3.client("cloudwatch", region_name="us-west-2"))


def publisher(cloudwatch: CloudWatch, folder: Path, minutes_later: float = 0) -> Publisher:
    """Return a publisher at a time after the first one."""
    return Publisher(
        cloudwatch=cloudwatch,
        namespace=NAMESPACE,
        markers=folder / "published",
        now_seconds=NOW.timestamp() + 60 * minutes_later,
    )


def refusal(status: int) -> ClientError:
    """Return what botocore raises for an answer of CloudWatch."""
    answer: Any = {"Error": {"Code": "Throttling"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "PutMetricData")


def test_the_figures_of_a_run() -> None:
    """Times are the middle or the mean of the samples, and what was not measured is left out."""
    expected: Mapping[str, Any] = {
        "TestDuration": 1800.5,
        "SessionCreationTime": 1.0,
        "TestSuccessRate": 50.0,
        "ColdStartLatency": 45.0,
        "TestCost": pytest.approx(0.0449, abs=0.0001),
    }

    assert expected == figures_of(run_of(), load_prices())


def test_a_run_is_published_once(cloudwatch: CloudWatch, tmp_path: Path) -> None:
    """Calling again sends nothing, at once or after days."""
    sent = [publisher(cloudwatch, tmp_path, minutes).publish(run_of(), FIGURES) for minutes in (0, 1, 3000)]

    assert sent == [True, False, False]
    assert [cloudwatch.counted(name) for name in FIGURES] == [1, 1, 1]


def test_a_crash_after_the_call_sends_nothing_twice(cloudwatch: CloudWatch, tmp_path: Path) -> None:
    """When nobody noted that the call was made, CloudWatch is asked, and has the figures."""
    cloudwatch.fails_after = ReadTimeoutError(endpoint_url="https://monitoring")
    with pytest.raises(EvidenceError, match="cannot be published"):
        publisher(cloudwatch, tmp_path).publish(run_of(), FIGURES)
    cloudwatch.fails_after = None

    assert not publisher(cloudwatch, tmp_path, 20).publish(run_of(), FIGURES)
    assert cloudwatch.counted("ColdStartLatency") == 1


def test_a_crash_before_the_call_loses_nothing(cloudwatch: CloudWatch, tmp_path: Path) -> None:
    """Figures that CloudWatch does not show after a quarter of an hour were not sent, and are sent then."""
    cloudwatch.fails_before = ReadTimeoutError(endpoint_url="https://monitoring")
    with pytest.raises(EvidenceError):
        publisher(cloudwatch, tmp_path).publish(run_of(), FIGURES)
    cloudwatch.fails_before = None

    with pytest.raises(EvidenceError, match=r"call again after 2026-11-25T12:15:00"):
        publisher(cloudwatch, tmp_path, 1).publish(run_of(), FIGURES)

    assert publisher(cloudwatch, tmp_path, 16).publish(run_of(), FIGURES)
    assert cloudwatch.counted("ColdStartLatency") == 1


def test_a_refused_call_can_be_made_again_at_once(cloudwatch: CloudWatch, tmp_path: Path) -> None:
    """What CloudWatch has refused it does not have."""
    cloudwatch.fails_before = refusal(400)
    with pytest.raises(EvidenceError):
        publisher(cloudwatch, tmp_path).publish(run_of(), FIGURES)
    cloudwatch.fails_before = None

    assert publisher(cloudwatch, tmp_path).publish(run_of(), FIGURES)


def test_an_answer_of_trouble_leaves_it_open(cloudwatch: CloudWatch, tmp_path: Path) -> None:
    """After a 500 CloudWatch may have the figures, so they are not sent again at once."""
    cloudwatch.fails_before = refusal(500)
    with pytest.raises(EvidenceError):
        publisher(cloudwatch, tmp_path).publish(run_of(), FIGURES)

    with pytest.raises(EvidenceError, match="call again after"):
        publisher(cloudwatch, tmp_path).publish(run_of(), FIGURES)
    assert cloudwatch.calls == 1


@pytest.mark.parametrize(
    ("run", "figures", "problem"),
    [
        (replace(run_of(), problems=("it has no end",)), FIGURES, "is not whole"),
        (run_of(), {}, "no figures"),
        (run_of(started=(NOW - timedelta(days=15)).isoformat()), FIGURES, "two weeks"),
    ],
)
def test_what_means_nothing_is_not_sent(
    cloudwatch: CloudWatch, tmp_path: Path, run: RunEvidence, figures: dict[str, float], problem: str
) -> None:
    """A run that was killed, measured nothing or is too old is refused before anything is written."""
    with pytest.raises(EvidenceError, match=problem):
        publisher(cloudwatch, tmp_path).publish(run, figures)

    assert cloudwatch.calls == 0
    assert not (tmp_path / "published").exists()


@pytest.fixture
def staging(tmp_path: Path) -> Environment:
    """Return an environment on AWS."""
    path = tmp_path / "environments.toml"
    path.write_text(
        '[staging]\nkind = "live"\nregion = "us-west-2"\naccount_id = "123456789012"\nbase_url = "https://alb.example"\n'
    )
    return load_environment("staging", path, {})


@pytest.mark.parametrize(
    ("record", "variables", "problem"),
    [
        ({"kind": "mock"}, {}, "is modelled"),
        ({"kind": "rehearsal"}, {}, "would go to AWS"),
        ({}, {"AWS_ENDPOINT_URL": "http://127.0.0.1:5000"}, r"would go to http://127\.0\.0\.1:5000"),
        ({"account": "999999999999"}, {}, "ran in account 999999999999"),
    ],
)
@pytest.mark.usefixtures("cloudwatch")
def test_figures_go_where_the_run_was(  # one parameter a fixture or a case
    staging: Environment,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    record: dict[str, Any],
    variables: dict[str, str],
    problem: str,
) -> None:
    """Modelled figures, rehearsed ones on AWS, and those of another account are refused."""
    monkeypatch.setattr(publish_run, "read_newest", lambda _evidence, _environment: run_of(**record))

    with pytest.raises(ConfigurationError, match=problem):
        publish_run.publish_newest(staging, tmp_path, SHIPPED_PRICES, variables)


def test_the_newest_run_is_published(
    cloudwatch: CloudWatch, staging: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence says what was sent and what is lacking."""
    monkeypatch.setattr(publish_run, "read_newest", lambda _evidence, _environment: run_of())
    monkeypatch.setattr(publish_run, "wall_epoch_seconds", NOW.timestamp)

    told = publish_run.publish_newest(staging, tmp_path, SHIPPED_PRICES, {})

    assert told.sentence == "published 5 figures of run 20261125T110000Z-1; it has no ContainerStartupTime"
    assert cloudwatch.counted("ColdStartLatency") == 1


@pytest.mark.usefixtures("cloudwatch")
def test_what_was_published_is_no_environment(
    staging: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A report that is made afterwards has the run on staging, and no run on `published`."""
    RunFolder.create(tmp_path, "staging")
    monkeypatch.setattr(publish_run, "read_newest", lambda _evidence, _environment: run_of())
    monkeypatch.setattr(publish_run, "wall_epoch_seconds", NOW.timestamp)

    publish_run.publish_newest(staging, tmp_path, SHIPPED_PRICES, {})

    assert sorted(each.name for each in tmp_path.iterdir() if each.is_dir()) == ["published", "staging"]
    assert [run.environment for run in newest_runs(tmp_path)] == ["staging"]


def test_without_a_run_there_is_nothing_to_publish(staging: Environment, tmp_path: Path) -> None:
    """The error names the folder that was looked in."""
    with pytest.raises(EvidenceError, match=r"nothing ran on staging.* with --environment"):
        publish_run.publish_newest(staging, tmp_path, tmp_path, {})
