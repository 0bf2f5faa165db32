"""EC2 with what a VPC has on AWS as it is made."""

from typing import Any

from moto.ec2 import urls as ec2_urls
from moto.ec2.models import EC2Backend
from moto.ec2.models.vpcs import VPC


class TwinEc2(EC2Backend):
    """EC2 whose VPCs have a default security group that lets its own members in.

    Source: Amazon VPC User Guide, "Default security groups for your VPCs".
    """

    # moto finds a backend's URLs by the name of the module of its class.
    _url_module = ec2_urls

    def create_vpc(self, *arguments: Any, **parameters: Any) -> VPC:  # noqa: ANN401  # moto's own
        made = super().create_vpc(*arguments, **parameters)
        default = self.get_security_group_from_name("default", made.id)
        assert default is not None, "moto makes one with each VPC"
        members = [{"GroupId": default.id}]
        self.authorize_security_group_ingress(default.id, "-1", "", "", [], source_groups=members, vpc_id=made.id)
        return made
