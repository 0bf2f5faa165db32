"""Where signatures are required, nothing that was changed is GO: not if it was sealed anew, and not if signed anew.

Whoever does it here has all files and a key of his own, and lacks one thing: the key that the criteria trust.
"""

import json
import os
import shutil
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from seatrials.evidence.folder import MatrixFolder, RunFolder
from seatrials.evidence.seal import seal_of
from seatrials.evidence.signing import sign_matrix, sign_run
from seatrials.evidence.statement import DECISION, MATRIX, RUN, About, statement_of
from seatrials.gate.case import Case
from seatrials.gate.decision import Outcome, Verdict
from tests.support.aws import Json
from tests.support.release import Release
from tests.support.signing import signer, trusting
from tests.support.tampering import MATRIX as MATRIX_FOLDER
from tests.support.tampering import MOVES, failing, folder_of, judged, of_log, of_matrix, of_record, put
from tests.support.tampering import RUN as RUN_FOLDER

TRUSTED, STRANGER = Ed25519PrivateKey.from_private_bytes(b"t" * 32), Ed25519PrivateKey.from_private_bytes(b"s" * 32)
Anew = Callable[[Path], None]


@pytest.fixture(scope="module", params=["good", "failed"])
def signed_release(
    request: pytest.FixtureRequest, whole_release: Release, tmp_path_factory: pytest.TempPathFactory
) -> Release:
    """Return a signed release, for criteria that require it: one that may go out, or one of which a row failed."""
    release = whole_release.copied(tmp_path_factory.mktemp("signed") / "evidence")
    if request.param == "failed":
        shutil.rmtree((release.root / RUN_FOLDER).resolve())
        release.run("production", "live", change=failing)
        release.number_anew()
    release.sign(signer(TRUSTED))
    release.require_signatures(trusting(TRUSTED))
    assert release.decide().verdict is (Verdict.NO_GO if request.param == "failed" else Verdict.GO)
    return release


@pytest.fixture
def signed(signed_release: Release, tmp_path: Path) -> Release:
    """Return a copy to tamper with."""
    return signed_release.copied(tmp_path / "evidence")


def sealed_anew(folder: Path) -> None:
    """Let the seal of a run or of a matrix be that of its files."""
    matrix = MatrixFolder(folder)
    if matrix.record.is_file():
        put(matrix.seal, json.dumps(seal_of({matrix.record.name: matrix.record.read_bytes()})).encode())
    else:
        RunFolder(folder).seal.unlink(missing_ok=True)
        RunFolder(folder).write_seal()


def signed_anew(folder: Path) -> None:
    """Let a run or a matrix be sealed, and signed by a stranger."""
    sealed_anew(folder)
    matrix = MatrixFolder(folder)
    if matrix.record.is_file():
        sign_matrix(matrix, signer(STRANGER))
    elif RunFolder(folder).record.is_file():
        sign_run(RunFolder(folder), signer(STRANGER))


def sealed_and_unsigned(folder: Path) -> None:
    """Let a run or a matrix be sealed, and signed by nobody."""
    sealed_anew(folder)
    (folder / "signature.json").unlink(missing_ok=True)


# What is good has nothing to gain.
@pytest.mark.parametrize("signed_release", ["failed"], indirect=True)
@pytest.mark.parametrize("anew", [sealed_anew, signed_anew, sealed_and_unsigned])
@pytest.mark.parametrize(
    ("file", "contents", "count_min"),
    [
        (f"{RUN_FOLDER}/run.json", of_record, 150),
        (f"{MATRIX_FOLDER}/kill-matrix.json", of_matrix, 60),
        (f"{RUN_FOLDER}/report-log.jsonl", of_log, 80),
    ],
    ids=["record", "matrix", "log"],
)
def test_no_change_betters_a_verdict_by_a_new_seal(
    signed: Release, file: str, contents: Callable[[Path], Iterator[tuple[str, bytes]]], count_min: int, anew: Anew
) -> None:
    """Whatever is changed and sealed anew, with the old signature, with a stranger's or with none, nothing is GO."""
    case, path = signed.case(), signed.root / file
    folder, count, unnoticed = path.parent.resolve(), 0, []
    before = {each: each.read_bytes() for each in (path, folder / "seal.json", folder / "signature.json")}
    for what, content in contents(signed.root):
        put(path, content)
        anew(folder)
        count += 1
        if judged(case, signed.root) is Verdict.GO:
            unnoticed.append(what)
        for each, honest in before.items():
            put(each, honest)

    assert unnoticed == []
    assert count >= count_min


