"""A history of judged runs in an S3 object, for a team: two gates at once lose nothing of one another."""

from collections.abc import Sequence
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from seatrials.errors import ConfigurationError, EvidenceError
from seatrials.gate.history import Entry, addition, parse
from seatrials.seams.aws import error_code, settings_of_the_shell

_PREFIX = "s3://"
# How often somebody else may be quicker before something other than chance is the reason.
_ATTEMPTS_MAX = 10
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

    def read(self) -> list[Entry]:
        """Return all runs, oldest first; an object that does not exist has none."""
        return parse(self._get()[0], self.name)

    def append(self, entries: Sequence[Entry]) -> None:
        """Add what is new; when another gate was quicker, behind what that one has added."""
        for _ in range(_ATTEMPTS_MAX):
            text, condition = self._get()
            added = addition(text, entries, self.name)
            if not added or self._put(text + added, condition):
                return
        msg = f"the history {self.name} was changed {_ATTEMPTS_MAX} times while this run was added: run the gate again"
        raise EvidenceError(msg)

    def _get(self) -> tuple[str, dict[str, str]]:
        """Return the history and the condition under which it may be replaced."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._key)
            return answer["Body"].read().decode(), {"IfMatch": answer["ETag"]}
        except ClientError as error:
            if error_code(error) == "NoSuchKey":
                return "", {"IfNoneMatch": "*"}
            raise self._error(error) from error
        except BotoCoreError as error:
            raise self._error(error) from error

    def _put(self, text: str, condition: dict[str, str]) -> bool:
        """Return whether the history was replaced; False when it is no longer the one that was read."""
        try:
            self._client.put_object(Bucket=self._bucket, Key=self._key, Body=text.encode(), **condition)
        except ClientError as error:
            if error_code(error) in _OVERTAKEN:
                return False
            raise self._error(error) from error
        except BotoCoreError as error:
            raise self._error(error) from error
        return True

    def _error(self, error: Exception) -> EvidenceError:
        return EvidenceError(f"the history {self.name} cannot be used: {error}")


def s3_client() -> Any:  # noqa: ANN401  # boto3 has no types
    """Return a client of S3 with the credentials of whoever runs the gate."""
    with settings_of_the_shell("make AWS's client of s3"):
        return boto3.client("s3")
