"""Runs that are not there, and that the chain or the history knows of, are missed."""

import shutil
from dataclasses import replace

from seatrials.evidence.folder import RunFolder
from seatrials.gate.decision import Outcome, Verdict
from tests.support.project import PROJECT
from tests.support.release import Release


def test_a_slow_run_cannot_be_left_out(release: Release) -> None:
    """An older run of the commit that is gone would have counted: its measurements are missed, until it is too old."""
    shutil.rmtree(min((release.root / "staging").glob("2*")))
    release.criteria = release.root / "gate.toml"
    release.criteria.write_text((PROJECT / "gate.toml").read_text().replace("samples_min = 5", "samples_min = 4"))

    assert "is gone, and is of this commit" in release.criterion("run.staging").reason
    assert release.decide().verdict is Verdict.CANNOT_TELL
    release.now_seconds += 20.5 * 3600
    assert "is gone" not in release.criterion("run.staging").reason


def test_a_history_knows_a_newer_run(release: Release) -> None:
    """A bad run that was judged, and is gone with its folder's chains, is told; of another commit it is not."""
    release.history = list(release.judgement().entries)
    newest = next(each for each in release.history if each.environment == "production")
    later = replace(newest, run="20261125T235959Z-1", started="2027-11-25T23:59:59.000+00:00")
    release.history = [later]
    assert "was judged before, and began later" in release.criterion("run.production").reason

    release.history = [replace(later, commit="d" * 40)]
    assert "was judged before" not in release.criterion("run.production").reason


def test_a_history_knows_the_seal(release: Release) -> None:
    """A run that was judged, edited and sealed again is told."""
    release.history = list(release.judgement().entries)
    assert release.criterion("run.production").outcome is Outcome.PASS
    folder = RunFolder((release.root / "production/latest").resolve())
    folder.write_timeline("COLD-01", [])
    folder.write_seal()

    assert "with another seal" in release.criterion("run.production").reason
