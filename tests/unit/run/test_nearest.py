"""In which order a generated mutant meets the scenarios that execute its line."""

from pathlib import Path
from types import FunctionType

from seatrials.mutants.generated.source import Generated
from seatrials.run.nearest import Executed, Nearest

_TARGET = FunctionType((lambda: None).__code__, {})
_SMALL, _MIDDLE, _LARGE, _ELSEWHERE = "z", "y", "x", "w"


def _mutant(function: str, line: int = 3, path: str = "a.py") -> Generated:
    return Generated(function, "x = 1", "x = 2", 1, Path(path), range(line, line + 1), _TARGET, lambda: "")


def _nearest() -> Nearest:
    lines = {_LARGE: {1, 2, 3, 4}, _MIDDLE: {2, 3, 4}, _SMALL: {3, 4}, _ELSEWHERE: {9}}
    return Nearest({name: Executed(None, {"a.py": frozenset(each)}) for name, each in lines.items()})


def test_who_executes_the_line_is_asked_and_who_does_little_else_first() -> None:
    """Who executes the line is asked, and who does little else first."""
    assert _nearest().of(_mutant("f")) == [_SMALL, _MIDDLE, _LARGE]
    assert _nearest().of(_mutant("f", line=1)) == [_LARGE]
    assert _nearest().of(_mutant("f", path="b.py")) == []


def test_who_noticed_a_change_nearby_comes_before_all_others() -> None:
    """Who noticed a change nearby comes before all others: of the same function, then of the same file."""
    nearest = _nearest()
    nearest.learn(_mutant("g"), _LARGE)
    in_file = nearest.of(_mutant("f"))
    nearest.learn(_mutant("f"), _MIDDLE)

    assert in_file == [_LARGE, _SMALL, _MIDDLE]
    assert nearest.of(_mutant("f")) == [_MIDDLE, _LARGE, _SMALL]


def test_who_killed_this_mutant_before_comes_first() -> None:
    """Who killed this very mutant before comes first, if it executes the line still; another's killer does not."""
    executed = {name: Executed(None, {"a.py": frozenset({3})}) for name in (_SMALL, _MIDDLE)}
    executed[_ELSEWHERE] = Executed(None, {"a.py": frozenset({9})})
    killed, moved, another = _mutant("f"), _mutant("g"), _mutant("h")
    nearest = Nearest(executed, {killed.id: _MIDDLE, moved.id: _ELSEWHERE})
    nearest.learn(another, _SMALL)

    assert [nearest.of(each) for each in (killed, moved, another)] == [
        [_MIDDLE, _SMALL],
        [_SMALL, _MIDDLE],
        [_SMALL, _MIDDLE],
    ]


def test_who_noticed_last_comes_first() -> None:
    """Who noticed last comes first, and is asked once."""
    nearest = _nearest()
    for name in (_LARGE, _MIDDLE, _LARGE):
        nearest.learn(_mutant("f"), name)

    assert nearest.of(_mutant("f")) == [_LARGE, _MIDDLE, _SMALL]


def test_who_noticed_most_for_what_it_costs_comes_before_who_does_little() -> None:
    """Who noticed most elsewhere, for what it costs, comes before who does little else."""
    costs = {_SMALL: 1.0, _MIDDLE: 4.0, _LARGE: 1.0}
    nearest = Nearest({name: Executed(None, {"a.py": frozenset({3})}, each) for name, each in costs.items()})
    for name in (_MIDDLE, _MIDDLE, _LARGE):
        nearest.learn(_mutant("g", path="b.py"), name)

    assert nearest.of(_mutant("f")) == [_LARGE, _MIDDLE, _SMALL]
