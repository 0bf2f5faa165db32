"""The files that stand at a checkout's top, where readers look for them, and go with a wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_IN_WHEEL, _CHECKOUT = _PACKAGE / "shipped", _PACKAGE.parents[1]
# The folder that has `contract/`, `environments.toml` and `stack/`.
SHIPPED = _IN_WHEEL if _IN_WHEEL.is_dir() else _CHECKOUT


def here_or_shipped(name: str) -> Path:
    """Return the file *name* of the working folder, or where there is none, that which seatrials comes with."""
    here = Path(name)
    return here if here.exists() else SHIPPED / name
