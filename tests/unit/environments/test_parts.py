"""Tests of the parts of an environment."""

import pytest

from seatrials.environments.parts import Limits, Ports, ResourceNames, Terms, Trust
from seatrials.errors import ConfigurationError


def test_names_have_the_contract_s_defaults() -> None:
    """Who names no resource gets the names of the platform's contract."""
    names, ports = ResourceNames(), Ports()

    assert (names.cluster, names.metric, ports.edit_hmr) == ("webordinary-edit-cluster", "ActiveSessionCount", 4322)


def test_fingerprints_may_have_colons() -> None:
    """A fingerprint is taken as openssl prints it."""
    assert Trust(sha256=":".join(["AB"] * 32)).sha256 == "ab" * 32


def test_terms_answer_what_is_allowed() -> None:
    """An environment allows what its file lists and nothing else."""
    terms = Terms.model_validate({"capabilities": ["exec"]})

    assert (terms.allows("exec"), terms.allows("faults.kill")) == (True, False)


def test_unknown_capabilities_are_an_error() -> None:
    """A scenario with a mistyped capability is never quietly left out."""
    with pytest.raises(ConfigurationError, match=r"no capability is called 'faults.kil'; did you mean 'faults.kill'\?"):
        Terms().allows("faults.kil")


def test_limits_are_found_by_suite() -> None:
    """The limit of a suite is found by the suite's name."""
    assert Limits().seconds("concurrency") == 180


def test_unknown_suites_are_an_error() -> None:
    """A suite without a limit is an error, not a suite without end."""
    with pytest.raises(
        ConfigurationError, match=r"no suite is called 'zoo'; allowed: cold_start, persistence, .*file without"
    ):
        Limits().seconds("zoo")
