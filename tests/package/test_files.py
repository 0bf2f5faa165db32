"""Tests of what is released: the wheel, the sdist, the SBOM and the notes in dist/, as `nox -s package` makes them."""

import json
import re
import subprocess
from pathlib import Path

from releasing.built import Built
from tests.package.outside import Outside
from tests.support.project import PROJECT


def said_by(*command: str) -> str:
    """Return what a program says, which must end well."""
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)  # noqa: S603  # git and uv
    assert done.returncode == 0, f"{command} ended with {done.returncode}: {done.stderr}"
    return done.stdout.strip()


def test_the_version_is_the_tags(built: Built) -> None:
    """Of a commit with a tag v1.2.3, where nothing is changed, version 1.2.3 is built; of others what is none."""
    described = said_by("git", "describe", "--tags", "--dirty", "--always", "--match", "v[0-9]*")
    tagged = re.fullmatch(r"v([\w.]+)", described)

    assert (built.version if built.is_release else None) == (tagged[1] if tagged else None), described


def test_the_sdist_builds_the_same_wheel(built: Built, tmp_path: Path) -> None:
    """Whoever builds from the sdist has what everybody has, byte by byte."""
    sdist = built.wheel.with_name(f"seatrials-{built.version}.tar.gz")
    said_by("uv", "build", "--quiet", "--no-build-isolation", "--wheel", "--out-dir", str(tmp_path), str(sdist))

    assert (tmp_path / built.wheel.name).read_bytes() == built.wheel.read_bytes()


def test_the_sbom_lists_all_that_the_wheel_needs(built: Built, outside: Outside) -> None:
    """It names each package that was installed with the wheel, and nothing that only developers have."""
    sbom = json.loads(built.wheel.with_name(f"seatrials-{built.version}.cdx.json").read_text(encoding="utf-8"))
    # Two versions of one package are for different Pythons.
    listed = {(each["name"], each["version"]) for each in (*sbom["components"], sbom["metadata"]["component"])}
    packages = said_by("uv", "pip", "list", "--format", "json", "--python", str(outside.environment))
    installed = {(each["name"], each["version"]) for each in json.loads(packages)}

    assert installed - listed == set()
    assert {"mypy", "ruff", "twine"} & {name for name, _ in listed} == set()


def test_the_notes_say_something(built: Built) -> None:
    """A release without a word about it is not made by accident."""
    assert built.wheel.with_name("release-notes.md").read_text(encoding="utf-8").strip() != ""
