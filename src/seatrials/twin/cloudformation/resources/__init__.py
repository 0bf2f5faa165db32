"""The resource types of CloudFormation that the deployer can make."""

from seatrials.twin.cloudformation.resources.kind import Creation, Made, ResourceType
from seatrials.twin.cloudformation.resources.table import RESOURCE_TYPES

__all__ = ["RESOURCE_TYPES", "Creation", "Made", "ResourceType"]
