"""The one table from a CloudFormation type to how it is made."""

from collections.abc import Mapping

from seatrials.twin.cloudformation.resources.access import ACCESS
from seatrials.twin.cloudformation.resources.balancing import BALANCING
from seatrials.twin.cloudformation.resources.containers import CONTAINERS
from seatrials.twin.cloudformation.resources.kind import ResourceType
from seatrials.twin.cloudformation.resources.network import NETWORK
from seatrials.twin.cloudformation.resources.scaling import SCALING
from seatrials.twin.cloudformation.resources.storage import STORAGE

RESOURCE_TYPES: Mapping[str, ResourceType] = {
    **NETWORK,
    **CONTAINERS,
    **BALANCING,
    **STORAGE,
    **ACCESS,
    **SCALING,
}
