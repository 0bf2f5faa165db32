"""Signatures without a key of one's own: sigstore gives a job of CI a certificate for its OIDC identity.

This module alone knows sigstore's library, which is an extra: who has a key needs none of it. Signing asks Fulcio for
the certificate and notes the signature in Rekor, both of which are public; checking needs no network.
Source: https://docs.sigstore.dev.
"""

import logging
import re
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

from seatrials.environments.variables import variables_set
from seatrials.errors import ConfigurationError, EvidenceError

if TYPE_CHECKING:  # an extra
    from sigstore.oidc import IdentityToken
    from sigstore.verify import Verifier

# With these a job of GitHub, GitLab, CircleCI, Bitbucket, Azure Pipelines or Buildkite gets or has a token of itself.
_TOKEN_VARIABLES = frozenset(
    (
        *("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL", "SIGSTORE_ID_TOKEN"),
        *("CIRCLE_OIDC_TOKEN", "CIRCLE_OIDC_TOKEN_V2", "BITBUCKET_STEP_OIDC_TOKEN"),
        *("SYSTEM_ACCESSTOKEN", "SYSTEM_OIDCREQUESTURI", "BUILDKITE_AGENT_ACCESS_TOKEN"),
    )
)
# A JSON Web Token: GitLab's jobs have theirs in variables of any name.
_TOKEN = re.compile(r"\s*eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+\s*")
_INSTALL = "install it with `uv sync --extra sigstore` or `pip install 'seatrials[sigstore]'`"


class IdentitySigner:
    """Signs with a certificate for the identity of this job, which is asked for when it is needed: it lives minutes."""

    def __init__(self, token_variables: Mapping[str, str], identity: str) -> None:
        """*token_variables* lead to the token, and *identity* is whose it is."""
        self._token_variables = token_variables
        self.name = f"identity {identity}"

    def sign(self, statement: bytes) -> str:
        """Return *statement* in a bundle; raises `EvidenceError` when sigstore does not sign it now."""
        from sigstore import dsse, errors, models, sign  # noqa: PLC0415  # an extra

        try:
            context = sign.SigningContext.from_trust_config(models.ClientTrustConfig.production())
            with context.signer(_token(self._token_variables)) as signer:
                return signer.sign_dsse(dsse.Statement(statement)).to_json() + "\n"
        except (errors.Error, ConfigurationError, OSError) as error:
            msg = f"sigstore has not signed, so the evidence is unsigned: {type(error).__name__}: {error}"
            raise EvidenceError(msg) from error


def token_names(variables: Mapping[str, str]) -> list[str]:
    """Return the names of those among *variables* that lead to the identity of this job, or to another one by a token.

    Whoever has one can be the job towards AWS and sigstore, and no scenario needs it.
    """
    return [name for name, value in variables.items() if name in _TOKEN_VARIABLES or _TOKEN.fullmatch(value)]


def identity_signer(variables: Mapping[str, str]) -> IdentitySigner:
    """Return who signs as the identity of this job.

    Raises `ConfigurationError` where sigstore is not installed, and where there is no identity.
    """
    if not is_installed():
        msg = f"SEATRIALS_SIGNING_IDENTITY needs sigstore, which is not installed: {_INSTALL}"
        raise ConfigurationError(msg)
    token_variables = {name: variables[name] for name in token_names(variables)}
    return IdentitySigner(token_variables, _token(token_variables).identity)


def is_installed() -> bool:
    """Whether sigstore's library is there."""
    return find_spec("sigstore") is not None


def doubt_of_bundle(content: bytes, payload: bytes, identity: str, issuer: str) -> str | None:
    """Return why a bundle is no signature of *payload* by an identity that *issuer* vouches for; None when it is.

    Nothing is asked of the network: what is believed of sigstore is in its library.
    """
    if not is_installed():
        return f"it is a bundle of sigstore, which is not installed: {_INSTALL}"
    from sigstore import errors, models  # noqa: PLC0415  # an extra
    from sigstore.verify import policy  # noqa: PLC0415  # an extra

    try:
        wanted = policy.Identity(identity=identity, issuer=issuer)
        _, found = _verifier().verify_dsse(models.Bundle.from_json(content), wanted)
    except (errors.Error, ValueError) as error:
        return f"sigstore does not confirm it: {' '.join(str(error).split())}"
    return None if found == payload else "sigstore reads another statement in it"


@cache
def _verifier() -> "Verifier":
    from sigstore.verify import Verifier  # noqa: PLC0415  # an extra

    # It warns of being offline, which is what is asked of it.
    logging.getLogger("sigstore").setLevel(logging.ERROR)
    return Verifier.production(offline=True)


def _token(variables: Mapping[str, str]) -> "IdentityToken":
    from sigstore import oidc  # noqa: PLC0415  # an extra

    try:
        with variables_set(variables):
            token = oidc.detect_credential()
        if token is not None:
            return oidc.IdentityToken(token)
        problem = "this is no job of CI that sigstore knows"
    except (oidc.IdentityError, ValueError, OSError) as error:
        problem = " ".join(str(error).split()) or type(error).__name__
    msg = f"SEATRIALS_SIGNING_IDENTITY: there is no OIDC identity to sign with: {problem}; docs/gate.md has the steps"
    raise ConfigurationError(msg)
