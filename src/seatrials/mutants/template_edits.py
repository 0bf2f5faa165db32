"""Changes of the stack's template that mutants make often: `put("EditService", "LaunchType", "EC2")`.

A path is the names and indexes below a resource's properties, dotted.
"""

import operator
from collections.abc import Callable
from typing import Any

from seatrials.mutants.mutant import Change, edit_template

Document = dict[str, Any]


def properties(document: Document, resource: str) -> Document:
    """Return the properties of *resource*, to be edited in place."""
    found: Document = document["Resources"][resource]["Properties"]
    return found


def put(resource: str, path: str, value: object) -> Change:
    """Give a property another value."""
    return _at(resource, path, lambda place, last: operator.setitem(place, last, value))


def leave_out(resource: str, path: str) -> Change:
    """Take away a property, so that AWS's default holds."""
    return _at(resource, path, operator.delitem)


def append(resource: str, path: str, value: object) -> Change:
    """Add *value* to a list."""
    return _at(resource, path, lambda place, last: place[last].append(value))


def add(resource: str, kind: str, **given: object) -> Change:
    """Add a resource of the type *kind* with the *given* properties."""
    return edit_template(lambda document: document["Resources"].update({resource: {"Type": kind, "Properties": given}}))


def take_away(*resources: str) -> Change:
    """Take resources out of the template."""
    return edit_template(lambda document: [document["Resources"].pop(each) for each in resources])


def attribute(resource: str, key: str, value: str) -> Change:
    """Set an attribute of a load balancer or target group, which the template has as a list of Key and Value."""

    def edit(document: Document) -> None:
        given = properties(document, resource)
        attributes = given["LoadBalancerAttributes" if "LoadBalancerAttributes" in given else "TargetGroupAttributes"]
        attributes[:] = [*(each for each in attributes if each["Key"] != key), {"Key": key, "Value": value}]

    return edit_template(edit)


def variable(task: str, name: str, value: str) -> Change:
    """Add a variable to the environment of a task definition's container."""
    return append(task, "ContainerDefinitions.0.Environment", {"Name": name, "Value": value})


def let_in(group: str, port: int, **source: object) -> Change:
    """Let a security group admit *source* on one port."""
    return append(group, "SecurityGroupIngress", {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **source})


def set_paths(rule: str, *patterns: str) -> Change:
    """Let a listener rule match other paths."""
    return put(rule, "Conditions.0.PathPatternConfig.Values", list(patterns))


def forward(group: str) -> list[Document]:
    """Return the actions of a rule or listener that lead to the target group *group*."""
    return [{"Type": "forward", "TargetGroupArn": {"Ref": group}}]


def _policies_of(document: Document, role: str) -> list[list[Document]]:
    """Return the statements of each policy of a role, to be edited in place."""
    return [each["PolicyDocument"]["Statement"] for each in properties(document, role)["Policies"]]


def _actions(statement: Document) -> list[str]:
    given = statement["Action"]
    return given if isinstance(given, list) else [given]


def forbid(role: str, action: str) -> Change:
    """Take an action out of the statements of a role; raises `ValueError` when it is in none."""

    def edit(document: Document) -> None:
        policies = _policies_of(document, role)
        if not any(action in _actions(each) for policy in policies for each in policy):
            msg = f"a mutant takes {action} from {role}, which does not have it: name one that it has"
            raise ValueError(msg)
        for policy in policies:
            for each in policy:
                each["Action"] = [one for one in _actions(each) if one != action]
            policy[:] = [each for each in policy if each["Action"]]

    return edit_template(edit)


def allow_elsewhere(role: str, action: str, **changes: object) -> Change:
    """Give the statement of a role that has *action* another Resource or Condition."""

    def edit(document: Document) -> None:
        statements = [each for policy in _policies_of(document, role) for each in policy]
        next(each for each in statements if action in _actions(each)).update(changes)

    return edit_template(edit)


def allow(role: str, action: str) -> Change:
    """Let a role do *action* too, for a mutant whose own code is not to fail for want of a right."""
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return append(role, "Policies.0.PolicyDocument.Statement", statement)


def deny(role: str, action: str, **more: object) -> Change:
    """Let a role's first policy deny *action* too."""
    statement = {"Effect": "Deny", "Action": action, "Resource": "*", **more}
    return append(role, "Policies.0.PolicyDocument.Statement", statement)


def secret(task: str, name: str, source: object) -> Change:
    """Give the container of a task definition a secret: its variable, and its ARN or name, which may be a function."""
    return put(task, "ContainerDefinitions.0.Secrets", [{"Name": name, "ValueFrom": source}])


def _at(resource: str, path: str, edit: Callable[[Any, Any], object]) -> Change:
    """Return the change that calls *edit* with what holds the end of *path*, and its name or index there."""

    def change(document: Document) -> None:
        *parents, last = [int(name) if name.isdigit() else name for name in path.split(".")]
        place: Any = properties(document, resource)
        for name in parents:
            place = place[name]
        edit(place, last)

    return edit_template(change)
