"""Whoever breaks the platform in place reads in the first ten lines what is broken: a resource, or a line of code.

Each breakage is made in a copy of the project, and run as a user runs it, with the rows that notice it. Where rows fail
that only starve of it, their timeline names it too.
"""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from seatrials.environments.variables import read_variables
from seatrials.timeline.build import build
from seatrials.timeline.evidence import read_run
from tests.support.copied_project import copy_folder
from tests.support.project import PROJECT

TEMPLATE = "stack/webordinary.yaml"
HERMES = "src/seatrials/webordinary/hermes"
PREVIEW = "      Port: 4321\n      HealthCheckPath: /health\n"
HIGH_ALARM = """      AlarmName: !Ref SessionsHighAlarmName
      Namespace: !Ref SessionMetricNamespace
      MetricName: ActiveSessionCount
"""
OPEN_PREVIEW = "{IpProtocol: tcp, FromPort: 4321, ToPort: 4321, SourceSecurityGroupId: !Ref LoadBalancerSecurityGroup}"
COPIED = ("src", "stack", "tests/integration", "tests/support")


@dataclass(frozen=True, kw_only=True)
class Breakage:
    """One thing broken in place, and what the summary must name."""

    file: str
    old: str
    new: str
    # The rows that are run, and the exit code of the run.
    row: str
    exit_code: int
    named: str
    # A row that fails of it, and what its timeline must name among what led to the failure.
    story_of: str = ""
    told: str = ""


BREAKAGES = {
    "no such resource": Breakage(
        file=TEMPLATE,
        old="SESSIONS_TABLE, Value: !Ref SessionTable}",
        new="SESSIONS_TABLE, Value: !Ref SessionsTable}",
        row="every_field",
        exit_code=65,
        named="HermesTaskDefinition",
    ),
    "misspelt property": Breakage(
        file=TEMPLATE,
        old="HealthCheckGracePeriodSeconds",
        new="HealthCheckGracePeriodSecond",
        row="every_field",
        exit_code=65,
        named="HermesService (AWS::ECS::Service).HealthCheckGracePeriodSecond",
    ),
    "wrong container port": Breakage(
        file=TEMPLATE,
        old="{ContainerPort: 4321, Protocol: tcp}",
        new="{ContainerPort: 4320, Protocol: tcp}",
        row="every_field",
        exit_code=65,
        named="EditService (AWS::ECS::Service).LoadBalancers.1.ContainerPort",
    ),
    "two rules of one priority": Breakage(
        file=TEMPLATE,
        old="Priority: 620",
        new="Priority: 610",
        row="every_field",
        exit_code=65,
        named="EditPreviewRule (AWS::ElasticLoadBalancingV2::ListenerRule)",
    ),
    "closed port": Breakage(
        file=TEMPLATE,
        old=f"        - {OPEN_PREVIEW}\n",
        new="",
        row="moves_the_session_forward",
        exit_code=1,
        named="on port 4321: security group TaskSecurityGroup",
        story_of="COLD-11",
        told="on port 4321: security group TaskSecurityGroup",
    ),
    "health check": Breakage(
        file=TEMPLATE,
        old=PREVIEW,
        new=PREVIEW.replace("/health\n", "/healthz\n"),
        row="check_and_drain_as_agreed",
        exit_code=1,
        named="webordinary-edit-preview: health_check is 'HTTP traffic-port /healthz', not 'HTTP traffic-port /health'",
    ),
    "alarm on another metric": Breakage(
        file=TEMPLATE,
        old=HIGH_ALARM,
        new=HIGH_ALARM.replace("ActiveSessionCount", "ActiveSessions"),
        row="follows_the_number or activation_alone",
        exit_code=1,
        named="webordinary-edit-sessions-high: metric is 'Webordinary/EditSessions ActiveSessions', not",
        story_of="COLD-02",
        told="has seen nothing: it watches Webordinary/EditSessions ActiveSessions, and what is published is",
    ),
    "no scale-in": Breakage(
        file=TEMPLATE,
        old="      AlarmActions: [!Ref ScaleInPolicy]\n",
        new="",
        row="follows_the_number or idle_session_expires",
        exit_code=1,
        named="no alarm triggers the policy webordinary-edit-scale-in",
        story_of="COLD-12",
        told="the newest value is 1.0, the threshold 2.0; it triggers nothing",
    ),
    "rule": Breakage(
        file=TEMPLATE,
        old="Values: [/hermes/*]",
        new="Values: [/herms/*]",
        row="listener_rules or every_field",
        exit_code=1,
        named="/herms/*",
    ),
    "wrong key": Breakage(
        file=f"{HERMES}/items.py",
        old='"previewUrl": session.preview_url',
        new='"previewURL": session.preview_url',
        row="every_field",
        exit_code=1,
        named="the activation's answer lacks ['previewUrl']: <POST /hermes/api/sessions/activate → 201 from hermes",
    ),
    "misspelt name": Breakage(
        file=f"{HERMES}/main.py",
        old="self.publisher.start()",
        new="self.publisher.strat()",
        row="every_field",
        exit_code=1,
        named="container hermes crashed at seatrials/webordinary/hermes/main.py:82 in run: AttributeError",
        story_of="COLD-03",
        told="has no attribute 'strat', at seatrials/webordinary/hermes/main.py:82 in run",
    ),
    "misspelt import": Breakage(
        file=f"{HERMES}/main.py",
        old="import Publisher",
        new="import Publishr",
        row="every_field",
        exit_code=70,
        named="at seatrials/webordinary/hermes/main.py:12 in <module>",
    ),
}


