"""What can go wrong with the roles of a platform that keeps its clients' work."""

from seatrials.mutants import Mutants
from seatrials.mutants.template_edits import forbid, put

MUTANTS = Mutants()

_HERMES, _EDIT = "HermesTaskRole", "EditTaskRole"

MUTANTS.rows["PERS-01"] = {
    "workspace-not-writable": (
        "The edit task may mount its file system and not write to it.",
        forbid(_EDIT, "elasticfilesystem:ClientWrite"),
    ),
    "workspaces-that-nobody-writes": (
        "The directory of the workspaces may be read by everybody and written by nobody.",
        put("WorkspaceAccessPoint", "RootDirectory.CreationInfo.Permissions", "0555"),
    ),
}

MUTANTS.rows["PERS-16"] = {
    "hermes-may-not-make-access-points": (
        "Hermes may make no access point for a client.",
        forbid(_HERMES, "elasticfilesystem:CreateAccessPoint"),
    ),
}
