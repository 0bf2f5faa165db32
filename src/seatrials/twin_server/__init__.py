"""The living platform as a server process on the loopback, for every client that can reach AWS."""

from seatrials.twin_server.process import RunningServer, running_server

__all__ = ["RunningServer", "running_server"]
