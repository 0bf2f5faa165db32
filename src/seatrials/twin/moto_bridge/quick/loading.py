"""botocore's models and endpoints, each read once where moto and botocore read them anew.

Importing moto's EC2 reads the endpoints three times, each kind of moto's backends makes a session of its own to learn
its regions, and moto reads each service's model with a loader of its own. `import_ec2` must come before anything else
of moto that imports its EC2, and before clients are made.
"""

import importlib
from unittest.mock import patch

import boto3
from botocore.loaders import create_loader
from botocore.regions import EndpointResolver


def import_ec2() -> None:
    """Import moto's EC2 with the endpoints read once, and let botocore and moto share a loader, and moto a session."""
    # It keeps what it has read.
    loader = create_loader()
    resolver = EndpointResolver(loader.load_data("endpoints"))

    def regions(_session: boto3.Session, service: str, partition_name: str = "aws") -> list[str]:
        found: list[str] = resolver.get_available_endpoints(service, partition_name)
        return found

    # The tables of machine types, which no world has, fill 60 MiB of each process.
    with (
        patch.object(boto3.Session, "get_available_regions", regions),
        patch("moto.utilities.utils.load_resource", lambda _name: {}),
    ):
        importlib.import_module("moto.ec2.models")
    for name in ("botocore.session", "moto.core.utils"):
        vars(importlib.import_module(name))["create_loader"] = lambda *_search_path: loader
    shared = boto3.Session("testing", "testing", region_name="us-east-1")
    vars(importlib.import_module("moto.core.base_backend"))["AccountSpecificBackend"].get_session = lambda: shared