@pytest.mark.parametrize("anew", [sealed_anew, signed_anew, sealed_and_unsigned])
def test_no_file_can_be_added_taken_or_emptied(signed: Release, anew: Anew) -> None:
    """Each file of a run is signed, and no other is taken for one of them, whatever the seal says."""
    case, folder = signed.case(), (signed.root / RUN_FOLDER).resolve()
    unnoticed = []
    shutil.copytree(folder, signed.root.parent / "kept")
    for path in [*folder.glob("*.json*"), *folder.glob("timeline/*"), folder / "timeline" / "COLD-99.usage.json"]:
        for content in (None, b"{}"):
            path.unlink(missing_ok=True) if content is None else put(path, content)
            if path.name not in ("seal.json", "signature.json"):
                anew(folder)
            is_gone = content is None and path.name == "COLD-99.usage.json" and anew is sealed_anew
            if judged(case, signed.root) is Verdict.GO and not is_gone:
                unnoticed.append((path.name, content))
            shutil.rmtree(folder)
            shutil.copytree(signed.root.parent / "kept", folder)

    assert unnoticed == []


@pytest.fixture(scope="module")
def with_an_older_run(signed_release: Release, tmp_path_factory: pytest.TempPathFactory) -> tuple[Release, Case]:
    """Return a copy with a good run on production before the newest, and the case of it."""
    release = signed_release.copied(tmp_path_factory.mktemp("moved") / "evidence")
    link = release.root / RUN_FOLDER
    target = link.readlink()
    sign_run(RunFolder(release.run("production", "live", hours_ago=1.5)), signer(TRUSTED))
    link.unlink()
    link.symlink_to(target)
    return release, release.case()


@pytest.mark.parametrize("anew", [sealed_anew, signed_anew, sealed_and_unsigned])
@pytest.mark.parametrize("move", MOVES)
def test_no_move_betters_a_verdict_by_a_new_seal(
    with_an_older_run: tuple[Release, Case], tmp_path: Path, move: Callable[[Path], None], anew: Anew
) -> None:
    """A newest run that seems to be older, or was put elsewhere, is told, though its parts agree."""
    release, case = with_an_older_run
    root = release.copied(tmp_path / "evidence").root
    target = (root / RUN_FOLDER).readlink()
    before = set((root / "production").glob("2*"))
    move(root)
    (root / RUN_FOLDER).unlink(missing_ok=True)
    moved = (set((root / "production").glob("2*")) - before) or {(root / "production" / target)}
    for folder in moved:
        if RunFolder(folder).record.is_file():
            anew(folder)

    assert judged(case, root) is not Verdict.GO


def envelope_of(folder: Path) -> Json:
    """Return the envelope in a folder."""
    document: Json = json.loads((folder / "signature.json").read_bytes())
    return document


def edited(envelope: Json, change: Callable[[Json], object]) -> bytes:
    """Return an envelope whose statement was changed."""
    statement = json.loads(b64decode(envelope["payload"]))
    change(statement)
    return json.dumps({**envelope, "payload": b64encode(json.dumps(statement).encode()).decode()}).encode()


