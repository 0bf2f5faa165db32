"""Says of which commit and by which job of GitHub's the files of a release were built, for sigstore to sign.

The form is that of SLSA 1.0, https://slsa.dev/spec/v1.0/provenance, with GitHub's build type,
https://actions.github.io/buildtypes/workflow/v1; what it says comes from the variables that GitHub sets in each job,
https://docs.github.com/en/actions/reference/workflows-and-actions/variables. sigstore's certificate says the same of
the job that signs, so that whoever verifies need not believe the job's own words.
"""

import json
import sys
from collections.abc import Mapping
from typing import Any

from releasing.built import built_in, folder_of
from seatrials.environments.variables import read_variables

PREDICATE_FILE = "provenance.json"
_NEEDED = (
    *("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_REPOSITORY_ID", "GITHUB_REPOSITORY_OWNER_ID"),
    *("GITHUB_SHA", "GITHUB_REF", "GITHUB_WORKFLOW_REF", "GITHUB_EVENT_NAME"),
    *("GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT", "RUNNER_ENVIRONMENT"),
)


def predicate(variables: Mapping[str, str]) -> dict[str, Any]:
    """Return the predicate of a job with these variables; raises `ValueError` that names all that are not set."""
    missing = [name for name in _NEEDED if not variables.get(name)]
    if missing:
        msg = f"{', '.join(missing)}: not set, as GitHub sets them in a job: provenance can be made there alone"
        raise ValueError(msg)
    repository = f"{variables['GITHUB_SERVER_URL']}/{variables['GITHUB_REPOSITORY']}"
    # Such as OWNER/REPOSITORY/.github/workflows/publish.yml@refs/tags/v1.2.3.
    workflow = variables["GITHUB_WORKFLOW_REF"].removeprefix(f"{variables['GITHUB_REPOSITORY']}/")
    path, _, reference = workflow.partition("@")
    run = f"{repository}/actions/runs/{variables['GITHUB_RUN_ID']}/attempts/{variables['GITHUB_RUN_ATTEMPT']}"
    return {
        "buildDefinition": {
            "buildType": "https://actions.github.io/buildtypes/workflow/v1",
            "externalParameters": {"workflow": {"ref": reference, "repository": repository, "path": path}},
            "internalParameters": {
                "github": {
                    "event_name": variables["GITHUB_EVENT_NAME"],
                    "repository_id": variables["GITHUB_REPOSITORY_ID"],
                    "repository_owner_id": variables["GITHUB_REPOSITORY_OWNER_ID"],
                    "runner_environment": variables["RUNNER_ENVIRONMENT"],
                }
            },
            "resolvedDependencies": [
                {
                    "uri": f"git+{repository}@{variables['GITHUB_REF']}",
                    "digest": {"gitCommit": variables["GITHUB_SHA"]},
                }
            ],
        },
        "runDetails": {"builder": {"id": f"{repository}/{workflow}"}, "metadata": {"invocationId": run}},
    }


def main() -> None:
    """Write the predicate beside the wheel in the folder that is given."""
    folder = folder_of(sys.argv[1:])
    built_in(folder)
    try:
        found = predicate(read_variables())
    except ValueError as error:
        sys.exit(str(error))
    (folder / PREDICATE_FILE).write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
