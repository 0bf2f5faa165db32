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
    return [words for words, _ in calls_of(session, arguments)]


def calls_of(session: str, arguments: list[str]) -> list[tuple[list[str], dict[str, Any]]]:
    """Return these commands, each with the options that nox runs it with."""
    ran: list[tuple[list[str], dict[str, Any]]] = []
    recording = SimpleNamespace(
        posargs=[*arguments],
        run=lambda *words, **options: ran.append(([*words], options)),
        install=lambda *_: None,
        run_install=lambda *_, **__: None,
        virtualenv=SimpleNamespace(location=""),
    )
    sessions()[session].func(recording)
    return ran
