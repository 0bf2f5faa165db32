"""The one reader of this process's variables: everybody else is given what they need."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

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


def read_variables() -> dict[str, str]:
    """Return the variables of this process; nothing else in the project reads them."""
    return dict(os.environ)


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


@contextmanager
def variables_lent(variables: Mapping[str, str]) -> Iterator[None]:
    """Let this process have *variables*, for a library that looks for them there, until the block ends."""
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables:
            os.environ.pop(name, None)
