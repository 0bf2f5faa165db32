"""What a listener's attributes change in headers: names of those that the balancer adds, and security headers.

Source: AWS ALB User Guide, "HTTP header modification for your Application Load Balancer"; ELBv2 API, ListenerAttribute.
The names of mutual TLS may be changed too, but the balancer has no mutual TLS and adds none of its headers.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

Headers = list[tuple[str, str]]

_RENAMED = re.compile(r"routing\.http\.request\.(\w+)\.header_name")
_INSERTED = re.compile(r"routing\.http\.response\.(\w+)\.header_value")
_SERVER_SHOWN = "routing.http.response.server.enabled"


@dataclass(frozen=True)
class HeaderPolicy:
    """The header changes of one listener; without any it changes nothing."""

    # By the name that the balancer gives a header of its own, in lower case: the name that it is to have.
    renamed: Mapping[str, str] = field(default_factory=dict)
    # Put into every answer, in place of what a target says.
    inserted: tuple[tuple[str, str], ...] = ()
    shows_server: bool = True

    @classmethod
    def of(cls, attributes: Mapping[str, str]) -> "HeaderPolicy":
        """Return the policy in a listener's attributes; an empty value changes nothing."""
        return cls(
            {_name(found[1]).lower(): value for found, value in _matching(_RENAMED, attributes)},
            tuple((_name(found[1]), value) for found, value in _matching(_INSERTED, attributes)),
            attributes.get(_SERVER_SHOWN, "true") != "false",
        )

    def name_of(self, header: str) -> str:
        """Return the name under which the balancer sends a header of its own."""
        return self.renamed.get(header.lower(), header)

    def dress(self, headers: Headers) -> Headers:
        """Return the headers of an answer as the client gets them."""
        hidden = {name.lower() for name, _ in self.inserted} | (set() if self.shows_server else {"server"})
        if not hidden:
            return headers
        return [*(each for each in headers if each[0].lower() not in hidden), *self.inserted]


UNCHANGED = HeaderPolicy()


def _matching(key: re.Pattern[str], attributes: Mapping[str, str]) -> list[tuple[re.Match[str], str]]:
    return [(found, value) for name, value in attributes.items() if value and (found := key.fullmatch(name))]


def _name(attribute: str) -> str:
    """Return the header that a part of an attribute's key stands for."""
    return "-".join(part.capitalize() for part in attribute.split("_"))
