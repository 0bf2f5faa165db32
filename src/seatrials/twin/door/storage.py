"""What EFS refuses and its model does not say.

Source: Amazon EFS API Reference, RootDirectory: a path has up to four folders and 100 characters.
"""

import re

from seatrials.twin.door.refusal import Asked, Refusal, rule

_WRONG = "BadRequest"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@rule("efs", "CreateAccessPoint")
def root_directories(asked: Asked) -> None:
    """The root of an access point is a path within its file system, and of characters that a path has."""
    path = asked.parameters.get("RootDirectory", {}).get("Path", "/")
    if not path.startswith("/") or ".." in path.split("/") or _CONTROL.search(path):
        raise Refusal(_WRONG, f"invalid RootDirectory.Path {path[:100]!r}")
