"""The command line in this process, from its words to its exit code."""

import sys
from collections.abc import Callable

import pytest

from seatrials import cli

# The exit code, and what both streams have.
Ended = tuple[int, str, str]
Run = Callable[..., Ended]


def runner(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *first: str) -> Run:
    """Return what runs `seatrials`, with the words *first* before all others, and tells how it ended."""

    def run(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["seatrials", *first, *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert isinstance(ended.value.code, int)
        told = capsys.readouterr()
        return ended.value.code, told.out, told.err

    return run
