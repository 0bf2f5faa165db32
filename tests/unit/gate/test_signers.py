"""Whose signatures count: the table `[signatures]`, and what the gate says in every form of who signed what."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from seatrials.errors import ConfigurationError
from seatrials.evidence.signing import signer_of
from seatrials.gate.criteria import load_criteria
from seatrials.gate.decision import Decision, Outcome, Verdict
from seatrials.gate.markdown import as_markdown
from seatrials.gate.page import render
from seatrials.gate.signers import load_signers, signer_with
from seatrials.gate.wording import signatures
from tests.support.project import PROJECT
from tests.support.release import Release
from tests.support.signing import private_pem, public_pem, signer, trusting

KEY, OTHER = Ed25519PrivateKey.from_private_bytes(b"k" * 32), Ed25519PrivateKey.from_private_bytes(b"o" * 32)
IDENTITY = 'identity = "https://github.com/o/r/.github/workflows/x.yml@refs/heads/main"'


def criteria_of(folder: Path, table: str, name: str = "gate.toml") -> Path:
    """Return a file with the shipped criteria and a table."""
    path = folder / name
    path.write_text(f"{(PROJECT / 'gate.toml').read_text()}\n{table}")
    return path


def test_a_key_stands_in_the_criteria_or_beside_them(tmp_path: Path) -> None:
    """A file is found from the folder of the criteria, wherever the gate is called."""
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys/ci.pem").write_text(public_pem(KEY))
    beside = criteria_of(tmp_path, '[signatures.signers.ci]\npublic_key_file = "keys/ci.pem"\n')

    inside = load_signers(criteria_of(tmp_path, trusting(KEY), "inside.toml"))
    assert load_signers(beside).keys == inside.keys
    assert load_criteria(beside, []).signatures.required is False


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("[signatures]\nrequired = true\n", "signatures: required needs somebody who may sign"),
        ("[signatures]\nrequire = true\n", "signatures.require: is not a key; did you mean 'required'?"),
        ("[signatures.signers.ci]\n", "must have public_key, or public_key_file, or identity and issuer"),
        (f"[signatures.signers.ci]\n{IDENTITY}\n", "must have public_key, or public_key_file, or identity and issuer"),
        ('[signatures.signers.ci]\npublic_key = "x"\n', "signers.ci: there is no public key in PEM"),
        ('[signatures.signers.ci]\npublic_key_file = "nowhere.pem"\n', "nowhere.pem cannot be read"),
        (f'[signatures.signers.ci]\npublic_key = """{private_pem(KEY).decode()}"""\n', "this is a private key"),
        (f'[signatures.signers.ci]\n{IDENTITY}\nissuer = ""\n', "issuer"),
        ("[signatures.signers.Ci]\n", "signatures.signers.Ci"),
        ("[signatures]\nsigners = 1\n", "signatures.signers"),
        (trusting(KEY, 'environments = ["stagin"]'), "nothing is called 'stagin'; did you mean 'staging'?"),
    ],
)
def test_a_wrong_table_is_refused(tmp_path: Path, table: str, told: str) -> None:
    """Each mistake is named with its key; a private key in the criteria is called one."""
    with pytest.raises(ConfigurationError) as refused:
        load_criteria(criteria_of(tmp_path, table), [])

    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("pem", "told"),
    [
        (public_pem(KEY) + public_pem(OTHER), "there are several keys, of which only the first would count"),
        (
            public_pem(rsa.generate_private_key(65537, 1024)),  # noqa: S505  # what it is about
            "the RSA key has 1024 bits, and needs 2048",
        ),
        (public_pem(ec.generate_private_key(ec.SECP256K1())), "there is no public key in PEM of"),
        (public_pem(Ed448PrivateKey.generate()), "there is no public key in PEM of"),
        (public_pem(KEY)[:60], "there is no public key in PEM of"),
    ],
    ids=["two", "short", "another curve", "another kind", "cut off"],
)
def test_a_key_that_proves_little_is_refused(tmp_path: Path, pem: str, told: str) -> None:
    """What may sign must be as strong to be trusted, and whom a file of keys would mean nobody can tell."""
    (tmp_path / "key.pem").write_text(pem)

    with pytest.raises(ConfigurationError, match=told):
        load_criteria(criteria_of(tmp_path, '[signatures.signers.ci]\npublic_key_file = "key.pem"\n'), [])
    with pytest.raises(ConfigurationError, match=told):
        signer_with(tmp_path / "key.pem")


def test_all_wrong_keys_are_told_at_once(tmp_path: Path) -> None:
    """Two signers without a key are two lines."""
    table = '[signatures.signers.a]\npublic_key = "x"\n[signatures.signers.b]\npublic_key_file = "y"\n'

    with pytest.raises(ConfigurationError) as refused:
        load_criteria(criteria_of(tmp_path, table), [])
    assert str(refused.value).count("signatures.signers.") == 2


def in_every_form(decision: Decision) -> list[str]:
    """Return a decision as its page and as Markdown."""
    return [render(decision), as_markdown(decision)]


def test_without_signatures_everything_says_unsigned(release: Release) -> None:
    """A release without keys is judged as ever, and the page, the Markdown and the JSON say that it is unsigned."""
    decision = release.decide()

    assert decision.verdict is Verdict.GO
    assert signatures(decision) == "mock, staging, production, mutants, this decision unsigned"
    assert ["unsigned" in each for each in in_every_form(decision)] == [True, True]
    assert {each["signature"] for each in decision.as_json()["runs"]} == {"unsigned"}
    assert not [each for each in decision.criteria if "signature" in each.id]


def test_who_signed_is_told_in_every_form(release: Release) -> None:
    """The name of the criteria stands beside what was signed."""
    release.sign(signer(KEY))
    release.require_signatures(trusting(KEY))

    decision = release.decide()
    assert decision.verdict is Verdict.GO
    assert signatures(decision) == "mock, staging, production, mutants signed by ci; this decision unsigned"
    assert ["signed by ci" in each for each in in_every_form(decision)] == [True, True]
    assert release.criterion("signature.production").reason == "it is signed by ci"


def test_unsigned_evidence_cannot_tell_where_it_must_be_signed(release: Release) -> None:
    """With `required` nobody's evidence proves nothing, and each run and the matrix say so."""
    release.require_signatures(trusting(KEY))

    unsigned = [each.id for each in release.decide().criteria if "it is unsigned, and must not be" in each.reason]
    environments = [f"signature.{each}" for each in ("mock", "staging", "production")]
    assert unsigned == [*environments, "mutants-signature"]
    assert release.decide().verdict is Verdict.CANNOT_TELL


