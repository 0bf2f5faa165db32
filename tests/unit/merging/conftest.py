"""Shards of small runs of pytest inside a run of pytest, on a stack that does nothing."""

from tests.unit.run.conftest import _heard, run, stacks

__all__ = ["_heard", "run", "stacks"]
