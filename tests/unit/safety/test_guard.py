"""Tests of the guard on every call: what comes before a run may write."""

import pytest

from seatrials.errors import (
    MissingPermissionError,
)
from tests.support.live_run import AwsCalls, Begin
from tests.support.small_platform import SmallPlatform


def test_a_run_without_permission_for_its_lease_has_written_nothing(
    begin: Begin, small_platform: SmallPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lease is the first write; a run that may not take it ends there."""
    calls = AwsCalls(monkeypatch)
    calls.refuse("PutItem", "AccessDeniedException")

    with pytest.raises(MissingPermissionError, match="may not call PutItem"):
        begin()
    calls.failing.clear()
    assert (calls.writes, small_platform.runs_items()) == (["PutItem"], [])
