"""Many seeds, in as many processes as there are processors: progress, what was found, and what was met."""

import gc
import hashlib
import multiprocessing
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from seatrials.environments.environment import Environment
from seatrials.explore.coverage import Met, new_by_hundred, table
from seatrials.explore.hunt import Hunted, hunt, replay
from seatrials.explore.journal import Journal
from seatrials.explore.schedule import parse
from seatrials.mutants.mutant import Mutant
from seatrials.mutants.planted import EXPLORABLE
from seatrials.stacks import StackOptions
from seatrials.stacks.mock.stacks import MockStacks

_PROGRESS_SEEDS = 25
# As rows of the mock have it: a world is two megabytes.
_COLLECTION_THRESHOLDS = (50_000, 10, 10)
Tell = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Exploration:
    """What is explored, and how far."""

    environment: Environment
    seeds: tuple[int, ...]
    folder: Path
    workers: int
    # The id of a broken platform.
    mutant: str | None = None
    resume: bool = False


@dataclass
class Explored:
    """What an exploration came to."""

    done: dict[int, Hunted] = field(default_factory=dict)
    was_interrupted: bool = False

    @property
    def found(self) -> list[Hunted]:
        """Return the seeds whose schedules fail."""
        return [each for _, each in sorted(self.done.items()) if each.seen]

    def counts(self) -> Counter[Met]:
        """Return how often each state of a session met each phase of each fault."""
        return Counter(each for hunted in self.done.values() for each in hunted.met)

    def newly(self) -> list[int]:
        """Return how many of these each seed met first."""
        known: set[Met] = set()
        news = []
        for _, hunted in sorted(self.done.items()):
            news.append(len(hunted.met - known))
            known |= hunted.met
        return news


def explore(what: Exploration, tell: Tell) -> Explored:
    """Take every seed; *tell* hears how far it is, and of each schedule that fails at once."""
    explored = Explored()
    journal = Journal(what.folder / "journal.jsonl", f"{_tree()} {what.mutant or ''}".strip())
    if what.resume:
        explored.done = {seed: each for seed, each in journal.done().items() if seed in what.seeds}
        tell(f"{len(explored.done)} of {len(what.seeds)} seeds were done before")
    else:
        journal.begin()
    left = [seed for seed in what.seeds if seed not in explored.done]
    try:
        for hunted in _hunted(what, left):
            explored.done[hunted.seed] = hunted
            journal.add(hunted)
            if hunted.seen:
                tell(told(hunted, what.mutant, what.environment.world))
            if len(explored.done) % _PROGRESS_SEEDS == 0:
                met = len(explored.counts())
                tell(f"{len(explored.done)} of {len(what.seeds)} seeds, {len(explored.found)} fail, {met} things met")
    except KeyboardInterrupt:
        explored.was_interrupted = True
    (what.folder / "coverage.md").write_text("\n".join(coverage_lines(explored)) + "\n", encoding="utf-8")
    return explored


def replayed(environment: Environment, seed: int, steps: str, mutant: str | None = None) -> Hunted:
    """Take the *steps* that `explore` has shown, on their seed's world; raises `ConfigurationError` for wrong ones."""
    schedule = parse(steps)
    return replay(_stacks(environment), seed, schedule, _mutant(mutant))


def told(hunted: Hunted, mutant: str | None = None, world: str = "default") -> str:
    """Return a schedule that fails, with what was seen and the command that replays it."""
    of = f" --mutant {mutant}" if mutant else ""
    of += f" --world {world}" if world != "default" else ""
    count = hunted.steps.count(";") + 1
    return "\n".join(
        [
            f"seed {hunted.seed} fails after {count} steps: {hunted.seen}",
            *(f"  {number}. {step.strip()}" for number, step in enumerate(hunted.steps.split(";"), 1)),
            f"replay: seatrials explore{of} --seed {hunted.seed} --steps {hunted.steps!r}",
            f"trace: {hunted.trace_sha256}",
        ]
    )


def coverage_lines(explored: Explored) -> list[str]:
    """Return what was met, as Markdown."""
    news = ", ".join(map(str, new_by_hundred(explored.newly()))) or "nothing"
    return [
        f"{len(explored.done)} seeds. Met for the first time, by hundred seeds: {news}.",
        "",
        *table(explored.counts()),
    ]


def _hunted(what: Exploration, seeds: Sequence[int]) -> Iterator[Hunted]:
    """Yield what each seed comes to, in whatever order they end."""
    if what.workers <= 1:
        mutant = _mutant(what.mutant)
        yield from (hunt(_stacks(what.environment), seed, mutant) for seed in seeds)
        return
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(what.workers, context, _begin_worker) as pool:
        futures = [pool.submit(_hunt, what.environment, seed, what.mutant) for seed in seeds]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _begin_worker() -> None:
    # Ctrl-C is the parent's to hear, which has the workers end after the seed that they are at.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.set_threshold(*_COLLECTION_THRESHOLDS)


def _hunt(environment: Environment, seed: int, mutant: str | None) -> Hunted:
    return hunt(_stacks(environment), seed, _mutant(mutant))


@cache
def _stacks_of(text: str) -> MockStacks:
    return MockStacks(Environment.model_validate_json(text), StackOptions(seed=1))


def _stacks(environment: Environment) -> MockStacks:
    return _stacks_of(environment.model_dump_json())


def _mutant(name: str | None) -> Mutant | None:
    return None if name is None else EXPLORABLE[name]


def _tree() -> str:
    """Return what the sources are, so that what was done with others is not taken for theirs."""
    root = Path(__file__).parents[1]
    files: Iterable[Path] = sorted([*root.rglob("*.py"), *root.rglob("*.toml")])
    return hashlib.sha256(b"".join(each.read_bytes() for each in files)).hexdigest()
