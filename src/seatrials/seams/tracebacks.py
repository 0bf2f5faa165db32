"""Where an error was raised, in words that are the same on every machine."""

import sysconfig
import traceback
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
_LIBRARIES = tuple(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib"))


def place_of(error: BaseException) -> str:
    """Return file, line and function of the innermost frame that is no library's, as `file:line in function`.

    A file of this package is told from the package on, any other by its name. A syntax error is where it stands.
    """
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_short(error.filename)}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not _is_library(frame.filename)] or frames
    return f"{_short(own[-1].filename)}:{own[-1].lineno} in {own[-1].name}" if own else "an unknown place"


def traceback_lines(error: BaseException) -> list[str]:
    """Return what Python would write of an error that nothing caught, as lines."""
    return "".join(traceback.format_exception(error)).splitlines()


def _is_library(filename: str) -> bool:
    is_own = Path(filename).is_relative_to(_PACKAGE)
    return not is_own and (filename.startswith(("<", *_LIBRARIES)))


def _short(filename: str) -> str:
    path = Path(filename)
    return str(path.relative_to(_PACKAGE.parent)) if path.is_relative_to(_PACKAGE) else path.name
