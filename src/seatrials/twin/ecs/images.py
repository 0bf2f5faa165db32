"""The names of images, as Docker reads them. Source: distribution/reference, "Grammar"."""

import re
from dataclasses import dataclass
from typing import NamedTuple

_ECR = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")


class PrivateRegistry(NamedTuple):
    """A registry of Amazon ECR that asks for a token; from any other one everybody may pull."""

    account: str
    region: str


@dataclass(frozen=True)
class Image:
    """An image's name in its parts; one without a registry is on Docker Hub."""

    registry: str
    repository: str
    tag: str

    @classmethod
    def of(cls, name: str) -> "Image":
        """Take a name apart."""
        first, slash, rest = name.partition("/")
        has_registry = bool(slash) and ("." in first or ":" in first or first == "localhost")
        registry, path = (first, rest) if has_registry else ("docker.io", name)
        path, digest = path.partition("@")[::2]
        repository, tag = path.partition(":")[::2]
        if registry == "docker.io" and "/" not in repository:
            repository = f"library/{repository}"
        return cls(registry, repository, digest or tag or "latest")

    @property
    def host(self) -> str:
        """The name that its manifests are asked of."""
        return "registry-1.docker.io" if self.registry == "docker.io" else self.registry

    @property
    def ecr(self) -> PrivateRegistry | None:
        """The private registry of Amazon ECR that it is in."""
        found = _ECR.fullmatch(self.registry)
        return None if found is None else PrivateRegistry(found["account"], found["region"])

    def is_in_ecr(self, region: str) -> bool:
        """Whether it is in Amazon ECR, in a private registry of *region*."""
        return self.ecr is not None and self.ecr.region == region

    def __str__(self) -> str:
        """The whole name, as ECS tells it."""
        separator = "@" if ":" in self.tag else ":"
        return f"{self.registry}/{self.repository}{separator}{self.tag}"
