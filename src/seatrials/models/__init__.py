"""Models of the platform, stepped beside it: whatever is done, and in whatever order, both must say the same."""

from seatrials.models.files_walk import FilesWalk
from seatrials.models.life_walk import LifeWalk
from seatrials.models.questions import Questions
from seatrials.models.storm import Storm
from seatrials.models.walk import Walks

__all__ = ["FilesWalk", "LifeWalk", "Questions", "Storm", "Walks"]
