"""Every mutant of the project: the hollow platforms, and what breaks each row, in the order of the rows."""

from seatrials.mutants import contract, hollow, infrastructure, infrastructure_rights, models, resilience
from seatrials.mutants.cold_start import cold_01_to_10, cold_11_to_20, cold_network, cold_permissions
from seatrials.mutants.concurrency import conc_01_to_09, conc_10_to_19
from seatrials.mutants.mutant import Mutant
from seatrials.mutants.persistence import pers_01_to_08, pers_09_to_19, pers_permissions
from seatrials.mutants.routing import route_01_to_12, route_13_to_31

CATALOGUE: tuple[Mutant, ...] = (
    *hollow.MUTANTS,
    *cold_01_to_10.MUTANTS,
    *cold_11_to_20.MUTANTS,
    *cold_network.MUTANTS,
    *cold_permissions.MUTANTS,
    *pers_01_to_08.MUTANTS,
    *pers_09_to_19.MUTANTS,
    *pers_permissions.MUTANTS,
    *conc_01_to_09.MUTANTS,
    *conc_10_to_19.MUTANTS,
    *route_01_to_12.MUTANTS,
    *route_13_to_31.MUTANTS,
    *infrastructure.MUTANTS,
    *infrastructure_rights.MUTANTS,
    *resilience.MUTANTS,
    *contract.MUTANTS,
    *models.MUTANTS,
)
