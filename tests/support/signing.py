"""Keys to sign with, and criteria that trust them."""

from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from seatrials.evidence.signing import KeySigner


def private_pem(key: PrivateKeyTypes, encryption: KeySerializationEncryption | None = None) -> bytes:
    """Return a key as openssl writes it."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())


def public_pem(key: PrivateKeyTypes) -> str:
    """Return the public half of a key as openssl writes it."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def signer(key: PrivateKeyTypes) -> KeySigner:
    """Return who signs with *key*."""
    return KeySigner(private_pem(key), "a test")


def trusting(key: PrivateKeyTypes, *more: str, required: bool = True) -> str:
    """Return criteria that trust who has *key*, as `ci`; *more* lines are of its table."""
    lines = [f"required = {str(required).lower()}", "[signatures.signers.ci]", f'public_key = """{public_pem(key)}"""']
    return "\n".join(["[signatures]", *lines, *more, ""])
