"""Who may take a role on GitHub: one repository's jobs in one environment, told by the whole of the subject.

Source: IAM User Guide, "Create a role for OpenID Connect federation"; GitHub Docs, "OpenID Connect reference".
"""

import json

import pytest

from seatrials.errors import ConfigurationError
from seatrials.rights.policies import TRUST_CHARACTERS_MAX, characters
from seatrials.rights.trust import trust
from seatrials.twin.permissions import Need
from seatrials.twin.permissions.policies import statements_of
from tests.support.judged import environment

PROVIDER = "token.actions.githubusercontent.com"
FEDERATED = ("Federated", f"arn:aws:iam::123456789012:oidc-provider/{PROVIDER}")


def trusts(subject: str, audience: str = "sts.amazonaws.com") -> bool:
    """Whether a token with these claims gets the role of staging."""
    [statement] = statements_of(json.dumps(trust(environment(), "acme/platform", "staging")))
    claims = {f"{PROVIDER}:aud": (audience,), f"{PROVIDER}:sub": (subject,)}
    need = Need("sts:AssumeRoleWithWebIdentity", "*")
    return statement.is_for(FEDERATED) and statement.speaks_of(need, claims)


def test_a_job_in_the_environment_gets_the_role() -> None:
    """Of the repository, whichever branch or tag it runs for, which the environment on GitHub decides."""
    assert trusts("repo:acme/platform:environment:staging")


@pytest.mark.parametrize(
    "subject",
    [
        "repo:acme/platform:environment:production",
        "repo:acme/platform:environment:staging-2",
        "repo:acme/platform-2:environment:staging",
        "repo:acme/platform:ref:refs/heads/main",
        "repo:acme/platform:pull_request",
        "repo:mallory/platform:environment:staging",
        "repo:acme/platform:environment:Staging",
    ],
)
def test_nobody_else_does(subject: str) -> None:
    """Another environment or repository, a longer name, and a job without an environment."""
    assert not trusts(subject)


def test_a_token_for_somebody_else_is_refused() -> None:
    """A token that a job got for another service."""
    assert not trusts("repo:acme/platform:environment:staging", audience="https://github.com/acme")


@pytest.mark.parametrize(
    ("repository", "github_environment", "told"),
    [
        ("platform", "staging", "--repository platform: GitHub has none of such a name; give OWNER/REPOSITORY"),
        ("acme/*", "staging", r"--repository acme/\*: "),
        ("acme/platform", "*", r"--github-environment \*: give the name of one environment"),
        ("acme/platform", "a:b", "--github-environment a:b: "),
        ("acme", "", "--repository acme: .*\n--github-environment : "),
    ],
)
def test_what_would_trust_others_is_refused(repository: str, github_environment: str, told: str) -> None:
    """A wildcard, or a name that no repository and no environment can have; all that is wrong is told at once."""
    with pytest.raises(ConfigurationError, match=told):
        trust(environment(), repository, github_environment)


def test_it_is_short_enough() -> None:
    """Trust policies have 2,048 characters, unless a quota was raised. Source: IAM User Guide, quotas."""
    longest = trust(environment(), f"{'o' * 39}/{'r' * 100}", "e" * 255)

    assert characters(longest) <= TRUST_CHARACTERS_MAX
