"""Self-signed certificates for what a template asks of the certificate manager; staging has such a one too."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

# Valid whatever the time in the world: a seed may begin on any day.
_NOT_BEFORE = datetime(2000, 1, 1, tzinfo=UTC)
_NOT_AFTER = datetime(2199, 12, 31, tzinfo=UTC)

_COMMON_NAME_LENGTH_MAX = 64


@dataclass(frozen=True, kw_only=True)
class CertificatePem:
    """A certificate and its private key, both PEM."""

    certificate_pem: str
    key_pem: str


@lru_cache(maxsize=64)
def self_signed(domain_names: tuple[str, ...]) -> CertificatePem:
    """Return a certificate for *domain_names*, the first being its subject; the key is the same for the same names."""
    seed = hashlib.sha256("\n".join(domain_names).encode()).digest()
    key = ec.derive_private_key(int.from_bytes(seed[:31], "big"), ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, domain_names[0][:_COMMON_NAME_LENGTH_MAX])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(int.from_bytes(seed[:16], "big") | 1)
        .not_valid_before(_NOT_BEFORE)
        .not_valid_after(_NOT_AFTER)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(domain) for domain in domain_names]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return CertificatePem(
        certificate_pem=certificate.public_bytes(serialization.Encoding.PEM).decode(),
        key_pem=key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
    )
