"""Signing without a key: what is refused where sigstore or an identity is missing, and what a bundle must be.

Fulcio and Rekor are in no test: what they would answer is asked of them in CI alone.
"""

import json
from base64 import b64encode

import pytest

from seatrials.environments.variables import read_variables
from seatrials.errors import ConfigurationError
from seatrials.evidence import keyless
from seatrials.evidence.signing import signer_of, signing_variables_taken
from tests.support.aws import Json

TOKENS = {
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of the job",
    "ACTIONS_ID_TOKEN_REQUEST_URL": "https://pipelines.example/token",
    "SIGSTORE_ID_TOKEN": "of GitLab's job",
    "CIRCLE_OIDC_TOKEN": "of CircleCI's job",
    "CIRCLE_OIDC_TOKEN_V2": "of CircleCI's job",
    "BITBUCKET_STEP_OIDC_TOKEN": "of Bitbucket's step",
    "SYSTEM_ACCESSTOKEN": "of Azure's job",
    "SYSTEM_OIDCREQUESTURI": "https://azure.example/token",
    "BUILDKITE_AGENT_ACCESS_TOKEN": "of Buildkite's job",
    # GitLab's `id_tokens` may be called anything.
    "FOR_AWS": "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2dpdGxhYi5leGFtcGxlIn0.c2lnbmF0dXJl",
}
ISSUER = "https://token.actions.githubusercontent.com"
ENVELOPE = {"payload": b64encode(b"{}").decode(), "payloadType": "application/vnd.in-toto+json"}
MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"


@pytest.fixture(autouse=True)
def _outside_of_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process be no job of CI."""
    for name in ("GITHUB_ACTIONS", "GITLAB_CI", "CIRCLECI", "BUILDKITE", *TOKENS):
        monkeypatch.delenv(name, raising=False)
    # Where it looks for a machine of Google's.
    monkeypatch.setattr("id._internal.oidc.ambient._GCP_PRODUCT_NAME_FILE", "/nowhere")


def test_without_sigstore_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an extra: who wants it and lacks it learns both ways to get it."""
    monkeypatch.setattr(keyless, "find_spec", lambda _name: None)

    with pytest.raises(ConfigurationError, match=r"uv sync --extra sigstore.*pip install 'seatrials.sigstore.'"):
        signer_of({"SEATRIALS_SIGNING_IDENTITY": "ci"})
    doubt = keyless.doubt_of_bundle(b"{}", b"", "me", ISSUER)
    assert doubt is not None
    assert "not installed" in doubt


def test_outside_of_ci_there_is_no_identity() -> None:
    """On a machine of a person nothing vouches for who runs it."""
    with pytest.raises(ConfigurationError, match="there is no OIDC identity to sign with: this is no job of CI"):
        signer_of({"SEATRIALS_SIGNING_IDENTITY": "ci"})


def test_a_job_without_the_permission_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A job of GitHub's that may not have a token lacks `id-token: write`, and the error says what was unset."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")

    with pytest.raises(ConfigurationError, match="insufficient OIDC token permissions"):
        signer_of({"SEATRIALS_SIGNING_IDENTITY": "ci"})


def test_a_token_that_is_none_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """What GitLab hands over is looked at before the run begins."""
    monkeypatch.setenv("GITLAB_CI", "true")

    with pytest.raises(ConfigurationError, match="there is no OIDC identity to sign with"):
        signer_of({"SEATRIALS_SIGNING_IDENTITY": "ci", "SIGSTORE_ID_TOKEN": "no token"})
    assert "SIGSTORE_ID_TOKEN" not in read_variables()


@pytest.mark.parametrize("identity", ["ci", ""])
def test_nobody_else_has_the_token(monkeypatch: pytest.MonkeyPatch, identity: str) -> None:
    """Whoever signs, no process that the run starts can ask for a token of the job, and who signs with it has it."""
    given = {"SEATRIALS_SIGNING_IDENTITY": identity, **TOKENS}
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    with signing_variables_taken() as taken:
        assert not given.keys() & set(read_variables())
    assert taken == given
    assert given.items() <= read_variables().items()


@pytest.mark.parametrize("value", ["", "eyJ", "eyJhbGciOiJSUzI1NiJ9", "v1.2.3", "a.b.c", "see eyJhbGc.eyJpc3M.c2ln"])
def test_what_is_no_token_stays(value: str) -> None:
    """Of a variable that nobody knows, only the whole of a token counts."""
    assert keyless.token_names({"HARMLESS": value}) == []


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"mediaType": MEDIA_TYPE},
        {"mediaType": MEDIA_TYPE, "dsseEnvelope": {**ENVELOPE, "signatures": [{"sig": "AAAA"}]}},
        {"mediaType": MEDIA_TYPE, "verificationMaterial": {"certificate": {"rawBytes": "AAAA"}, "tlogEntries": []}},
        {"mediaType": "text/plain", "verificationMaterial": {}},
        {"mediaType": 1, "verificationMaterial": [], "dsseEnvelope": None},
    ],
    ids=["empty", "type alone", "no certificate", "no envelope", "another type", "odd types"],
)
def test_a_bundle_that_is_none_is_doubted(document: Json) -> None:
    """Whatever stands in a bundle, sigstore says what is wrong, and nothing is raised."""
    doubt = keyless.doubt_of_bundle(json.dumps(document).encode(), b"{}", "me", ISSUER)

    assert doubt is not None
    assert doubt.startswith("sigstore does not confirm it: ")


@pytest.mark.parametrize("content", [b"", b"[" * 100_000, b"\xff", b"null", b"[]", b"NaN"])
def test_odd_text_is_no_bundle(content: bytes) -> None:
    """What is no JSON, or no object, is doubted too."""
    assert keyless.doubt_of_bundle(content, b"{}", "me", ISSUER) is not None
