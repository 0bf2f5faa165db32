"""What the item of the lease says, whoever wrote it, and the condition that it still says exactly that.

It has `run_id`, `owner`, `members` (the processes of the run), `beats` and `fence`; a lease that was given back has its
`fence` alone. An item that is neither counts as held by somebody unknown.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from decimal import Decimal

from seatrials.safety.store import KEY_PREFIX, Item, Store

KIND, NAME = "lease", "stack"
_FIELDS = frozenset({"run_id", "owner", "members", "beats", "fence"})
# A number that is larger was not counted by anybody.
_COUNT_MAX = 10**18


@dataclass(frozen=True)
class Exactly:
    """The condition that an item is what somebody has read, in DynamoDB's terms."""

    condition: str
    values: Item
    names: dict[str, str]


@dataclass(frozen=True)
class Reading:
    """The item as it was read; its content is None when there is none."""

    content: Item | None

    @property
    def is_free(self) -> bool:
        """Whether nobody has the lease: it was never taken, or was given back."""
        content = self.content
        return content is None or (_is_count(content.get("fence")) and not content.keys() & (_FIELDS - {"fence"}))

    @property
    def is_lease(self) -> bool:
        """Whether it is a lease that some run has."""
        content = self.content or {}
        return (
            all(isinstance(content.get(name), str) and content[name] for name in ("run_id", "owner"))
            and all(_is_count(content.get(name)) for name in ("beats", "fence"))
            and ("members" not in content or _is_set_of_text(content["members"]))
        )

    @property
    def fence(self) -> int:
        """The number of the last taking; 0 before the first, and where the item does not say."""
        # After an unreadable number the count begins anew, which lets nobody in: conditions ask for the run as well.
        fence = (self.content or {}).get("fence", 0)
        return int(fence) if _is_count(fence) else 0

    @property
    def run_id(self) -> str | None:
        """The run that has it, or had it when it died; None for a lease that is free, or none."""
        return str((self.content or {})["run_id"]) if self.is_lease else None

    def is_of(self, run_id: str, fence: int | None = None) -> bool:
        """Whether the run has the lease, by the taking of number *fence* if one is given."""
        content = self.content or {}
        return content.get("run_id") == run_id and (fence is None or content.get("fence") == fence)

    def exactly(self) -> Exactly:
        """Return the condition that the item is still as it was read; names of others' attributes may be reserved."""
        content = self.content or {}
        names = dict(enumerate(sorted(_FIELDS | content.keys())))
        terms = [f"#a{n} = :a{n}" if name in content else f"attribute_not_exists(#a{n})" for n, name in names.items()]
        return Exactly(
            " AND ".join(terms),
            {f":a{n}": content[name] for n, name in names.items() if name in content},
            {f"#a{n}": name for n, name in names.items()},
        )


def read(store: Store) -> Reading:
    """Return the lease as it stands in the table, by a strongly consistent read."""
    return Reading(store.get(KIND, NAME))


def describe(store: Store, reading: Reading) -> str:
    """Say who has the lease, as far as a single look can tell."""
    if reading.is_free:
        return "free"
    return f"{holder_of(store, reading)} has it, or had it"


def holder_of(store: Store, reading: Reading) -> str:
    """Name who has a lease that is not free."""
    if reading.is_lease and reading.content is not None:
        return f"the run {reading.content['run_id']} of {reading.content['owner']}"
    return f"somebody unknown (the item {KEY_PREFIX}{KIND}/{NAME} of the table {store.table} is no lease)"


def _is_count(value: object) -> bool:
    # What DynamoDB calls a number is a Decimal here.
    return isinstance(value, Decimal) and 0 <= value < _COUNT_MAX and value % 1 == 0


def _is_set_of_text(value: object) -> bool:
    return isinstance(value, AbstractSet) and all(isinstance(each, str) for each in value)
