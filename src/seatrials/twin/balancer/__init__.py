"""The Application Load Balancer of a mock world: it routes by what ELBv2 holds, and answers as AWS documents it.

It knows AWS and nothing of the platform behind it, and reads ELBv2 through a boto3 client.
"""

from seatrials.twin.balancer.answers import Variety
from seatrials.twin.balancer.following import Lags
from seatrials.twin.balancer.health import TargetState
from seatrials.twin.balancer.resets import Resets
from seatrials.twin.balancer.server import Balancer
from seatrials.twin.balancer.targets import TargetRegistry
from seatrials.twin.balancer.visit import AccessLogEntry

__all__ = ["AccessLogEntry", "Balancer", "Lags", "Resets", "TargetRegistry", "TargetState", "Variety"]
