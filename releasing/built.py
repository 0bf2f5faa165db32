"""What stands in the folder that `uv build` has filled."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Built:
    """A wheel, and the version that its name says."""

    wheel: Path

    @property
    def version(self) -> str:
        """The version, such as 1.2.3, or 1.2.4.dev5+g0123abc of a commit without a tag."""
        return self.wheel.name.split("-")[1]

    @property
    def is_release(self) -> bool:
        """Whether it is of a commit with a tag, with nothing changed: all others have a part of their own."""
        return ".dev" not in self.version and "+" not in self.version


def built_in(folder: Path) -> Built:
    """Return what was built in *folder*; ends the program when that is not one wheel."""
    wheels = sorted(folder.glob("seatrials-*.whl"))
    if len(wheels) != 1:
        names = ", ".join(each.name for each in wheels) or "none"
        sys.exit(f"{folder} must have one wheel of seatrials, and has {names}: run `nox -s package`")
    return Built(wheels[0])


def folder_of(arguments: Sequence[str]) -> Path:
    """Return the one argument of a command, which is a folder; ends the program when it is not."""
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        sys.exit(f"give the folder of the wheel, such as dist, and nothing else; given was {list(arguments)}")
    return Path(arguments[0])
