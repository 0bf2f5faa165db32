"""Tests of the table of kinds."""

import pytest

from seatrials.environments.environment import Environment
from seatrials.environments.kinds import KINDS, LIVE, Kind


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_a_kind_agrees_with_itself(kind: Kind) -> None:
    """Its own column is one that it may have, and what it needs are keys of an environment."""
    assert kind.default_column in kind.columns
    assert set(kind.needs) <= set(Environment.model_fields)
    assert KINDS[kind.name] is kind


def test_samples_tell_the_kinds_apart() -> None:
    """No two kinds have the same kind of samples, and what a real stack shows was measured."""
    assert len({kind.sample_kind for kind in KINDS.values()}) == len(KINDS)
    assert LIVE.sample_kind == "measured"


def test_a_real_stack_is_reached_nowhere_else() -> None:
    """Calls about a real stack go to AWS, and keep away whoever else would run there."""
    assert (LIVE.may_redirect, LIVE.is_shared) == (False, True)
