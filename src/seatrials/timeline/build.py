"""From the evidence of a row to its timeline: items in lanes and tracks, states that last, and what led to what."""

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import replace

from seatrials.environments.kinds import KINDS
from seatrials.evidence.outcome import CellOutcome
from seatrials.timeline.causes import Links, story_of
from seatrials.timeline.derived import derived_from
from seatrials.timeline.evidence import RunFiles, read_row
from seatrials.timeline.kinds import LANES, kind_of, lane_of, title_of
from seatrials.timeline.model import Happening, Item, Level, Timeline

# A browser draws as many without a pause, and the page stays far below two megabytes.
ITEMS_MAX = 6_000
_LANE_ORDER = {lane: number for number, lane in enumerate(LANES)}
# What is left out last, where there is too much.
_TELLING = frozenset({Level.BAD, Level.FAULT})
_ROUTINE = frozenset({"calls", "table", "logs"})


def build(run: RunFiles, row: str) -> Timeline:
    """Return the timeline of *row*, which the run has."""
    files, result = read_row(run.folder, row), run.results[row]
    message = "" if result.outcome is CellOutcome.PASSED else run.messages.get(row) or result.reason
    happenings = [*files.happenings, *derived_from(files.happenings, files.times.ended)]
    if result.failed or result.outcome is CellOutcome.CRASHED:
        first = message.strip().partition("\n")[0]
        happenings.append(Happening(at=files.times.ended, kind="failure", subject=first, details={"message": message}))
    happenings.sort(key=lambda each: (each.at, each.kind == "failure"))
    items = _packed(_lasting(_items(happenings), files.times.ended))
    kept = _bounded(items)
    links = Links(kept)
    linked = tuple(replace(item, causes=links.causes(index)) for index, item in enumerate(kept))
    failure = next((index for index, item in enumerate(linked) if item.happening.kind == "failure"), None)
    return Timeline(
        row=row,
        test=run.tests[row],
        sentence=run.sentences.get(row, ""),
        outcome=result.outcome,
        message=message,
        items=linked,
        times=files.times,
        facts=_facts(run),
        failure=failure,
        story=story_of(linked, failure),
        left_out=len(items) - len(kept),
        problems=(*run.problems, *files.problems),
    )


def _facts(run: RunFiles) -> dict[str, str]:
    record, kind = run.record, KINDS.get(run.record.kind or "")
    told = {
        "Run": f"{record.environment or 'an unnamed environment'}, {run.folder.path.name}",
        "Kind": record.kind,
        "Commit": f"{record.commit[:12]}{' with uncommitted changes' if record.dirty else ''}"
        if record.commit
        else None,
        "Seed": None if kind is None or kind.is_shared else record.seed,
    }
    return {name: str(value) for name, value in told.items() if value is not None}


def _items(happenings: Iterable[Happening]) -> list[Item]:
    states: dict[tuple[str, str], str] = {}
    items = []
    for each in happenings:
        kind, lane = kind_of(each), lane_of(each)
        state = str(each.details.get("state"))
        # What says again what it said before is no news.
        if each.kind == "session" and states.get((each.kind, each.subject)) == state:
            continue
        states[each.kind, each.subject] = state
        service = each.details.get("service")
        about = f"{each.subject} {service}" if each.kind == "task" and service else each.subject
        track = about if kind.is_state else ""
        title, level = title_of(each), kind.level(each)
        items.append(Item(happening=each, lane=lane, track=track, title=title, level=level, until=each.until))
    return items


def _lasting(items: Sequence[Item], ended: float) -> list[Item]:
    """Return the items with states that last until the next one of their track, or to the end."""
    until: dict[tuple[str, str], float] = {}
    lasting = []
    for item in reversed(items):
        key = (item.happening.kind, item.track)
        if kind_of(item.happening).is_state:
            lasting.append(replace(item, until=until.get(key, max(ended, item.at))))
            until[key] = item.at
        elif item.happening.kind == "fault":
            lasting.append(replace(item, until=_end_of_fault(item, until, ended)))
        else:
            lasting.append(item)
    lasting.reverse()
    return lasting


def _end_of_fault(item: Item, until: dict[tuple[str, str], float], ended: float) -> float | None:
    """Return until when a fault lasts: its own length, or until the event that says that it has ended."""
    key, details = ("fault", item.happening.subject), item.happening.details
    seconds = details.get("seconds")
    if details.get("state") == "ended":
        until[key] = item.at
        return None
    if isinstance(seconds, int | float):
        return item.at + seconds
    return until.pop(key, max(ended, item.at)) if details.get("state") == "begun" else None


def _packed(items: Sequence[Item]) -> list[Item]:
    """Return the items with those that last and would cover one another in tracks of their own."""
    free: dict[str, list[tuple[float, int]]] = {}
    packed = []
    for item in items:
        if item.track or item.until is None or item.until <= item.at:
            packed.append(item)
            continue
        ends = free.setdefault(item.lane, [])
        number = heapq.heappop(ends)[1] if ends and ends[0][0] <= item.at else len(ends) + 1
        heapq.heappush(ends, (item.until, number))
        packed.append(replace(item, track=f"{item.happening.kind} {number}"))
    return packed


def _bounded(items: list[Item]) -> list[Item]:
    """Return at most ITEMS_MAX of the items, in their order: what tells most, and what is nearest to the end."""
    if len(items) <= ITEMS_MAX:
        return items

    def weight(index: int) -> tuple[int, int]:
        item = items[index]
        if item.lane == "scenario" or item.level in _TELLING:
            return (2, index)
        return (0 if item.lane in _ROUTINE and item.level is Level.PLAIN else 1, index)

    kept = sorted(heapq.nlargest(ITEMS_MAX, range(len(items)), key=weight))
    return [items[index] for index in kept]


def lanes_in(timeline: Timeline) -> list[str]:
    """Return the lanes that have something in them, from the top down."""
    return sorted({item.lane for item in timeline.items}, key=_LANE_ORDER.__getitem__)
