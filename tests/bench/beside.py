"""Whether this tree is slower than that of another commit: both run their benchmarks here and now, in turns.

Kept figures cannot tell. From one machine to another, or on one that is busy, a yardstick becomes slower by another
factor than what is held against it; two trees that take turns meet the same machine.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from seatrials.environments.variables import read_variables
from tests.bench.changes import changes, slower, table
from tests.bench.figures import KEPT
from tests.support.project import PROJECT

_BENCHMARKS = ("-m", "pytest", "tests/bench", "-p", "pytest_benchmark.plugin", "-q", "-n", "0")
_TURNS_MIN = 2
_TIMED = ("--benchmark-timer", "tests.bench.machine.cpu_seconds", "--benchmark-disable-gc")


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare, print what changed, and return 1 when something is slower beyond the noise of the turns."""
    parser = argparse.ArgumentParser(prog="nox -s bench --", description="Compare with another commit, in turns.")
    parser.add_argument("--compare", nargs="?", metavar="COMMIT", help=f"by default the last that changed {KEPT.name}")
    parser.add_argument("--turns", type=int, default=3, help="how often each of the two runs (%(default)s)")
    options, selected = parser.parse_known_args(arguments)
    if options.turns < _TURNS_MIN:
        parser.error(f"{options.turns} turns show no noise; take {_TURNS_MIN} or more")
    commit = _commit_of(options.compare or _git("log", "-1", "--format=%H", "--", KEPT.name))
    with _tree_of(commit) as then:
        turns = list(_turns(then, options.turns, selected))
    found = changes(turns)
    print(f"beside {commit}, in {options.turns} turns", *table(found), *slower(found), sep="\n")  # noqa: T201  # what it is for
    return 1 if slower(found) else 0


def _commit_of(name: str) -> str:
    """Return the hash of a commit; ends the program where there is none, as in a clone that is too shallow."""
    try:
        return _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    except subprocess.CalledProcessError:
        sys.exit(f"--compare {name}: this clone has no such commit; give another one, or fetch it")


@contextmanager
def _tree_of(commit: str) -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        tree = Path(folder) / "then"
        _git("worktree", "add", "--quiet", "--detach", str(tree), commit)
        try:
            yield tree
        finally:
            _git("worktree", "remove", "--force", str(tree))


def _turns(
    then: Path, count: int, selected: Sequence[str]
) -> Iterator[tuple[Mapping[str, float], Mapping[str, float]]]:
    """Yield the seconds of both, then and now, by the benchmark; who is first changes from turn to turn."""
    for number in range(count):
        # The other commit's may not run here at all, which is better known before anything else has run.
        order = [PROJECT, then] if number % 2 else [then, PROJECT]
        seconds = {}
        for tree in order:
            print(f"turn {number + 1} of {count}: {'then' if tree == then else 'now'}", flush=True)  # noqa: T201  # progress
            seconds[tree] = _cpu_seconds(tree, count, selected)
        yield seconds[then], seconds[PROJECT]


def _cpu_seconds(tree: Path, turns: int, selected: Sequence[str]) -> dict[str, float]:
    """Run a tree's benchmarks, each with its part of the rounds, by the packages of this environment."""
    variables = {name: value for name, value in read_variables().items() if value is not None}
    variables |= {"PYTHONPATH": str(tree / "src"), "BENCH_TURNS": str(turns)}
    with TemporaryDirectory() as folder:
        figures = Path(folder) / "figures.json"
        command = [sys.executable, *_BENCHMARKS, *_TIMED, f"--benchmark-json={figures}", *selected]
        ended = subprocess.run(command, cwd=tree, env=variables, capture_output=True, text=True, check=False)  # noqa: S603  # our own program
        if ended.returncode:
            told = f"{ended.stdout}{ended.stderr}"[-4000:]
            sys.exit(f"the benchmarks of {tree} failed with exit code {ended.returncode}:\n{told}")
        measured = json.loads(figures.read_text(encoding="utf-8"))["benchmarks"]
    return {each["name"]: each["stats"]["median"] for each in measured}


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(PROJECT), *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()  # noqa: S603  # our own arguments


if __name__ == "__main__":
    sys.exit(main())