def run(folder: Path, breakage: Breakage) -> subprocess.CompletedProcess[str]:
    """Run a row in a copy of the project in *folder*, in which *breakage* was made."""
    for each in COPIED:
        copy_folder(each, folder)
    for each in ("pyproject.toml", "environments.toml"):
        shutil.copy(PROJECT / each, folder / each)
    broken = folder / breakage.file
    text = broken.read_text()
    assert breakage.old in text, f"{breakage.file} has no {breakage.old!r}"
    broken.write_text(text.replace(breakage.old, breakage.new))
    command = [sys.executable, "-m", "pytest", "tests/integration", "--environment", "mock", "-q", "-n", "0"]
    return subprocess.run(  # noqa: S603  # our own command
        [*command, "-p", "no:cacheprovider", "-k", breakage.row],
        cwd=folder,
        env={**read_variables(), "PYTHONPATH": str(folder / "src"), "COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("breakage", BREAKAGES.values(), ids=BREAKAGES)
def test_a_breakage_in_place_is_named(tmp_path: Path, breakage: Breakage) -> None:
    """Within ten lines stands the resource or the line of code; all of it is under 60 lines, once, without -v."""
    done = run(tmp_path, breakage)
    lines = [*done.stderr.splitlines(), *done.stdout.splitlines()]
    first = next(index for index, line in enumerate(lines) if _begins_summary(line))

    assert done.returncode == breakage.exit_code, done.stdout
    assert breakage.named in "\n".join(lines[first : first + 10])
    assert len(lines) < 60
    assert done.stdout.count("Traceback") == 0
    assert breakage.told in story(tmp_path, breakage.story_of)


def _begins_summary(line: str) -> bool:
    """Whether a line begins what is told of the failure; what the twin leaves out of a template is told before."""
    return "failed of" in line or ("seatrials: " in line and "left out by the twin" not in line)


def story(folder: Path, row: str) -> str:
    """Return what a row's timeline says led to its failure, a line each; empty without a row."""
    if not row:
        return ""
    timeline = build(read_run((folder / "evidence/mock/latest").resolve()), row)
    return "\n".join(timeline.items[index].title for index in timeline.story)
