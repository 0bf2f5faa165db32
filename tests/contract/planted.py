"""A server of the platform with one defect: `python -m tests.contract.planted MUTANT twin serve ...`."""

import dataclasses
import sys
from collections.abc import Callable

from seatrials.cli import main
from seatrials.mutants.catalogue import CATALOGUE
from seatrials.mutants.collection import Mutants
from seatrials.mutants.mutant import Plan
from seatrials.seams.http1 import Request, Response
from seatrials.twin.calibration import WORLDS
from seatrials.webordinary.hermes.routes import Routes

OWN = Mutants()


@OWN.replacing(Routes.list_client, "list-tells-how-many", breaks="PERS-10")
def _(original: Callable[..., Response], routes: Routes, request: Request, client_id: str) -> Response:
    """The list of a client's sessions comes with a header that nobody declares."""
    answer = original(routes, request, client_id)
    return dataclasses.replace(answer, headers=[*answer.headers, ("x-sessions", "1")])


def plant(name: str) -> None:
    """Break this process as the mutant *name* says, for its whole life."""
    mutant = next(each for each in (*OWN, *CATALOGUE) if each.id == name)
    plan = Plan(WORLDS["default"])
    mutant.apply(plan)
    for owner, attribute, value in plan.replacements:
        setattr(owner, attribute, value)


if __name__ == "__main__":
    plant(sys.argv.pop(1))
    main()