def envelopes(root: Path) -> Iterator[tuple[str, bytes | None]]:
    """Yield what may stand in the place of the signature of production's newest run; None is a file that is gone."""
    own, other = (envelope_of(folder_of(root, each)) for each in ("production", "staging"))
    stranger = json.loads(signer(STRANGER).sign(b64decode(own["payload"])))
    (mine,), (theirs,) = own["signatures"], stranger["signatures"]
    yield "gone", None
    yield "of another run", json.dumps(other).encode()
    yield "of the kill matrix", (root / MATRIX_FOLDER / "signature.json").read_bytes()
    yield "of a stranger", json.dumps(stranger).encode()
    yield (
        "of a stranger who says to be another",
        json.dumps({**stranger, "signatures": [{**theirs, "keyid": mine["keyid"]}]}).encode(),
    )
    yield "with the id of a stranger", json.dumps({**own, "signatures": [{**mine, "keyid": theirs["keyid"]}]}).encode()
    yield "without the id", json.dumps({**own, "signatures": [{"sig": mine["sig"]}]}).encode()
    yield (
        "signed twice with one id",
        json.dumps({**own, "signatures": [mine, {**theirs, "keyid": mine["keyid"]}]}).encode(),
    )
    yield "the payload of another", json.dumps({**own, "payload": other["payload"]}).encode()
    yield "the signature of another", json.dumps({**own, "signatures": other["signatures"]}).encode()
    yield "another type of payload", json.dumps({**own, "payloadType": "application/json"}).encode()
    yield "a subject less", edited(own, lambda statement: statement["subject"].pop())
    yield "a subject more", edited(own, lambda statement: statement["subject"].append(statement["subject"][0]))
    yield "another predicate", edited(own, lambda statement: statement["predicate"].update(commit="0" * 40))
    for name, odd in (("signatures", []), ("signatures", None), ("signatures", {}), ("payload", ""), ("payload", "%")):
        yield f"{name} {odd!r}", json.dumps({**own, name: odd}).encode()
    for name in own:
        yield f"without {name}", json.dumps({each: own[each] for each in own if each != name}).encode()
    yield "a signature that is no base64", json.dumps({**own, "signatures": [{**mine, "sig": "%%%"}]}).encode()
    yield "a signature cut off", json.dumps({**own, "signatures": [{**mine, "sig": mine["sig"][:40]}]}).encode()
    yield "two in one file", json.dumps(own).encode() * 2
    yield "two in a list", json.dumps([own, own]).encode()
    yield (
        "in a bundle",
        json.dumps({"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "dsseEnvelope": own}).encode(),
    )
    yield "deep", b"[" * 100_000
    yield "deep within", json.dumps({**own, "x": 0}).encode().replace(b": 0", b": " + b"[" * 5000 + b"]" * 5000)
    yield "huge", json.dumps({**own, "x": "x" * 9_000_000}).encode()
    yield "of no encoding", b"\xff\xfe{}"
    yield "a lone surrogate", json.dumps({**own, "payload": "\ud800"}).encode()
    for odd_text in (b"", b"{}", b"[]", b"null", b"NaN", b"1e999", b'"x"'):
        yield repr(odd_text), odd_text


def test_no_other_signature_betters_a_verdict(signed: Release) -> None:
    """Whatever stands in the place of a signature, and whosever it is, is told and never an error."""
    case, path = signed.case(), folder_of(signed.root, "production") / "signature.json"
    honest, count, unnoticed = path.read_bytes(), 0, []
    for what, content in envelopes(signed.root):
        path.unlink() if content is None else put(path, content)
        count += 1
        if judged(case, signed.root) is Verdict.GO:
            unnoticed.append(what)
        put(path, honest)

    assert unnoticed == []
    assert count >= 35


def test_what_is_no_file_is_no_signature(signed: Release, tmp_path: Path) -> None:
    """A folder, a pipe or a link in the place of a signature is told; a pipe is not waited for."""
    case, path = signed.case(), folder_of(signed.root, "production") / "signature.json"
    path.rename(tmp_path / "kept.json")
    makers: list[Callable[[], object]] = [
        path.mkdir,
        lambda: os.mkfifo(path),
        lambda: path.symlink_to(tmp_path / "kept.json"),
        lambda: path.symlink_to(path.name),
    ]
    for make in makers:
        make()
        assert judged(case, signed.root) is not Verdict.GO
        path.rmdir() if path.is_dir() else path.unlink()


@pytest.mark.parametrize(
    "digests",
    [{"run.json": None}, {"seal.json": None}, {"run.json": "0" * 64}, {"more.json": "0" * 64}],
    ids=["no record", "no seal", "another record", "one more"],
)
def test_who_is_trusted_cannot_sign_other_files(release: Release, digests: Json) -> None:
    """A statement that names less, more or other files than there are is none on this run, whoever signed it."""
    release.sign(signer(TRUSTED))
    release.require_signatures(trusting(TRUSTED))
    folder = RunFolder(folder_of(release.root, "production"))
    files = {**folder.judged_files(), "seal.json": folder.seal.read_bytes()}
    signed = {name: each for name, each in {**seal_of(files), **digests}.items() if each is not None}
    statement = statement_of(RUN, folder.path.name, signed, folder.record.read_bytes())
    folder.signature.write_text(signer(TRUSTED).sign(statement))

    assert release.decide().verdict is Verdict.CANNOT_TELL
    assert "its signature does not hold" in release.criterion("run.production").reason


@pytest.mark.parametrize(
    ("about", "name", "record"),
    [
        (RUN, "20261125T074640Z-9", {}),
        (MATRIX, None, {}),
        (DECISION, None, {}),
        (RUN, None, {"commit": "0" * 40}),
        (RUN, None, {"dirty": True}),
        (RUN, None, {"chain": {"chain": "another", "number": 7}}),
    ],
    ids=["another run", "a matrix", "a decision", "another commit", "a dirty tree", "another number"],
)
def test_who_is_trusted_cannot_say_otherwise(release: Release, about: About, name: str | None, record: Json) -> None:
    """A statement on the right files that calls them something else is none on this run, whoever signed it."""
    release.sign(signer(TRUSTED))
    release.require_signatures(trusting(TRUSTED))
    folder = RunFolder(folder_of(release.root, "production"))
    digests = seal_of({**folder.judged_files(), "seal.json": folder.seal.read_bytes()})
    document = json.dumps({**json.loads(folder.record.read_bytes()), **record}).encode()
    statement = statement_of(about, name or folder.path.name, digests, document)
    folder.signature.write_text(signer(TRUSTED).sign(statement))

    assert release.decide().verdict is Verdict.CANNOT_TELL


def test_a_signer_may_be_trusted_elsewhere_alone(release: Release) -> None:
    """Who may sign the mock, and nothing else, cannot sign a run on production."""
    release.sign(signer(TRUSTED))
    release.require_signatures(trusting(TRUSTED, 'environments = ["mock", "staging", "mutants"]'))

    criterion = release.criterion("signature.production")
    assert (criterion.outcome, release.decide().verdict) == (Outcome.UNKNOWN, Verdict.CANNOT_TELL)
    assert "ci may not sign production" in criterion.reason
    assert release.criterion("signature.staging").outcome is Outcome.PASS
    assert release.criterion("mutants-signature").outcome is Outcome.PASS


def test_an_earlier_run_without_a_signature_does_not_count(release: Release) -> None:
    """Of five runs with a cold start each, one that nobody signed is no sample, and is told."""
    release.sign(signer(TRUSTED))
    release.require_signatures(trusting(TRUSTED))
    first = min((release.root / "staging").glob("2*"))
    (first / "signature.json").unlink()

    assert release.criterion("cold-start.staging").outcome is Outcome.UNKNOWN
    assert f"{first.name} may be the newest run" in release.criterion("signature.staging").reason
