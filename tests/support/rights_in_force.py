"""Lets the role of runs decide about what scenarios of the mock call: `-p tests.support.rights_in_force`.

Who is in no container of a world is asked for nothing there. With this plugin whoever calls so is a session of the role
that the template makes for people, as STS says anyway, and is refused what its policies do not allow.
"""

import pytest

from seatrials.twin.ecs.runtime import Runtime
from seatrials.twin.moto_bridge.hooks import ACCOUNT
from seatrials.twin.moto_bridge.roles import _role_of_callers
from seatrials.twin.permissions import Principal

_REGION = "us-west-2"


def pytest_configure() -> None:
    """Judge from now on, to the end of the process."""
    principal_of = Runtime.principal_of

    def judged(runtime: Runtime, key: str | None) -> Principal | None:
        found = principal_of(runtime, key)
        if found is not None or key is not None:
            return found
        role = _role_of_callers(ACCOUNT, _REGION)
        assert role is not None, "the template makes no role for people of its account"
        return Principal(role.arn, session="client")

    pytest.MonkeyPatch().setattr(Runtime, "principal_of", judged)
