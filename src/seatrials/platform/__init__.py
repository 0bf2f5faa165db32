"""What a scenario may touch. Speaks to any stack alike: no twin, no moto, no question whether we are live."""

from seatrials.platform import contract, patience
from seatrials.platform.calls import Answer
from seatrials.platform.counting import CallCount
from seatrials.platform.faults import Faults
from seatrials.platform.figures import longest_outage_seconds, p95
from seatrials.platform.platform import Platform
from seatrials.platform.services import Counts
from seatrials.platform.sessions import UNKNOWN_SESSION, Session
from seatrials.platform.stack import Stack
from seatrials.platform.waited import Waited
from seatrials.platform.websocket import ANSWERED, OPEN, WebSocket
from seatrials.platform.workspace import Workspace
from seatrials.seams.clock import Clock, NotYet

__all__ = [
    "ANSWERED",
    "OPEN",
    "UNKNOWN_SESSION",
    "Answer",
    "CallCount",
    "Clock",
    "Counts",
    "Faults",
    "NotYet",
    "Platform",
    "Session",
    "Stack",
    "Waited",
    "WebSocket",
    "Workspace",
    "contract",
    "longest_outage_seconds",
    "p95",
    "patience",
]
