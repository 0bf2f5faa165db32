"""What of a stack's changes during a run nobody accounts for: not the journal, and not the platform's own doing.

By the end of a run its journal is undone, so what the run may change is as it was found, and whatever is not was
changed around the guard, or by somebody else meanwhile: either way the run has not examined one stack. Sessions of
others begin, move and end while a run goes on, which proves nothing; what no session does by itself is unexplained.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from seatrials.platform import contract
from seatrials.safety.baseline import Attributes, Snapshot
from seatrials.safety.store import KEY_PREFIX

# What Hermes writes once, when a session begins.
_WRITTEN_ONCE = ("clientId", "threadId", "previewUrl", "createdAt")
_WRITTEN_ALWAYS = (*_WRITTEN_ONCE, "status", "lastActivity", "ttl")
# Activity takes neither back.
_GROWING = ("lastActivity", "ttl")
_ORDER = {contract.INITIALIZING: 0, contract.ACTIVE: 1, contract.DRAINING: 2, contract.EXPIRED: 3, contract.ERROR: 3}
_SHOWN_CHARACTERS = 120

Key = tuple[str, str]


@dataclass(frozen=True)
class Comparison:
    """A run's start and end."""

    before: Snapshot
    after: Snapshot
    # Of all names that the run has made, and the tasks that its journal says it stopped, by id.
    prefix: str
    stopped: frozenset[str]
    # When the end was looked at, in epoch seconds of the platform.
    now: float

    def unexplained(self) -> list[str]:
        """Return a sentence for each change that neither the run nor the platform accounts for."""
        return [
            *_differences(self.before.things, self.after.things),
            *_changes(self.before.groups, self.after.groups, "target group "),
            *self._targets(),
            *self._rules(),
            *self._access_points(),
            *self._tasks(),
            *sorted(self.after.false_alarms - self.before.false_alarms),
            *(told for key in self._keys() for told in self._session(key)),
        ]

    def others(self) -> list[str]:
        """Return a sentence for each change that is no business of the run, or that sessions of others make.

        They begin, change and end; and an account has alarms, dashboards and file systems of other stacks.
        """
        keys = [key for key in self._keys() if not key[0].startswith(KEY_PREFIX)]
        changed = [key for key in keys if not list(self._session(key))]
        told = {key: _moved(self.before.items.get(key), self.after.items.get(key)) for key in changed}
        sessions = [f"session {key[0]} {how}" for key, how in told.items() if how]
        return sessions + list(_differences(self.before.neighbours, self.after.neighbours))

    def _keys(self) -> list[Key]:
        """Return the keys of all items that are not the run's own."""
        before, after = self.before.items, self.after.items
        return [key for key in sorted({*before, *after}) if not self._is_own(after.get(key) or before[key])]

    def _is_own(self, item: Attributes) -> bool:
        return str(item.get("clientId", "")).startswith(self.prefix)

    def _session(self, key: Key) -> Iterator[str]:
        before, after = self.before.items.get(key), self.after.items.get(key)
        if key[0].startswith(KEY_PREFIX):
            if before is None and not self._is_of_run(key[1], after or {}):
                yield f"item {' '.join(key)} is new, and no run has this stack but this one"
        elif after is None:
            assert before is not None, "a key is one of either"
            yield from self._gone(key, before)
        elif before is None:
            missing = [name for name in _WRITTEN_ALWAYS if name not in after]
            if missing or not key[0].startswith(contract.SESSION_ID_PREFIX):
                yield f"item {key[0]} is new, and is no session as Hermes makes one (without {', '.join(missing)})"
        else:
            yield from _impossible(key[0], before, after)

    def _is_of_run(self, name: str, item: Attributes) -> bool:
        run_id = self.prefix.removeprefix("TEST_").removesuffix("_")
        return name == "stack" or item.get("run_id") == run_id

    def _gone(self, key: Key, before: Attributes) -> Iterator[str]:
        # DynamoDB deletes an item when its time is over, and nobody else does.
        ttl = before.get("ttl")
        if str(before.get("status")) in contract.OPEN and not (isinstance(ttl, int | float) and ttl < self.now):
            yield f"session {key[0]} of {before.get('clientId')} is gone, which was {before.get('status')}"

    def _targets(self) -> Iterator[str]:
        stayed = self.before.addresses & self.after.addresses
        for arn in sorted(self.before.targets.keys() & self.after.targets.keys()):
            before, after = self.before.targets[arn], self.after.targets[arn]
            for address in sorted((before & stayed) - after):
                yield f"target {address} is gone from {arn}, and its task still runs"
        for arn, after in self.after.targets.items():
            for address in sorted(after - self.before.targets.get(arn, frozenset()) - self.after.addresses):
                yield f"target {address} is new in {arn}, and of no task of the services"

    def _rules(self) -> Iterator[str]:
        sessions = {key[0] for key in (*self.before.items, *self.after.items)}
        for arn in sorted(self.after.rules.keys() - self.before.rules.keys()):
            if not any(each in str(self.after.rules[arn]["Conditions"]) for each in sessions):
                yield f"rule {arn} is new, and names no session"
        for key in self._unmoved():
            before, after = (_rules_of(each, key[0]) for each in (self.before, self.after))
            if before and not after:
                yield f"the rules of session {key[0]} are gone, which is where it was"
            for arn in sorted(before.keys() & after.keys()):
                if before[arn] != after[arn]:
                    yield f"rule {arn} of session {key[0]} is another, which is where it was"

    def _unmoved(self) -> list[Key]:
        """Return the keys of others' sessions that are active and where they were."""
        pairs = {key: (self.before.items.get(key), self.after.items.get(key)) for key in self._keys()}
        return [
            key
            for key, (before, after) in pairs.items()
            if before and after and before.get("taskArn") == after.get("taskArn")
            if [before.get("status"), after.get("status")] == [contract.ACTIVE] * 2
        ]

    def _access_points(self) -> Iterator[str]:
        before, after = self.before.access_points, self.after.access_points
        clients = {str(item.get("clientId")) for item in (*self.before.items.values(), *self.after.items.values())}
        for each in sorted(before.keys() - after.keys()):
            if not before[each].startswith("TEST_"):
                yield f"access point {each} of {before[each]} is gone"
        for each in sorted(after.keys() - before.keys()):
            if after[each] not in clients:
                yield f"access point {each} of {after[each] or 'nobody'} is new, and no session is of that client"

    def _tasks(self) -> Iterator[str]:
        for arn in sorted(self.after.lone_tasks - self.before.lone_tasks):
            yield f"task {arn} is new, and of no service"
        for arn in sorted(self.after.stopped_tasks - self.before.stopped_tasks):
            if arn.rpartition("/")[2] not in self.stopped:
                yield f"task {arn} was stopped by a call that the journal does not have"


