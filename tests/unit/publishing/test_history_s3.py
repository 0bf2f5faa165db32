"""A history in S3, where two gates at once lose nothing of one another."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from seatrials.errors import ConfigurationError, EvidenceError
from seatrials.gate.history import Entry, addition
from seatrials.publishing.history_s3 import S3History
from seatrials.seams.application import AwsClient
from tests.support.aws import Json
from tests.support.history import ENTRY

ADDRESS = "s3://team-evidence/gate/history.jsonl"
OBJECT = {"Bucket": "team-evidence", "Key": "gate/history.jsonl"}


class Overtaken:
    """A client of S3 before whose every write somebody else does something."""

    def __init__(self, client: AwsClient, somebody: Callable[[int], object]) -> None:
        self._client = client
        self._somebody = somebody
        self.writes = 0

    def __getattr__(self, name: str) -> Json:
        """Do all else as S3 does."""
        return getattr(self._client, name)

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

    assert history.read().entries == []
    history.append([ENTRY])
    history.append([later])
    assert [ENTRY, later] == history.read().entries


@pytest.mark.parametrize("first", [[], [replace(ENTRY, run="first")]])
def test_a_gate_that_was_overtaken_adds_behind_the_other(s3: AwsClient, first: list[Entry]) -> None:
    """Whether the object was there before or not, what the quicker one wrote stays."""
    history = S3History(ADDRESS, s3)
    history.append(first)
    other = replace(ENTRY, run="other")
    slower = Overtaken(s3, lambda write: history.append([other]) if write == 1 else None)

    S3History(ADDRESS, slower).append([ENTRY])

    assert {"other", ENTRY.run, *(each.run for each in first)} == {each.run for each in history.read().entries}
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


@pytest.fixture
def versioned(s3: AwsClient) -> AwsClient:
    """Return the client, whose bucket keeps versions."""
    s3.put_bucket_versioning(Bucket="team-evidence", VersioningConfiguration={"Status": "Enabled"})
    return s3


def text_of(client: AwsClient, **version: str) -> bytes:
    """Return what the object holds."""
    content: bytes = client.get_object(**OBJECT, **version)["Body"].read()
    return content


def filled(client: AwsClient, count: int) -> S3History:
    """Return a history of *count* runs, each added by a gate of its own."""
    history = S3History(ADDRESS, client)
    for index in range(count):
        history.append([replace(ENTRY, run=f"run-{index}")])
    return history


def cut_off(client: AwsClient) -> None:
    """Put the object as it was a line ago."""
    lines = text_of(client).splitlines(keepends=True)
    client.put_object(**OBJECT, Body=b"".join(lines[:-1]))


def emptied(client: AwsClient) -> None:
    """Put nothing."""
    client.put_object(**OBJECT, Body=b"")


def begun_anew(client: AwsClient) -> None:
    """Put a good history of other runs, as long as the one of before."""
    client.put_object(**OBJECT, Body=b"")
    other = boto3.client("s3", region_name="us-west-2")
    text = addition("", [replace(ENTRY, run=f"other-{index}") for index in range(6)], ADDRESS)
    other.put_object(**OBJECT, Body=text.encode())


def deleted(client: AwsClient) -> None:
    """Remove the object; its versions stay."""
    client.delete_object(**OBJECT)


@pytest.mark.parametrize("change", [cut_off, emptied, begun_anew, deleted])
def test_versions_tell_what_was_taken_away(versioned: AwsClient, change: Callable[[AwsClient], None]) -> None:
    """A history that is shorter than a version of it, or another one, or gone, is told with what to restore."""
    history = filled(versioned, 3)
    assert len(history.read().entries) == 3
    change(versioned)

    with pytest.raises(EvidenceError, match="where its version"):
        history.read()


def test_a_head_names_the_version(versioned: AwsClient) -> None:
    """What a decision knows of the history can be looked up, years later."""
    history = filled(versioned, 2)
    head = history.append([ENTRY])
    history.append([replace(ENTRY, run="later")])

    assert head.version is not None
    assert text_of(versioned, VersionId=head.version).count(b"\n") == head.lines == 3
    history.read().check_after(head, "decision.json")


def test_a_gate_that_reads_while_another_writes_is_not_misled(versioned: AwsClient) -> None:
    """A version that is newer than the one that was read speaks not against it."""
    history = filled(versioned, 1)

    class Slow(Overtaken):
        def get_paginator(self, name: str) -> Json:
            history.append([replace(ENTRY, run="meanwhile")])
            return versioned.get_paginator(name)

    assert len(S3History(ADDRESS, Slow(versioned, lambda _write: None)).read().entries) == 1


def test_who_may_not_list_versions_is_told(versioned: AwsClient) -> None:
    """The history is read, and the decision says that nobody looked at its versions."""
    history = filled(versioned, 1)

    class Forbidden(Overtaken):
        def get_paginator(self, _name: str) -> Json:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "ListObjectVersions")

    told = S3History(ADDRESS, Forbidden(versioned, lambda _write: None)).read().told()
    assert ["cannot be looked at" in each for each in told] == [True]
    assert history.read().told() == []


@pytest.mark.parametrize("days", [None, 7])
def test_versions_are_locked_where_the_bucket_can(s3: AwsClient, days: int | None) -> None:
    """By the bucket's own rule if it has one, else for a year: a version cannot be removed."""
    s3.create_bucket(
        Bucket="locked",
        CreateBucketConfiguration={"LocationConstraint": "us-west-2"},
        ObjectLockEnabledForBucket=True,
    )
    rule = {"Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": days}}} if days else {}
    s3.put_object_lock_configuration(Bucket="locked", ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", **rule})
    head = S3History("s3://locked/history.jsonl", s3).append([ENTRY])
    place = {"Bucket": "locked", "Key": "history.jsonl", "VersionId": head.version}

    assert s3.head_object(**place)["ObjectLockMode"] == ("COMPLIANCE" if days else "GOVERNANCE")
    with pytest.raises(ClientError, match="Denied"):
        s3.delete_object(**place)


def test_bytes_that_are_no_text_are_told(s3: AwsClient) -> None:
    """Somebody else's object is no history."""
    s3.put_object(**OBJECT, Body=b"\xff\x00")

    with pytest.raises(EvidenceError, match="no text of UTF-8"):
        S3History(ADDRESS, s3).read()
