"""Whose signatures count: the table `[signatures]` of the criteria, and what it says of a signature that was read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError, model_validator

from seatrials.configuration import describe_problems, read_toml
from seatrials.errors import ConfigurationError
from seatrials.evidence.envelope import Attestation
from seatrials.evidence.keyless import doubt_of_bundle
from seatrials.evidence.signing import RSA_BITS_MIN
from seatrials.whole_file import KEY_BYTES_MAX, read_beginning

if TYPE_CHECKING:  # it imports boto3, half a second that criteria without keys save
    from securesystemslib.signer import SSlibKey

UNSIGNED = "unsigned"
# What is signed beside runs, as `environments` of a signer calls it; no environment can have these names.
MUTANTS, DECISIONS = "mutants", "gate"
_ID_CHARACTERS = 8
_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
_Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")]


class SignerRule(BaseModel):
    """Somebody whose signature counts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # The public key, in PEM.
    public_key: _Text | None = None
    # Or a file with it, from the folder of the criteria.
    public_key_file: Path | None = None
    # Or, for sigstore, who the certificate must be for.
    identity: _Text | None = None
    # And who must have vouched for it.
    issuer: _Text | None = None
    # What may be signed: environments, `mutants` for the kill matrix, `gate` for decisions; without it, everything.
    environments: tuple[_Text, ...] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [name for name in ("public_key", "public_key_file", "identity") if getattr(self, name) is not None]
        if len(ways) != 1 or (self.identity is None) != (self.issuer is None):
            msg = "must have public_key, or public_key_file, or identity and issuer, and only one of these"
            raise ValueError(msg)
        return self


