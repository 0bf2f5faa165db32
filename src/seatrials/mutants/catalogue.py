"""Every mutant of the project: by suite, by what an application does, and the hollow platforms."""

from seatrials.mutants import (
    balancing,
    cold_start,
    concurrency,
    editing,
    hermes_calls,
    hermes_upkeep,
    hollow,
    infrastructure,
    isolation,
    persistence,
    routing,
    session_life,
    sharing,
    showing,
    template,
)
from seatrials.mutants.mutant import Mutant

CATALOGUE: tuple[Mutant, ...] = (
    *hollow.MUTANTS,
    *cold_start.MUTANTS,
    *session_life.MUTANTS,
    *hermes_calls.MUTANTS,
    *hermes_upkeep.MUTANTS,
    *persistence.MUTANTS,
    *isolation.MUTANTS,
    *editing.MUTANTS,
    *showing.MUTANTS,
    *concurrency.MUTANTS,
    *sharing.MUTANTS,
    *routing.MUTANTS,
    *balancing.MUTANTS,
    *infrastructure.MUTANTS,
    *template.MUTANTS,
)
