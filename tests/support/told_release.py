"""A release with everything that a page has to tell: two failing rows, a regression, a waiver, changes, owners."""

from dataclasses import replace
from pathlib import Path

from seatrials.gate.history import Entry
from seatrials.gate.owners import read_owners
from tests.support.git_project import GitProject
from tests.support.release import Lines, Record, Release, earlier_run, reports, skipped

SCENARIO = '''"""The catalogue."""

import pytest


@pytest.mark.scenario("{row}")
@pytest.mark.production
def test_it() -> None:
    """{sentence}"""
'''
OLD_TEMPLATE = "Resources:\n  Table:\n    Type: AWS::DynamoDB::Table\n  Queue:\n    Type: AWS::SQS::Queue\n"
NEW_TEMPLATE = (
    "Resources:\n  Table:\n    Type: AWS::DynamoDB::Table\n    Properties:\n      BillingMode: PAY_PER_REQUEST\n"
    "  Topic:\n    Type: AWS::SNS::Topic\n"
)
CODEOWNERS = "* @webordinary/platform\n/tests/integration/test_concurrency.py @webordinary/scaling\n"
HOSTILE = "<b>Bold</b> | `code` \x1b[31m \u202eevil @channel [link](javascript:x) " + "long " * 100
# Two rows with an assertion each.
FAILED = {"COLD-07": "assert 53.02 <= 30", "CONC-12": "assert 'expired' == 'active'"}


def _fail(lines: Lines, record: Record) -> None:
    """Let both rows fail, each with its own assertion, and a third one not run."""
    record |= {"job_url": "https://ci.example/run/6"}
    skipped(lines, record, "PERS-17")
    for row, said in FAILED.items():
        for line in reports(lines, record, row):
            if line["when"] == "call":
                crash = {"path": "x.py", "lineno": 1, "message": f"AssertionError: {said}"}
                line |= {"outcome": "failed", "longrepr": {"reprcrash": crash, "reprtraceback": {}, "sections": []}}
    record["exit_status"] = 1


def make_project(top: Path, criteria: str) -> tuple[GitProject, str, str]:
    """Make a project in *top* with two releases; return it with the commit of the older one and of the newer."""
    project = GitProject(top)
    old_test = SCENARIO.format(row="COLD-99", sentence="It was so.")
    old = project.commit(
        "The last release",
        gate_dot_toml=criteria.replace("below = 60", "below = 50"),
        stack__webordinary_dot_yaml=OLD_TEMPLATE,
        tests__integration__test_old_dot_py=old_test,
    )
    project.tag("v1.4.1", old)
    project.commit(HOSTILE, author="Eve | *Evil*", a_dot_txt="a")
    project.commit("Scale by sessions instead of by tasks", stack__webordinary_dot_yaml=NEW_TEMPLATE)
    new = project.commit("Start sessions on warm tasks first", gate_dot_toml=criteria, CODEOWNERS=CODEOWNERS)
    project.tag("v1.4.2", new)
    return project, old, new


def told_release(root: Path) -> Release:
    """Return a release that must not go out, in a project with a history of its own, all below *root*."""
    release = Release(root / "evidence")
    project, old, new = make_project(root / "project", release.criteria.read_text())
    release.made_of = release.commit = new
    release.run("mock", "mock")
    for hours_ago in (5.0, 4.0, 3.0, 2.0, 1.0):
        release.run("staging", "live", hours_ago, _fail)
    release.run("production", "live")
    release.run("rehearsal", "rehearsal", change=_fail, scope="staging")
    release.mutants()
    release.history = _history(release, old)
    release.waive("PERS-17.staging", "2026-12-04")
    release.told = {
        "commits": project.commits,
        "owners": read_owners(project.top, {"cold-start-change": ("@webordinary/performance",)}),
        "criteria_text": release.criteria.read_bytes(),
        "criteria_path": "gate.toml",
        "scenarios_path": "tests/integration",
        "job_url": "https://ci.example/decide/7",
    }
    return release


def _history(release: Release, old: str) -> list[Entry]:
    """Return ten good runs that were quicker, with a verdict each; the last GO is that of the commit *old*."""
    verdicts = ["GO", "GO", "CANNOT TELL", "GO", "NO-GO", "GO", "GO", "NO-GO", "CANNOT TELL", "CANNOT TELL"]
    entries = release.judgement().entries
    figures = {"cold_start_seconds.p50": 18.0}
    found = [
        replace(entry, good=True, **earlier_run(index, 10), figures={**entry.figures, **figures})
        for index in range(10)
        for entry in entries
    ]
    told = [(entry, verdicts[index // len(entries)]) for index, entry in enumerate(found)]
    last = max(entry.started for entry, verdict in told if verdict == "GO")
    return [
        replace(
            entry,
            verdict=verdict,
            judged_at=entry.started,
            criteria="gate.toml",
            commit=old if entry.started == last else entry.commit,
            go_at=entry.started if verdict == "GO" else None,
            services=("Hermes 1.4.1", "editor 2.0.0"),
        )
        for entry, verdict in told
    ]
