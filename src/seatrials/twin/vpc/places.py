"""The two ends of a connection, and what keeps one from the other."""

from dataclasses import dataclass

# What stands for everything beyond a VPC's gateways: a service of AWS, a registry, a public address of a task's own. A
# rule or route that is about all of the internet covers it. Source of the block: RFC 5737, documentation.
INTERNET_ADDRESS = "198.51.100.1"


@dataclass(frozen=True)
class Place:
    """One end of a connection: a network interface in a subnet, or somewhere outside of every VPC."""

    address: str
    # How it is told: `service webordinary-edit-service`, `a client outside`.
    label: str
    # Empty outside.
    subnet: str = ""
    groups: tuple[str, ...] = ()
    # Whether the internet knows it: a task with AssignPublicIp, a load balancer that is internet-facing.
    is_public: bool = False
    # Whether its name leads to its public address, also for who is in the same VPC.
    is_known_by_public_name: bool = False
    # Of a service of AWS outside, the name of the prefix list that has its addresses.
    prefix_list: str = ""

    @property
    def is_outside(self) -> bool:
        """Whether it is in no VPC of the world."""
        return not self.subnet


@dataclass(frozen=True)
class Blocked:
    """Why a connection does not come about: *resource*, an id of AWS or a label, and what is the matter with it.

    A name that is not resolved is known at once; else packets are lost, and who connects waits for its own patience.
    """

    resource: str
    why: str
    is_unresolved: bool = False
