"""What AWS or the way to it says, turned into an error of ours that tells a person what to do."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    ReadTimeoutError,
    SSLError,
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)

from seatrials.errors import (
    AwsError,
    CertificateError,
    CredentialsError,
    MissingPermissionError,
    MissingResourceError,
    SeatrialsError,
    UnreachableError,
)
from seatrials.seams.aws import error_code

_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
_NOT_TAKEN = {
    "AuthFailure",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized"}
_NO_CREDENTIALS = (
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)
_NO_WAY = (ConnectionClosedError, ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError)


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Turn botocore's errors of a block into ours; *what* is done there, such as "read the table x"."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise as_ours(error, what) from error


def as_ours(error: BotoCoreError | ClientError, what: str) -> SeatrialsError:
    """Return the error of ours that says what botocore's says, what it kept us from, and what to do."""
    if isinstance(error, ClientError):
        return _of_answer(error, what)
    if isinstance(error, _NO_CREDENTIALS):
        return CredentialsError(
            f"could not {what}, for there are no usable credentials ({error}): set AWS_PROFILE, log in, "
            "or name `profile` in the environment"
        )
    if isinstance(error, SSLError):
        return CertificateError(f"could not {what}, for the certificate of AWS's endpoint is not believed: {error}")
    if isinstance(error, _NO_WAY):
        return UnreachableError(f"could not {what}: {error}; check the network, the proxy and the region's name")
    return AwsError(f"could not {what}: {type(error).__name__}: {error}")


def _of_answer(error: ClientError, what: str) -> SeatrialsError:
    code, said = error_code(error), error.response.get("Error", {}).get("Message", "")
    if code in _EXPIRED:
        return CredentialsError(f"could not {what}, for the credentials have expired ({code}): log in again")
    if code in _NOT_TAKEN:
        return CredentialsError(f"could not {what}, for AWS does not take the credentials ({code}): {said}")
    if code in _DENIED:
        return MissingPermissionError(
            f"could not {what}, for the credentials may not call {error.operation_name}: {said}; "
            "give them the policy of docs/live.md"
        )
    if code.endswith(("NotFound", "NotFoundException")):
        return MissingResourceError(
            f"could not {what}, for AWS knows no such thing ({code}: {said}): "
            "correct the environment's names, or deploy the stack"
        )
    return AwsError(f"could not {what}: {error.operation_name} answered {code}: {said}")
