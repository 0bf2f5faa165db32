"""Rows of the mock with the policy of a run in force: what a scenario calls is judged as the calls of tasks are.

`test_command.py` shows that the template's role, which is judged by here, has the policy that the command writes.
"""

import json
import subprocess
import sys
from pathlib import Path

from cfn_flip import load

from seatrials.environments.variables import read_variables
from tests.support.project import PROJECT, TEMPLATE

# All that is looked at, and the changes that rows make by calls: targets, services, items.
ROWS = (
    "test_infrastructure.py",
    "test_routing.py::test_a_draining_target_finishes_its_requests",
    "test_persistence.py::test_a_new_deployment_keeps_files_history_and_session",
    "test_persistence.py::test_a_later_ttl_rescues_an_item_and_deletion_leaves_nothing",
)


def run(folder: Path, *rows: str, stack: Path = TEMPLATE) -> subprocess.CompletedProcess[str]:
    """Run rows with the rights of *stack* in force."""
    paths = [f"tests/integration/{each}" for each in rows]
    options = ["--environment", "mock", "--stack", str(stack), "--evidence", str(folder), "-v", "-n", "0"]
    return subprocess.run(  # noqa: S603  # our own command
        [sys.executable, "-m", "pytest", *paths, *options, "-p", "tests.support.rights_in_force"],
        cwd=PROJECT,
        env=read_variables(),
        capture_output=True,
        text=True,
        check=False,
    )


def test_rows_pass_with_the_policy_in_force(tmp_path: Path) -> None:
    """Nothing that they call is refused."""
    done = run(tmp_path, *ROWS)

    assert done.returncode == 0, done.stdout
    assert "access_denied" not in done.stdout


def test_without_a_statement_a_row_fails(tmp_path: Path) -> None:
    """The policy is in force: what it lacks is refused in AWS's words."""
    document = load(TEMPLATE.read_text(encoding="utf-8"))[0]
    [policy] = document["Resources"]["RunRole"]["Properties"]["Policies"]
    statements = policy["PolicyDocument"]["Statement"]
    policy["PolicyDocument"]["Statement"] = [each for each in statements if each["Sid"] != "LookAtTables"]
    stack = tmp_path / "stack.json"
    stack.write_text(json.dumps(document), encoding="utf-8")
    done = run(tmp_path, "test_infrastructure.py::test_the_table_has_its_keys_indexes_and_safeguards", stack=stack)

    assert done.returncode == 1, done.stdout
    assert "not authorized to perform: dynamodb:DescribeTable" in done.stdout
