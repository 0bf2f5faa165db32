"""The commands of noxfile.py without nox running: what a session would run, for arguments."""

import runpy
from functools import cache
from types import SimpleNamespace
from typing import Any

from tests.support.project import PROJECT


@cache
def noxfile() -> dict[str, Any]:
    """Return what noxfile.py defines; nox takes its sessions once."""
    return runpy.run_path(str(PROJECT / "noxfile.py"))


@cache
def sessions() -> dict[str, Any]:
    """Return the sessions by the names that `nox -s` takes."""
    found = [each for each in noxfile().values() if hasattr(each, "tags") and hasattr(each, "func")]
    return {each.name or each.func.__name__: each for each in found}


def commands_of(session: str, arguments: list[str]) -> list[list[str]]:
    """Return the commands that `nox -s SESSION -- ARGUMENTS` runs when everything is installed."""
    ran: list[list[str]] = []
    recording = SimpleNamespace(
        posargs=[*arguments],
        run=lambda *words, **_: ran.append([*words]),
        install=lambda *_: None,
        run_install=lambda *_, **__: None,
        virtualenv=SimpleNamespace(location=""),
    )
    sessions()[session].func(recording)
    return ran
