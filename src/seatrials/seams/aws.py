"""What AWS answers, as plain values, for whoever looks at the platform from outside."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
)

from seatrials.errors import ConfigurationError, CredentialsError

_DESERIALIZER = TypeDeserializer()


@contextmanager
def settings_of_the_shell(what: str) -> Iterator[None]:
    """Turn what botocore says of AWS's variables and files into our error; *what* is done there, before any call.

    A number that is none, or a file that is a folder, botocore leaves to Python to refuse.
    """
    try:
        yield
    except (CredentialRetrievalError, NoCredentialsError, PartialCredentialsError, ProfileNotFound) as error:
        remedy = "set AWS_PROFILE, log in, or name `profile` in the environment"
        msg = f"could not {what}, for there are no usable credentials ({error}): {remedy}"
        raise CredentialsError(msg) from error
    except (BotoCoreError, ValueError, OSError) as error:
        msg = (
            f"could not {what}, for the shell or the profile has a setting that botocore does not take "
            f"({type(error).__name__}: {error}): look at the variables AWS_* and at ~/.aws/config"
        )
        raise ConfigurationError(msg) from error


def error_code(error: ClientError) -> str:
    """Return AWS's code of an error."""
    return str(error.response.get("Error", {}).get("Code", "unknown"))


def plain_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item as boto3's clients give it as plain values; whole numbers are int, others float."""
    return {name: _plain(_DESERIALIZER.deserialize(value)) for name, value in item.items()}


def _plain(value: Any) -> Any:  # noqa: ANN401  # any value of DynamoDB
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, Decimal):
        return int(value) if value == int(value) else float(value)
    return value
