"""botocore's models and endpoints, each read once where moto reads them anew.

Importing moto's EC2 reads the endpoints three times, each kind of moto's backends makes a session of its own to learn
its regions, and each service's model is read with a loader of its own. `import_ec2` must come before anything else of
moto that imports its EC2.
"""

import importlib
from unittest.mock import patch

import boto3
import botocore.session
from botocore.loaders import create_loader
from botocore.regions import EndpointResolver


def import_ec2() -> None:
    """Import moto's EC2 with the endpoints read once, and let all of moto share one session and one loader."""
    # It keeps what it has read.
    loader = create_loader()
    resolver = EndpointResolver(loader.load_data("endpoints"))

    def regions(_session: boto3.Session, service: str, partition_name: str = "aws") -> list[str]:
        found: list[str] = resolver.get_available_endpoints(service, partition_name)
        return found

    with patch.object(boto3.Session, "get_available_regions", regions):
        importlib.import_module("moto.ec2.models")
    core = botocore.session.Session()
    core.register_component("data_loader", loader)
    shared = boto3.Session("testing", "testing", region_name="us-east-1", botocore_session=core)
    vars(importlib.import_module("moto.core.base_backend"))["AccountSpecificBackend"].get_session = lambda: shared
    vars(importlib.import_module("moto.core.utils"))["create_loader"] = lambda: loader
