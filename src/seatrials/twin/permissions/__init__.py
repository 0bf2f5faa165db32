"""IAM: what the role of a task allows its calls, its start and its mounts.

- `conditions`, `policies`: what a policy says, as IAM reads it;
- `calls`, `stores`, `workings`: which actions a call needs on which resources;
- `verdicts`: whether policies allow it;
- `judge`: verdicts in a world, kept until something of IAM changes;
- `words`: how each service says no;
- `mounts`: what EFS lets a client do that mounts a file system.

moto has an evaluator of its own, for users and keys, which knows no condition of a role's policy and takes one that
does not hold for a denial; it judges HTTP messages, of which the calls here are none.
"""

from seatrials.twin.permissions.calls import Place
from seatrials.twin.permissions.judge import Denial, Permissions
from seatrials.twin.permissions.mounts import MountRights, rights_of
from seatrials.twin.permissions.policies import Need
from seatrials.twin.permissions.verdicts import Principal, Role
from seatrials.twin.permissions.words import refusal_of

__all__ = [
    "Denial",
    "MountRights",
    "Need",
    "Permissions",
    "Place",
    "Principal",
    "Role",
    "refusal_of",
    "rights_of",
]
