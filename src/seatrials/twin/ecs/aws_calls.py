"""A container's calls to AWS, over the network of its task.

Source: botocore.config.Config, connect_timeout: a client gives up after 60 s; "Fargate task networking" (ECS Developer
Guide): what a task sends goes through its own network interface.
"""

from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError

from seatrials.seams.application import AwsClient
from seatrials.twin.physics.clock import VirtualClock
from seatrials.twin.vpc.vpc import Vpc

_CONNECT_SECONDS = 60.0
# Services whose endpoints in a VPC have another name than those outside.
_ENDPOINT_NAMES = {"api.ecr": "ecr.api"}


def connect_to_aws(client: AwsClient, vpc: Vpc, clock: VirtualClock, address: str) -> None:
    """Raise what botocore raises, when it does, for a call of *client* from *address* that does not get there."""
    prefix = str(client.meta.service_model.endpoint_prefix)
    blocked = vpc.reach_service(address, _ENDPOINT_NAMES.get(prefix, prefix))
    if blocked is None:
        return
    if blocked.is_unresolved:
        raise EndpointConnectionError(endpoint_url=client.meta.endpoint_url)
    clock.sleep(_CONNECT_SECONDS)
    raise ConnectTimeoutError(endpoint_url=client.meta.endpoint_url)
