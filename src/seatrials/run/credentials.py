"""AWS's credentials of a run: no variable has them while code of scenarios runs, and workers are handed them.

Whoever makes a boto3 client of its own in a scenario finds no credentials then, and nor does a program that it starts.
The stack's own session has them, and looks for new ones by itself before they expire.
"""

from typing import Any

import pytest

from seatrials.environments.variables import Values, set_again, withdraw_credentials

_HANDED = "seatrials_credentials"
# How botocore says it, which no process imports that makes no client.
_NONE_FOUND = ("NoCredentialsError", "PartialCredentialsError")


class RunCredentials:
    """What the variables said of credentials when this process began, or what its controller has handed to it."""

    def __init__(self, values: Values) -> None:
        self.values = values

    @classmethod
    def withdrawn(cls, config: pytest.Config) -> "RunCredentials":
        """Take the credentials from the variables; the run's end sets them again."""
        values = withdraw_credentials()
        config.add_cleanup(lambda: set_again(values))
        return cls(values)

    def receive(self, config: pytest.Config) -> None:
        """Take from a worker's input what the controller has handed to it: nobody else finds it there."""
        self.values = getattr(config, "workerinput", {}).pop(_HANDED, self.values)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:  # noqa: ANN401  # xdist has no public type for it
        """Hand the credentials to a worker of pytest-xdist, whose variables have none."""
        node.workerinput[_HANDED] = dict(self.values)


CREDENTIALS_KEY = pytest.StashKey[RunCredentials]()


def advice_on(error: BaseException) -> str | None:
    """Return what to tell whoever looked for credentials in a scenario; None for any other error."""
    if type(error).__name__ not in _NONE_FOUND:
        return None
    return (
        "A scenario has no credentials of AWS: what it may ask and change goes through the fixture `platform`, and a "
        "client, a session or a program of its own would go around the guard (docs/live.md, The guard)."
    )
