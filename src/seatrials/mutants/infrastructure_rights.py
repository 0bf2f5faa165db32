"""What the roles of runs and of tasks may allow too much, or too little: INFRA-11."""

from seatrials.mutants import Mutants
from seatrials.mutants.template_edits import put

MUTANTS = Mutants()
_STATEMENT = "Policies.0.PolicyDocument.Statement"
_TABLE = "arn:aws:dynamodb:us-west-2:123456789012:table/webordinary-edit-sessions"

MUTANTS.rows["INFRA-11"] = {
    "run-role-of-another-table": (
        "The role of runs may write to the table of another stack.",
        put("RunRole", f"{_STATEMENT}.1.Resource", f"{_TABLE}-before"),
    ),
    "run-role-administers-its-table": (
        "The role of runs may do everything to the one table that it works on.",
        put("RunRole", f"{_STATEMENT}.1.Action", "dynamodb:*"),
    ),
    "run-role-may-rule-the-network": (
        "The role of runs may do all that there is with networks.",
        put("RunRole", f"{_STATEMENT}.3.Action", "ec2:*"),
    ),
    "run-role-gives-itself-rights": (
        "The role of runs may give itself policies.",
        put("RunRole", f"{_STATEMENT}.3.Action", ["iam:PutRolePolicy", "elasticloadbalancing:DeleteRule"]),
    ),
    "editor-reads-the-table": (
        "The role of the edit tasks may read every session of the table.",
        put("EditTaskRole", f"{_STATEMENT}.1.Action", ["dynamodb:UpdateItem", "dynamodb:Scan"]),
    ),
    "editor-is-root-on-the-files": (
        "The edit tasks may do on the file system what root may.",
        put("EditTaskRole", f"{_STATEMENT}.0.Action", "elasticfilesystem:Client*"),
    ),
    "editor-mounts-any-files": (
        "The edit tasks may mount every file system of the account.",
        put("EditTaskRole", f"{_STATEMENT}.0.Resource", "*"),
    ),
    "hermes-stops-tasks": (
        "The role of Hermes may stop tasks.",
        put("HermesTaskRole", f"{_STATEMENT}.2.Action", ["ecs:DescribeTasks", "ecs:ListTasks", "ecs:StopTask"]),
    ),
    "hermes-writes-every-table": (
        "The role of Hermes may write to every table of the account.",
        put("HermesTaskRole", f"{_STATEMENT}.0.Resource", "*"),
    ),
    "run-role-cannot-look": (
        "The role of runs may look at tasks of another region alone.",
        put("RunRole", f"{_STATEMENT}.0.Resource", "arn:aws:*:us-east-1:*:*"),
    ),
}
