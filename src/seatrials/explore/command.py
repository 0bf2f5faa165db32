"""Many seeds, in as many processes as there are processors: progress, what was found, and what was met."""

import gc
import hashlib
import multiprocessing
import signal
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from seatrials.environments.environment import Environment
from seatrials.explore.coverage import Met, new_by_hundred, table
from seatrials.explore.hunt import Hunted, hunt, replay
from seatrials.explore.journal import Journal
from seatrials.explore.schedule import parse
from seatrials.mutants.mutant import Mutant
from seatrials.mutants.planted import EXPLORABLE
from seatrials.stacks import StackOptions
from seatrials.stacks.base import COLLECTION_THRESHOLDS
from seatrials.stacks.mock.stacks import MockStacks
from seatrials.whole_file import write_whole

_PROGRESS_SEEDS = 25
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
    """Take every seed; *tell* hears how far it is, and of each schedule that fails at once.

    A mutant is found once: the first of its seeds that fails is the last one taken.
    """
    explored = Explored()
    of = f"{_tree()} {what.environment.world} {what.mutant or 'healthy'}"
    journal = Journal(what.folder / "journal.jsonl", of)
    if what.resume:
        explored.done = {seed: each for seed, each in journal.done().items() if seed in what.seeds}
        tell(f"{len(explored.done)} of {len(what.seeds)} seeds were done before")
    else:
        journal.begin()
    left = [seed for seed in what.seeds if seed not in explored.done]
    try:
        for hunted in _until_found(what, left):
            explored.done[hunted.seed] = hunted
            journal.add(hunted)
            if hunted.seen:
                tell(told(hunted, what.mutant, what.environment.world))
            if len(explored.done) % _PROGRESS_SEEDS == 0:
                met = len(explored.counts())
                tell(f"{len(explored.done)} of {len(what.seeds)} seeds, {len(explored.found)} fail, {met} things met")
    except KeyboardInterrupt:
        explored.was_interrupted = True
    write_whole(what.folder / "coverage.md", "\n".join([*coverage_lines(explored), ""]))
    return explored


def replayed(environment: Environment, seed: int, steps: str, mutant: str | None = None) -> Hunted:
    """Take the *steps* that `explore` has shown, on their seed's world; raises `ConfigurationError` for wrong ones."""
    schedule = parse(steps)
    with _opened(environment) as stacks:
        return replay(stacks, seed, schedule, _mutant(mutant))


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


def _until_found(what: Exploration, seeds: Sequence[int]) -> Iterator[Hunted]:
    with closing(_hunted(what, seeds)) as found:
        for hunted in found:
            yield hunted
            if hunted.seen and what.mutant is not None:
                return


def _hunted(what: Exploration, seeds: Sequence[int]) -> Generator[Hunted]:
    """Yield what each seed comes to, in whatever order they end."""
    mutant = _mutant(what.mutant)
    with _opened(what.environment) as stacks:
        if what.workers <= 1:
            yield from (hunt(stacks, seed, mutant) for seed in seeds)
        else:
            yield from _hunted_side_by_side(partial(hunt, stacks, mutant=mutant), seeds, what.workers)


def _hunted_side_by_side(hunting: Callable[[int], Hunted], seeds: Sequence[int], workers: int) -> Iterator[Hunted]:
    # Forks have what is deployed, and no process has to be handed it.
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(workers, context, _begin_worker, (hunting,)) as pool:
        futures = [pool.submit(_hunt, seed) for seed in seeds]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            # They may be at making a schedule short, which takes minutes; --resume takes those seeds again.
            for worker in multiprocessing.active_children():
                worker.terminate()


# In a worker: what takes one seed.
_hunting: list[Callable[[int], Hunted]] = []


def _begin_worker(hunting: Callable[[int], Hunted]) -> None:
    # Ctrl-C is the parent's to hear, which ends its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    gc.set_threshold(*COLLECTION_THRESHOLDS)
    _hunting[:] = [hunting]


def _hunt(seed: int) -> Hunted:
    return _hunting[0](seed)


@contextmanager
def _opened(environment: Environment) -> Iterator[MockStacks]:
    with closing(MockStacks(environment, StackOptions(seed=1))) as stacks:
        yield stacks


def _mutant(name: str | None) -> Mutant | None:
    return None if name is None else EXPLORABLE[name]


def _tree() -> str:
    """Return what the sources are, so that what was done with others is not taken for theirs."""
    root = Path(__file__).parents[1]
    files: Iterable[Path] = sorted([*root.rglob("*.py"), *root.rglob("*.toml")])
    return hashlib.sha256(b"".join(each.read_bytes() for each in files)).hexdigest()
