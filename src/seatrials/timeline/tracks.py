"""The lanes of a timeline as threads, in which nothing overlaps: what the tools for traces want of their spans."""

from seatrials.timeline.kinds import LANES
from seatrials.timeline.model import Item, Timeline


def thread_names(timeline: Timeline) -> dict[tuple[str, str], str]:
    """Return a name for each (lane, track) of *timeline*, in the order of the lanes."""
    order = list(LANES)
    keys = sorted({(item.lane, item.track) for item in timeline.items}, key=lambda key: (order.index(key[0]), key[1]))
    return {(lane, track): f"{LANES[lane]}: {track}" if track else LANES[lane] for lane, track in keys}


def thread_of(item: Item) -> tuple[str, str]:
    """Return the (lane, track) of *item*."""
    return item.lane, item.track
