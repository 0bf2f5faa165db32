"""Who may take a role on GitHub: the jobs of one repository in one of its environments.

The subject is compared as a whole. Sources: GitHub Docs, "OpenID Connect reference", `sub` of a job that has an
environment; IAM User Guide, "Create a role for OpenID Connect federation".
"""

import re

from seatrials.environments.environment import Environment
from seatrials.errors import ConfigurationError
from seatrials.rights.policies import VERSION, Document, account_of, partition_of

_PROVIDER = "token.actions.githubusercontent.com"
_AUDIENCE = "sts.amazonaws.com"
# Source: GitHub Docs, names of accounts and of repositories.
_REPOSITORY = re.compile(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+")
# What IAM or a subject would read as more than a name.
_NO_NAME = re.compile(r"[:*?$\s]")


def trust(environment: Environment, repository: str, github_environment: str) -> Document:
    """Return the trust policy of a role that jobs take; raises `ConfigurationError` for what is no name on GitHub."""
    problems = []
    if _REPOSITORY.fullmatch(repository) is None:
        problems.append(f"--repository {repository}: GitHub has none of such a name; give OWNER/REPOSITORY")
    if not github_environment or _NO_NAME.search(github_environment):
        problems.append(f"--github-environment {github_environment}: give the name of one environment, without `:*?$`")
    if problems:
        raise ConfigurationError("\n".join(problems))
    provider = f"arn:{partition_of(environment.region)}:iam::{account_of(environment)}:oidc-provider/{_PROVIDER}"
    subject = f"repo:{repository}:environment:{github_environment}"
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {f"{_PROVIDER}:aud": _AUDIENCE, f"{_PROVIDER}:sub": subject}},
    }
    return {"Version": VERSION, "Statement": [statement]}
