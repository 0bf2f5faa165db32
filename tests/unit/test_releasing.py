"""Tests of what a release is given: its notes, its SBOM and its provenance."""

import hashlib
from pathlib import Path

import pytest
from sigstore.dsse._predicate import SLSAPredicateV1_0

from releasing.built import Built, built_in, folder_of
from releasing.notes import notes_of
from releasing.provenance import predicate
from releasing.sbom import completed

CHANGELOG = """# Changelog

## [Unreleased]

### Added

- What is to come.

## [1.2.3] - 2026-12-01

### Added

- What came.

## [1.2.2] - 2026-11-01
"""
RELEASE, BETWEEN = "1.2.3", "1.2.4.dev5+g0123abc"
# As GitHub sets them in a job of a tag.
JOB = {
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "webordinary/seatrials",
    "GITHUB_REPOSITORY_ID": "1",
    "GITHUB_REPOSITORY_OWNER_ID": "2",
    "GITHUB_SHA": "c0ffee00" * 5,
    "GITHUB_REF": "refs/tags/v1.2.3",
    "GITHUB_WORKFLOW_REF": "webordinary/seatrials/.github/workflows/publish.yml@refs/tags/v1.2.3",
    "GITHUB_EVENT_NAME": "push",
    "GITHUB_RUN_ID": "77",
    "GITHUB_RUN_ATTEMPT": "1",
    "RUNNER_ENVIRONMENT": "github-hosted",
}


def wheel_of(version: str, folder: Path = Path()) -> Built:
    """Return what was built as *version*."""
    return Built(folder / f"seatrials-{version}-py3-none-any.whl")


@pytest.mark.parametrize(
    ("version", "is_release"),
    [(RELEASE, True), (BETWEEN, False), ("1.2.4.dev5", False), ("1.2.3+d20261201", False), ("2.0.0rc1", True)],
)
def test_a_release_has_a_tag_and_no_change(version: str, *, is_release: bool) -> None:
    """What is built of another commit, or of a changed tree, says so in its version."""
    assert wheel_of(version).is_release == is_release


@pytest.mark.parametrize(
    ("version", "notes"), [(RELEASE, "### Added\n\n- What came.\n"), (BETWEEN, "### Added\n\n- What is to come.\n")]
)
def test_the_notes_are_a_section_of_the_changelog(version: str, notes: str) -> None:
    """A release has what stands below its heading, everything else what is not released yet."""
    assert notes_of(CHANGELOG, wheel_of(version)) == notes


@pytest.mark.parametrize(
    ("version", "told"),
    [("1.3.0", r"no heading `## \[1.3.0\] - YYYY-MM-DD`"), ("1.2.2", r"nothing below `## \[1.2.2\]`")],
)
def test_a_release_without_notes_is_refused(version: str, told: str) -> None:
    """A tag that the changelog does not know of, or says nothing of, makes no release."""
    with pytest.raises(ValueError, match=told):
        notes_of(CHANGELOG, wheel_of(version))


def test_the_sbom_is_of_the_wheel(tmp_path: Path) -> None:
    """It names the wheel by version, purl and hash, and two of one commit are the same."""
    built = wheel_of(BETWEEN, tmp_path)
    built.wheel.write_bytes(b"a wheel")
    exported = {"serialNumber": "urn:uuid:1", "metadata": {"timestamp": "now", "component": {"name": "seatrials"}}}

    found = completed(exported, built)

    component = found["metadata"]["component"]
    assert component["purl"] == "pkg:pypi/seatrials@1.2.4.dev5%2Bg0123abc"
    assert component["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(b"a wheel").hexdigest()}]
    assert {"serialNumber", "timestamp"} & {*found, *found["metadata"]} == set()


def test_the_provenance_is_what_sigstore_signs() -> None:
    """It has SLSA's form, and names the commit, the workflow at its tag, and the run."""
    found = SLSAPredicateV1_0.model_validate(predicate(JOB))

    assert found.build_definition.resolved_dependencies is not None
    assert found.build_definition.resolved_dependencies[0].model_dump(exclude_none=True) == {
        "uri": "git+https://github.com/webordinary/seatrials@refs/tags/v1.2.3",
        "digest": {"gitCommit": JOB["GITHUB_SHA"]},
    }
    assert found.build_definition.external_parameters["workflow"] == {
        "ref": "refs/tags/v1.2.3",
        "repository": "https://github.com/webordinary/seatrials",
        "path": ".github/workflows/publish.yml",
    }
    assert found.run_details.metadata is not None
    assert found.run_details.metadata.invocation_id == (
        "https://github.com/webordinary/seatrials/actions/runs/77/attempts/1"
    )


def test_provenance_is_made_by_a_job_alone() -> None:
    """All variables that are not set are told at once."""
    with pytest.raises(ValueError, match="GITHUB_SHA, GITHUB_RUN_ID: not set"):
        predicate({**JOB, "GITHUB_SHA": "", "GITHUB_RUN_ID": ""})


@pytest.mark.parametrize("names", [(), ("seatrials-1.0-py3-none-any.whl", "seatrials-1.1-py3-none-any.whl")])
def test_a_folder_of_no_wheel_or_two_is_refused(tmp_path: Path, names: tuple[str, ...]) -> None:
    """Which of two is meant nobody can tell; the message says what to run."""
    for name in names:
        (tmp_path / name).touch()

    with pytest.raises(SystemExit, match="run `nox -s package`"):
        built_in(tmp_path)


def test_a_command_takes_one_folder(tmp_path: Path) -> None:
    """What is no folder is shown as it was given."""
    with pytest.raises(SystemExit, match="give the folder of the wheel, such as dist"):
        folder_of([str(tmp_path / "missing")])
