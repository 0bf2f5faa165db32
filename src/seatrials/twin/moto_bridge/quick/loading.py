"""botocore's endpoints and moto's session, each made once where moto makes it anew.

Importing moto's EC2 reads botocore's endpoints three times, and each kind of moto's backends makes a session of its own
to learn its regions. `import_ec2` must come before anything else of moto that imports its EC2.
"""

import importlib
from unittest.mock import patch

import boto3
from botocore.loaders import create_loader
from botocore.regions import EndpointResolver


def import_ec2() -> None:
    """Import moto's EC2 with botocore's endpoints read once, and let all of moto's backends share a session."""
    resolver = EndpointResolver(create_loader().load_data("endpoints"))

    def regions(_session: boto3.Session, service: str, partition_name: str = "aws") -> list[str]:
        found: list[str] = resolver.get_available_endpoints(service, partition_name)
        return found

    with patch.object(boto3.Session, "get_available_regions", regions):
        importlib.import_module("moto.ec2.models")
    shared = boto3.Session("testing", "testing", region_name="us-east-1")
    vars(importlib.import_module("moto.core.base_backend"))["AccountSpecificBackend"].get_session = lambda: shared
