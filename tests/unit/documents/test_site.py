"""The documentation as a site: it builds without a warning, keeps its addresses, and loads nothing from elsewhere."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from seatrials.report.self_contained import external_loads
from tests.support.project import PROJECT

# Pages that others may have linked: whoever moves one leaves a page behind that leads to the new place.
ADDRESSES = (
    *("architecture", "benchmarks", "ci", "contract", "environments", "gate", "live", "load", "mutants", "programs"),
    *("report", "scenarios", "timeline", "twin-fidelity", "twin-operations", "twin-properties", "twin-server"),
    "writing-scenarios",
)


@pytest.fixture(scope="module", name="site")
def _site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the built site; strict, so that a page without a place or a dead link is an error."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(folder)]
    variables = {"PATH": os.defpath, "NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(  # noqa: S603  # a list of arguments, no shell
        command, cwd=PROJECT, env=variables, capture_output=True, text=True, check=False
    )
    assert (built.returncode, built.stdout + built.stderr) == (0, "")
    return folder


def test_every_address_is_kept(site: Path) -> None:
    """A page that was there is there."""
    assert [name for name in ADDRESSES if not (site / f"{name}.html").is_file()] == []


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    """A reader without a network sees the same, and nobody learns that the pages are read."""
    loads = {path.name: external_loads(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}

    assert {name: found for name, found in loads.items() if found} == {}
    assert len(loads) > len(ADDRESSES)


def test_every_page_has_a_place(site: Path) -> None:
    """Each page of docs is a page of the site, and of the navigation: the build is strict about that."""
    pages = {path.relative_to(PROJECT / "docs").with_suffix(".html") for path in (PROJECT / "docs").rglob("*.md")}

    assert {page for page in pages if not (site / page).is_file()} == set()


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_what_is_no_page_leads_to_headings_too(name: str, site: Path) -> None:
    """A link of a document outside of docs ends at a heading that is there; those of pages the build looks at."""
    text = (PROJECT / name).read_text(encoding="utf-8")
    links = re.findall(r"\]\(docs/([\w/-]+)\.md#([\w-]+)\)", text)

    assert [each for each in links if f'id="{each[1]}"' not in (site / f"{each[0]}.html").read_text("utf-8")] == []
