"""What a scenario may touch. Speaks to any stack alike: no twin, no moto, no question whether we are live."""

from seatrials.platform.platform import Platform
from seatrials.platform.sessions import Session
from seatrials.platform.stack import Faults, Stack

__all__ = ["Faults", "Platform", "Session", "Stack"]
