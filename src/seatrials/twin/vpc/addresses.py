"""Addresses of subnets: which is the next one that nobody has.

Source: Amazon VPC User Guide, "Subnet CIDR blocks": the first four addresses of a block and its last one are AWS's own.
"""

from collections.abc import Iterable
from itertools import chain

from seatrials.twin.vpc.inventory import network_of

_FIRST_HOST = 4
# Tasks begin here, so that load balancers and mount targets, which are there first, are told from them at a glance.
FIRST_TASK = 10


class Addresses:
    """Who has which address of a world."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)
        # Where the search goes on, by block: an address comes round again as late as possible.
        self._next: dict[str, int] = {}

    def take(self, block: str, first: int = _FIRST_HOST) -> str | None:
        """Return a free address of a subnet's *block*, from its host *first* on; None when it has none left."""
        network = network_of(block)
        end = network.num_addresses - 1
        begin = max(first, self._next.get(block, first))
        for host in chain(range(begin, end), range(_FIRST_HOST, min(begin, end))):
            address = str(network[host])
            if address not in self._taken:
                self._taken.add(address)
                self._next[block] = host + 1
                return address
        return None

    def give_back(self, address: str) -> None:
        """Let an address be somebody else's."""
        self._taken.discard(address)
