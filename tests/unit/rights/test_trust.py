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


def trusts(
    subject: str,
    audience: str = "sts.amazonaws.com",
    *,
    repository: str = "acme/platform",
    github_environment: str = "staging",
) -> bool:
    """Whether a token with these claims gets the role of staging."""
    [statement] = statements_of(json.dumps(trust(environment(), repository, github_environment)))
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


def test_a_repository_with_ids_is_told_by_them() -> None:
    """Who takes over the names of a repository that has gone has other ids; GitHub has them in subjects since 2026."""
    named = {"repository": "acme@12/platform@345"}

    assert trusts("repo:acme@12/platform@345:environment:staging", **named)
    assert not trusts("repo:acme@12/platform@346:environment:staging", **named)
    assert not trusts("repo:acme/platform:environment:staging", **named)


def test_a_colon_in_a_name_is_no_other_claim() -> None:
    """GitHub writes it as %3A."""
    assert trusts("repo:acme/platform:environment:eu%3Astaging", github_environment="eu:staging")
    assert not trusts("repo:acme/platform:environment:eu:staging", github_environment="eu:staging")


def test_china_has_an_audience_of_its_own() -> None:
    """Source: README of aws-actions/configure-aws-credentials, "Audience"."""
    there = trust(environment().model_copy(update={"region": "cn-north-1"}), "acme/platform", "staging")

    assert f'"{PROVIDER}:aud": "sts.amazonaws.com.cn"' in json.dumps(there)


def test_a_token_for_somebody_else_is_refused() -> None:
    """A token that a job got for another service."""
    assert not trusts("repo:acme/platform:environment:staging", audience="https://github.com/acme")


@pytest.mark.parametrize(
    ("repository", "github_environment", "told"),
    [
        ("platform", "staging", "--repository platform: GitHub has none of such a name; give OWNER/REPOSITORY, or "),
        ("acme@12/platform", "staging", "--repository acme@12/platform: "),
        ("acme/platform@12", "staging", "--repository acme/platform@12: "),
        ("acme/*", "staging", r"--repository acme/\*: "),
        ("acme/platform", "*", r"--github-environment \*: give the name of one environment"),
        ("acme", "", "--repository acme: .*\n--github-environment : "),
    ],
)
def test_what_would_trust_others_is_refused(repository: str, github_environment: str, told: str) -> None:
    """A wildcard, or a name that no repository and no environment can have; all that is wrong is told at once."""
    with pytest.raises(ConfigurationError, match=told):
        trust(environment(), repository, github_environment)


def test_it_is_short_enough() -> None:
    """Trust policies have 2,048 characters, unless a quota was raised. Source: IAM User Guide, quotas."""
    longest = trust(environment(), f"{'o' * 39}@{'1' * 12}/{'r' * 100}@{'1' * 12}", ":" * 255)

    assert characters(longest) <= TRUST_CHARACTERS_MAX
