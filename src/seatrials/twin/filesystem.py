"""EFS as directories: what a container wrote is there for the next one, and a mount shows its access point's root only.

Source: Amazon EFS User Guide, "Working with Amazon EFS access points".
"""

import shutil
from pathlib import Path
from typing import Any

from seatrials.application import AwsClient


class MountError(Exception):
    """A volume cannot be mounted; the text is what ECS gives as the reason."""


class FileSystems:
    """Every EFS file system of a world, below one directory of this machine."""

    def __init__(self, directory: Path, efs: AwsClient) -> None:
        self._directory = directory
        self._efs = efs

    def mount(self, container_root: Path, container_path: str, volume: dict[str, Any]) -> None:
        """Make *volume* of a task definition appear at *container_path* below *container_root*."""
        source = self._source(volume["efsVolumeConfiguration"])
        source.mkdir(parents=True, exist_ok=True)
        mount_point = container_root / container_path.lstrip("/")
        mount_point.parent.mkdir(parents=True, exist_ok=True)
        mount_point.symlink_to(source, target_is_directory=True)

    def unmount(self, container_root: Path) -> None:
        """Remove a container's own file system; what it mounted stays."""
        shutil.rmtree(container_root, ignore_errors=True)

    def _source(self, configuration: dict[str, Any]) -> Path:
        file_system = str(configuration["fileSystemId"])
        self._require(
            any(each["FileSystemId"] == file_system for each in self._efs.describe_file_systems()["FileSystems"]),
            f"the file system {file_system} does not exist",
        )
        root = self._directory / file_system
        point = configuration.get("authorizationConfig", {}).get("accessPointId")
        if point is None:
            return root / str(configuration.get("rootDirectory", "/")).lstrip("/")
        points = self._efs.describe_access_points(FileSystemId=file_system)["AccessPoints"]
        paths = [each["RootDirectory"]["Path"] for each in points if each["AccessPointId"] == point]
        self._require(bool(paths), f"the access point {point} does not exist on {file_system}")
        return root / str(paths[0]).lstrip("/")

    def _require(self, holds: bool, problem: str) -> None:  # noqa: FBT001  # reads as the condition it is
        if not holds:
            msg = (
                "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: "
                f"stderr: {problem}"
            )
            raise MountError(msg)
