"""One EFS access point for each client, rooted at the client's own directory."""

import hashlib

from botocore.exceptions import ClientError

from seatrials.seams.application import AwsClient
from seatrials.webordinary.hermes.table import error_code

# Whom the containers work as; the stack's own access point names the same.
_OWNER = {"Uid": 1000, "Gid": 1000}
_CREATION = {"OwnerUid": 1000, "OwnerGid": 1000, "Permissions": "0755"}


class AccessPoints:
    """Makes access points, each once however many Hermes there are; raises botocore's errors."""

    def __init__(self, efs: AwsClient, file_system_id: str) -> None:
        self._efs = efs
        self._file_system_id = file_system_id
        self._known: set[str] = set()

    def ensure(self, client_id: str) -> None:
        """Have the client's access point, whether it exists or not."""
        if client_id in self._known:
            return
        try:
            self._create(client_id)
        except ClientError as error:
            if error_code(error) != "AccessPointAlreadyExists":
                raise
        self._known.add(client_id)

    def _create(self, client_id: str) -> None:
        self._efs.create_access_point(
            # EFS refuses a second access point with the token of the first. Source: EFS API, CreateAccessPoint.
            ClientToken=hashlib.sha256(client_id.encode()).hexdigest(),
            FileSystemId=self._file_system_id,
            PosixUser=_OWNER,
            RootDirectory={"Path": f"/workspace/{client_id}", "CreationInfo": _CREATION},
        )
