"""Tests of what is done before a mock run begins."""

import json
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from seatrials.environments.file import load_environment
from seatrials.errors import TemplateError
from seatrials.stacks.base import StackOptions
from seatrials.stacks.mock.preflight import check
from tests.support.project import PROJECT
from tests.support.template_changes import Change

# A process that owns a folder and is killed with it.
_KILLED = """
import os, signal, sys
from pathlib import Path
from seatrials.twin.scratch import OwnedFolder
OwnedFolder(Path(sys.argv[1]))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_run_removes_what_a_killed_one_has_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a mock run begins, the folders go whose owner was killed."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folder = tmp_path / "seatrials-killed"
    folder.mkdir()
    killed = subprocess.run([sys.executable, "-c", _KILLED, str(folder)], check=False)  # noqa: S603  # this Python
    assert killed.returncode == -signal.SIGKILL
    assert folder.exists()

    check(load_environment("mock", PROJECT / "environments.toml", {}), StackOptions())

    assert not folder.exists()


def _using(tmp_path: Path) -> Path:
    """Write the shipped template with a property that the twin leaves out."""
    document = (
        Change("EditService.ServiceRegistries", [{"RegistryArn": "arn:aws:servicediscovery:x"}]).template().document
    )
    path = tmp_path / "template.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_what_a_template_uses_and_the_twin_leaves_out_is_told(tmp_path: Path) -> None:
    """It keeps nothing from running, and stands among the notes."""
    notes = check(load_environment("mock", PROJECT / "environments.toml", {}), StackOptions(template=_using(tmp_path)))

    assert "EditService (AWS::ECS::Service).ServiceRegistries: left out by the twin; " in "\n".join(notes.left_out)


def test_a_strict_run_refuses_it(tmp_path: Path) -> None:
    """It is a template that cannot be deployed, with the exit code of such a one."""
    options = StackOptions(template=_using(tmp_path), strict=True)
    with pytest.raises(TemplateError, match=r"(?s)--strict does not allow.*EditService .*ServiceRegistries") as refused:
        check(load_environment("mock", PROJECT / "environments.toml", {}), options)

    assert refused.value.exit_code == 65
