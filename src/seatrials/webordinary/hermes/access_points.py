"""One EFS access point for each client, rooted at the client's own directory."""

import hashlib

from seatrials.seams.application import AwsClient
from seatrials.webordinary.hermes.table import unless

# Whom the containers work as; the stack's own access point names the same.
_OWNER = {"Uid": 1000, "Gid": 1000}
_CREATION = {"OwnerUid": 1000, "OwnerGid": 1000, "Permissions": "0755"}


class AccessPoints:
    """Makes access points, each once however many Hermes there are; raises botocore's errors."""

    def __init__(self, efs: AwsClient, file_system_id: str) -> None:
        self._efs = efs
        self._file_system_id = file_system_id

    def ensure(self, client_id: str) -> None:
        """Have the client's access point, whether it exists or not."""
        # EFS refuses a second access point with the token of the first. Source: EFS API, CreateAccessPoint.
        with unless("AccessPointAlreadyExists"):
            self._efs.create_access_point(
                ClientToken=hashlib.sha256(client_id.encode()).hexdigest(),
                FileSystemId=self._file_system_id,
                PosixUser=_OWNER,
                RootDirectory={"Path": f"/workspace/{client_id}", "CreationInfo": _CREATION},
            )
