"""Calls to a service whose parameters say names in place of ids, and with which code they are refused."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from seatrials.seams.application import AwsClient
from tests.support.aws import Document


def code_of(client: AwsClient, operation: str, parameters: Document, ids: Mapping[str, str]) -> str:
    """Return the code with which a call is refused, empty when it is taken."""
    try:
        getattr(client, operation)(**_named(parameters, ids))
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def _named(value: Any, ids: Mapping[str, str]) -> Any:  # noqa: ANN401  # any part of a call
    if isinstance(value, dict):
        return {name: _named(each, ids) for name, each in value.items()}
    if isinstance(value, list):
        return [_named(each, ids) for each in value]
    return ids.get(value, value)
