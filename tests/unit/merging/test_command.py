"""Shards that are put together: what one run would have left comes out, and whatever does not fit is told."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from seatrials.errors import ConfigurationError, EvidenceError, SeatrialsError, SignatureError, UnsignedError
from seatrials.evidence.folder import RunFolder
from seatrials.evidence.reader import RunEvidence, read_runs
from seatrials.evidence.signing import KeySigner, sign_run
from seatrials.gate.signers import Signers, load_signers
from seatrials.merging.command import merge_shards
from seatrials.output.output import Output
from tests.support.shards import SECONDS, Run, durations, files, newest, rows, shard
from tests.support.signing import signer, trusting

pytest_plugins = ["pytester"]

KEY, STRANGER = (Ed25519PrivateKey.from_private_bytes(letter * 32) for letter in (b"k", b"s"))


@pytest.fixture(name="folder")
def _folder(pytester: pytest.Pytester) -> Path:
    (pytester.path / "durations.json").write_text(durations(SECONDS))
    return pytester.path


@pytest.fixture(name="shards")
def _shards(run: Run, folder: Path) -> list[Path]:
    """Return the evidence of both shards of a run."""
    for number in (1, 2):
        shard(run, number)
    return [folder / "s1", folder / "s2"]


def merge(folders: Sequence[Path], signers: Signers | None = None, key: KeySigner | None = None) -> int:
    """Put shards together in `whole`."""
    return merge_shards(folders, Path("whole"), signers or Signers(), key, Output(as_json=False))


def refused(folders: Sequence[Path], kind: type[SeatrialsError] = ConfigurationError, **how: Any) -> str:  # noqa: ANN401
    """Return why shards are not put together; nothing is written then, and no shard is changed."""
    before = files(folders)
    with pytest.raises(kind) as raised:
        merge(folders, **how)

    assert files(folders) == before
    assert not Path("whole").exists()
    return str(raised.value)


def read(folder: Path) -> RunEvidence:
    """Return the newest run of evidence."""
    return read_runs(folder, "mock")[-1]


def told(run: RunEvidence) -> dict[str, Any]:
    """Return what a run says of itself, but what no two runs have in common."""
    own = {"chain", "command", "started", "ended", "wall_seconds", "parts", "sources", "shard", "workers"}
    kept = {name: each for name, each in run.record.model_dump().items() if name not in own}
    # Each process of the fake stack leaves the same.
    return {**kept, "leftovers": set(kept["leftovers"])}


@pytest.mark.parametrize("failing", ["", "COLD-03"])
def test_shards_are_what_one_run_would_have_been(run: Run, folder: Path, failing: str) -> None:
    """Results, record and exit code are those of one run, and the evidence has no problem."""
    source = rows(failing=failing)
    for number in (1, 2):
        shard(run, number, source=source)
    whole_ret = run(source, "-n", "0", "--evidence", "one").ret
    before = files([folder / "s1", folder / "s2"])

    assert merge([folder / "s1", folder / "s2"]) == whole_ret
    merged, one = read(folder / "whole"), read(folder / "one")
    assert merged.problems == ()
    assert told(merged) == told(one)
    assert merged.rows == one.rows
    outcomes = [{row: each.outcome for row, each in sorted(run.results.items())} for run in (merged, one)]
    assert outcomes[0] == outcomes[1]
    assert files([folder / "s1", folder / "s2"]) == before


def test_the_whole_tells_of_its_parts(shards: list[Path]) -> None:
    """Each is named with its folder, its seal, and who had signed it."""
    merge(shards)

    parts = read(Path("whole")).record.parts or ()
    assert [(each.shard, each.run, each.signature) for each in parts] == [
        ("1/2", newest(shards[0]).name, "unsigned"),
        ("2/2", newest(shards[1]).name, "unsigned"),
    ]


def test_shards_may_be_named_in_several_ways(shards: list[Path]) -> None:
    """In any order: by the evidence, the folder of an environment, the folder of a run, or its link."""
    assert merge([shards[1] / "mock" / "latest", shards[0] / "mock"]) == 0


def test_shards_may_stand_in_one_folder(run: Run, folder: Path) -> None:
    """As artifacts of CI that were unpacked into one; the whole is written to another one."""
    for number in (1, 2):
        shard(run, number, "--evidence", "all")

    assert merge([folder / "all"]) == 0
    assert read(folder / "whole").problems == ()
    with pytest.raises(ConfigurationError, match="would be taken for the newest: give another folder"):
        merge_shards([folder / "all"], folder / "all", Signers(), None, Output(as_json=False))


def test_a_missing_shard_is_named(shards: list[Path]) -> None:
    """A part is no whole."""
    assert refused(shards[:1]) == "mock: shard 2/2 is missing"


def test_a_doubled_shard_is_named(shards: list[Path]) -> None:
    """A copy is the same shard."""
    copy = shards[0].parent / "copy"
    shutil.copytree(shards[1], copy, symlinks=True)

    message = refused([*shards, copy])
    assert message.startswith("mock: shard 2/2 is there 2 times: ")
    assert str(newest(copy)) in message


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--seed", "2"), "of another --seed: 2, and most have 1"),
        (("--world", "hard"), "of another --world: hard, and most have default"),
        (("--steps", "9"), "of another --steps: 9, and most have 30"),
        (("-k", "cold"), "of another -k: cold, and most have none"),
    ],
)
def test_a_shard_of_other_options_is_named(
    run: Run, folder: Path, shards: list[Path], options: tuple[str, ...], told: str
) -> None:
    """What decides how rows go must be the same."""
    shard(run, 3, *options, of=3)
    for number in (1, 2):
        shard(run, number, "--evidence", f"t{number}", of=3)

    assert f"mock: shard 3/3 (s3/mock/{newest(folder / 's3').name}) is {told}" in refused(
        [folder / "t1", folder / "t2", folder / "s3"]
    )
    assert shards


def test_a_shard_of_another_division_is_named(run: Run, folder: Path, shards: list[Path]) -> None:
    """A third of the rows is no half of them."""
    shard(run, 2, "--evidence", "s3", of=3)
    message = refused([shards[0], folder / "s3"])

    assert f"shard 2/3 (s3/mock/{newest(folder / 's3').name}) is of another division: most are of 2 parts" in message
    assert "mock: shard 2/2 is missing" in message


def test_shards_that_were_divided_by_other_durations_are_told(run: Run, folder: Path) -> None:
    """Then a row may be in both and another one in none."""
    shard(run, 1)
    (folder / "durations.json").write_text(durations({**SECONDS, "COLD-01": 1000.0}))
    shard(run, 2)

    assert "mock: these shards are of several divisions: " in refused([folder / "s1", folder / "s2"])


def test_a_changed_file_is_told(run: Run, folder: Path) -> None:
    """A file that ran in two shards must be the same in both, whatever the commit is said to be."""
    shard(run, 1)
    shard(run, 2, source=f"# another line\n{rows()}")

    assert "is of another file " in refused([folder / "s1", folder / "s2"])


def test_a_run_that_is_no_shard_is_told(run: Run, folder: Path, shards: list[Path]) -> None:
    """A whole run is whole already."""
    run(rows(), "-n", "0", "--evidence", "one")

    assert "ran without --shard, so it is no part of a run" in refused([*shards, folder / "one"])


def test_where_nothing_ran_is_told(shards: list[Path], folder: Path) -> None:
    """A folder without a run is most likely one that was mistyped."""
    assert refused([*shards, folder / "nowhere"]) == (
        f"{folder / 'nowhere'}: there is no run in it: give the evidence that a shard has left"
    )


def test_a_better_run_is_not_chosen(run: Run, folder: Path) -> None:
    """A shard that ran again later counts, as the newest of whole runs does."""
    for number in (1, 2):
        shard(run, number)
    first = newest(folder / "s2")
    shard(run, 2)

    assert "ran again later, in " in refused([folder / "s1", first])


def test_a_changed_shard_is_told(shards: list[Path]) -> None:
    """A new seal would hide that its files are others."""
    log = RunFolder(newest(shards[1])).report_log
    log.write_bytes(log.read_bytes() + b"\n")

    assert "report-log.jsonl was changed after the run" in refused(shards, EvidenceError)


def test_a_killed_shard_is_told(shards: list[Path]) -> None:
    """It has no end, so nobody knows what it would have found."""
    folder = RunFolder(newest(shards[0]))
    record = json.loads(folder.record.read_text())
    folder.record.write_text(json.dumps({**record, "ended": None}))
    folder.seal.unlink()

    assert "it has no end: it still runs, or was killed; run it again" in refused(shards, EvidenceError)


def signed(shards: Sequence[Path], key: Ed25519PrivateKey = KEY) -> Sequence[Path]:
    """Return *shards* signed with *key*."""
    for each in shards:
        sign_run(RunFolder(newest(each)), signer(key))
    return shards


@pytest.fixture(name="trusted")
def _trusted(folder: Path) -> Signers:
    """Return who is trusted, and must have signed."""
    (folder / "gate.toml").write_text(trusting(KEY))
    return load_signers(folder / "gate.toml")


def test_who_signs_the_whole_answers_for_signed_shards(shards: list[Path], trusted: Signers) -> None:
    """The whole is signed anew, and tells who had signed each shard."""
    merge(signed(shards), trusted, signer(KEY))

    run = read(Path("whole"))
    assert trusted.opinion(run.attestation, "mock").told == "signed by ci"
    assert [each.signature for each in run.record.parts or ()] == ["signed by ci", "signed by ci"]


def test_without_a_key_the_whole_is_unsigned(shards: list[Path], trusted: Signers) -> None:
    """However well its shards were signed: nobody has signed the whole."""
    merge(signed(shards), trusted)

    assert read(Path("whole")).attestation is None


def test_a_signature_must_hold(shards: list[Path], trusted: Signers) -> None:
    """A file that was changed is not what was signed, though it was sealed anew."""
    folder = RunFolder(newest(signed(shards)[1]))
    folder.report_log.write_bytes(folder.report_log.read_bytes() + b"\n")
    folder.write_seal()

    assert "report-log.jsonl is not the file that was signed" in refused(shards, SignatureError, signers=trusted)


def test_a_stranger_may_not_sign(shards: list[Path], trusted: Signers) -> None:
    """Of each shard the criteria say who may."""
    signed(shards[:1])
    signed(shards[1:], STRANGER)

    message = refused(shards, SignatureError, signers=trusted, key=signer(KEY))
    assert message.startswith("shard 2/2 (s2/mock/")
    assert "it was not made with the key of ci" in message


def test_unsigned_shards_are_told_where_signatures_are_required(shards: list[Path], trusted: Signers) -> None:
    """As the gate does it."""
    signed(shards[:1])

    assert "it is unsigned, and must not be" in refused(shards, UnsignedError, signers=trusted)


def test_nobody_signs_a_whole_of_unsigned_shards(shards: list[Path], folder: Path) -> None:
    """Though the criteria allow unsigned evidence: a signature of the whole would cover it."""
    (folder / "gate.toml").write_text(trusting(KEY, required=False))
    signed(shards[:1])

    message = refused(shards, UnsignedError, signers=load_signers(folder / "gate.toml"), key=signer(KEY))
    assert message.startswith("the whole would be signed, and shard 2/2 (s2/mock/")


def test_nobody_signs_what_nobody_could_check(shards: list[Path]) -> None:
    """Where the criteria trust nobody, a signature of a shard says nothing."""
    assert "the criteria trust nobody" in refused(signed(shards), key=signer(KEY))
