"""Tests of the files in which a client finds a server."""

import json
import subprocess
from pathlib import Path

from seatrials.twin_server.variables import client_variables, directory_of, write_variables


def variables(ca_file: Path) -> dict[str, str]:
    """Return the variables of some server."""
    return client_variables(
        endpoint_url="http://127.0.0.1:4566",
        region="us-west-2",
        base_url="https://127.0.0.1:8443",
        ports={"https": 8443, "http": 8080},
        ca_file=ca_file,
        pace=30.0,
        epoch_seconds=1_772_442_000.25,
    )


def test_a_client_learns_all_it_needs(tmp_path: Path) -> None:
    """The variables name both endpoints, the certificate, credentials of no account, and the platform's time."""
    given = variables(tmp_path / "ca.pem")

    assert given["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert given["SEATRIALS_BASE_URL"] == "https://127.0.0.1:8443"
    assert given["SEATRIALS_CA_FILE"] == str(tmp_path / "ca.pem")
    assert (given["SEATRIALS_PACE"], given["SEATRIALS_EPOCH_SECONDS"]) == ("30", "1772442000.250000")
    assert (given["AWS_REGION"], given["AWS_DEFAULT_REGION"]) == ("us-west-2", "us-west-2")


def test_a_shell_can_source_the_file(tmp_path: Path) -> None:
    """After sourcing, the variables have their values, and a profile that would lead elsewhere is gone."""
    given = {**variables(tmp_path / "a b.pem")}
    write_variables(tmp_path, given)
    script = f'. {tmp_path}/environment.sh; echo "$SEATRIALS_CA_FILE|${{AWS_PROFILE-none}}"'
    result = subprocess.run(  # noqa: S603  # a script of our own
        ["/bin/sh", "-c", script], env={"AWS_PROFILE": "work"}, capture_output=True, text=True, check=True
    )

    assert result.stdout == f"{tmp_path}/a b.pem|none\n"


def test_the_json_holds_the_same(tmp_path: Path) -> None:
    """Whoever reads JSON finds what a shell finds."""
    given = variables(tmp_path / "ca.pem")
    write_variables(tmp_path, given)

    assert json.loads((tmp_path / "environment.json").read_text(encoding="utf-8")) == given


def test_a_directory_of_ones_own_stays_without_the_files(tmp_path: Path) -> None:
    """A directory that was there stays as it was found."""
    (tmp_path / "mine.txt").write_text("kept", encoding="utf-8")
    with directory_of(tmp_path) as directory:
        write_variables(directory, variables(directory / "ca.pem"))

    assert [each.name for each in tmp_path.iterdir()] == ["mine.txt"]


def test_a_directory_that_was_made_goes(tmp_path: Path) -> None:
    """A directory that was made for the files goes with them."""
    with directory_of(tmp_path / "new") as named, directory_of(None) as unnamed:
        write_variables(named, variables(named / "ca.pem"))
        assert unnamed.is_dir()

    assert not named.exists()
    assert not unnamed.exists()
