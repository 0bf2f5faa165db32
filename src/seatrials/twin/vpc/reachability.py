"""Whether a TCP connection from one place to another comes about: one function of what EC2 holds.

Source: Amazon VPC User Guide, with the sections that `rules.py` and `routes.py` name. Within a VPC every subnet reaches
every other by the local route. Peering connections and transit gateways are left out: another VPC is not reached.
"""

from dataclasses import replace

from seatrials.twin.vpc.inventory import Inventory
from seatrials.twin.vpc.places import INTERNET_ADDRESS, Blocked, Place
from seatrials.twin.vpc.routes import way_in, way_out
from seatrials.twin.vpc.rules import lets_across, lets_in, lets_out


def reach(inventory: Inventory, source: Place, target: Place, port: int) -> Blocked | None:
    """Return what keeps *source* from *port* of *target*, None when nothing does."""
    if source.is_outside:
        return None if target.is_outside else _from_outside(inventory, source, target, port)
    if target.is_outside:
        return _to_outside(inventory, source, target, port)
    if target.is_known_by_public_name:
        return _and_back(inventory, source, target, port)
    return _within(inventory, source, target, port)


def _within(inventory: Inventory, source: Place, target: Place, port: int) -> Blocked | None:
    here, there = inventory.vpc_of(source.subnet), inventory.vpc_of(target.subnet)
    if here != there:
        return Blocked(there, f"is another VPC than {here}, and connections between VPCs are left out")
    return (
        lets_out(inventory, source, target, port)
        or lets_across(inventory, source, target, port)
        or lets_in(inventory, target, source, port)
    )


def _to_outside(inventory: Inventory, source: Place, target: Place, port: int) -> Blocked | None:
    way = way_out(inventory, source, port)
    if isinstance(way, Blocked):
        return way
    return lets_out(inventory, source, target, port) or lets_across(inventory, source, target, port)


def _from_outside(inventory: Inventory, source: Place, target: Place, port: int) -> Blocked | None:
    if not target.is_public:
        return Blocked(target.label, "has private addresses only, which nobody outside of its VPC reaches")
    return (
        way_in(inventory, target)
        or lets_across(inventory, source, target, port)
        or lets_in(inventory, target, source, port)
    )


def _and_back(inventory: Inventory, source: Place, target: Place, port: int) -> Blocked | None:
    """Out to the internet and in again: a public name leads to a public address, wherever it is asked for.

    A rule for the members of a group does not let such a connection in. Source: Amazon VPC User Guide, "Security group
    rules": a group that is named stands for the private addresses of its members.
    """
    public = Place(address=INTERNET_ADDRESS, label=target.label)
    blocked = _to_outside(inventory, source, public, port)
    way = way_out(inventory, source, port)
    if blocked is not None or isinstance(way, Blocked):
        return blocked
    return _from_outside(inventory, replace(source, address=way, subnet="", groups=()), target, port)
