"""Runs are numbered, whoever begins at once, and what is missing between the numbers is told."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seatrials.errors import EvidenceError
from seatrials.evidence.chain import join, read_chains
from seatrials.evidence.folder import EvidenceFolder, RunFolder
from seatrials.evidence.reader import RunEvidence, read_newest
from seatrials.evidence.record import ChainLink, RunRecord

COMMIT, OTHER = "c" * 40, "d" * 40
BEGIN = """
import sys
from pathlib import Path
from seatrials.evidence.chain import join
evidence, process = Path(sys.argv[1]), sys.argv[2]
for index in range(5):
    print(join(evidence, "mock", Path(f"{process}-{index}"), "2026-11-25T08:00:00+00:00", None).number)
"""


def run(evidence: Path, second: int, environment: str = "mock", commit: str = COMMIT, *, ends: bool = True) -> Path:
    """Write a run that knows nothing but its place."""
    started = f"2026-11-25T08:00:{second:02}.000+00:00"
    folder = RunFolder.create(evidence, environment, started)
    link = join(evidence, environment, folder.path, started, commit)
    ended = started if ends else None
    folder.write_run(RunRecord(environment=environment, chain=link, commit=commit, started=started, ended=ended))
    if ends:
        folder.write_seal()
    return folder.path


def newest(evidence: Path, environment: str = "mock") -> RunEvidence:
    """Return the newest run."""
    found = read_newest(evidence, environment)
    assert found is not None
    return found


def told(evidence: Path, environment: str = "mock") -> list[str]:
    """Return what is told of chains."""
    words = ("chain", "number", "another seal")
    return [each for each in newest(evidence, environment).problems if any(word in each for word in words)]


def link_of(folder: Path) -> ChainLink:
    """Return the place that a run says it has."""
    link = RunRecord.model_validate_json((folder / "run.json").read_bytes()).chain
    assert link is not None
    return link


def file_of(evidence: Path, folder: Path) -> Path:
    """Return the file of the chain that is a run's."""
    link = link_of(folder)
    return EvidenceFolder(evidence).chains.link(link.chain, link.number)


def test_each_run_takes_the_next_number(tmp_path: Path) -> None:
    """Whatever it is on, and whatever became of the one before; each holds the last seals."""
    killed = run(tmp_path, 1, ends=False)
    folders = [killed, run(tmp_path, 2, "staging"), run(tmp_path, 3), run(tmp_path, 4)]

    links = [link_of(each) for each in folders]
    assert [each.number for each in links] == [1, 2, 3, 4]
    assert [sorted(each.seals) for each in links] == [[], [], ["staging"], ["mock", "staging"]]
    assert told(tmp_path) == told(tmp_path, "staging") == []


def test_runs_that_begin_at_once_have_different_numbers(tmp_path: Path) -> None:
    """Four processes that begin five runs each in an empty folder make one chain of twenty."""
    command = [sys.executable, "-c", BEGIN, str(tmp_path)]
    processes = [
        subprocess.Popen([*command, str(each)], stdout=subprocess.PIPE, text=True)  # noqa: S603  # this Python
        for each in range(4)
    ]
    numbers = [int(line) for each in processes for line in each.communicate(timeout=120)[0].split()]

    assert sorted(numbers) == list(range(1, 21))
    assert read_chains(tmp_path).problems == ()


def test_folders_of_several_jobs_are_put_together(tmp_path: Path) -> None:
    """Five jobs with an empty folder each leave five chains, and the next run continues one of them."""
    for second in range(5):
        run(tmp_path / str(second), second)
        shutil.copytree(tmp_path / str(second), tmp_path / "all", dirs_exist_ok=True, symlinks=True)
        (tmp_path / "all/mock/latest").unlink()
    before = told(tmp_path / "all")
    last = run(tmp_path / "all", 5)

    assert before == told(tmp_path / "all") == []
    assert link_of(last).number == 2


def test_a_folder_that_was_restored_continues_its_chain(tmp_path: Path) -> None:
    """A job that begins with the evidence of another one adds to it; put together in any order nothing is lost."""
    run(tmp_path / "first", 1)
    shutil.copytree(tmp_path / "first", tmp_path / "second", symlinks=True)
    run(tmp_path / "second", 2, "staging")
    for each in ("second", "first"):
        shutil.copytree(tmp_path / each, tmp_path / "all", dirs_exist_ok=True, ignore=shutil.ignore_patterns("latest"))

    assert told(tmp_path / "all") == told(tmp_path / "all", "staging") == []


