"""Where the job of CI that made a run, or a decision, can be seen: what the variables of CI systems tell."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from seatrials.evidence.redaction import redact

_CHARACTERS_MAX = 2000
# One of each is enough: our own variable, GitLab's, Jenkins's.
_WHOLE = ("SEATRIALS_JOB_URL", "CI_JOB_URL", "BUILD_URL")
_OF_GITHUB = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")


def job_url(variables: Mapping[str, str]) -> str | None:
    """Return the address of the job that this process is part of; None outside of CI.

    SEATRIALS_JOB_URL outranks what the CI system says. Source of GitHub's: "Default environment variables" in its docs.
    """
    told = [
        variables.get("SEATRIALS_JOB_URL", ""),
        _of_github(variables),
        *(variables.get(each, "") for each in _WHOLE),
    ]
    # An address with a token in it is a secret, and no evidence.
    return next((url for url in told if is_link(url) and redact(url) == url), None)


def is_link(url: str) -> bool:
    """Whether *url* is an address that a person may be sent to: of the web, printable, and without a password."""
    if (
        len(url) > _CHARACTERS_MAX
        or not url.isascii()
        or not url.isprintable()
        or any(each in url for each in ' "<>\\')
    ):
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return False


def _of_github(variables: Mapping[str, str]) -> str:
    server, repository, run = (variables.get(each, "") for each in _OF_GITHUB)
    if not (server and repository and run):
        return ""
    attempt = variables.get("GITHUB_RUN_ATTEMPT", "")
    return f"{server}/{repository}/actions/runs/{run}" + (f"/attempts/{attempt}" if attempt else "")
