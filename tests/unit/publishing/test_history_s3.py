"""A history in S3, where two gates at once lose nothing of one another."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import boto3
import pytest
from moto import mock_aws

from seatrials.errors import ConfigurationError, EvidenceError
from seatrials.gate.history import Entry
from seatrials.publishing.history_s3 import S3History
from seatrials.seams.application import AwsClient
from tests.support.aws import Json
from tests.support.history import ENTRY

ADDRESS = "s3://team-evidence/gate/history.jsonl"


class Overtaken:
    """A client of S3 before whose every write somebody else does something."""

    def __init__(self, client: AwsClient, somebody: Callable[[int], None]) -> None:
        self._client = client
        self._somebody = somebody
        self.writes = 0

    def get_object(self, **parameters: Json) -> Json:
        """Read as S3 does."""
        return self._client.get_object(**parameters)

    def put_object(self, **parameters: Json) -> Json:
        """Let somebody be quicker, then write as S3 does."""
        self.writes += 1
        self._somebody(self.writes)
        return self._client.put_object(**parameters)


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsClient]:
    """Return a client of moto's S3 with a bucket."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        client = boto3.client("s3", region_name="us-west-2")
        client.create_bucket(Bucket="team-evidence", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
        yield client


def test_what_is_appended_is_read(s3: AwsClient) -> None:
    """The object is made with the first run, and holds all of them."""
    history = S3History(ADDRESS, s3)
    later = replace(ENTRY, run="later", started="2026-11-26T11:00:00.000+00:00")

    assert history.read() == []
    history.append([ENTRY])
    history.append([later])
    assert [ENTRY, later] == history.read()


@pytest.mark.parametrize("first", [[], [replace(ENTRY, run="first")]])
def test_a_gate_that_was_overtaken_adds_behind_the_other(s3: AwsClient, first: list[Entry]) -> None:
    """Whether the object was there before or not, what the quicker one wrote stays."""
    history = S3History(ADDRESS, s3)
    history.append(first)
    other = replace(ENTRY, run="other")
    slower = Overtaken(s3, lambda write: history.append([other]) if write == 1 else None)

    S3History(ADDRESS, slower).append([ENTRY])

    assert {"other", ENTRY.run, *(each.run for each in first)} == {each.run for each in history.read()}
    assert slower.writes == 2


def test_a_gate_that_is_always_overtaken_says_so(s3: AwsClient) -> None:
    """Something that changes the history all the time is not chance."""
    history = S3History(ADDRESS, s3)
    restless = Overtaken(s3, lambda write: history.append([replace(ENTRY, run=f"run-{write}")]))

    with pytest.raises(EvidenceError, match="10 times"):
        S3History(ADDRESS, restless).append([ENTRY])


def test_what_is_known_is_not_written_again(s3: AwsClient) -> None:
    """A run that is judged twice without a change leaves the object as it is."""
    history = S3History(ADDRESS, s3)
    history.append([ENTRY])
    watched = Overtaken(s3, lambda _write: None)

    S3History(ADDRESS, watched).append([ENTRY])

    assert watched.writes == 0


def test_a_bucket_that_does_not_exist_is_an_error(s3: AwsClient) -> None:
    """A wrong address is not an empty history."""
    with pytest.raises(EvidenceError, match="NoSuchBucket"):
        S3History("s3://no-such-bucket-here/history.jsonl", s3).read()


@pytest.mark.parametrize("address", ["s3://", "s3://bucket", "s3:///key"])
def test_an_address_has_a_bucket_and_a_key(s3: AwsClient, address: str) -> None:
    """Half an address is refused before anything is asked."""
    with pytest.raises(ConfigurationError, match="s3://bucket/key"):
        S3History(address, s3)
