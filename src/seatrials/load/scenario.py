"""The load of one scenario, which keeps in its evidence what comes of it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from seatrials.load.command import Load
from seatrials.load.figures import LoadFigures

if TYPE_CHECKING:  # boto3 and httpx, which the process that hands out the scenarios does not need
    from seatrials.platform import Platform


class ScenarioLoad:
    """Many users of the platform of a scenario."""

    def __init__(self, load: Load, platform: "Platform", tell: Callable[[str], None]) -> None:
        """*tell* is given lines for people."""
        self._load, self._platform, self._tell = load, platform, tell

    def run(self) -> LoadFigures:
        """Have the users use the platform; the figures become samples, and failed requests steps."""
        figures = self._load.run()
        for line in figures.as_text():
            self._tell(line)
        for failed in figures.failures:
            self._platform.recorder.note_at(failed.at_seconds, f"{failed.visitor}: {failed.told}")
        for name, value, unit in figures.samples():
            self._platform.sample(name, value, unit)
        return figures
