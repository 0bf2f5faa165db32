"""Who may take a role on GitHub: the jobs of one repository in one of its environments.

The subject is compared as a whole; which branches have the environment GitHub alone knows. Sources: GitHub Docs,
"OpenID Connect reference", filtering for an environment, metadata with `:`, and immutable subject claims; IAM User
Guide, "Create a role for OpenID Connect federation".
"""

import re

from seatrials.environments.environment import Environment
from seatrials.errors import ConfigurationError
from seatrials.rights.policies import VERSION, Document, account_of, partition_of

_PROVIDER = "token.actions.githubusercontent.com"
# What a job asks its token for. Source: README of aws-actions/configure-aws-credentials, "Audience".
_AUDIENCE, _AUDIENCES = "sts.amazonaws.com", {"aws-cn": "sts.amazonaws.com.cn"}
# With the ids of both or of neither: of a repository that was made, renamed or handed on since July 15, 2026, GitHub
# tells both, as it does of any that asked for it. Names of managed users have a `_`.
_REPOSITORY = re.compile(r"[A-Za-z0-9_-]+/[A-Za-z0-9._-]+|[A-Za-z0-9_-]+@\d+/[A-Za-z0-9._-]+@\d+")
# What IAM would read as more than a name.
_NO_NAME = re.compile(r"[*?$\s]")


def trust(environment: Environment, repository: str, github_environment: str) -> Document:
    """Return the trust policy of a role that jobs take; raises `ConfigurationError` for what is no name on GitHub."""
    problems = []
    if _REPOSITORY.fullmatch(repository) is None:
        problems.append(
            f"--repository {repository}: GitHub has none of such a name; give OWNER/REPOSITORY, "
            "or where its subjects have ids, OWNER@ID/REPOSITORY@ID"
        )
    if not github_environment or _NO_NAME.search(github_environment):
        problems.append(f"--github-environment {github_environment}: give the name of one environment, without `*?$`")
    if problems:
        raise ConfigurationError("\n".join(problems))
    partition = partition_of(environment.region)
    provider = f"arn:{partition}:iam::{account_of(environment)}:oidc-provider/{_PROVIDER}"
    claims = {
        f"{_PROVIDER}:aud": _AUDIENCES.get(partition, _AUDIENCE),
        f"{_PROVIDER}:sub": f"repo:{repository}:environment:{github_environment.replace(':', '%3A')}",
    }
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": claims},
    }
    return {"Version": VERSION, "Statement": [statement]}
