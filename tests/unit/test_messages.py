"""Tests of what scenarios say when they fail: a boolean tells nobody what was expected, nor what was seen."""

import ast
from collections.abc import Iterator

import pytest

from tests.support.project import PROJECT

SCENARIO_FILES = sorted((PROJECT / "tests/integration").rglob("*.py"))
# What asks for a part of a value, which may be why the scenario fails: so it must not stand in what explains that.
ASKING = ("json", "json_list", "header")


def is_boolean(node: ast.expr) -> bool:
    """Whether a node is True or False."""
    return isinstance(node, ast.Constant) and isinstance(node.value, bool)


def shows_a_boolean(statement: ast.Assert) -> bool:
    """Whether a failure shows nothing but a boolean: without a message, no comparison, or one with True or False."""
    if statement.msg is not None:
        return False
    test = statement.test
    return not isinstance(test, ast.Compare) or any(map(is_boolean, [test.left, *test.comparators]))


def may_fail_itself(statement: ast.Assert) -> bool:
    """Whether its message asks for something that may be missing, and would then fail in its place."""
    parts = ast.walk(statement.msg) if statement.msg is not None else ()
    return any(
        isinstance(each, ast.Subscript)
        or (isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute) and each.func.attr in ASKING)
        for each in parts
    )


def wrong_in(source: str) -> Iterator[str]:
    """Yield what is wrong with the assertions of a file, each with its line."""
    for each in ast.walk(ast.parse(source)):
        if isinstance(each, ast.Assert) and shows_a_boolean(each):
            yield f"{each.lineno}: {ast.unparse(each)}: compare a value that tells, or say what was seen in a message"
        if isinstance(each, ast.Assert) and may_fail_itself(each):
            yield f"{each.lineno}: {ast.unparse(each)}: ask before the assertion, for a message must not fail itself"


def test_no_scenario_fails_of_a_boolean_alone() -> None:
    """Whoever reads a failure learns what was expected and what was seen."""
    wrong = [f"{path.name}:{each}" for path in SCENARIO_FILES for each in wrong_in(path.read_text(encoding="utf-8"))]

    assert wrong == []


@pytest.mark.parametrize(
    ("statement", "is_wrong"),
    [
        ("assert websocket.ping()", True),
        ("assert not closed", True),
        ("assert a.startswith('b')", True),
        ("assert a == 1 and b", True),
        ("assert status['clean'] is True", True),
        ("assert False is True", True),
        ("assert a == 1, f'{answer.json()}'", True),
        ("assert a, f'{b[0]}'", True),
        ("assert websocket.ping() == 'answered'", False),
        ("assert status['clean'] is True, f'expected no changes, got {status}'", False),
        ("assert targets, 'the load balancer has no target group'", False),
        ("assert 1 <= a < 2", False),
    ],
)
def test_what_tells_nothing_is_known(statement: str, *, is_wrong: bool) -> None:
    """An assertion tells by its comparison or by its message, and a message asks for nothing."""
    assert bool([*wrong_in(statement)]) == is_wrong
