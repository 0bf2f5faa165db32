"""Records what is called of AWS, one call of each kind; CONTRIBUTING.md says how.

`-p tests.support.recorded_calls --recorded-calls FILE` records a run: on the mock the calls of scenarios, on a
rehearsal all that go through its guard. Each process adds lines to the file, which `python -m
tests.support.recorded_calls FILE` keeps in the product's `calls.json`.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from botocore.client import BaseClient

from seatrials.rights.calls import Call, Purpose, recorded
from seatrials.twin.moto_bridge.clients import _callers
from seatrials.twin.moto_bridge.hooks import Call as BridgedCall
from seatrials.twin.moto_bridge.hooks import Hooks
from tests.support.aws import Document, Json
from tests.support.project import PROJECT

KEPT = PROJECT / "src/seatrials/rights/calls.json"
# How clients of a run's guard say who they are.
_OF_A_RUN = "seatrials"
# And how the mock calls those of a scenario.
_SCENARIO = "scenario"
Kind = tuple[object, ...]


@dataclass
class Recording:
    """The calls that were made, one of each kind."""

    made: dict[Kind, Call] = field(default_factory=dict)

    def add(self, call: Call) -> None:
        """Take a call, if there is none of its kind; what is no text, such as a file, IAM does not look at."""
        given = {name: value for name, value in call.parameters.items() if not isinstance(value, bytes)}
        told = replace(call, parameters=given)
        self.made.setdefault(kind_of(told), told)

    @property
    def calls(self) -> list[Call]:
        """All of them, in the order of their names."""
        return sorted(self.made.values(), key=lambda call: (call.service, call.operation, _text(call.parameters)))


def kind_of(call: Call) -> Kind:
    """Return what tells calls apart that IAM may judge in different ways: which parameters there are, and indexes."""
    given = call.parameters
    parts = sorted({kind for part in given.get("TransactItems", ()) for kind in part})
    return call.service, call.operation, tuple(sorted(given)), given.get("IndexName"), tuple(parts)


@contextmanager
def recording(*, whoever: bool = False) -> Iterator[Recording]:
    """Record the calls of this process: scenarios' and those of a run's guard, or with *whoever* all of any client."""
    found = Recording()
    make, authorize = BaseClient._make_api_call, Hooks.authorize  # noqa: SLF001  # what every client's calls go through

    def record(client: BaseClient, operation: str, given: Document) -> Json:
        if whoever or client.meta.config.user_agent_extra == _OF_A_RUN:
            found.add(Call(str(client.meta.service_model.service_name), operation, dict(given)))
        return make(client, operation, given)

    def record_of_scenario(hooks: Hooks, call: BridgedCall) -> None:
        if _callers.get(call.client) == _SCENARIO:
            found.add(Call(call.service, call.operation, dict(call.parameters)))
        authorize(hooks, call)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(BaseClient, "_make_api_call", record)
        patched.setattr(Hooks, "authorize", record_of_scenario)
        yield found


def as_lines(calls: Iterable[Call]) -> str:
    """Return calls as JSON, a line each."""
    return "".join(f"{_text([call.service, call.operation, call.parameters])}\n" for call in calls)


def read(lines: str) -> list[Call]:
    """Return the calls of `as_lines`."""
    return [Call(*json.loads(line)) for line in lines.splitlines()]


def kept(purpose: Purpose) -> list[Call]:
    """Return the calls of a purpose as they are kept, without those of its parts."""
    return [Call(*each) for each in json.loads(KEPT.read_text(encoding="utf-8"))[purpose]]


def keep(purpose: Purpose, calls: Iterable[Call]) -> None:
    """Keep the calls of a purpose in place of those before; of a kind that was known, the one that was kept."""
    document = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.is_file() else {}
    known = {kind_of(Call(*each)): Call(*each) for each in document.get(purpose, [])}
    found = Recording()
    for call in calls:
        found.add(known.get(kind_of(call), call))
    document[purpose] = [[call.service, call.operation, call.parameters] for call in found.calls]
    KEPT.write_text(_written(document), encoding="utf-8")
    recorded.cache_clear()


def _written(document: Mapping[str, list[Json]]) -> str:
    """Return the file's text, with a line for each call."""
    listed = (
        f'  "{each}": [\n' + ",\n".join(f"    {_text(call)}" for call in document[each]) + "\n  ]"
        for each in Purpose
        if each in document
    )
    return "{\n" + ",\n".join(listed) + "\n}\n"


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say where to."""
    parser.addoption("--recorded-calls", type=Path, metavar="FILE", help="the file that calls of a run are added to")
    parser.addoption("--keep-calls", action="store_true", help="keep what tests/unit/rights/test_calls.py records")


class _Recorder:
    """Records from the configuration of a process to its end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held = ExitStack()
        self._found = self._held.enter_context(recording())

    def pytest_unconfigure(self) -> None:
        """Write down what there is."""
        self._held.close()
        with self._path.open("a", encoding="utf-8") as file:
            file.write(as_lines(self._found.calls))


def pytest_configure(config: pytest.Config) -> None:
    """Begin."""
    path = config.getoption("--recorded-calls")
    if path is not None:
        config.pluginmanager.register(_Recorder(path))


def main(path: Path, *, more: bool) -> None:
    """Keep the calls of a run in place of those before, or with *more* beside them."""
    found = read(path.read_text(encoding="utf-8"))
    keep(Purpose.RUN, [*kept(Purpose.RUN), *found] if more else found)


if __name__ == "__main__":
    main(Path(sys.argv[1]), more="--more" in sys.argv)
