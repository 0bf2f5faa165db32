"""As whom a task mounts its volumes: with its own role where the volume asks for IAM, else as anybody.

Source: Amazon ECS Developer Guide, "Use Amazon EFS volumes with Amazon ECS"; Amazon EFS User Guide, "Using IAM to
control access to file systems". The wording follows public reports.
"""

from collections.abc import Mapping
from typing import Any

from seatrials.twin.filesystem import MountClient, MountError
from seatrials.twin.moto_bridge import Bridge
from seatrials.twin.permissions import Principal, rights_of

_REFUSED = (
    "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: b'mount.nfs4: "
    "access denied by server while mounting 127.0.0.1:/' : unsuccessful EFS utils command execution; code: 32"
)
# A container whose user is a name is not root: which number the name has is known to its image alone.
_SOMEBODY = 1000


def mount_client(
    bridge: Bridge,
    principal: Principal,
    container: Mapping[str, Any],
    mount: Mapping[str, Any],
    volume: Mapping[str, Any],
) -> MountClient:
    """Return as whom a *container* of a task mounts *volume*; raises `MountError` when EFS does not let it."""
    may_write, user = not mount.get("readOnly", False), _user(str(container.get("user", "")))
    efs = volume.get("efsVolumeConfiguration")
    if efs is None:
        return MountClient(user=user, may_write=may_write)
    authorization, place = efs.get("authorizationConfig") or {}, bridge.permissions.place
    point = authorization.get("accessPointId")
    rights = rights_of(
        bridge.permissions,
        principal if authorization.get("iam") == "ENABLED" else Principal(None, principal.session),
        place.arn("elasticfilesystem", f"file-system/{efs['fileSystemId']}"),
        bridge.file_system_policy(str(efs["fileSystemId"])),
        access_point=None if point is None else place.arn("elasticfilesystem", f"access-point/{point}"),
        is_encrypted=efs.get("transitEncryption") == "ENABLED",
    )
    if rights.refused is not None:
        raise MountError(_REFUSED)
    return MountClient(user=user, may_write=may_write and rights.may_write, is_root=rights.is_root)


def _user(text: str) -> tuple[int, int]:
    """Return user and group of a container's `user`: a name or a number of each, of which the second may lack."""
    name, _, group = text.partition(":")
    if name in ("", "root"):
        return 0, 0
    uid = int(name) if name.isdigit() else _SOMEBODY
    return uid, int(group) if group.isdigit() else uid
