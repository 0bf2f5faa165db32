"""Load: many users at once, each of whom does what the platform's web client does, and what came of their requests.

`visit.py` is one user, `member.py` a process of users that takes part in a run, `locustfile.py` what locust makes of
both, `command.py` how a run starts locust, `figures.py` what comes back, and `scenario.py` what a scenario keeps of it.
"""

from seatrials.load.command import Load
from seatrials.load.figures import LoadFigures
from seatrials.load.options import LoadOptions
from seatrials.load.scenario import ScenarioLoad

__all__ = ["Load", "LoadFigures", "LoadOptions", "ScenarioLoad"]
