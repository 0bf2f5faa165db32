"""Tests of an environment as a whole: what must be true between its parts."""

from typing import Any

import pytest
from pydantic import ValidationError

from seatrials.environments.environment import Environment
from seatrials.environments.kinds import LIVE, MOCK, REHEARSAL, Kind
from seatrials.environments.parts import Door, Pacing, Place, Terms

# The least that an environment of each kind says.
LEAST: dict[str, dict[str, Any]] = {
    "mock": {"template": "stack.yaml"},
    "rehearsal": {"account_id": "0" * 12, "base_url": "https://a.example", "endpoint_url": "http://127.0.0.1:5000"},
    "live": {"account_id": "0" * 12, "base_url": "https://a.example"},
}


def environment(kind: Kind, **changes: object) -> Environment:
    """Return an environment of a kind."""
    table = {"name": "here", "kind": kind.name, "region": "us-west-2", **LEAST[kind.name], **changes}
    return Environment.model_validate(table)


@pytest.mark.parametrize("kind", [MOCK, REHEARSAL, LIVE], ids=lambda kind: kind.name)
def test_an_environment_has_the_kind_that_it_names(kind: Kind) -> None:
    """The kind is named in the file, and is the table's row from then on; written again it is its name."""
    here = environment(kind)

    assert here.kind is kind
    assert here.model_dump(exclude_unset=True)["kind"] == kind.name
    assert here.scope == kind.default_column


@pytest.mark.parametrize(
    ("kind", "key"), [(kind, key) for kind in (MOCK, REHEARSAL, LIVE) for key in kind.needs], ids=str
)
def test_an_environment_says_what_its_kind_needs(kind: Kind, key: str) -> None:
    """Each key that a kind cannot do without is asked for."""
    with pytest.raises(ValidationError, match=f"is missing, and kind '{kind.name}' needs it"):
        environment(kind, **{key: None})


def test_an_environment_is_all_of_its_parts() -> None:
    """Whoever declares a part as its parameter may be given the environment."""
    here = environment(LIVE)

    assert [isinstance(here, part) for part in (Place, Door, Pacing, Terms)] == [True] * 4


def test_an_environment_cannot_be_changed() -> None:
    """An environment is the same from the start of a run to its end."""
    with pytest.raises(ValueError, match="frozen"):
        environment(MOCK).region = "eu-west-1"  # type: ignore[misc]  # what is tried here


def test_a_real_stack_without_a_scope_is_spared() -> None:
    """A table that does not say which rows run gets those that production allows."""
    assert environment(LIVE).rows == ("live_only", "production")


def test_a_stack_s_outputs_may_say_where_it_answers() -> None:
    """An address that the outputs will give is not asked for."""
    assert environment(LIVE, outputs_stack="webordinary", base_url=None).base_url is None


def test_versions_are_those_of_a_release() -> None:
    """An environment whose versions can be asked about names the release that they must be."""
    with pytest.raises(ValidationError, match=r"must have release = \{ hermes = ..., edit = ... \}"):
        environment(MOCK, capabilities=["versions"])


@pytest.mark.parametrize(("pace", "expected"), [(1, True), (2, False), (30, False)])
def test_a_rehearsal_has_the_rate_of_requests_that_its_pace_leaves(pace: float, *, expected: bool) -> None:
    """A hundred in a second at pace 30 are thousands in one of the machine."""
    assert environment(REHEARSAL, capabilities=["rate"], pace=pace).allows("rate") is expected
