"""A history of judged runs in an S3 object, for a team: two gates at once lose nothing of one another.

Where the bucket keeps versions, none of them may hold more than the newest: a history that was replaced by a shorter
one, or removed, is told with the version to restore. Where it has object lock, each version is kept for a year, or as
long as the bucket's own rule says, so that there is something to restore.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from seatrials.errors import ConfigurationError, EvidenceError
from seatrials.gate.history import Entry, Head, Remembered, addition, decoded, parse
from seatrials.seams.aws import error_code, settings_of_the_shell
from seatrials.seams.clock import wall_epoch_seconds
from seatrials.whole_file import BYTES_MAX

_PREFIX = "s3://"
# How often somebody else may be quicker before something other than chance is the reason.
_ATTEMPTS_MAX = 10
# How long a version is locked in a bucket that has object lock and no rule of its own.
_LOCKED = timedelta(days=365)
# What it answers when the bucket has no object lock, or who asks may not know.
_NO_LOCK = ("ObjectLockConfigurationNotFoundError", "AccessDenied")
# What S3 answers when the object is no longer the one that was read.
_OVERTAKEN = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey")


class S3History:
    """A history at `s3://bucket/key`; written only when it is still as it was read (If-Match, If-None-Match)."""

    def __init__(self, address: str, client: Any) -> None:  # noqa: ANN401  # boto3 has no types
        self.name = address
        self._bucket, _, self._key = address.removeprefix(_PREFIX).partition("/")
        if not self._bucket or not self._key:
            msg = f"{address!r} is no address of a history: give s3://bucket/key"
            raise ConfigurationError(msg)
        self._client = client

    def read(self) -> Remembered:
        """Return what is kept; an object that never existed has nothing."""
        text, condition, version = self._get()
        # An object that is not there, and was removed, has versions.
        is_unversioned = version is None and "IfMatch" in condition
        notices = [] if is_unversioned else self._check_versions(text.encode(), version)
        return replace(parse(text, self.name), version=version, notices=tuple(notices))

    def append(self, entries: Sequence[Entry]) -> Head:
        """Add what is new; when another gate was quicker, behind what that one has added."""
        for _ in range(_ATTEMPTS_MAX):
            text, condition, version = self._get()
            added = addition(text, entries, self.name)
            head = parse(text + added, self.name).head
            if not added:
                return replace(head, version=version)
            written = self._put(text + added, condition)
            if written is not None:
                return replace(head, version=written.get("VersionId"))
        msg = f"the history {self.name} was changed {_ATTEMPTS_MAX} times while this run was added: run the gate again"
        raise EvidenceError(msg)

    def _get(self) -> tuple[str, dict[str, str], str | None]:
        """Return the history, the condition under which it may be replaced, and its version where there are any."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._key)
            content = answer["Body"].read(BYTES_MAX + 1)
        except ClientError as error:
            if error_code(error) == "NoSuchKey":
                return "", {"IfNoneMatch": "*"}, None
            raise self._error(error) from error
        except BotoCoreError as error:
            raise self._error(error) from error
        if len(content) > BYTES_MAX:
            msg = f"the history {self.name} is larger than {BYTES_MAX // 1024**2} MB: give another one with --history"
            raise EvidenceError(msg)
        return decoded(content, self.name), {"IfMatch": answer["ETag"]}, answer.get("VersionId")

    def _put(self, text: str, condition: dict[str, str]) -> Mapping[str, Any] | None:
        """Replace the history; return None when it is no longer the one that was read."""
        try:
            answer: Mapping[str, Any] = self._client.put_object(
                Bucket=self._bucket,
                Key=self._key,
                Body=text.encode(),
                # S3 takes nothing into a bucket with object lock without one.
                ChecksumAlgorithm="SHA256",
                **condition,
                **self._lock(),
            )
        except ClientError as error:
            if error_code(error) in _OVERTAKEN:
                return None
            raise self._error(error) from error
        except BotoCoreError as error:
            raise self._error(error) from error
        return answer

    def _lock(self) -> dict[str, Any]:
        """Return how a version is kept from being removed; nothing where the bucket cannot, or does it by itself."""
        try:
            found = self._client.get_object_lock_configuration(Bucket=self._bucket)["ObjectLockConfiguration"]
        except ClientError as error:
            # Who may not ask leaves it to the bucket's rule, which holds whoever writes.
            if error_code(error) in _NO_LOCK:
                return {}
            raise
        if found.get("ObjectLockEnabled") != "Enabled" or found.get("Rule"):
            return {}
        until = datetime.fromtimestamp(wall_epoch_seconds(), UTC) + _LOCKED
        return {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": until}

    def _check_versions(self, content: bytes, version: str | None) -> list[str]:
        """Raise `EvidenceError` when an older version has what this one has not; return what cannot be looked at."""
        try:
            longest = max(self._older(version), key=lambda each: int(each["Size"]), default=None)
            if longest is None:
                return []
            told = self._client.get_object(Bucket=self._bucket, Key=self._key, VersionId=longest["VersionId"])
            # A version that is longer by any number of bytes is told by the first of them.
            is_continued = content.startswith(told["Body"].read(len(content) + 1))
        except ClientError as error:
            if error_code(error) == "AccessDenied":
                return [f"the versions of the history {self.name} cannot be looked at: {error}"]
            raise self._error(error) from error
        except BotoCoreError as error:
            raise self._error(error) from error
        if is_continued:
            return []
        msg = (
            f"the history {self.name} does not go on where its version {longest['VersionId']} of "
            f"{longest['LastModified']} ended: restore that version, or give another history with --history"
        )
        raise EvidenceError(msg)

    def _older(self, version: str | None) -> list[Mapping[str, Any]]:
        """Return the versions before *version*, or all; S3 tells the newest first, and some may be newer by now."""
        pages = self._client.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=self._key)
        found = [each for page in pages for each in page.get("Versions", []) if each["Key"] == self._key]
        place = next((index for index, each in enumerate(found) if each["VersionId"] == version), -1)
        return found[place + 1 :]

    def _error(self, error: Exception) -> EvidenceError:
        return EvidenceError(f"the history {self.name} cannot be used: {error}")


def s3_client() -> Any:  # noqa: ANN401  # boto3 has no types
    """Return a client of S3 with the credentials of whoever runs the gate."""
    with settings_of_the_shell("make AWS's client of s3"):
        return boto3.client("s3")
