"""A run on the mock in a shell that is set up for something else."""

import subprocess
import sys
from pathlib import Path

from seatrials.environments.variables import read_variables
from tests.support.project import PROJECT

PROFILE = "[default]\nuse_dualstack_endpoint = true\nuse_fips_endpoint = true\nregion = eu-west-1\n"
SHELL = {
    "AWS_PROFILE": "nobody",
    "AWS_USE_DUALSTACK_ENDPOINT": "true",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_MAX_ATTEMPTS": "many",
    "AWS_DEFAULTS_MODE": "nonsense",
    "MOTO_ACCOUNT_ID": "999999999999",
    "MOTO_ACM_VALIDATION_WAIT": "long",
    "INITIAL_NO_AUTH_ACTION_COUNT": "0",
}


def test_the_shell_leads_the_mock_nowhere(tmp_path: Path) -> None:
    """Whatever the shell and the home folder say of AWS, and to moto, a scenario passes as without."""
    config = tmp_path / ".aws/config"
    config.parent.mkdir()
    config.write_text(PROFILE)
    inherited = {name: value for name, value in read_variables().items() if not name.startswith("AWS_")}
    scenario = "tests/integration/test_cold_start.py::test_an_activation_answers_every_field_of_the_contract"
    options = ("--environment", "mock", "-q", "-p", "no:cacheprovider", "--evidence", str(tmp_path / "evidence"))

    ended = subprocess.run(  # noqa: S603  # this Python, and arguments of our own
        [sys.executable, "-m", "pytest", scenario, *options],
        cwd=PROJECT,
        env={**inherited, **SHELL, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "1 of 1 scenarios passed on mock" in ended.stdout
