"""The documents against the tree: every package has its place in docs/architecture.md, and what is named exists."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.documents import DOCUMENTS
from tests.support.project import PROJECT

SOURCE = PROJECT / "src/seatrials"
ARCHITECTURE = PROJECT / "docs/architecture.md"
PACKAGES = sorted(path.parent.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*/__init__.py"))
# Comments and docstrings name files, and so do the files at the root that people read and change.
SOURCES = [
    *sorted(SOURCE.rglob("*.py")),
    *(PROJECT / name for name in ("environments.toml", "pyproject.toml", "noxfile.py")),
]
# What commands make, or a reader of the tutorial, and is no part of the project.
OUTPUT = (
    *(".nox/", ".seatrials/", "dist/", "site/", "evidence/", "timeline/", "pages/", "allure-results/"),
    *("kill-matrix.md", "release-notes.md", "summary.md", "mine.py", "gate-mock.toml"),
)
# A file of many folders.
MANIFOLD = ("conftest.py",)
# Where the documents that are about tests look for them.
TESTS = (PROJECT / "tests/integration", PROJECT / "tests/unit/twin")
SUFFIXES = (".py", ".toml", ".md", ".yaml", ".js", "/")


def name_of(path: Path) -> str:
    """Return a path as the project writes it."""
    return path.relative_to(PROJECT).as_posix()


def paths_in_code(text: str) -> Iterator[str]:
    """Yield what stands between backticks and looks like a path of the project."""
    for code in re.findall(r"`([^`\n]+)`", text):
        if re.fullmatch(r"[\w./-]+", code) and code.endswith(SUFFIXES) and not code.startswith(("/", *OUTPUT)):
            yield code


def exists(path: str, *folders: Path) -> bool:
    """Whether a path is there from the root, from the package, or from one of *folders*."""
    return any((folder / path).exists() for folder in (PROJECT, SOURCE, *folders))


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_has_its_place(package: str) -> None:
    """docs/architecture.md has a row for each package of src/seatrials, which says what it knows."""
    assert re.search(rf"^\| `{package}/` \|", ARCHITECTURE.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_a_document_names_what_is_there(document: Path) -> None:
    """Every file and folder of the project that a document names exists, and so does every page that it links."""
    text = document.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#:]+)\)", text)
    missing = [path for path in paths_in_code(text) if not exists(path, *TESTS)]

    assert missing + [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("source", SOURCES, ids=name_of)
def test_a_source_names_what_is_there(source: Path) -> None:
    """Every Python file that a comment or docstring names exists, from the root, the package, or beside the file."""
    named = re.findall(r"(?<![\w./{*<-])(?:[\w-]+/)*[a-z_]+\.py\b", source.read_text(encoding="utf-8"))

    assert [path for path in named if path not in MANIFOLD and not exists(path, source.parent)] == []


def test_every_page_is_linked() -> None:
    """Every page of docs is one or more links away from README.md."""
    seen, unread = {PROJECT / "README.md"}, [PROJECT / "README.md"]
    while unread:
        page = unread.pop()
        links = re.findall(r"\]\(([^)#:]+\.md)\)", page.read_text(encoding="utf-8"))
        found = {(page.parent / link).resolve() for link in links} - seen
        seen |= found
        unread += found

    assert {name_of(path) for path in DOCUMENTS} - {name_of(path) for path in seen} == set()
