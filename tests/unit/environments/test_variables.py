"""Tests of the one reader of this process's variables."""

import re
from pathlib import Path

import pytest
from moto import settings

from seatrials.environments.variables import aws_variables_forgotten, read_variables

NOWHERE = {
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    "AWS_EC2_METADATA_DISABLED": "true",
}


def test_variables_are_a_copy() -> None:
    """What is done to the variables that were read does not reach the process."""
    copy = read_variables()
    copy["SEATRIALS_CLUSTER"] = "x"

    assert "SEATRIALS_CLUSTER" not in read_variables()


def test_aws_s_variables_can_be_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """What would lead an AWS client or moto anywhere goes, the files of the home folder too, and nothing else."""
    monkeypatch.setenv("AWS_PROFILE", "somebody")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/home/somebody/.aws/config")
    monkeypatch.setenv("SEATRIALS_CLUSTER", "x")
    before = read_variables()

    with aws_variables_forgotten():
        forgotten = read_variables()

    others = {name: value for name, value in before.items() if not name.startswith(("AWS_", "MOTO_"))}
    assert forgotten == {**others, **NOWHERE}
    assert read_variables() == before


@pytest.mark.parametrize(
    "name", sorted(set(re.findall(r'environ\.get\(\s*"(\w+)"', Path(settings.__file__).read_text(encoding="utf-8"))))
)
def test_moto_s_variables_are_forgotten_too(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """No variable that moto's settings read reaches it."""
    monkeypatch.setenv(name, "1")

    with aws_variables_forgotten():
        assert name not in read_variables()
