"""Where the code of a run comes from."""

from pathlib import Path

from seatrials.evidence.provenance import commit_of, versions


def test_outside_a_repository_there_is_no_commit(tmp_path: Path) -> None:
    """A folder that git does not know has neither commit nor dirtiness."""
    assert commit_of(tmp_path) == (None, None)


def test_the_versions_that_matter_are_told() -> None:
    """Python and the libraries that decide how a run goes are among the versions."""
    told = versions()

    assert {"python", "seatrials", "moto", "boto3"} <= told.keys()
