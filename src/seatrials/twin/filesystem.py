"""EFS as directories: what a container wrote is there for the next one, and a mount shows its access point's root only.

Source: Amazon EFS User Guide, "Working with Amazon EFS access points".
"""

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seatrials.seams.application import AwsClient


class MountError(Exception):
    """A volume cannot be mounted; the text is what ECS gives as the reason."""


# Whom EFS takes the root user of a client for that has no root access.
_NOBODY = 65_534
# To make a file takes the right to write to the directory, and the right to search it.
_WRITE_AND_SEARCH = 0o3
# Of a file system's own root. Source: Amazon EFS User Guide, "Users, groups, and permissions at the NFS level".
_MODE_OF_ROOT = "0755"
# The wording follows public reports.
_RESET = "b'mount.nfs4: Connection reset by peer' : unsuccessful EFS utils command execution; code: 32"


@dataclass(frozen=True, kw_only=True)
class MountClient:
    """Who mounts a volume."""

    # The container's user and group, for a mount without an access point that names others.
    user: tuple[int, int] = (0, 0)
    may_write: bool = True
    # Whether its root user is the file system's.
    is_root: bool = True


class FileSystems:
    """Every EFS file system of a world, below one directory of this machine."""

    def __init__(self, directory: Path, efs: AwsClient) -> None:
        self._directory = directory
        self._efs = efs
        # Who owns what EFS has made, by the directory: what an access point says of its root when that is made.
        self._owners: dict[Path, Mapping[str, Any]] = {}
        # File systems that no container can mount, each as often as something keeps it from that.
        self.not_mountable: list[str] = []

    def mount(self, container_root: Path, container_path: str, volume: dict[str, Any]) -> Path:
        """Make *volume* of a task definition appear at *container_path* below *container_root*; return its real path.

        One that is on no file system is a directory that the task's containers share, and goes with them.
        """
        configuration = volume.get("efsVolumeConfiguration")
        source = self._source(configuration) if configuration else self._shared(container_root, volume["name"])
        self._require(".." not in Path(container_path).parts, f"the mount point {container_path} is no absolute path")
        mount_point = container_root / container_path.lstrip("/")
        try:
            mount_point.parent.mkdir(parents=True, exist_ok=True)
            mount_point.symlink_to(source, target_is_directory=True)
        except OSError as error:  # such as a name that is too long, or two mounts at one place
            msg = f"CannotCreateContainerError: mount at {container_path[:100]}: {error.strerror}"
            raise MountError(msg) from error
        return source.resolve()

    def obstacle(self, volume: Mapping[str, Any], client: MountClient) -> str:
        """Return why a client may make no file in the root of a volume that it has mounted; empty when it may.

        Source: Amazon EFS User Guide, "Enforcing a user identity using an access point" and "Enforcing a root directory
        with an access point".
        """
        configuration = volume.get("efsVolumeConfiguration")
        if configuration is None:
            return ""
        owner = self._owners.get(self._source(configuration))
        if owner is None:
            return ""
        uid, groups = self._user(configuration, client)
        if uid == 0 and client.is_root:
            return ""
        uid, groups = (_NOBODY, [_NOBODY]) if uid == 0 else (uid, groups)
        owner_uid, owner_gid, mode = int(owner["OwnerUid"]), int(owner["OwnerGid"]), str(owner["Permissions"])
        shift = 6 if uid == owner_uid else 3 if owner_gid in groups else 0
        if int(mode, 8) >> shift & _WRITE_AND_SEARCH == _WRITE_AND_SEARCH:
            return ""
        return f"it is a directory of {owner_uid}:{owner_gid} with permissions {mode}, and the user is {uid}"

    def _user(self, configuration: Mapping[str, Any], client: MountClient) -> tuple[int, list[int]]:
        point = configuration.get("authorizationConfig", {}).get("accessPointId")
        points = self._efs.describe_access_points(FileSystemId=configuration["fileSystemId"])["AccessPoints"]
        posix = next((each.get("PosixUser") for each in points if each["AccessPointId"] == point), None)
        if not posix:
            return client.user[0], [client.user[1]]
        return int(posix["Uid"]), [int(posix["Gid"]), *map(int, posix.get("SecondaryGids") or ())]

    def set_apart(self, point: dict[str, Any]) -> None:
        """Give the root of a new access point a directory of its own on this machine; one that is there stays.

        EFS lets nobody who came in through an access point climb above its root. Here the way up from it, `..` and all,
        meets no other access point's root. Source: Amazon EFS User Guide, "Enforcing a root directory with an access
        point", which says too that only a root with CreationInfo is made.
        """
        path = str(point["RootDirectory"]["Path"]).strip("/")
        shown = self._directory / point["FileSystemId"] / path
        if not path or "CreationInfo" not in point["RootDirectory"] or shown.exists():
            return
        apart = self._directory / "roots" / point["AccessPointId"] / shown.name
        apart.mkdir(parents=True)
        shown.parent.mkdir(parents=True, exist_ok=True)
        shown.symlink_to(apart, target_is_directory=True)
        self._owners.setdefault(shown, point["RootDirectory"]["CreationInfo"])

    def unmount(self, container_root: Path) -> None:
        """Remove a container's own file system; what it mounted from EFS stays."""
        shutil.rmtree(container_root, ignore_errors=True)

    def _shared(self, container_root: Path, name: str) -> Path:
        # Beside the containers of the task, where no container can have its name.
        shared = container_root.parent / ".volumes" / hashlib.sha256(name.encode()).hexdigest()
        shared.mkdir(parents=True, exist_ok=True)
        return shared

    def _source(self, configuration: dict[str, Any]) -> Path:
        file_system = str(configuration["fileSystemId"])
        self._require(file_system not in self.not_mountable, _RESET)
        self._require(
            any(each["FileSystemId"] == file_system for each in self._efs.describe_file_systems()["FileSystems"]),
            f"the file system {file_system} does not exist",
        )
        root = self._directory / file_system
        root.mkdir(parents=True, exist_ok=True)
        self._owners.setdefault(root, {"OwnerUid": 0, "OwnerGid": 0, "Permissions": _MODE_OF_ROOT})
        point = configuration.get("authorizationConfig", {}).get("accessPointId")
        shown = {"Path": configuration.get("rootDirectory", "/")}
        if point is not None:
            points = self._efs.describe_access_points(FileSystemId=file_system)["AccessPoints"]
            found = [each["RootDirectory"] for each in points if each["AccessPointId"] == point]
            self._require(bool(found), f"the access point {point} does not exist on {file_system}")
            shown = found[0]
        # Nothing of this machine may be shown, whatever path got past the door.
        self._require(".." not in Path(shown["Path"]).parts, f"the directory {shown['Path']} is no absolute path")
        source = root / str(shown.get("Path", "/")).lstrip("/")
        # EFS makes a missing root only for an access point that says whose it shall be.
        if "CreationInfo" in shown and not source.exists():
            source.mkdir(parents=True)
            self._owners[source] = shown["CreationInfo"]
        self._require(source.is_dir(), f"the directory {shown.get('Path', '/')} does not exist on {file_system}")
        return source

    def _require(self, holds: bool, problem: str) -> None:  # noqa: FBT001  # reads as the condition it is
        if not holds:
            msg = (
                "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: "
                f"stderr: {problem}"
            )
            raise MountError(msg)
