"""Waits that an option names: each is some number of seconds, or is refused."""

import sys

import pytest

from seatrials import cli
from seatrials.configuration import require_wait
from seatrials.errors import ConfigurationError


@pytest.mark.parametrize("seconds", ["nan", "inf", "-inf", "-1"])
def test_a_wait_that_never_ends_is_refused(
    seconds: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`seatrials sweep` ends with 64 before it reads anything, and names the option and the value."""
    monkeypatch.setattr(sys, "argv", ["seatrials", "sweep", "staging", "--wait", seconds])

    with pytest.raises(SystemExit) as ended:
        cli.main()

    assert ended.value.code == 64
    assert f"--wait: must be a number of seconds from 0 on, not {seconds}" in capsys.readouterr().err


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -0.1])
def test_a_run_refuses_the_same(seconds: float) -> None:
    """What `--lease-wait` may be is what `--wait` may be."""
    with pytest.raises(ConfigurationError, match="--lease-wait: must be"):
        require_wait("--lease-wait", seconds)


def test_no_wait_and_a_long_one_are_waits() -> None:
    """0 and a day are taken as they are."""
    require_wait("--wait", 0)
    require_wait("--wait", 86_400)
