"""Runs the shell steps of a job as GitHub does, with recorders in place of the programs that cost time or network."""

import re
import subprocess
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

from tests.support.workflow_rules import Content, steps

# Every argument ends with NUL, and so does the line break at a call's end; what it is told to say comes from a file.
_RECORDER = """#!/bin/bash
printf '%s\\0' "${0##*/}" "$@" $'\\n' >> "$CALLS"
[ ! -e "$0.says" ] || cat "$0.says"
"""
_FILES = ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")
# A machine may be busy.
_SECONDS_MAX = 300


class Workspace:
    """A checkout whose `run` and whose `gh` record how they are called."""

    def __init__(self, folder: Path) -> None:
        """Make it below *folder*, which is empty."""
        self.path, self._programs, self._calls = folder / "checkout", folder / "programs", folder / "calls"
        self.temporary = folder / "temporary"
        for each in (self.path, self._programs, self.temporary):
            each.mkdir()
        for program in (self.path / "run", self._programs / "gh"):
            program.write_text(_RECORDER, encoding="utf-8")
            program.chmod(0o755)
        for name in _FILES:
            (folder / name).touch()
        self._variables = {
            "PATH": f"{self._programs}:/usr/bin:/bin",
            "CALLS": str(self._calls),
            "RUNNER_TEMP": str(self.temporary),
            **{name: str(folder / name) for name in _FILES},
        }

    def says(self, program: str, text: str) -> None:
        """Let *program* write *text* whenever it is called."""
        (self._programs / f"{program}.says").write_text(text, encoding="utf-8")

    def written(self, name: str) -> str:
        """Return what the steps wrote to one of GitHub's files."""
        return Path(self._variables[name]).read_text(encoding="utf-8")

    @property
    def calls(self) -> list[list[str]]:
        """The calls so far: a program's name and its arguments."""
        text = self._calls.read_text(encoding="utf-8") if self._calls.exists() else ""
        return [call.split("\0")[:-1] for call in text.split("\n\0")[:-1]]

    def run(self, job: Content, context: Mapping[str, str]) -> None:
        """Run the shell of *job*'s steps, one after the other, as `shell: bash` does; raises when one fails."""
        for step in steps(job):
            if "run" in step:
                given = {**job.get("env", {}), **step.get("env", {})}
                variables = {name: evaluated(str(value), context) for name, value in given.items()}
                command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
                self._run(command, {**self._variables, **variables})

    def _run(self, command: list[str], variables: Mapping[str, str]) -> None:
        subprocess.run(command, cwd=self.path, env=variables, check=True, timeout=_SECONDS_MAX)  # noqa: S603  # the project's own


def evaluated(text: str, context: Mapping[str, str]) -> str:
    """Return *text* with each `${{ name }}` replaced; raises `KeyError` for what GitHub would silently leave empty."""
    return re.sub(r"\$\{\{ ([\w.-]+) \}\}", lambda found: context[found[1]], text)


def combinations(job: Content) -> Iterator[dict[str, str]]:
    """Yield the values of a job's matrix, as `matrix.NAME`; of one without a matrix, once nothing."""
    matrix: Mapping[str, list[Any]] = job.get("strategy", {}).get("matrix", {})
    for values in product(*matrix.values()):
        yield {f"matrix.{name}": str(value) for name, value in zip(matrix, values, strict=True)}
