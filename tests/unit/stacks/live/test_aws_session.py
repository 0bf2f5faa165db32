"""Tests of a run's session with AWS: it has credentials that no variable has, and renews them."""

import json
import os
import sys
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import NoCredentialsError

from seatrials.environments.variables import read_variables, set_again, withdraw_credentials
from seatrials.stacks import StackOptions
from seatrials.stacks.live.access import open_access
from seatrials.stacks.live.aws_session import session_name
from tests.support.small_platform import SmallPlatform

# Credentials that are over soon, so that they are renewed for each call; the key says which profile was asked for.
PROCESS = """
import datetime, json, os
until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=60)
key = os.environ.get("AWS_PROFILE", "nobody")
open("asked", "a").write(key + " ")
print(json.dumps({"Version": 1, "AccessKeyId": key, "SecretAccessKey": "x", "Expiration": until.isoformat()}))
"""


@pytest.mark.usefixtures("small_platform")
def test_withdrawn_credentials_are_found_by_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client of one's own has no credentials, whatever gave them; afterwards the variables are as before."""
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "/token")
    before = read_variables()
    withdrawn = withdraw_credentials()
    try:
        left = {name: value for name, value in read_variables().items() if name.startswith("AWS_")}
        with pytest.raises(NoCredentialsError):
            boto3.Session(region_name="us-west-2").client("sts").get_caller_identity()
    finally:
        set_again(withdrawn)

    assert "testing" not in left.values()
    assert {"AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_WEB_IDENTITY_TOKEN_FILE"} & left.keys() == set()
    assert (left["AWS_CONFIG_FILE"], left["AWS_EC2_METADATA_DISABLED"]) == (os.devnull, "true")
    assert read_variables() == before


def test_credentials_that_expire_are_renewed_as_they_were_found(
    small_platform: SmallPlatform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A profile's process is asked again when its credentials are over, with variables that no scenario sees."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "process.py").write_text(PROCESS)
    process = f"{sys.executable} {tmp_path / 'process.py'}"
    (tmp_path / "AWS_CONFIG_FILE").write_text(f"[profile run]\ncredential_process = {process}\n")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_PROFILE", "run")
    withdrawn = withdraw_credentials()
    try:
        access = open_access(small_platform.environment(), {}, withdrawn)
        for _ in range(3):
            access.session.client("sts").get_caller_identity()
        access.http.close()
    finally:
        set_again(withdrawn)

    assert set((tmp_path / "asked").read_text().split()) == {"run"}
    assert len((tmp_path / "asked").read_text().split()) > 2


def test_credentials_are_in_no_representation(small_platform: SmallPlatform) -> None:
    """What a failing test shows of its locals has no secret in it."""
    options = StackOptions(credentials={"AWS_SECRET_ACCESS_KEY": "hush"})

    assert "hush" not in json.dumps([repr(options), repr(small_platform.environment())])


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        ("arn:aws:iam::123456789012:user/people/anna", "anna"),
        ("arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Dev_1/anna@example.com", "anna@example.com"),
        ("arn:aws:sts::123456789012:assumed-role/ci/run 7:é", "run-7--"),
        ("arn:aws:iam::123456789012:user/a", "a-"),
        (f"arn:aws:iam::123456789012:user/{'x' * 80}", "x" * 64),
        ("arn:aws:iam::123456789012:root", "arn-aws-iam--123456789012-root"),
    ],
)
def test_a_session_is_called_after_whose_credentials_assume_it(arn: str, name: str) -> None:
    """In the characters and the length that STS takes."""
    assert session_name(arn) == name
