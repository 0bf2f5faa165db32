"""`--shard 2/4`: a run of a part of the rows, or of the tests on mutants, divided by the durations that were recorded.

First the rows are chosen, as `-k`, `--changed` and the like say, and then what was chosen is divided. Each process of a
run divides for itself, and comes to the same parts, as every machine does: they depend on the names of what was chosen
and on `durations.json`, which belongs to the commit.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from seatrials.environments.environment import Environment
from seatrials.errors import ConfigurationError
from seatrials.evidence.record import ShardRecord
from seatrials.evidence.redaction import redact_nodeid, redact_value
from seatrials.run.durations import DURATIONS, Durations, RowDuration, read_durations
from seatrials.run.items import SHARD_KEY, scenario_id
from seatrials.run.plan import mean_duration
from seatrials.shard import Shard

if TYPE_CHECKING:  # mutants know the twin, which no process needs that examines a real stack
    from seatrials.mutants.mutant import Mutant
    from seatrials.run.ending import RunEnding

_WORKER_KEY = "seatrials_shard"
# In milliseconds, as measured on two quiet cores: of a row at all, of each of its calls, and of each second of platform
# time. A mock computes what happens in that second; a rehearsal waits for it at its usual pace of 30, and so does not
# compute meanwhile. Parts must not depend on a machine's own pace, or they would not be the parts of one whole.
_MOCK = (35.0, 1.6, 0.45)
_REHEARSAL = (38.0, 0.0, 1000 / 30)
# A scenario fails at once on a platform that only pretends to be one.
_HOLLOW_MILLISECONDS = 70
# What decides which tests there are and how they go. The world is told by the environment, and files by their content,
# among the sources.
_OPTIONS = {
    "--seed": "--seed",
    "--steps": "--steps",
    "--users": "--users",
    "--load-seconds": "--load-seconds",
    "--stack": "--stack",
    "--parameter": "--parameter",
    "--parameters": "--parameters",
    "--import": "--import",
    "--strict": "--strict",
    "-k": "keyword",
    "-m": "markexpr",
    "--changed": "--changed",
    "--mutants": "--mutants",
    "--only": "--only",
    "--whole-suite": "--whole-suite",
}


class Division:
    """A plugin of pytest that leaves out what other shards run, and keeps for the evidence what was divided."""

    def __init__(self, config: pytest.Config, shard: Shard, environment: Environment) -> None:
        """Read the durations; raises `ConfigurationError` where there are none, or nothing is to be divided."""
        self._config = config
        self._shard = shard
        self._durations = read_durations(durations_file(config))
        self._rate = _REHEARSAL if environment.kind.is_shared else _MOCK
        self._what = "mutants and rows" if config.getoption("--on-mutants") else "rows"
        options = {name: _text(config.getoption(key)) for name, key in _OPTIONS.items()}
        self._record = ShardRecord(number=shard.number, of=shard.of, options={**options, "--world": environment.world})
        config.stash[SHARD_KEY] = self._record

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Iterator[None]:
        """Divide what all others have left; of nothing there is no part, and the run says so itself."""
        yield
        if not items:
            return
        units = {item.nodeid: _unit_of(item) for item in items}
        weights = dict.fromkeys(units.values(), 0)
        for item in items:
            weights[units[item.nodeid]] += self._milliseconds(item)
        try:
            own = self._shard.part(weights, self._what)
        except ConfigurationError as error:
            self._end(error, items)
            return
        others = [item for item in items if units[item.nodeid] not in own]
        chosen = [item.nodeid for item in items]
        if others:
            self._config.hook.pytest_deselected(items=others)
            items[:] = [item for item in items if units[item.nodeid] in own]
        self._keep(chosen, [item.nodeid for item in items])

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object) -> None:
        """Learn from a worker of pytest-xdist what was divided: a controller collects nothing."""
        told = getattr(node, "workeroutput", {}).get(_WORKER_KEY)
        if told is not None:
            self._keep(*told)

    def _end(self, error: ConfigurationError, items: list[pytest.Item]) -> None:
        """End the run; a worker of pytest-xdist must come to the end of its collection, and tells it thereby."""
        ending: RunEnding | None = self._config.pluginmanager.get_plugin("seatrials-ending")
        if ending is None:  # of a plan, which has no end of a run
            pytest.exit(f"seatrials: {error}", returncode=error.exit_code)
        ending.note(error)
        items.clear()

    def _keep(self, chosen: list[str], tests: list[str]) -> None:
        named = {"chosen": chosen, "tests": tests}
        redacted = {name: tuple(sorted(map(redact_nodeid, each))) for name, each in named.items()}
        self._config.stash[SHARD_KEY] = self._record.model_copy(update=redacted)
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            output[_WORKER_KEY] = [chosen, tests]

    def _milliseconds(self, item: pytest.Item) -> int:
        mutant = _mutant_of(item)
        if mutant is not None and mutant.hollow:
            return _HOLLOW_MILLISECONDS
        return milliseconds(scenario_id(item), self._durations, self._rate)


def begin_shard(config: pytest.Config, environment: Environment) -> None:
    """Register who divides, when a shard was asked for; raises `ConfigurationError` for one that cannot be."""
    written = config.getoption("--shard")
    if written is None:
        return
    shard = Shard.parse(written)
    if environment.kind.is_aws:
        msg = f"--shard: {environment.name} is one stack, whose runs wait for one another: divided it takes longer"
        raise ConfigurationError(msg)
    if config.getoption("--record-coverage"):
        msg = "--shard: a recording for --changed is of all rows: leave --record-coverage out"
        raise ConfigurationError(msg)
    if not config.getoption("--generated"):  # where all scenarios look at a part of the mutants
        config.pluginmanager.register(Division(config, shard, environment), "seatrials-shard")


def durations_file(config: pytest.Config) -> Path:
    """Return where the durations are by which rows are divided."""
    return Path(config.getoption("--environments")).parent / DURATIONS


def milliseconds(row: str, durations: Durations, rate: tuple[float, float, float] = _MOCK) -> int:
    """Return about how long a row takes a machine; one that nobody has recorded is taken for average."""
    told: RowDuration = durations.rows.get(row) or mean_duration(durations)
    of_row, of_call, of_second = rate
    return round(of_row + of_call * told.calls + of_second * told.seconds)


def _unit_of(item: pytest.Item) -> str:
    """Return what stays together with the test: all tests on a mutant, which together kill it."""
    mutant = _mutant_of(item)
    return item.nodeid if mutant is None else f"mutant {mutant.id}"


def _mutant_of(item: pytest.Item) -> "Mutant | None":
    callspec = getattr(item, "callspec", None)
    mutant: Mutant | None = callspec.params.get("mutant") if callspec is not None else None
    return mutant


def _text(value: object) -> str:
    """Return what was given as it is compared; what was not given is empty."""
    many = value if isinstance(value, list) else [value] if value not in (None, False) else []
    return " ".join(map(str, redact_value([str(each) for each in many])))
