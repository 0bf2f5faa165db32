"""The one table from a CloudFormation type to how it is made."""

from collections.abc import Mapping

from seatrials.twin.resources.access import ACCESS
from seatrials.twin.resources.balancing import BALANCING
from seatrials.twin.resources.containers import CONTAINERS
from seatrials.twin.resources.kind import ResourceType
from seatrials.twin.resources.network import NETWORK
from seatrials.twin.resources.scaling import SCALING
from seatrials.twin.resources.storage import STORAGE

RESOURCE_TYPES: Mapping[str, ResourceType] = {
    **NETWORK,
    **CONTAINERS,
    **BALANCING,
    **STORAGE,
    **ACCESS,
    **SCALING,
}
