"""Which changes rules make of a line of code."""

import libcst as cst
import pytest

from seatrials.mutants.generated.operators import changes_of


class _Walk(cst.CSTVisitor):
    def __init__(self, tree: cst.Module) -> None:
        super().__init__()
        self._tree = tree
        self.found: set[str] = set()
        tree.visit(self)

    def on_visit(self, node: cst.CSTNode) -> bool:
        for change in changes_of(node):
            changed = self._tree.deep_replace(node, change)
            assert isinstance(changed, cst.Module)
            self.found.add(changed.code.strip())
        return True


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("x = a < b", {"x = a <= b"}),
        ("x = a and b", {"x = a or b"}),
        ("x = 300", {"x = 301"}),
        ("x = not a", {"x = a"}),
        ("x = True", {"x = False"}),
        ("x = a in b", {"x = a not in b"}),
        ("x = 0 < a", {"x = 0 <= a", "x = 1 < a"}),
        ("x = clock.now() >= give_up", set()),
        ("x = session.created_seconds == a", {"x = session.created_seconds != a"}),
        ("x = a if b else c", {"x = a if (b) and False else c", "x = a if (b) or True else c"}),
        ("log(a)", {"pass"}),
        ("raise E", {"pass"}),
        ("x += y", {"x = y", "x -= y", "pass"}),
    ],
)
def test_each_kind_of_change_is_made(line: str, expected: set[str]) -> None:
    """Each kind of change is made."""
    found = _Walk(cst.parse_module(line)).found

    assert expected == found


@pytest.mark.parametrize("line", ['"""What it does."""', "x = f(a, b)", 'x = "word"', "return", "x: int"])
def test_what_would_not_run_or_says_nothing_is_left_alone(line: str) -> None:
    """What would not run or says nothing is left alone."""
    found = _Walk(cst.parse_module(line)).found

    assert found == set()
