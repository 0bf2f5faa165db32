"""Tests of EFS as directories."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from seatrials.twin.filesystem import FileSystems, MountClient, MountError
from tests.support.aws import Json

OWNED = {"OwnerUid": 1000, "OwnerGid": 1000, "Permissions": "0755"}


class FakeEfs:
    """One file system with two access points, of which only the first says who owns its root."""

    def describe_file_systems(self) -> dict[str, Any]:
        """Answer the file system."""
        return {"FileSystems": [{"FileSystemId": "fs-1"}]}

    def describe_access_points(self, *, FileSystemId: str) -> dict[str, Any]:  # noqa: N803  # boto3's name
        """Answer the access points."""
        assert FileSystemId == "fs-1"
        made = {"AccessPointId": "fsap-1", "RootDirectory": {"Path": "/work/a", "CreationInfo": OWNED}}
        bare = {"AccessPointId": "fsap-2", "RootDirectory": {"Path": "/bare"}}
        return {"AccessPoints": [made, bare]}


@pytest.fixture
def file_systems(tmp_path: Path) -> FileSystems:
    """Give the file systems of a world."""
    return FileSystems(tmp_path / "efs", FakeEfs())


def volume(point: str | None = None, **settings: str) -> dict[str, Any]:
    """Return a volume of a task definition, through an access point or not."""
    authorization = {} if point is None else {"authorizationConfig": {"accessPointId": point}}
    return {"name": "data", "efsVolumeConfiguration": {"fileSystemId": "fs-1", **authorization, **settings}}


def test_what_is_written_outlives_the_container(file_systems: FileSystems, tmp_path: Path) -> None:
    """What a container wrote to its volume is there for the next one, also below a path of several parts."""
    file_systems.mount(tmp_path / "one", "/srv/data", volume())
    (tmp_path / "one/srv/data/note").write_text("kept")
    file_systems.unmount(tmp_path / "one")
    file_systems.mount(tmp_path / "two", "/srv/data", volume())

    assert not (tmp_path / "one").exists()
    assert (tmp_path / "two/srv/data/note").read_text() == "kept"


def test_an_access_point_shows_its_root_only(file_systems: FileSystems, tmp_path: Path) -> None:
    """Through an access point, its root directory is the root of the mount.

    Source: Amazon EFS User Guide, "Working with Amazon EFS access points".
    """
    file_systems.mount(tmp_path / "whole", "/all", volume())
    file_systems.mount(tmp_path / "part", "/mine", volume("fsap-1"))
    (tmp_path / "whole/all/other").write_text("hidden")
    (tmp_path / "part/mine/note").write_text("shown")

    assert [each.name for each in (tmp_path / "part/mine").iterdir()] == ["note"]
    assert (tmp_path / "whole/all/work/a/note").read_text() == "shown"


def test_a_missing_root_is_made_only_for_a_known_owner(file_systems: FileSystems, tmp_path: Path) -> None:
    """An access point without CreationInfo does not make its root, so the mount fails (same page)."""
    with pytest.raises(MountError, match=r"the directory /bare does not exist on fs-1$"):
        file_systems.mount(tmp_path / "one", "/mine", volume("fsap-2"))


def test_an_existing_root_needs_no_owner(file_systems: FileSystems, tmp_path: Path) -> None:
    """Once the directory is there, an access point without CreationInfo can be mounted (same page)."""
    file_systems.mount(tmp_path / "whole", "/all", volume())
    (tmp_path / "whole/all/bare").mkdir()
    file_systems.mount(tmp_path / "one", "/mine", volume("fsap-2"))

    assert (tmp_path / "one/mine").is_dir()


def test_a_volume_may_begin_below_the_root(file_systems: FileSystems, tmp_path: Path) -> None:
    """The volume's rootDirectory is the root of the mount (botocore: EFSVolumeConfiguration)."""
    file_systems.mount(tmp_path / "whole", "/all", volume())
    (tmp_path / "whole/all/deep").mkdir()
    file_systems.mount(tmp_path / "one", "/mine", volume(rootDirectory="/deep"))
    (tmp_path / "one/mine/note").write_text("deep")

    assert (tmp_path / "whole/all/deep/note").read_text() == "deep"


def test_an_unknown_file_system_cannot_be_mounted(file_systems: FileSystems, tmp_path: Path) -> None:
    """The reason has the words of ECS and says what is missing."""
    wrong = {"name": "data", "efsVolumeConfiguration": {"fileSystemId": "fs-2"}}

    with pytest.raises(MountError, match=r"^ResourceInitializationError: .* the file system fs-2 does not exist$"):
        file_systems.mount(tmp_path / "one", "/mine", wrong)


def test_an_unknown_access_point_cannot_be_mounted(file_systems: FileSystems, tmp_path: Path) -> None:
    """The reason has the words of ECS and says what is missing."""
    with pytest.raises(MountError, match=r"stderr: the access point fsap-9 does not exist on fs-1$"):
        file_systems.mount(tmp_path / "one", "/mine", volume("fsap-9"))


