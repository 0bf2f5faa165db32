"""The roles of stack/webordinary.yaml allow what the platform does, and nothing else.

A session is started, loses its task, ends and is swept away, while every question to a role is written down. What a
statement allows and nobody has asked for is too much; what somebody asked for and no statement allows is too little.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import pytest

from seatrials.environments.file import load_environment
from seatrials.evidence.recorder import Recorder
from seatrials.platform import Platform
from seatrials.stacks import StackOptions, StackRun
from seatrials.stacks.mock.stacks import MockStacks
from seatrials.twin.permissions import Denial, Need, Permissions, Principal, Role
from seatrials.twin.permissions.policies import Statement, statements_of
from tests.support.project import PROJECT


@dataclass
class Asked:
    """The questions to each role, by its ARN, and what IAM and the trace say."""

    needs: dict[str, dict[Need, None]] = field(default_factory=dict)
    roles: dict[str, Role] = field(default_factory=dict)
    denials: list[str] = field(default_factory=list)

    def note(self, permissions: Permissions, principal: Principal, needs: Iterable[Need]) -> None:
        """Write down what a role is asked for."""
        arn = principal.role_arn
        assert arn is not None, "every task of the shipped template has its roles"
        role = permissions._role_of(arn)  # noqa: SLF001  # the role as it was judged
        assert role is not None
        self.roles[arn] = role
        self.needs.setdefault(arn, {}).update(dict.fromkeys(needs))


def live(run: StackRun) -> None:
    """Live through all that Hermes and the editor do with AWS."""
    recorder = Recorder(run.stack.clock.now, run.sample_kind, lambda _step: None)
    platform = Platform(run.stack, recorder)
    session = platform.ready()
    platform.sessions.preview(session)
    platform.workspace(session).write("note.md", b"kept")
    task = platform.sessions.host(session)
    with platform.faults.task_stopped(task):
        platform.wait_until(lambda: platform.services.has_ended(task), 120, what="the task to end")
    platform.wait_until(lambda: platform.sessions.preview(session).status == 200, 240, what="the session to be back")
    platform.end(session)
    platform.let_pass(90, what="the sweep of what the session has left")


@pytest.fixture(scope="module")
def asked() -> Asked:
    """Give what roles were asked for while a session lived."""
    found = Asked()
    denial, denial_at = Permissions.denial, Permissions.denial_at

    def noted(permissions: Permissions, principal: Principal, needs: Iterable[Need]) -> Denial | None:
        listed = list(needs)
        found.note(permissions, principal, listed)
        return denial(permissions, principal, listed)

    def noted_at(permissions: Permissions, principal: Principal, need: Need, policy: str) -> Denial | None:
        found.note(permissions, principal, [need])
        return denial_at(permissions, principal, need, policy)

    stacks = MockStacks(load_environment("mock", PROJECT / "environments.toml", {}), StackOptions(seed=1))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Permissions, "denial", noted)
        patched.setattr(Permissions, "denial_at", noted_at)
        with stacks.open("PERS-07") as run:
            live(run)
            found.denials = [line for line in run.timeline_text() if "access_denied" in line]
    stacks.close()
    return found


def unused(role: Role, needs: Iterable[Need]) -> list[str]:
    """Return the actions of a role's statements, with their resources, that none of *needs* asks for."""
    listed = list(needs)
    return [
        f"{action} on {resource}"
        for text in role.policies
        for statement in statements_of(text)
        for action in statement.actions
        for resource in statement.resources
        if not any(_is_asked(statement, action, resource, need) for need in listed)
    ]


def _is_asked(statement: Statement, action: str, resource: str, need: Need) -> bool:
    keys = {name.lower(): values for name, values in need.keys}
    return replace(statement, actions=(action,), resources=(resource,)).speaks_of(need, keys)


def test_nothing_that_is_needed_is_missing(asked: Asked) -> None:
    """No role was asked for what it does not allow, and each of the three was asked."""
    names = sorted(role.name.partition("-")[2].rpartition("-")[0] for role in asked.roles.values())

    assert asked.denials == []
    assert names == ["EditTaskRole", "ExecutionRole", "HermesTaskRole"]


def test_nothing_is_allowed_that_is_not_needed(asked: Asked) -> None:
    """Every action of every statement was asked for, on each of its resources."""
    too_much = {role.name: unused(role, asked.needs[arn]) for arn, role in asked.roles.items()}

    assert {name: actions for name, actions in too_much.items() if actions} == {}


def test_no_wildcard_allows_more_than_is_named(asked: Asked) -> None:
    """An action is named in full: with a wildcard nobody could say that it is needed."""
    actions = [
        action
        for role in asked.roles.values()
        for text in role.policies
        for each in statements_of(text)
        for action in each.actions
    ]

    assert [action for action in actions if "*" in action] == []
