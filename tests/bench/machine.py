"""What every benchmark is held against, for machines differ and drift: fixed work, done beside each round."""

import hashlib
import json
import resource

from seatrials.seams.clock import wall_seconds

_ROUNDS = 30


def cpu_seconds() -> float:
    """Return the CPU time of this process and of its children that have ended."""
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def yardstick_seconds() -> float:
    """Return the CPU time of work like that of the twin: dictionaries, text, JSON, sorting and hashes."""
    began = cpu_seconds()
    for number in range(_ROUNDS):
        items = [
            {"id": f"session-{each}", "at": each * number % 997, "tags": ["a", "b", str(each)]} for each in range(600)
        ]
        items.sort(key=lambda item: str(item["at"]))
        text = json.dumps(items, sort_keys=True)
        hashlib.sha256(text.encode()).hexdigest()
        assert len(json.loads(text)) == len(items)
    return cpu_seconds() - began


__all__ = ["cpu_seconds", "wall_seconds", "yardstick_seconds"]
