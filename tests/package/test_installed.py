"""Tests of the installed wheel, outside of any checkout: what works there, and what says that it needs a checkout."""

import shutil

import pytest

from releasing.built import Built
from tests.package.outside import Outside
from tests.support.project import PROJECT
from tests.support.release import COMMIT, Release
from tests.support.timeline_run import MESSAGE, ROW, write_run

LIST_CLUSTERS = "import boto3; print(*boto3.client('ecs').list_clusters()['clusterArns'])"


@pytest.fixture(scope="module")
def evidence(outside: Outside) -> Release:
    """Leave evidence of a release where the wheel's user is, with the criteria and the scenarios of a checkout."""
    release = Release(outside.home / "evidence")
    release.run("mock", "mock")
    release.mutants()
    shutil.copy(PROJECT / "gate.toml", outside.home)
    shutil.copytree(PROJECT / "tests/integration", outside.home / "scenarios")
    return release


def test_it_says_its_version(outside: Outside, built: Built) -> None:
    """The version is that of the file which was installed."""
    assert outside.run("seatrials", "--version").stdout == f"seatrials {built.version}\n"


def test_the_twin_answers_a_signed_call(outside: Outside) -> None:
    """The platform is served without a file of the user's, and a client finds it by the variables alone."""
    with outside.serving() as variables:
        answer = outside.run("python", "-c", LIST_CLUSTERS, variables=variables)

    assert answer.stdout.strip().endswith(":cluster/webordinary-edit-cluster"), answer.stderr


def test_the_gate_decides(outside: Outside, evidence: Release) -> None:
    """Evidence is judged by criteria and scenarios that are named; what nothing shows there it cannot tell."""
    named = ("--criteria", "gate.toml", "--scenarios", "scenarios", "--evidence", str(evidence.root))

    decided = outside.run("seatrials", "gate", *named, "--commit", COMMIT)

    assert decided.returncode == 2, decided.stderr
    assert "CANNOT TELL" in decided.stdout


def test_a_timeline_is_shown(outside: Outside) -> None:
    """The page of a run's row stands in the run's folder, with its failure."""
    run = write_run(outside.home / "kept")

    shown = outside.run("seatrials", "timeline", str(run.path), ROW)

    assert shown.returncode == 0, shown.stderr
    assert MESSAGE.partition(":")[0] in (outside.home / shown.stdout.strip()).read_text(encoding="utf-8")


@pytest.mark.parametrize("command", ["gate", "mutants", "scenarios"])
def test_what_needs_a_checkout_says_so(outside: Outside, command: str) -> None:
    """Where the scenarios are missing, the message names where they were looked for, and what has them."""
    refused = outside.run("seatrials", command)

    assert refused.returncode == 64, refused.stdout
    assert "tests/integration" in refused.stderr
    assert "checkout" in refused.stderr
