"""Tests of the shell in .github/workflows: each job's steps are run here as they are written, on recorders.

What they call is read by the parsers that would read it: nox's, with the sessions of noxfile.py, then those of pytest
and of `seatrials`. Nothing is installed, and nothing is asked of a network.
"""

import re
import subprocess
from pathlib import Path

import pytest
from typer import TyperException

from seatrials.errors import ConfigurationError
from tests.support.job_steps import Workspace, combinations
from tests.support.real_parsers import read_nox
from tests.support.workflow_rules import Content, jobs, parse, scripts, texts

CONTEXT = {
    "github.event.pull_request.base.sha": "b" * 40,
    "github.event.pull_request.number": "19",
    "github.ref_name": "v1.2.3",
    "github.repository": "webordinary/seatrials",
    "github.run_number": "12",
    "github.token": "a token",
    "vars.SEATRIALS_ACCOUNT_ID": "210987654321",
    "vars.SEATRIALS_BASE_URL": "https://edit.staging.example.org",
    "vars.SEATRIALS_HISTORY": "s3://releases/gate/history.jsonl",
    "vars.SEATRIALS_REGION": "us-west-2",
}
# Of the shell, of an expression, of nox, of pytest, of `seatrials`.
TOLD = (subprocess.CalledProcessError, KeyError, SystemExit, ValueError, TyperException, ConfigurationError)
SUMMARY = "# GO\n\nEvery criterion holds.\n"
PLACES = [(file, name) for file, text in texts().items() for name, job in jobs(parse(text)) if scripts(job)]
COMMENTS = "repos/webordinary/seatrials/issues/19/comments"
BASE = "BASE: ${{ github.event.pull_request.base.sha }}"
# Where, what is written there, what is written instead, and what must be told of it.
BREAKS = {
    "session": ("main.yml", "record", "-s mock mutants", "-s mock mutant", "no session {'mutant'}"),
    "option-of-pytest": ("main.yml", "record", "--record-coverage", "--record-coverages", "--record-coverages"),
    "option-of-nox": ("live.yml", "rows", "--install-only", "--only-install", "2"),
    "option-of-seatrials": ("live.yml", "rows", "--yes", "--sure", "No such option: --sure"),
    "subcommand": ("examine.yml", "judge", "-- merge", "-- join", "join"),
    "shard": ("examine.yml", "shard", '"$SHARD/4"', '"$SHARD"', "such as 2/4"),
    "variable": ("examine.yml", "shard", "SHARD:", "PART:", "such as 2/4"),
    "number": ("nightly.yml", "offline", '"${SEED}000"', '"${SEEDS}"', "valid integer"),
    "argument": ("live.yml", "rows", "-R -s live-sweep --", "-R -s live-sweep -- now", "unexpected extra argument"),
    "option-of-package": ("package.yml", "package", "--python", "--pythons", "--pythons"),
    "program": ("examine.yml", "judge", "run: tee -a", "run: tea -a", "exit status 127"),
    "file": ("pull-request.yml", "comment", "60000 summary.md", "60000 summery.md", "exit status 1"),
    "context": ("pull-request.yml", "changed", BASE, "BASE: ${{ github.base }}", "github.base"),
}


def job_of(file: str, name: str, was: str = "", becomes: str = "") -> Content:
    """Return a job of a workflow in which *was* is written as it *becomes*."""
    text = texts()[file]
    assert was in text
    return dict(jobs(parse(text.replace(was, becomes) if was else text)))[name]


def run_job(folder: Path, job: Content, **inputs: str) -> Workspace:
    """Run a job's steps in a new workspace that has what actions and earlier commands leave; read what they call."""
    workspace = Workspace(folder)
    for path in ("evidence/gate/latest/summary.md", "summary.md"):
        (workspace.path / path).parent.mkdir(parents=True, exist_ok=True)
        (workspace.path / path).write_text(SUMMARY, encoding="utf-8")
    for shard in ("shard-1", "shard-2"):
        (workspace.temporary / "shards" / shard).mkdir(parents=True)
    for number, matrix in enumerate(combinations(job)):
        workspace.run(job, {**CONTEXT, **matrix, **{f"inputs.{name}": value for name, value in inputs.items()}})
        assert len(workspace.calls) > number
    for arguments in sorted({tuple(arguments) for program, *arguments in workspace.calls if program == "run"}):
        read_nox([*arguments])
    return workspace


@pytest.mark.parametrize(("file", "name"), PLACES)
def test_a_jobs_steps_call_what_is_there(tmp_path: Path, file: str, name: str) -> None:
    """Every step ends well, and every command has sessions, options and arguments that its own parser takes."""
    run_job(tmp_path, job_of(file, name), environment="production")


@pytest.mark.parametrize(("file", "name", "was", "becomes", "told"), BREAKS.values(), ids=BREAKS)
def test_a_step_that_is_broken_is_told(tmp_path: Path, file: str, name: str, was: str, becomes: str, told: str) -> None:
    """What is not there, what nobody takes and what has no value is seen here, before GitHub sees it."""
    job = job_of(file, name, was, becomes)

    with pytest.raises(TOLD, match=re.escape(told)):
        run_job(tmp_path, job, environment="staging")


@pytest.mark.parametrize(("file", "name"), [("examine.yml", "judge"), ("release.yml", "decide")])
def test_the_decision_is_the_jobs_summary(tmp_path: Path, file: str, name: str) -> None:
    """Who looks at the run sees the gate's own Markdown."""
    assert run_job(tmp_path, job_of(file, name)).written("GITHUB_STEP_SUMMARY") == SUMMARY


@pytest.mark.parametrize(
    ("before", "method", "address"),
    [("", "POST", COMMENTS), ("7\n8\n", "PATCH", "repos/webordinary/seatrials/issues/comments/8")],
    ids=["first", "again"],
)
def test_a_change_has_one_comment(tmp_path: Path, before: str, method: str, address: str) -> None:
    """The first decision writes a comment, and each later one changes it; what it says is the summary."""
    job = job_of("pull-request.yml", "comment")
    workspace = Workspace(tmp_path)
    (workspace.path / "summary.md").write_text(SUMMARY, encoding="utf-8")
    workspace.says("gh", before)

    workspace.run(job, CONTEXT)

    assert workspace.calls[-1] == ["gh", "api", "--method", method, address, "-F", "body=@comment.md"]
    assert (workspace.path / "comment.md").read_text(encoding="utf-8") == f"<!-- seatrials -->\n{SUMMARY}"
