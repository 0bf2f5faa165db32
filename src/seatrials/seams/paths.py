"""Paths after URI normalization, as a load balancer may compare them with its rules.

The guide matches paths "after URI normalization" and does not say what that does: a load balancer may read a path as it
was sent, or so. Source: AWS ALB User Guide, "Condition types for listener rules".
"""

import re
from urllib.parse import unquote

# Source: RFC 3986, 2.3.
_ENCODED_UNRESERVED = re.compile(r"%(?:2[DdEe]|3[0-9]|4[1-9A-Fa-f]|5[0-9AaFf]|6[1-9A-Fa-f]|7[0-9AaEe])")


def normalized(path: str) -> str:
    """Return a path with what needs no encoding decoded, and without `.` and `..` (RFC 3986, 6.2.2.2 and 6.2.2.3)."""
    decoded = _ENCODED_UNRESERVED.sub(lambda found: unquote(found.group()), path)
    kept: list[str] = []
    segments = decoded.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    ends_in_folder = segments[-1:] in (["."], [".."])
    return "/" + "/".join([*kept, ""] if ends_in_folder and kept else kept)
