"""moto's EC2 imported without what no world asks for, and models read once.

Importing moto's EC2 reads botocore's endpoints three times and the description of every machine type of every region;
moto and botocore read each service's model again for themselves. `import_ec2` must come before anything else of moto
that imports its EC2.
"""

import importlib
from unittest.mock import patch

import boto3
import botocore.session
from botocore.loaders import Loader, create_loader
from botocore.regions import EndpointResolver

# One for the process: a loader keeps what it has read.
LOADER: Loader = create_loader()


def import_ec2() -> None:
    """Import moto's EC2 without the tables of its machine types, and with botocore's endpoints read once."""
    resolver = EndpointResolver(LOADER.load_data("endpoints"))

    def regions(_session: boto3.Session, service: str, partition_name: str = "aws") -> list[str]:
        found: list[str] = resolver.get_available_endpoints(service, partition_name)
        return found

    with (
        patch.object(boto3.Session, "get_available_regions", regions),
        patch("moto.utilities.utils.load_resource", lambda _name: {}),
    ):
        importlib.import_module("moto.ec2.models")
    core = botocore.session.Session()
    core.register_component("data_loader", LOADER)
    shared = boto3.Session("testing", "testing", region_name="us-east-1", botocore_session=core)
    # moto makes a loader for each model that it reads, and reads a service's model to learn its regions.
    vars(importlib.import_module("moto.core.base_backend"))["AccountSpecificBackend"].get_session = lambda: shared
    vars(importlib.import_module("moto.core.utils"))["create_loader"] = lambda: LOADER
