"""Without `quick/`, everything happens as it does with it: traces are equal to the last byte."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from seatrials.environments.variables import read_variables
from seatrials.errors import ConfigurationError
from seatrials.stacks import wants_plain_moto
from seatrials.twin.control_plane import moto_running
from tests.support.project import PROJECT

# A session from its activation to its expiry, the policies that scale, and names that moto makes.
SCENARIOS = (
    "test_an_idle_session_expires_and_the_service_returns_to_zero or test_scaling_follows_the_number_of_sessions "
    "or test_unhealthy_targets_are_spared_unless_all_are"
)
SERVICES = {"application-autoscaling", "cloudwatch", "dynamodb", "ecs", "efs", "elbv2"}


def run(evidence: Path, plain: str) -> subprocess.Popen[str]:
    """Begin a run of the scenarios in a process of its own."""
    options = ("-q", "-n", "0", "-k", SCENARIOS, "--evidence", str(evidence / (plain or "quick")))
    return subprocess.Popen(  # noqa: S603  # pytest, with our own scenarios
        [sys.executable, "-m", "pytest", "tests/integration", "--environment", "mock", *options],
        cwd=PROJECT,
        env={**read_variables(), "SEATRIALS_PLAIN_MOTO": plain},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def record(process: subprocess.Popen[str], evidence: Path) -> tuple[dict[str, str], set[str]]:
    """Return the hashes of a run's traces, and the services that were called."""
    said, _ = process.communicate()
    assert process.returncode == 0, said
    [folder] = evidence.glob("mock/2*")
    lines = [line for file in folder.glob("timeline/*-??.jsonl") for line in file.read_text().splitlines()]
    events: list[dict[str, Any]] = [json.loads(line) for line in lines]
    calls = {str(each["operation"]).partition(".")[0] for each in events if each["kind"] == "aws_call"}
    return json.loads((folder / "run.json").read_text())["trace_sha256"], calls


def test_traces_are_the_same_without_what_saves_time(tmp_path: Path) -> None:
    """The same scenarios by the quick way and by botocore's and moto's own alone, with every service called."""
    processes = {plain: run(tmp_path, plain) for plain in ("", "1")}
    quick, plain = (record(process, tmp_path / (name or "quick")) for name, process in processes.items())

    assert len(quick[0]) == 3
    assert quick[0] == plain[0]
    assert quick[1] == SERVICES


def test_what_is_quick_stays_so() -> None:
    """What makes moto quick replaces its functions for good, so a process that is quick refuses to be plain later."""
    with moto_running():
        pass

    with pytest.raises(RuntimeError, match="run what must be plain in a process of its own"), moto_running(plain=True):
        pass


@pytest.mark.parametrize(("value", "is_plain"), [(None, False), ("", False), ("1", True)])
def test_the_variable_says_whether(value: str | None, *, is_plain: bool) -> None:
    """SEATRIALS_PLAIN_MOTO=1 asks for it, and nothing else does."""
    assert wants_plain_moto({} if value is None else {"SEATRIALS_PLAIN_MOTO": value}) is is_plain


def test_another_value_of_the_variable_is_refused() -> None:
    """A run that was meant to be plain must not be quick unnoticed."""
    with pytest.raises(ConfigurationError, match="SEATRIALS_PLAIN_MOTO=yes: must be 1, or be left out"):
        wants_plain_moto({"SEATRIALS_PLAIN_MOTO": "yes"})
