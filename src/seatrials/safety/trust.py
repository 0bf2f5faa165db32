"""Which certificate of the load balancer is believed, as the environment says; never any certificate."""

import hashlib
import ssl
from pathlib import Path

from seatrials.environments.parts import Trust
from seatrials.errors import CertificateError


def trust_context(trust: Trust) -> ssl.SSLContext:
    """Return what believes the CA of a file, one certificate by its fingerprint, or the system's CAs.

    Raises `CertificateError` for a file without a certificate.
    """
    if trust.sha256 is not None:
        return _pinned(trust.sha256)
    if trust.ca_file is not None:
        return _of_authority(trust.ca_file)
    return ssl.create_default_context()


def _of_authority(path: Path) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=path)
    except OSError as error:
        msg = f"{path} cannot be used as `trust.ca_file`: {error}; give a file of PEM certificates"
        raise CertificateError(msg) from error


def _pinned(sha256: str) -> ssl.SSLContext:
    """Return a context whose handshakes end with an error unless the peer has the one certificate.

    The fingerprint is compared before the handshake is over for the caller, so nothing is sent to anyone else. Names,
    dates and signatures say nothing more about a certificate that is known itself.
    """

    class Pinned(ssl.SSLObject):
        def do_handshake(self) -> None:
            super().do_handshake()
            seen = hashlib.sha256(self.getpeercert(binary_form=True) or b"").hexdigest()
            if seen != sha256:
                msg = f"the certificate has the SHA-256 fingerprint {seen}, and {sha256} is trusted alone"
                raise ssl.SSLCertVerificationError(msg)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.sslobject_class = Pinned
    return context
