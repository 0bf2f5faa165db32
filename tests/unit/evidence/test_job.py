"""The job of CI is told by the variables of the systems that people use, and by nothing that is no address."""

import pytest

from seatrials.evidence.job import is_link, job_url

GITHUB = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "a/b", "GITHUB_RUN_ID": "7"}


@pytest.mark.parametrize(
    ("variables", "url"),
    [
        ({}, None),
        (GITHUB, "https://github.com/a/b/actions/runs/7"),
        ({**GITHUB, "GITHUB_RUN_ATTEMPT": "2"}, "https://github.com/a/b/actions/runs/7/attempts/2"),
        ({**GITHUB, "GITHUB_RUN_ID": ""}, None),
        ({**GITHUB, "SEATRIALS_JOB_URL": "https://ci.example/1"}, "https://ci.example/1"),
        ({"CI_JOB_URL": "https://gitlab.example/-/jobs/1"}, "https://gitlab.example/-/jobs/1"),
        ({"BUILD_URL": "http://jenkins.example/job/1/"}, "http://jenkins.example/job/1/"),
        ({"SEATRIALS_JOB_URL": "javascript:alert(1)"}, None),
        ({"BUILD_URL": "https://ci.example/1?token=ghp_0123456789abcdefghijABCDEFGHIJ012345"}, None),
    ],
)
def test_the_job_is_known_by_its_variables(variables: dict[str, str], url: str | None) -> None:
    """Our own variable outranks those of the system."""
    assert job_url(variables) == url


@pytest.mark.parametrize(
    "url",
    [
        *("", "x", "//a/b", "javascript:x", "https://", "https://user:word@host/", "https://[", "https://a b"),
        *("https://a\n", 'https://a/"x', "https://a/<b>", "https://a/" + "x" * 3000, "https://ä.example", "file:///x"),
    ],
)
def test_what_is_no_address_is_no_link(url: str) -> None:
    """Nothing that a browser would run, nothing with a password, nothing without an end."""
    assert not is_link(url)
