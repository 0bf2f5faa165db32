"""Platforms that only pretend to be one. No scenario may pass on them, but those that read the control plane alone."""

import dataclasses
import re
from typing import Any

from seatrials.mutants.collection import Mutants
from seatrials.mutants.mutant import lifeless
from seatrials.twin.balancer.proxy import Result
from seatrials.twin.balancer.visit import Visit

_PLATFORMS = Mutants()
_SESSION_HEALTH = re.compile(r"/session/[^/]*/health")

_PLATFORMS.rows["COLD-01"] = {"stored": ("The control plane stores everything and nothing of it acts.", lifeless())}


@_PLATFORMS.replacing(Visit._act, "dead", breaks="COLD-01")
def _(original: Any, visit: Visit, rule: object) -> Result:
    """The balancer answers 503 to everything."""
    return visit._answer(503)


@_PLATFORMS.replacing(Visit._act, "hollow", breaks="COLD-01")
def _(original: Any, visit: Visit, rule: object) -> Result:
    """To /health and /session/*/health it says 200, to the rest 503, and there is nothing behind it."""
    path = visit._incoming.path
    is_health = path == "/health" or _SESSION_HEALTH.fullmatch(path)
    return visit._answer(200 if is_health else 503, body='{"status":"healthy"}', content_type="application/json")


MUTANTS = [dataclasses.replace(each, hollow=True) for each in _PLATFORMS]
