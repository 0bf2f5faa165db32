"""A row that met a broken promise says whose it is; whether that excuses it is judged when all rows have ended."""

import pytest

from seatrials.errors import BrokenPromiseError
from seatrials.evidence.not_asked import BROKEN_PROMISE
from seatrials.run.items import scenario_id


def about_promise(item: pytest.Item, call: pytest.CallInfo[None]) -> list[tuple[str, object]]:
    """Return what a report says of a broken promise; nothing of a row that is itself about it."""
    error = None if call.excinfo is None else call.excinfo.value
    if not isinstance(error, BrokenPromiseError) or scenario_id(item) in error.about:
        return []
    return [(BROKEN_PROMISE, error.row)]