class SignatureRules(BaseModel):
    """The table `[signatures]`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # Whether evidence that nobody signed proves nothing.
    required: bool = False
    # Whose signatures count, by a name of your own.
    signers: Mapping[_Name, SignerRule] = {}

    @model_validator(mode="after")
    def _someone_when_required(self) -> Self:
        if self.required and not self.signers:
            msg = "required needs somebody who may sign: add a table [signatures.signers.NAME]"
            raise ValueError(msg)
        return self


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """What is to be thought of a signature."""

    # For people: "signed by NAME", "unsigned", and so on.
    told: str
    # Why it does not count; "" when it does, and when none is needed.
    doubt: str = ""


@dataclass(frozen=True, kw_only=True)
class Signers:
    """Those whose signatures count."""

    required: bool = False
    rules: Mapping[str, SignerRule] = field(default_factory=dict)
    # Of those who have a key, by name.
    keys: Mapping[str, "SSlibKey"] = field(default_factory=dict)

    def opinion(self, attestation: Attestation | None, of: str) -> Opinion:
        """Return what to think of a signature on evidence *of* an environment, `mutants` or `gate`."""
        if attestation is None:
            return Opinion(told=UNSIGNED, doubt="it is unsigned, and must not be" if self.required else "")
        if attestation.problems:
            doubt = f"its signature does not hold: {'; '.join(attestation.problems)}"
            return Opinion(told="signature does not hold", doubt=doubt)
        doubts = {name: self._doubt(name, attestation, of) for name in self.rules}
        trusted = next((name for name, doubt in doubts.items() if not doubt), None)
        if trusted is not None:
            return Opinion(told=f"signed by {trusted}")
        if not self.rules:
            return Opinion(told=f"signed with {_made_with(attestation)}, which nobody has checked")
        said = "; ".join(sorted({each for each in doubts.values() if each is not None}))
        return Opinion(
            told="signed by nobody whom the criteria trust", doubt=f"{_made_with(attestation)} signed: {said}"
        )

    def _doubt(self, name: str, attestation: Attestation, of: str) -> str | None:
        """Return why a signature is not that of the signer called *name*, or may not be; None when it counts."""
        rule = self.rules[name]
        key = self.keys.get(name)
        if rule.environments is not None and of not in rule.environments:
            return f"{name} may not sign {of}"
        if key is not None:
            return None if attestation.is_signed_with(key) else f"it was not made with the key of {name}"
        if not attestation.is_bundle or rule.identity is None or rule.issuer is None:
            return f"it is not of the identity of {name}"
        return doubt_of_bundle(attestation.content, attestation.payload, rule.identity, rule.issuer)


def load_signers(path: Path) -> Signers:
    """Return the signers of a criteria file of which nothing else is read.

    Raises `ConfigurationError` that lists every problem of them.
    """
    document = read_toml(path, "give the criteria with --criteria FILE")
    try:
        rules = SignatureRules.model_validate(document.get("signatures", {}))
    except ValidationError as error:
        raise ConfigurationError(
            "\n".join(describe_problems(error, SignatureRules, str(path), "signatures"))
        ) from error
    signers, problems = signers_of(rules, path.parent)
    if problems:
        raise ConfigurationError("\n".join(f"{path}: {each}" for each in problems))
    return signers


def signers_of(rules: SignatureRules, folder: Path) -> tuple[Signers, list[str]]:
    """Return the signers of a table with their keys, whose files are found from *folder*, and what is wrong."""
    keys: dict[str, SSlibKey] = {}
    problems: list[str] = []
    for name, rule in rules.signers.items():
        if rule.identity is not None:
            continue
        try:
            keys[name] = public_key(_pem(rule, folder))
        except ConfigurationError as error:
            problems.append(f"signatures.signers.{name}: {error}")
    return Signers(required=rules.required, rules=rules.signers, keys=keys), problems


def signer_with(pem: Path) -> Signers:
    """Return who has the public key in the file *pem*, as the only signer; raises `ConfigurationError`."""
    key = public_key(_read(pem))
    rule = SignerRule(public_key_file=pem)
    return Signers(rules={f"key {key.keyid[:_ID_CHARACTERS]}": rule}, keys={f"key {key.keyid[:_ID_CHARACTERS]}": key})


def public_key(pem: bytes) -> "SSlibKey":
    """Return a public key in PEM; raises `ConfigurationError` when it is none that can be used."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415  # as below
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415  # as below
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415  # as below
    from securesystemslib.signer import SSlibKey  # noqa: PLC0415  # boto3, half a second that others save

    if b"PRIVATE KEY" in pem:
        msg = "this is a private key, which nobody else may have: make another one, and give its public key"
        raise ConfigurationError(msg)
    if pem.count(b"-----BEGIN ") > 1:
        msg = "there are several keys, of which only the first would count: give each a signer of its own"
        raise ConfigurationError(msg)
    try:
        key = load_pem_public_key(pem)
        found = SSlibKey.from_crypto(key)
    except (ValueError, UnsupportedAlgorithm) as error:
        msg = (
            "there is no public key in PEM of ed25519, ECDSA (P-256, P-384, P-521) or RSA: openssl pkey -pubout has it"
        )
        raise ConfigurationError(msg) from error
    if isinstance(key, RSAPublicKey) and key.key_size < RSA_BITS_MIN:
        msg = f"the RSA key has {key.key_size} bits, and needs {RSA_BITS_MIN}: somebody else could have found it"
        raise ConfigurationError(msg)
    return found


def _pem(rule: SignerRule, folder: Path) -> bytes:
    if rule.public_key is not None:
        return rule.public_key.encode()
    assert rule.public_key_file is not None, "the model requires one of them"
    return _read(folder / rule.public_key_file)


def _read(path: Path) -> bytes:
    try:
        return read_beginning(path, KEY_BYTES_MAX)
    except (OSError, ValueError) as error:
        msg = f"{path} cannot be read ({getattr(error, 'strerror', None) or error}): give the public key in PEM"
        raise ConfigurationError(msg) from error


def _made_with(attestation: Attestation) -> str:
    if attestation.is_bundle:
        return "an identity of sigstore"
    return f"key {', '.join(_short(attestation.key_ids))}"


def _short(key_ids: Iterable[str]) -> list[str]:
    return [each[:_ID_CHARACTERS] or "without an id" for each in key_ids]
