"""What code of a scenario does to go around the guard, in real runs on a served platform: it has no credentials for it.

Whoever brings some of his own is found out at the end of the run: a twin takes any.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from seatrials.environments.variables import read_variables
from seatrials.errors import LeftoversError
from seatrials.twin_server import running_server
from tests.support.project import PROJECT

HEAD = """
import os, subprocess, sys
import boto3, pytest
from botocore.exceptions import NoCredentialsError

# While the file is imported, too.
SEEN = {name for name in os.environ if name.startswith(("AWS_ACCESS", "AWS_SECRET", "AWS_SESSION", "AWS_PROFILE"))}
"""
HARMLESS = """
@pytest.mark.scenario("COLD-03")
@pytest.mark.staging
def test_finds_no_credentials(platform):
    assert SEEN == set() and "AWS_SECRET_ACCESS_KEY" not in os.environ
    with pytest.raises(NoCredentialsError):
        boto3.client("ecs", region_name="us-west-2").delete_cluster(cluster="webordinary-edit-cluster")
    program = "import boto3; boto3.client('ecs', region_name='us-west-2').delete_cluster(cluster='x')"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "NoCredentialsError" in told.stderr
    assert platform.services.edit()["status"] == "ACTIVE"


@pytest.mark.scenario("COLD-05")
@pytest.mark.staging
def test_finds_none_in_another_worker_either(platform, request):
    assert SEEN == set() and "AWS_SECRET_ACCESS_KEY" not in os.environ
    assert "seatrials_credentials" not in getattr(request.config, "workerinput", {})
    assert platform.services.edit()["status"] == "ACTIVE"
"""
HARMFUL = """
@pytest.mark.scenario("COLD-03")
@pytest.mark.staging
def test_brings_its_own(platform):
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "y", "region_name": "us-west-2"}
    logs = boto3.client("logs", **keys)
    logs.put_retention_policy(logGroupName="/ecs/edit", retentionInDays=1)
    elbv2 = boto3.client("elbv2", **keys)
    for group in elbv2.describe_target_groups()["TargetGroups"]:
        if group["Port"] == 3000:
            elbv2.modify_target_group(TargetGroupArn=group["TargetGroupArn"], HealthCheckIntervalSeconds=77)


@pytest.mark.scenario("COLD-05")
@pytest.mark.staging
def test_forgets_to_bring_any(platform):
    boto3.client("ecs", region_name="us-west-2").delete_cluster(cluster="webordinary-edit-cluster")
"""


@pytest.fixture(scope="module")
def variables() -> Iterator[dict[str, str]]:
    """Return what a shell has that examines a served platform."""
    own = {name: each for name, each in read_variables().items() if not name.startswith(("AWS_", "SEATRIALS_"))}
    with running_server("--pace", "20") as running:
        yield {**own, **running.variables}


def run(folder: Path, variables: dict[str, str], scenarios: str, *options: str) -> tuple[int, str, dict[str, object]]:
    """Run *scenarios* as a user does; return the exit code, what was said, and `run.json`."""
    (folder / "test_cold_start.py").write_text(HEAD + scenarios)
    files = ["--environments", str(PROJECT / "environments.toml"), "--evidence", str(folder / "evidence")]
    command = [sys.executable, "-m", "pytest", str(folder), "--rootdir", str(folder), "--environment", "rehearsal"]
    # What is beside a failure is shown with -v.
    plain = ["-v", "-p", "seatrials.run.plugin", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", *options]
    result = subprocess.run(  # noqa: S603  # this Python, and arguments of our own
        [*command, *files, *plain], env=variables, capture_output=True, text=True, check=False, timeout=400, cwd=folder
    )
    record = json.loads((folder / "evidence/rehearsal/latest/run.json").read_text())
    return result.returncode, result.stdout + result.stderr, record


@pytest.mark.parametrize("workers", ["0", "2"])
@pytest.mark.parametrize("role", [None, "arn:aws:iam::123456789012:role/run"], ids=["keys", "role"])
def test_a_scenario_has_no_credentials(
    tmp_path: Path, variables: dict[str, str], workers: str, role: str | None
) -> None:
    """In no process of a run, whoever's credentials it has; and all that the run itself changes is explained."""
    given = variables if role is None else {**variables, "SEATRIALS_ROLE_ARN": role}
    code, told, record = run(tmp_path, given, HARMLESS, "-n", workers)

    assert (code, record["leftovers"]) == (0, []), told
    assert record["scenarios"] == {"COLD-03": "passed", "COLD-05": "passed"}


def test_whoever_brings_some_is_found_out(tmp_path: Path, variables: dict[str, str]) -> None:
    """What a scenario changed with other credentials is named at the end, and the run is no proof of anything."""
    code, told, record = run(tmp_path, variables, HARMFUL, "-n", "0")
    left = str(record["leftovers"])

    assert code == LeftoversError.exit_code, told
    assert "unexplained: log group /ecs/edit has retentionInDays 1, and had " in left
    assert "has HealthCheckIntervalSeconds 77, and had 30" in left
    assert "A scenario has no credentials of AWS" in told
