"""The files of a project at one moment."""

from pathlib import Path

import pygit2
import pytest

from seatrials.affected.tree import committed_tree, root_of, work_tree
from seatrials.errors import ConfigurationError
from tests.support.small_repository import commit_all


@pytest.fixture(name="root")
def _root(tmp_path: Path) -> Path:
    pygit2.init_repository(str(tmp_path))
    (tmp_path / ".gitignore").write_text("ignored/\n")
    (tmp_path / "a.txt").write_text("one")
    commit_all(tmp_path)
    return tmp_path


def test_a_commit_is_as_it_was_made(root: Path) -> None:
    """Whatever happens in the work tree, the commit's files have their content."""
    (root / "a.txt").write_text("two")
    tree = committed_tree(root, "HEAD")

    assert sorted(tree.blobs) == [".gitignore", "a.txt"]
    assert tree.read("a.txt") == b"one"


def test_the_work_tree_is_as_it_lies_there(root: Path) -> None:
    """Changed files, new ones and removed ones are seen; what git ignores, and recordings, are not."""
    (root / ".gitignore").unlink()
    (root / "new.txt").write_text("three")
    for name in ("ignored", ".seatrials"):
        (root / name).mkdir()
        (root / name / "file").write_text("four")
    tree = work_tree(root)

    assert sorted(tree.blobs) == ["a.txt", "new.txt"]
    assert tree.read("new.txt") == b"three"


def test_the_same_file_has_the_same_id_in_both(root: Path) -> None:
    """A work tree that nobody touched is the commit."""
    assert work_tree(root).blobs == committed_tree(root, "HEAD").blobs


def test_an_unknown_commit_is_refused(root: Path) -> None:
    """The message names what was asked for."""
    with pytest.raises(ConfigurationError, match="no commit 'mian'"):
        committed_tree(root, "mian")


def test_outside_of_a_repository_nothing_can_be_told(tmp_path: Path) -> None:
    """Without git nobody knows what has changed."""
    with pytest.raises(ConfigurationError, match="no git repository"):
        root_of(tmp_path)
