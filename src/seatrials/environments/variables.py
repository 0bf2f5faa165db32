"""The one reader of this process's variables: everybody else is given what they need."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

# How the names begin of what botocore and moto read.
_LEADING = (
    "AWS_",
    "MOTO_",
    "DEFAULT_CONTAINER_REGISTRY",
    "INITIAL_NO_AUTH_ACTION_COUNT",
    "S3_IGNORE_SUBDOMAIN_BUCKETNAME",
    "S3_UPLOAD_PART_MIN_SIZE",
    "SF_EXECUTION_HISTORY_TYPE",
    "TESTS_SKIP_REQUIRES_DOCKER",
    "TEST_PROXY_MODE",
    "TEST_SERVER_MODE",
)
# Without these, botocore would look into the home folder, and ask the machine whether it is one of AWS's.
_NOWHERE = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}
# How the names begin of what gives botocore credentials, or tells it where to look for some.
_CREDENTIALS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_BEARER_TOKEN",
    "AWS_CONFIG_FILE",
    "AWS_CONTAINER_",
    "AWS_CREDENTIAL",
    "AWS_DEFAULT_PROFILE",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_LOGIN_CACHE_DIRECTORY",
    "AWS_PROFILE",
    "AWS_ROLE_",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SECURITY_TOKEN",
    "AWS_SESSION_TOKEN",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "BOTO_CONFIG",
)
_WITHOUT_CREDENTIALS = {**_NOWHERE, "BOTO_CONFIG": os.devnull}

# Variables as they were or shall be; None for one that is not set.
Values = Mapping[str, str | None]


def read_variables() -> dict[str, str]:
    """Return the variables of this process; nothing else in the project reads them."""
    return dict(os.environ)


def cache_folder(variables: Mapping[str, str], name: str) -> Path | None:
    """Return the folder *name* of what may be made anew at any time, None where the user has no home.

    Source: XDG Base Directory Specification.
    """
    caches = variables.get("XDG_CACHE_HOME", "")
    if Path(caches).is_absolute():
        return Path(caches) / "seatrials" / name
    home = variables.get("HOME", "")
    return Path(home) / ".cache" / "seatrials" / name if Path(home).is_absolute() else None


def forget_aws_variables() -> None:
    """Take from this process what would lead its AWS clients or moto anywhere, for one that never speaks to AWS.

    It must come before moto is imported, which reads some of its variables then and never again.
    """
    for name in [each for each in os.environ if each.startswith(_LEADING)]:
        del os.environ[name]
    os.environ.update(_NOWHERE)


@contextmanager
def aws_variables_forgotten() -> Iterator[None]:
    """Be without AWS's variables and moto's until the block ends."""
    before = read_variables()
    forget_aws_variables()
    try:
        yield
    finally:
        for name in set(os.environ) - set(before):
            del os.environ[name]
        os.environ.update(before)


@contextmanager
def variables_taken(names: Iterable[str]) -> Iterator[dict[str, str]]:
    """Yield the variables among *names*, which no process that is started has until the block ends."""
    taken = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield taken
    finally:
        os.environ.update(taken)


def withdraw_credentials() -> dict[str, str | None]:
    """Leave this process and those that it starts without a way to credentials of AWS; return what is to be set again.

    The names of files and profiles are among it, for botocore looks into the home folder when nothing else is said.
    """
    names = {each for each in os.environ if each.startswith(_CREDENTIALS)} | _WITHOUT_CREDENTIALS.keys()
    withdrawn = {name: os.environ.get(name) for name in sorted(names)}
    _set(dict.fromkeys(names) | _WITHOUT_CREDENTIALS)
    return withdrawn


@contextmanager
def variables_set(values: Values) -> Iterator[None]:
    """Have variables set to *values*, and unset where these say so, until the block ends."""
    before = {name: os.environ.get(name) for name in values}
    _set(values)
    try:
        yield
    finally:
        _set(before)


def set_again(withdrawn: Values) -> None:
    """Undo `withdraw_credentials`."""
    _set(withdrawn)


def _set(values: Values) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
