"""Clients of a served twin."""

from collections.abc import Mapping

import boto3

from seatrials.seams.application import AwsClient
from tests.support.aws import Json


def served_client(variables: Mapping[str, str], service: str, **options: Json) -> AwsClient:
    """Return boto3's client of a service, as a program with these variables has it; *options* are boto3's further."""
    return boto3.client(
        service,
        endpoint_url=variables["AWS_ENDPOINT_URL"],
        region_name=variables["AWS_REGION"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        **options,
    )
