"""`seatrials policy`: what it writes is what the manual shows and what the template's role has."""

import json
import re
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from seatrials import cli
from seatrials.rights.calls import Purpose
from seatrials.twin.control_plane import moto_running
from tests.support.judged import document_of
from tests.support.project import PROJECT
from tests.support.twin import Twin, Worlds

PAGE = PROJECT / "docs/policies.md"
STAGING = {"SEATRIALS_ACCOUNT_ID": "210987654321"}


def shown(*arguments: str) -> str:
    """Return what the command shows for staging."""
    file = str(PROJECT / "environments.toml")
    answer = CliRunner(env=STAGING).invoke(cli.app, ["policy", *arguments, "--environments", file])
    assert answer.exception is None, answer.exception
    return answer.stdout


def in_the_manual() -> list[tuple[str, str]]:
    """Return each command of the page with the JSON that follows it."""
    text = PAGE.read_text(encoding="utf-8")
    return re.findall(r"```console\n\$ seatrials policy (.+?)\n```\n\n```json\n(.+?)```", text, re.DOTALL)


@pytest.mark.parametrize(("arguments", "document"), in_the_manual(), ids=lambda each: each.split("\n", maxsplit=1)[0])
def test_the_manual_shows_what_the_command_writes(arguments: str, document: str) -> None:
    """Word for word."""
    assert shown(*arguments.split()) == document


def test_the_manual_has_all_of_them() -> None:
    """One of each purpose, and the trust of a job."""
    told = [re.search(r"--purpose (\w+)", arguments) for arguments, _ in in_the_manual()]

    assert [each[1] for each in told if each] == [*Purpose, "trust"]


@pytest.fixture
def twin() -> Iterator[Twin]:
    """Return a world with the stack of the template, in which nothing moves."""
    with moto_running(), Worlds().open(alive=False) as twin:
        yield twin


def test_the_role_of_the_template_has_the_policy_of_a_run(twin: Twin) -> None:
    """Statement by statement, as CloudFormation has filled in its names."""
    role = twin.world.stack.physical_ids["RunRole"]
    given = twin.world.aws("iam").get_role_policy(RoleName=role, PolicyName="run")["PolicyDocument"]

    assert given == document_of(Purpose.RUN)


def test_without_a_purpose_all_are_written() -> None:
    """By their names, those alone that need something to be named only where it is."""
    every = ("--history", "s3://team/history.jsonl", "--repository", "acme/platform")

    assert list(json.loads(shown("staging"))) == ["run", "sweep", "publish", "dashboard"]
    assert list(json.loads(shown("staging", *every))) == ["run", "sweep", "publish", "dashboard", "history", "trust"]


def test_an_environment_on_github_has_the_name_of_ours() -> None:
    """Unless another is given, as for the gate."""
    subject = '"token.actions.githubusercontent.com:sub": "repo:acme/platform:environment:{}"'
    asked = ("staging", "--purpose", "trust", "--repository", "acme/platform")

    assert subject.format("staging") in shown(*asked)
    assert subject.format("release") in shown(*asked, "--github-environment", "release")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--purpose", "runn"), "--purpose runn: there is no such purpose; did you mean 'run'?"),
        (("--purpose", "history"), "--purpose history is about something that no environment names: give --history s3"),
        (("--purpose", "trust"), "give --repository OWNER/REPOSITORY"),
    ],
)
def test_what_is_missing_is_told(arguments: tuple[str, ...], told: str) -> None:
    """A wrong purpose, and one about something that nobody has named."""
    file = str(PROJECT / "environments.toml")
    answer = CliRunner(env=STAGING).invoke(cli.app, ["policy", "staging", *arguments, "--environments", file])

    assert told in str(answer.exception)
