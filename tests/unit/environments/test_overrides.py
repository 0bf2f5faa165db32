"""Tests of the values that an environment's file leaves to the shell or to a deployed stack."""

from typing import Any

import pytest

from seatrials.environments.overrides import outputs_by_key, overridden
from seatrials.environments.parts import ResourceNames
from seatrials.errors import ConfigurationError

MOCK: dict[str, Any] = {"kind": "mock"}
LIVE: dict[str, Any] = {"kind": "live", "base_url": "https://edit.example.org", "trust": {"sha256": "0" * 64}}


def changed(table: dict[str, Any], **variables: str) -> dict[str, Any]:
    """Return a table with the values of variables in place of its own."""
    return overridden(table, variables, ResourceNames)


def test_a_variable_replaces_a_name() -> None:
    """SEATRIALS_CLUSTER takes the place of names.cluster, of any kind of environment."""
    table = changed({**MOCK, "names": {"cluster": "a", "table": "t"}}, SEATRIALS_CLUSTER="b")

    assert table["names"] == {"cluster": "b", "table": "t"}


def test_an_empty_variable_replaces_nothing() -> None:
    """A variable without a value counts as not given."""
    assert changed(LIVE, SEATRIALS_CLUSTER="", SEATRIALS_BASE_URL="") == LIVE


def test_variables_say_which_stack_is_meant() -> None:
    """Account, address, trust and ports may come from the shell, and win over the file; of trust there is one way."""
    table = changed(
        LIVE,
        SEATRIALS_ACCOUNT_ID="210987654321",
        SEATRIALS_BASE_URL="https://other.example.org",
        SEATRIALS_CA_FILE="/ca.pem",
        SEATRIALS_HTTP_PORT="8080",
    )

    assert table == {
        "kind": "live",
        "account_id": "210987654321",
        "base_url": "https://other.example.org",
        "http_port": 8080,
        "trust": {"ca_file": "/ca.pem"},
    }


def test_variables_do_not_move_a_mock() -> None:
    """A shell that is set up for a rehearsal runs the mock as ever."""
    assert changed(MOCK, SEATRIALS_PACE="20", AWS_ENDPOINT_URL="http://127.0.0.1:5000") == MOCK


@pytest.mark.parametrize(("kind", "expected"), [("rehearsal", "http://127.0.0.1:5000"), ("live", None)])
def test_aws_s_own_variable_is_a_rehearsal_s_alone(kind: str, expected: str | None) -> None:
    """AWS_ENDPOINT_URL says where a rehearsal answers; of a real stack it is refused elsewhere, and taken nowhere."""
    assert changed({"kind": kind}, AWS_ENDPOINT_URL="http://127.0.0.1:5000").get("endpoint_url") == expected


def test_a_kind_that_does_not_exist_hides_no_other_problem() -> None:
    """What variables give is laid over such a table too, so that all that is wrong with it is told at once."""
    assert changed({"kind": "liv"}, SEATRIALS_HTTP_PORT="x") == {"kind": "liv", "http_port": "x"}


def test_outputs_have_keys() -> None:
    """Of a stack's outputs those that are known are told by their keys."""
    found = outputs_by_key({"AlbUrl": "https://a.example", "ClusterName": "c", "Other": "x"}, "webordinary")

    assert found == {"base_url": "https://a.example", "names.cluster": "c"}


def test_a_stack_without_known_outputs_is_another_one() -> None:
    """A stack of which no output is known is refused, with those that it has."""
    with pytest.raises(ConfigurationError, match="the stack web has the outputs Other, and none of them is known"):
        outputs_by_key({"Other": "x"}, "web")
