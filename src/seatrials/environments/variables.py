"""The one reader of this process's variables: everybody else is given what they need."""

import os


def read_variables() -> dict[str, str]:
    """Return the variables of this process; nothing else in the project reads them."""
    return dict(os.environ)


def forget_aws_variables() -> None:
    """Take from this process what would lead its AWS clients anywhere, for one that never speaks to AWS."""
    for name in [each for each in os.environ if each.startswith("AWS_")]:
        del os.environ[name]