def _differences(before: Mapping[str, Attributes], after: Mapping[str, Attributes]) -> Iterator[str]:
    yield from (f"{name} is gone" for name in sorted(before.keys() - after.keys()))
    yield from (f"{name} is new" for name in sorted(after.keys() - before.keys()))
    yield from _changes(before, after)


def _changes(before: Mapping[str, Attributes], after: Mapping[str, Attributes], kind: str = "") -> Iterator[str]:
    """Yield a sentence for each attribute that is another, of what is there before and after."""
    for name in sorted(before.keys() & after.keys()):
        one, other = before[name], after[name]
        for each in sorted({*one, *other}):
            if one.get(each) != other.get(each):
                yield f"{kind}{name} has {each} {_short(other.get(each))}, and had {_short(one.get(each))}"


def _impossible(session_id: str, before: Attributes, after: Attributes) -> Iterator[str]:
    """Yield what happens to no session by itself."""
    for name in _WRITTEN_ONCE:
        if before.get(name) != after.get(name):
            yield f"session {session_id} has {name} {_short(after.get(name))}, and had {_short(before.get(name))}"
    one, other = (_ORDER.get(str(each.get("status"))) for each in (before, after))
    if one is not None and (other is None or other < one):
        yield f"session {session_id} is {after.get('status')}, and was {before.get('status')}"
    for name in _GROWING:
        was, became = before.get(name), after.get(name)
        if was is not None and not (_is_number(became) and _is_number(was) and became >= was):
            yield f"session {session_id} has {name} {_short(became)}, and had {_short(was)}"


def _is_number(value: Any) -> bool:  # noqa: ANN401  # any value of DynamoDB
    return isinstance(value, int | float)


def _moved(before: Attributes | None, after: Attributes | None) -> str:
    if before is None or after is None:
        return "came" if before is None else "went"
    changed = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    return f"changed in {', '.join(changed)}" if changed else ""


def _rules_of(seen: Snapshot, session_id: str) -> dict[str, Attributes]:
    return {arn: rule for arn, rule in seen.rules.items() if session_id in str(rule["Conditions"])}


def _short(value: Any) -> str:  # noqa: ANN401  # any value of AWS
    text = str(value)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