def test_unsigned_evidence_is_allowed_where_it_need_not_be_signed(release: Release) -> None:
    """Without `required` it passes, and is told."""
    release.require_signatures(trusting(KEY, required=False))

    assert release.decide().verdict is Verdict.GO
    assert release.criterion("signature.staging").reason == "unsigned, which the criteria allow"


def test_a_strangers_signature_is_worse_than_none(release: Release) -> None:
    """Without `required`, too, what somebody else signed cannot tell, and the key is named."""
    release.sign(signer(OTHER))
    release.require_signatures(trusting(KEY, required=False))

    criterion = release.criterion("signature.staging")
    assert (criterion.outcome, release.decide().verdict) == (Outcome.UNKNOWN, Verdict.CANNOT_TELL)
    assert criterion.reason.startswith(f"{signer(OTHER).name} signed: it was not made with the key of ci")
    assert "signed by nobody whom the criteria trust" in signatures(release.decide())


def test_a_signature_that_nobody_asks_for_is_told_as_unchecked(release: Release) -> None:
    """Criteria that name no signer judge as without signatures, and do not say that anybody was believed."""
    release.sign(signer(KEY))

    decision = release.decide()
    assert decision.verdict is Verdict.GO
    assert f"signed with {signer(KEY).name}, which nobody has checked" in signatures(decision)


def test_a_missing_signature_can_be_waived(release: Release) -> None:
    """Somebody may answer for one criterion until a day, as for any other."""
    release.sign(signer(KEY))
    (release.root / "production/latest/signature.json").unlink()
    release.require_signatures(trusting(KEY))
    assert release.decide().verdict is Verdict.CANNOT_TELL
    release.waive("signature.production", "2099-01-01")

    assert (release.decide().verdict, release.criterion("signature.production").outcome) == (
        Verdict.GO,
        Outcome.WAIVED,
    )


def test_a_key_file_without_an_end_is_no_key() -> None:
    """A device is read no further than a key can go, and refused as what it holds."""
    with pytest.raises(ConfigurationError, match="there is no public key in PEM"):
        signer_with(Path("/dev/zero"))
    with pytest.raises(ConfigurationError, match="there is no private key in PEM"):
        signer_of({"SEATRIALS_SIGNING_KEY_FILE": "/dev/zero"})
