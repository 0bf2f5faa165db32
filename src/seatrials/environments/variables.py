"""The one reader of this process's variables: everybody else is given what they need."""

import os
from collections.abc import Iterator, Mapping
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
