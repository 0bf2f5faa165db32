"""The marks of scenarios, and what is wrong with those of a test, a sentence each."""

import re
from collections.abc import Sequence
from typing import get_args

import pytest

from seatrials.configuration import nearest
from seatrials.environments.capabilities import Capability
from seatrials.environments.environment import WorldName
from seatrials.environments.scopes import SCOPES
from seatrials.run.items import TASKS_MAX, needs_of, scenario_id, scopes_of

_WORLDS: tuple[str, ...] = get_args(WorldName)

# As `pytest --markers` shows them: how each is written, and what it means.
MARKS = (
    "scenario(id, extra_seconds=0): the row of the catalogue; extra_seconds is the time that its sentence names",
    *(f"{scope.mark}: {scope.sentence}" for scope in SCOPES.values()),
    "exclusive(tasks_max=0, leaves=3): needs the service to itself, with so many edit tasks at most when it begins",
    "needs(capability, ...): is run only where the environment has all of these",
    "world(name, Parameter=value): of mock_only, the world that the row is about, and parameters of its template",
)


def problems_of_marks(items: Sequence[pytest.Item]) -> list[str]:
    """Return what keeps *items* from being scenarios, for each of them and among them."""
    return [*(problem for item in items for problem in _mark_problems(item)), *_shared_ids(items)]


def _mark_problems(item: pytest.Item) -> list[str]:
    mark = item.get_closest_marker("scenario")
    problems = []
    if mark is None or not mark.args or not re.fullmatch(r"[A-Z]+-\d\d", str(mark.args[0])):
        problems.append(f"{item.nodeid}: needs @pytest.mark.scenario('SUITE-NN') with an id of the catalogue")
    marks = [scope.mark for scope in scopes_of(item)]
    if len(marks) != 1:
        problems.append(f"{item.nodeid}: needs exactly one of {', '.join(SCOPES)}, has {', '.join(marks) or 'none'}")
    alone = item.get_closest_marker("exclusive")
    given = {} if alone is None else alone.kwargs
    counts = range(TASKS_MAX + 1)
    if (alone is not None and alone.args) or {*given} - {"tasks_max", "leaves"} or {*given.values()} - {*counts}:
        problems.append(f"{item.nodeid}: exclusive takes tasks_max and leaves, each from 0 to {TASKS_MAX}")
    problems += _world_problems(item)
    known = [str(each) for each in Capability]
    problems += [
        f"{item.nodeid}: no capability is called {each!r}; {nearest(each, known)}"
        for each in needs_of(item)
        if each not in known
    ]
    return problems


def _world_problems(item: pytest.Item) -> list[str]:
    mark = item.get_closest_marker("world")
    if mark is None:
        return []
    if item.get_closest_marker("mock_only") is None:
        return [f"{item.nodeid}: names a world, and is not marked mock_only: all other stacks are what they are"]
    unknown = [each for each in mark.args if each not in _WORLDS]
    return [f"{item.nodeid}: no world is called {each!r}; {nearest(str(each), list(_WORLDS))}" for each in unknown]


def _shared_ids(items: Sequence[pytest.Item]) -> list[str]:
    """Return a problem for each id that two scenarios have: evidence is kept by id."""
    first: dict[str, str] = {}
    problems = []
    for item in items:
        # Without the mutant that pytest adds to the name.
        name = item.nodeid.partition("[")[0]
        if first.setdefault(scenario_id(item), name) != name:
            problems.append(f"{name}: has the id {scenario_id(item)} of {first[scenario_id(item)]}")
    return problems
