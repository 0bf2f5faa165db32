"""What EFS lets a client do that mounts a file system, by the policy of the file system and of the client's role.

Source: Amazon EFS User Guide, "Using IAM to control access to file systems".
"""

from dataclasses import dataclass

from seatrials.twin.permissions.judge import Denial, Permissions
from seatrials.twin.permissions.policies import Need
from seatrials.twin.permissions.verdicts import Principal

_VIA_MOUNT_TARGET = ("elasticfilesystem:accessedviamounttarget", ("true",))


@dataclass(frozen=True)
class MountRights:
    """What a client may do; who may not even mount has the denial of that."""

    refused: Denial | None = None
    may_write: bool = True
    # Whether the client's root is the file system's: another's is nobody there.
    is_root: bool = True


def rights_of(  # a mount has a client, a place and a way
    permissions: Permissions,
    principal: Principal,
    file_system: str,
    policy: str | None,
    *,
    access_point: str | None,
    is_encrypted: bool,
) -> MountRights:
    """Return the rights of a client, whose role is None when it mounts without IAM.

    Without a *policy* the file system has EFS's own, which lets everybody do everything. *file_system* and
    *access_point* are ARNs.
    """
    if policy is None:
        return MountRights()
    keys = [_VIA_MOUNT_TARGET, ("aws:securetransport", (str(is_encrypted).lower(),))]
    if access_point is not None:
        keys.append(("elasticfilesystem:accesspointarn", (access_point,)))

    def need(action: str) -> Need:
        return Need(f"elasticfilesystem:{action}", file_system, tuple(keys))

    refused = permissions.denial_at(principal, need("ClientMount"), policy)
    if refused is not None:
        return MountRights(refused, may_write=False, is_root=False)
    may_write = permissions.denial_at(principal, need("ClientWrite"), policy) is None
    return MountRights(None, may_write, permissions.may_at(principal, need("ClientRootAccess"), policy))
