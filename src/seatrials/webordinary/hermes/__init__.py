"""Hermes, Webordinary's session service: gives each session a container, and ends the session when it is idle."""

from seatrials.webordinary.hermes.main import Hermes, main

__all__ = ["Hermes", "main"]
