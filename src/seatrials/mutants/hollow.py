"""Platforms that only pretend to be one. No scenario may pass on them, but those that read the control plane alone."""

import re

from seatrials.mutants.mutant import Mutant, lifeless, replace
from seatrials.twin.balancer.proxy import Result
from seatrials.twin.balancer.rules import Rule
from seatrials.twin.balancer.visit import Visit

_SESSION_HEALTH = re.compile(r"/session/[^/]*/health")


def _always_503(visit: Visit, _rule: Rule) -> Result:
    return visit._answer(503)


def _only_health(visit: Visit, _rule: Rule) -> Result:
    path = visit._incoming.path
    is_health = path == "/health" or _SESSION_HEALTH.fullmatch(path)
    return visit._answer(200 if is_health else 503, body='{"status":"healthy"}', content_type="application/json")


MUTANTS = (
    Mutant(
        "dead",
        breaks="COLD-01",
        sentence="the balancer answers 503 to everything",
        changes=(replace(Visit, "_act", _always_503),),
        hollow=True,
    ),
    Mutant(
        "hollow",
        breaks="COLD-01",
        sentence="200 to /health and /session/*/health, 503 to the rest, and nothing behind it",
        changes=(replace(Visit, "_act", _only_health),),
        hollow=True,
    ),
    Mutant(
        "stored",
        breaks="COLD-01",
        sentence="the control plane stores everything and nothing of it acts",
        changes=(lifeless(),),
        hollow=True,
    ),
)
