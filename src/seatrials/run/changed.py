"""A run of what a change can touch: `--changed REF` leaves out the tests of which a recording shows that it cannot.

Such a run is partial, also when nothing could be left out, and its evidence says so: the gate wants a run that was
never asked to be anything but whole.
"""

import hashlib
import platform as machine
from collections.abc import Mapping
from pathlib import Path

import pytest

from seatrials.affected.recording import Recording, read_recording
from seatrials.affected.selection import Selection, select
from seatrials.affected.tree import FOLDER, committed_tree, root_of, work_tree
from seatrials.environments.environment import Environment
from seatrials.environments.variables import read_variables
from seatrials.errors import ConfigurationError
from seatrials.run.items import PARTIAL_KEY, say
from seatrials.run.sources import library_folders
from seatrials.stacks import wants_plain_moto

_WORKER_KEY = "seatrials_left_out"
_HEALTHY = "healthy"
_HASH_CHARACTERS = 8


class ChangedRows:
    """A plugin of pytest that leaves tests out; the controller chooses, so that all workers leave out the same."""

    def __init__(self, config: pytest.Config, environment: Environment) -> None:
        worker = getattr(config, "workerinput", None)
        self._revision = str(config.getoption("--changed"))
        if worker is not None:
            self._selection = Selection(left_out=frozenset(worker[_WORKER_KEY]), why="")
            return
        recording = read_recording(path_of(config, environment))
        self._selection = self._choose(config, environment, recording)
        told = f"since {self._revision}: {self._selection.why}"
        config.stash[PARTIAL_KEY] = f"only what a change can touch was to run: {told}"
        if _is_nothing(recording, self._selection):
            pytest.exit(f"seatrials: no row is run: {told}", returncode=0)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: object) -> None:
        """Tell a worker of pytest-xdist what to leave out."""
        vars(node)["workerinput"][_WORKER_KEY] = sorted(self._selection.left_out)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Deselect what the change cannot touch."""
        left_out = _whole_groups(self._selection.left_out, [item.nodeid for item in items])
        deselect(config, items, left_out)

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Say why which rows run, once."""
        if not hasattr(session.config, "workerinput"):
            say(session.config, f"seatrials: since {self._revision}: {self._selection.why}")

    def _choose(self, config: pytest.Config, environment: Environment, recording: Recording | None) -> Selection:
        root = root_of(config.rootpath)
        trees = committed_tree(root, self._revision), work_tree(root)
        chosen = select(recording, about(config, environment), *trees)
        if recording is None or recording.is_whole or not chosen.left_out:
            return chosen
        return Selection(left_out=chosen.left_out, why=f"{chosen.why}; and all that is not recorded")


def _is_nothing(recording: Recording | None, selection: Selection) -> bool:
    """Whether every test that there is was recorded and is left out: one that is new is in a file that changed."""
    return recording is not None and recording.is_whole and set(recording.tests) == set(selection.left_out) != set()


def check_use(config: pytest.Config, environment: Environment) -> None:
    """Raise for an environment on which nothing can be recorded, and for who asks to record and to choose at once."""
    if environment.kind.is_shared:
        msg = (
            f"{environment.name} is no mock, and nobody sees what it executes: --changed and --record-coverage need one"
        )
        raise ConfigurationError(msg)
    if config.getoption("--changed") is not None and config.getoption("--record-coverage"):
        msg = "--record-coverage runs whatever is not up to date: take --changed in another run"
        raise ConfigurationError(msg)


def path_of(config: pytest.Config, environment: Environment) -> Path:
    """Return where the recording of such a run is."""
    name = f"{environment.name}-mutants" if config.getoption("--on-mutants") else environment.name
    return root_of(config.rootpath) / FOLDER / "coverage" / f"{name}.json"


def about(config: pytest.Config, environment: Environment) -> dict[str, str]:
    """Return what decides, besides the files of the tree, what a test executes."""
    libraries = sorted({each.name for folder in library_folders() for each in folder.glob("*.dist-info")})
    given = {name: config.getoption(name) for name in ("--stack", "--mutants")}
    return {
        "Python": machine.python_version(),
        "the set of libraries": _digest("\n".join(libraries).encode()),
        "the environment": f"{environment.name} {_digest(repr(environment).encode())}",
        "the seed": str(config.getoption("--seed")),
        "the world": str(config.getoption("--world")),
        "plain moto": str(wants_plain_moto(read_variables())),
        **{
            f"the file of {name}": _digest(path.read_bytes()) for name, path in given.items() if path and path.is_file()
        },
    }


def deselect(config: pytest.Config, items: list[pytest.Item], left_out: frozenset[str]) -> None:
    """Take tests out of a run, in pytest's words."""
    others = [item for item in items if item.nodeid in left_out]
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item.nodeid not in left_out]


def known_of(recording: Recording | None, asked: Mapping[str, str]) -> Recording | None:
    """Return the recording if it is of such a run, and so can be brought up to date."""
    return recording if recording is not None and recording.about == asked else None


def _whole_groups(left_out: frozenset[str], tests: list[str]) -> frozenset[str]:
    """Return what is left out where each mutant that is run is run by all its rows, and a healthy row on all mutants.

    Half of a mutant's rows may not kill it, and a row without its mutants would seem to kill none.
    """
    platforms = {test: _platform(test) for test in tests}
    run = [test for test in tests if test not in left_out]
    mutants = {platforms[test] for test in run} - {_HEALTHY, ""}
    rows = {test.partition("[")[0] for test in run if platforms[test] == _HEALTHY}
    return frozenset(
        test for test in left_out if platforms.get(test) not in mutants and test.partition("[")[0] not in rows
    )


def _platform(test: str) -> str:
    return test.partition("[")[2].removesuffix("]")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:_HASH_CHARACTERS]