def test_two_jobs_that_continue_one_chain_are_told(tmp_path: Path) -> None:
    """Two runs with one number: which is the newer one nobody knows."""
    run(tmp_path / "base", 1)
    for second in (2, 3):
        shutil.copytree(tmp_path / "base", tmp_path / str(second), symlinks=True)
        run(tmp_path / str(second), second)
        ignored = shutil.ignore_patterns("latest")
        shutil.copytree(tmp_path / str(second), tmp_path / "all", dirs_exist_ok=True, ignore=ignored)

    assert any("have one number, 2 of chain" in each for each in told(tmp_path / "all"))


def test_old_runs_may_be_removed(tmp_path: Path) -> None:
    """Of another commit, or killed before the next run began: their files of the chain stay, and nothing is told."""
    pruned = [run(tmp_path, 1, commit=OTHER), run(tmp_path, 2, ends=False)]
    run(tmp_path, 3)
    for each in pruned:
        shutil.rmtree(each)

    assert (told(tmp_path), newest(tmp_path).gone) == ([], ())


def test_an_older_run_of_the_commit_that_is_gone_is_known(tmp_path: Path) -> None:
    """The gate decides by its age whether it would have counted."""
    gone = run(tmp_path, 1)
    place = link_of(gone)
    run(tmp_path, 2)
    shutil.rmtree(gone)

    assert (told(tmp_path), newest(tmp_path).gone) == ([], (place,))


def test_a_run_that_ended_while_another_began_is_no_killed_one(tmp_path: Path) -> None:
    """Its seal is in the number after it, of whatever environment, or it ran on: nobody may remove it."""
    gone = run(tmp_path, 1, ends=False)
    run(tmp_path, 2, "staging")
    RunFolder(gone).write_seal()
    run(tmp_path, 3)
    shutil.rmtree(gone)

    assert [each.number for each in newest(tmp_path).gone] == [1]


def test_matrices_are_numbered_too(tmp_path: Path) -> None:
    """A run on the mock knows of a run on mutants that is gone."""
    folder = EvidenceFolder(tmp_path).mutants.create("2026-11-25T08:00:01.000+00:00")
    link = join(tmp_path, "mutants", folder, "2026-11-25T08:00:01.000+00:00", COMMIT)
    run(tmp_path, 2)
    EvidenceFolder(tmp_path).chains.link(link.chain, 1).unlink()

    assert any("number 1 of chain" in each for each in told(tmp_path))


def removed(_evidence: Path, last: Path) -> None:
    """Remove the newest run."""
    shutil.rmtree(last)


def removed_with_its_number(evidence: Path, last: Path) -> None:
    """Remove the newest run and its file of the chain; another environment's run began later."""
    run(evidence, 9, "staging")
    file_of(evidence, last).unlink()
    shutil.rmtree(last)


def removed_with_all_later_numbers(evidence: Path, last: Path) -> None:
    """Remove the newest run and the end of the chain; another environment's run is still there."""
    staging = run(evidence, 9, "staging")
    file_of(evidence, staging).unlink()
    file_of(evidence, last).unlink()
    shutil.rmtree(last)


def removed_with_the_chains(evidence: Path, last: Path) -> None:
    """Remove the newest run and all chains."""
    shutil.rmtree(last)
    shutil.rmtree(evidence / "chains")


def renamed(_evidence: Path, last: Path) -> None:
    """Let the newest run be called after an older time."""
    last.rename(last.with_name("20261125T070000Z-1"))


def copied(_evidence: Path, last: Path) -> None:
    """Let the newest run be there twice."""
    shutil.copytree(last, last.with_name(f"{last.name}-2"))


def renumbered(_evidence: Path, last: Path) -> None:
    """Let the newest run say that it is number 1."""
    document = json.loads((last / "run.json").read_text())
    document["chain"]["number"] = 1
    (last / "run.json").write_text(json.dumps(document))
    RunFolder(last).write_seal()


