"""What a call must be allowed: the form of the tables, and the rule for a call that is in none.

Most calls need the action of their own name on what they name. The tables have those that are used here, and those that
are not as simple; any other call needs the action of its name on `*`, so that a policy which names a resource for it
does not allow it. Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS services".
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from seatrials.twin.permissions.policies import Need

Keys = Mapping[str, tuple[str, ...]]

# IAM's name of a service, where it is not the one that signs.
_PREFIXES = {"monitoring": "cloudwatch", "elbv2": "elasticloadbalancing", "efs": "elasticfilesystem", "email": "ses"}


@dataclass(frozen=True)
class Place:
    """Where calls are made, for the ARNs of what they name."""

    region: str
    account: str
    partition: str = "aws"

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of *resource*, or the text itself when it is one already."""
        if resource.startswith("arn:"):
            return resource
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"


@dataclass(frozen=True)
class AskedCall:
    """A call whose caller may or may not make it, with its parameters as boto3 has them."""

    # botocore's names.
    service: str
    signing_name: str
    operation: str
    parameters: Mapping[str, Any]
    place: Place

    @property
    def prefix(self) -> str:
        """IAM's name of the service."""
        return _PREFIXES.get(self.service) or _PREFIXES.get(self.signing_name, self.signing_name)

    def arn(self, resource: str) -> str:
        """Return the ARN of a resource of the service."""
        return self.place.arn(self.prefix, resource)

    def text(self, name: str, otherwise: str = "*") -> str:
        """Return a parameter that is a text."""
        return str(self.parameters.get(name, otherwise))

    def texts(self, name: str) -> list[str]:
        """Return a parameter that is a list of texts; of none, any."""
        return [str(each) for each in self.parameters.get(name) or ("*",)]


Needs = Callable[[AskedCall], Iterable[Need]]
Resources = Callable[[AskedCall], Iterable[str]]


def on(resources: Resources, *actions: str, keys: Callable[[AskedCall], Keys] | None = None) -> Needs:
    """Return the row of calls that need *actions*, their own name by default, on each of their *resources*."""

    def needs(asked: AskedCall) -> Iterator[Need]:
        told = tuple((keys(asked) if keys else {}).items())
        for resource in resources(asked):
            for action in actions or (asked.operation,):
                yield Need(f"{asked.prefix}:{action}", resource, told)

    return needs


def everything(_asked: AskedCall) -> tuple[str, ...]:
    """Return what calls are about that name no resource to IAM."""
    return ("*",)


def tagging(row: Needs, action: str, resources: Resources, member: str = "Tags") -> Needs:
    """Return *row* for calls that may give tags to what they make, for which they need *action* on *resources* too."""

    def needs(asked: AskedCall) -> Iterator[Need]:
        yield from row(asked)
        tags = asked.parameters.get(member)
        if tags:
            told = (("aws:tagkeys", tuple(str(each["Key"]) for each in tags)),)
            requested = tuple((f"aws:requesttag/{each['Key']}".lower(), (str(each.get("Value", "")),)) for each in tags)
            created = ((f"{asked.prefix}:createaction", (asked.operation,)),)
            for resource in resources(asked):
                yield Need(f"{asked.prefix}:{action}", resource, (*told, *requested, *created))

    return needs


def rows(*groups: tuple[str, Needs]) -> dict[str, Needs]:
    """Return the table of a service from (names of operations, row)."""
    return {operation: row for names, row in groups for operation in names.split()}
