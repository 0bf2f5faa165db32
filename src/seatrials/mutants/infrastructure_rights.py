"""What the roles of runs and of tasks may allow too much, or too little: INFRA-11."""

from seatrials.mutants import Mutants
from seatrials.mutants.mutant import Change, edit_template
from seatrials.mutants.template_edits import Document, leave_out, properties, put

MUTANTS = Mutants()
_STATEMENT = "Policies.0.PolicyDocument.Statement"
_TABLE = "arn:aws:dynamodb:us-west-2:123456789012:table/webordinary-edit-sessions"


def _of_runs(sid: str, **changed: object) -> Change:
    """Change parts of a statement of the role of runs."""

    def edit(document: Document) -> None:
        [policy] = properties(document, "RunRole")["Policies"]
        [statement] = [each for each in policy["PolicyDocument"]["Statement"] if each["Sid"] == sid]
        statement |= changed

    return edit_template(edit)


MUTANTS.rows["INFRA-11"] = {
    "run-role-of-another-table": (
        "The role of runs may write to the table of another stack.",
        _of_runs("LeaseAndJournal", Resource=f"{_TABLE}-before"),
    ),
    "run-role-administers-its-table": (
        "The role of runs may do everything to the one table that it works on.",
        _of_runs("LeaseJournalAndOwnItems", Action="dynamodb:*"),
    ),
    "run-role-may-rule-the-network": (
        "The role of runs may do all that there is with networks.",
        _of_runs("DeleteAccessPoints", Action=["ec2:*", "elasticfilesystem:DeleteAccessPoint"], Resource="*"),
    ),
    "run-role-gives-itself-rights": (
        "The role of runs may give itself policies.",
        _of_runs("LookAtRoles", Action=["iam:GetRole", "iam:PutRolePolicy", "iam:SimulatePrincipalPolicy"]),
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
    "hermes-looks-into-every-cluster": (
        "The role of Hermes may look at the tasks of every cluster of the account.",
        leave_out("HermesTaskRole", f"{_STATEMENT}.2.Condition"),
    ),
    "hermes-tells-any-metric": (
        "The role of Hermes may put any metric of the account.",
        leave_out("HermesTaskRole", f"{_STATEMENT}.1.Condition"),
    ),
    "run-role-cannot-look": (
        "The role of runs may look at tasks of another region alone.",
        _of_runs("LookAtTasks", Resource="arn:aws:ecs:us-east-1:*:*"),
    ),
}