def test_unmounting_what_is_gone_is_no_error(file_systems: FileSystems, tmp_path: Path) -> None:
    """A container that never got a file system leaves none."""
    file_systems.unmount(tmp_path / "never")

    assert list(tmp_path.iterdir()) == []


def test_no_way_leads_up_from_an_access_points_root(file_systems: FileSystems, tmp_path: Path) -> None:
    """Who works in one root meets no other by `..`; who mounts the whole file system sees all of them.

    Source: Amazon EFS User Guide, "Enforcing a root directory with an access point".
    """
    for number, client in enumerate(("acme", "bolt")):
        root = {"Path": f"/workspace/{client}", "CreationInfo": OWNED}
        point = {"FileSystemId": "fs-1", "AccessPointId": f"fsap-{number}", "RootDirectory": root}
        file_systems.set_apart(point)
    file_systems.mount(tmp_path / "whole", "/all", volume())
    (tmp_path / "whole/all/workspace/acme/note").write_text("acme's")
    inside = (tmp_path / "whole/all/workspace/acme").resolve()

    assert sorted(each.name for each in (tmp_path / "whole/all/workspace").iterdir()) == ["acme", "bolt"]
    assert [each.name for each in (inside / "..").iterdir()] == ["acme"]
    assert (inside / "note").read_text() == "acme's"


def test_a_root_that_exists_stays_as_it_is(file_systems: FileSystems, tmp_path: Path) -> None:
    """An access point takes a directory that is there as its root, with what is in it (same page)."""
    file_systems.mount(tmp_path / "whole", "/all", volume())
    (tmp_path / "whole/all/acme").mkdir()
    (tmp_path / "whole/all/acme/note").write_text("older")
    root = {"Path": "/acme", "CreationInfo": OWNED}
    file_systems.set_apart({"FileSystemId": "fs-1", "AccessPointId": "fsap-7", "RootDirectory": root})

    assert (tmp_path / "whole/all/acme/note").read_text() == "older"


@dataclass
class OwnedEfs:
    """One file system with an access point whose root belongs to somebody, for a user or for whoever comes."""

    owner: Json
    user: Json | None = None

    def describe_file_systems(self) -> Json:
        """Answer the file system."""
        return {"FileSystems": [{"FileSystemId": "fs-1"}]}

    def describe_access_points(self, *, FileSystemId: str) -> Json:  # noqa: N803  # boto3's name
        """Answer the access point."""
        assert FileSystemId == "fs-1"
        point = {"AccessPointId": "fsap-1", "RootDirectory": {"Path": "/a", "CreationInfo": self.owner}}
        return {"AccessPoints": [{**point, "PosixUser": self.user} if self.user else point]}


def owned(uid: int, gid: int, permissions: str) -> Json:
    """Return what an access point says of the root that is made for it."""
    return {"OwnerUid": uid, "OwnerGid": gid, "Permissions": permissions}


@pytest.mark.parametrize(
    ("owner", "user", "client", "may"),
    [
        (owned(1000, 1000, "0755"), {"Uid": 1000, "Gid": 1000}, MountClient(), True),
        (owned(1000, 1000, "0555"), {"Uid": 1000, "Gid": 1000}, MountClient(), False),
        (owned(1001, 1001, "0755"), {"Uid": 1000, "Gid": 1000}, MountClient(), False),
        (owned(1001, 1001, "0777"), {"Uid": 1000, "Gid": 1000}, MountClient(), True),
        (owned(1001, 1001, "0775"), {"Uid": 1000, "Gid": 1001}, MountClient(), True),
        (owned(1001, 1001, "0775"), {"Uid": 1000, "Gid": 1000, "SecondaryGids": [1001]}, MountClient(), True),
        (owned(1000, 1000, "0755"), None, MountClient(user=(1000, 1000)), True),
        (owned(1000, 1000, "0755"), None, MountClient(user=(1001, 1001)), False),
        (owned(1000, 1000, "0755"), None, MountClient(), True),
        (owned(1000, 1000, "0755"), None, MountClient(is_root=False), False),
    ],
)
def test_the_root_of_a_mount_belongs_to_somebody(
    tmp_path: Path,
    owner: Json,
    user: Json | None,
    client: MountClient,
    may: bool,  # noqa: FBT001  # a row of the table
) -> None:
    """Who may write there is as POSIX has it, for the access point's user, else the container's; root may everything.

    Source: Amazon EFS User Guide, "Enforcing a user identity using an access point".
    """
    files = FileSystems(tmp_path / "efs", OwnedEfs(owner, user))
    files.mount(tmp_path / "c", "/data", volume("fsap-1"))

    assert (files.obstacle(volume("fsap-1"), client) == "") is may


def test_the_root_of_a_file_system_is_roots(file_systems: FileSystems, tmp_path: Path) -> None:
    """Another user may not write there (Amazon EFS User Guide, "Users, groups, and permissions at the NFS level")."""
    file_systems.mount(tmp_path / "one", "/data", volume())

    told = file_systems.obstacle(volume(), MountClient(user=(1000, 1000)))
    assert told == "it is a directory of 0:0 with permissions 0755, and the user is 1000"