def sealed_anew(evidence: Path, last: Path) -> None:
    """Edit a run and seal it again, when another one has begun."""
    run(evidence, 9, "staging")
    (last / "leftovers.main.json").write_text("[]")
    RunFolder(last).write_seal()


def taken_out_of_the_chain(_evidence: Path, last: Path) -> None:
    """Let the newest run tell of no number."""
    document = json.loads((last / "run.json").read_text())
    (last / "run.json").write_text(json.dumps({**document, "chain": None}))
    RunFolder(last).write_seal()


def dated_back(evidence: Path, last: Path) -> None:
    """Let the newest run have begun before the other ones, in its record, its seal, its folder and its number."""
    link = link_of(last).model_copy(update={"started": "2026-11-25T07:00:00.000+00:00", "run": "20261125T070000Z-1"})
    file_of(evidence, last).write_text(link.model_dump_json(indent=1) + "\n")
    document = json.loads((last / "run.json").read_text())
    document |= {"started": link.started, "ended": link.started, "chain": link.model_dump(mode="json")}
    (last / "run.json").write_text(json.dumps(document))
    RunFolder(last).write_seal()
    last.rename(last.with_name(link.run))


def number_edited(evidence: Path, last: Path) -> None:
    """Let the chain say that the newest run is of another commit."""
    path = file_of(evidence, last)
    path.write_text(path.read_text().replace(COMMIT, OTHER))


@pytest.mark.parametrize(
    ("tamper", "sentence"),
    [
        (removed, "is gone, and began after"),
        (removed_with_its_number, "number 2 of chain"),
        (removed_with_all_later_numbers, "is not in its chain as it says"),
        (removed_with_the_chains, "is not there, and"),
        (renamed, "it was renamed, copied or moved"),
        (copied, "have one number"),
        (renumbered, "have one number"),
        (sealed_anew, "has another seal than when"),
        (taken_out_of_the_chain, "has no number"),
        (dated_back, "a clock was set back"),
        (number_edited, "which has"),
    ],
)
def test_what_was_done_to_a_run_is_told(tmp_path: Path, tamper: Callable[[Path, Path], None], sentence: str) -> None:
    """Where the newest run was removed, moved or changed, what is now the newest says so."""
    run(tmp_path, 1)
    tamper(tmp_path, run(tmp_path, 8))

    assert any(sentence in each for each in told(tmp_path))


def damages(path: Path) -> Iterator[None]:
    """Do to a file of a chain, one after the other, what can be done to a file."""
    honest = path.read_bytes()
    for content in (
        b"",
        b"{}",
        b"\xff\x00",
        honest[:20],
        b"[" * 100_000,
        honest.replace(b'"number": 2', b'"number": 3'),
    ):
        path.write_bytes(content)
        yield
    path.unlink()
    path.mkdir()
    yield
    path.rmdir()
    path.symlink_to(path.name)
    yield


def test_a_damaged_chain_is_told_and_not_continued(tmp_path: Path) -> None:
    """The file is named to the gate, and the next run is refused, which would hide it."""
    run(tmp_path, 1)
    path = file_of(tmp_path, run(tmp_path, 2))
    run(tmp_path, 3)
    for _ in damages(path):
        assert any("000002.json" in each for each in told(tmp_path))
        with pytest.raises(EvidenceError, match="away, or restore it"):
            join(tmp_path, "mock", tmp_path / "x", "2026-11-25T08:00:00+00:00", None)


def test_a_number_in_capitals_is_no_missing_number(tmp_path: Path) -> None:
    """A file of the chain that was renamed, as stores that ignore case may do it, is told: its run may be gone."""
    run(tmp_path, 1)
    path = file_of(tmp_path, run(tmp_path, 2))
    path.rename(path.with_name(path.name.upper()))

    assert any("000002.json cannot be read" in each for each in told(tmp_path))


@pytest.mark.parametrize("named", ["", "../../etc", "0123456789ABCDEF"])
def test_a_chain_is_called_by_its_id(tmp_path: Path, named: str) -> None:
    """What names no chain is refused with the file and what it says, and nothing is written elsewhere."""
    current = EvidenceFolder(tmp_path).chains.current
    current.parent.mkdir()
    current.write_text(named)

    with pytest.raises(EvidenceError, match="names no chain"):
        run(tmp_path, 1)
