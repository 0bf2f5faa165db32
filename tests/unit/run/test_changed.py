"""Runs of what a change can touch, and what the gate says of them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from seatrials.affected.recording import Ran, Recording, fingerprints_of, read_recording, write_recording
from seatrials.affected.tracer import TRACER
from seatrials.affected.tree import work_tree
from seatrials.evidence.reader import read_newest
from seatrials.gate.decision import Outcome
from seatrials.run import changed
from tests.support.release import Lines, Record, Release
from tests.support.scenario_run import record, scenario
from tests.support.small_repository import commit_all

pytest_plugins = ["pytester"]
Run = Callable[..., pytest.RunResult]

ROWS = "\n".join([scenario("COLD-01", "test_one"), scenario("COLD-02", "test_two")])
ONE, TWO = "test_cold_start.py::test_one", "test_cold_start.py::test_two"
FILE = "test_cold_start.py"


@pytest.fixture(name="recorded")
def _recorded(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Commit two rows, and a recording of what they execute; return their file."""
    monkeypatch.setattr(changed, "about", lambda _config, _environment: {"the seed": "1"})
    (pytester.path / ".gitignore").write_text("evidence/\n__pycache__/\n")
    file = pytester.makepyfile(test_cold_start=ROWS)
    commit_all(pytester.path)
    tree = work_tree(pytester.path)
    recording = Recording(
        about={"the seed": "1"},
        blobs=dict(tree.blobs),
        fingerprints=fingerprints_of(tree, [FILE]),
        always=frozenset({(FILE, "<module>"), ("environments.toml", "<file>")}),
        tests={
            ONE: Ran(is_failed=False, units=frozenset({(FILE, "test_one:1")})),
            TWO: Ran(is_failed=False, units=frozenset({(FILE, "test_two:1")})),
        },
        is_whole=True,
    )
    write_recording(pytester.path / ".seatrials/coverage/mock.json", recording)
    return file


def test_only_what_the_change_touches_runs(run: Run, recorded: Path, pytester: pytest.Pytester) -> None:
    """A row runs whose function has changed, and the other one does not."""
    result = run(ROWS.replace("clock.sleep(100)", "clock.sleep(99)", 1), "--changed", "HEAD")

    assert recorded.is_file()
    assert record(pytester)["expected"] == [ONE]
    result.stdout.fnmatch_lines([f"seatrials: since HEAD: what executes what changed ({FILE})"])


def test_the_evidence_of_a_partial_run_is_never_whole(run: Run, recorded: Path, pytester: pytest.Pytester) -> None:
    """A run that was asked for what changed is partial, though it ran every row, and whoever reads it is told so."""
    assert recorded.is_file()
    environments = pytester.path / "environments.toml"
    environments.write_text(f"{environments.read_text()}# changed\n")
    run(ROWS, "--changed", "HEAD")
    newest = read_newest(pytester.path / "evidence", "mock")

    assert newest is not None
    assert sorted(newest.record.scenarios or {}) == ["COLD-01", "COLD-02"]
    why = "only what a change can touch was to run: since HEAD: the whole suite, for environments.toml changed"
    assert f"it is no whole run, whatever it ran: {why}" in newest.problems


def test_nothing_runs_when_nothing_changed(run: Run, recorded: Path, pytester: pytest.Pytester) -> None:
    """Without a change there is nothing to run: that is no failure, and leaves no evidence."""
    assert recorded.is_file()
    result = run(ROWS, "--changed", "HEAD")

    assert result.ret == 0
    assert not (pytester.path / "evidence").exists()


def test_what_is_not_recorded_runs_though_nothing_changed(run: Run, recorded: Path, pytester: pytest.Pytester) -> None:
    """A recording of some rows alone, made with -k, says nothing of the others."""
    assert recorded.is_file()
    path = pytester.path / ".seatrials/coverage/mock.json"
    whole = read_recording(path)
    assert whole is not None
    write_recording(path, whole.model_copy(update={"tests": {ONE: whole.tests[ONE]}, "is_whole": False}))
    result = run(ROWS, "--changed", "HEAD")

    assert record(pytester)["expected"] == [TWO]
    result.stdout.fnmatch_lines(["*nothing that a test executes has changed; and all that is not recorded"])


def test_an_unknown_commit_ends_the_run(run: Run, recorded: Path) -> None:
    """A misspelt commit is told, with the exit code of a wrong option."""
    assert recorded.is_file()
    result = run(ROWS, "--changed", "mian")

    assert result.ret == 64
    result.stderr.fnmatch_lines(["*git knows no commit 'mian'*"])


def test_a_real_stack_is_refused(run: Run, pytester: pytest.Pytester) -> None:
    """Nobody sees what another process executes."""
    path = pytester.path / "environments.toml"
    there = '[there]\nkind = "live"\nregion = "us-west-2"\naccount_id = "123456789012"\n'
    path.write_text(f'{path.read_text()}{there}base_url = "https://127.0.0.1:9"\n')
    result = run(ROWS, "--changed", "HEAD", environment="there")

    assert result.ret == 64
    result.stderr.fnmatch_lines(["*there is no mock*"])


def test_to_record_and_to_choose_are_two_runs(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A recording runs what is not up to date, so a commit to compare with has no meaning for it."""
    monkeypatch.setattr(TRACER, "_root", "here/")
    result = run(ROWS, "--changed", "HEAD", "--record-coverage")

    assert result.ret == 64
    result.stderr.fnmatch_lines(["*take --changed in another run*"])


def test_the_gate_does_not_accept_a_partial_run(tmp_path: Path) -> None:
    """With every row passed, the gate cannot tell what a run shows that was asked for less than all."""

    def partial(_lines: Lines, record: Record) -> None:
        record["partial"] = "only what a change can touch was to run: since main"

    release = Release(tmp_path)
    for environment, kind in (("staging", "live"), ("production", "live")):
        release.run(environment, kind)
    release.run("mock", "mock")
    assert release.criterion("run.mock").outcome is Outcome.PASS
    release.run("mock", "mock", hours_ago=0.5, change=partial)

    assert release.criterion("run.mock").outcome is Outcome.UNKNOWN
    assert "it is no whole run" in release.criterion("run.mock").reason


@pytest.mark.parametrize(
    ("left_out", "expected"),
    [
        ({"a[healthy]", "b[healthy]", "b[hollow]", "b[other]"}, {"a[healthy]", "b[healthy]", "b[other]"}),
        ({"a[healthy]", "a[hollow]", "b[hollow]", "b[other]"}, {"a[healthy]", "a[hollow]"}),
    ],
    ids=["a mutant is run by all its rows", "a healthy row is run on all its mutants"],
)
def test_mutants_are_run_whole(left_out: set[str], expected: set[str]) -> None:
    """Half of a mutant's rows may not kill it, and a row without its mutants would seem to kill none."""
    tests = ["a[healthy]", "a[hollow]", "b[healthy]", "b[hollow]", "b[other]"]

    assert changed._whole_groups(frozenset(left_out), tests) == expected  # noqa: SLF001  # the rule itself
