"""The files of a project at one moment: as they lie in the work tree, or as a commit has them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from seatrials.errors import ConfigurationError
from seatrials.evidence import checkout
from seatrials.evidence.provenance import top_of

# What is recorded, below the root, whether git ignores it already or not.
FOLDER = ".seatrials"


@dataclass(frozen=True)
class Tree:
    """Git's blob ids by path below the root, and how to read a file."""

    blobs: Mapping[str, str]
    read: Callable[[str], bytes]


def root_of(directory: Path) -> Path:
    """Return the top of the work tree that holds *directory*; without one nobody can tell what has changed."""
    top = top_of(directory)
    if top is None:
        msg = f"{directory.resolve()} is in no git repository, so what has changed cannot be told: run without it"
        raise ConfigurationError(msg)
    return top


def work_tree(root: Path) -> Tree:
    """Return the files as they lie there now, those that the commit's `.gitignore` names excepted."""
    blobs = checkout.work_tree(root)
    if blobs is None:
        msg = f"the repository of {root} cannot be read whole, so what has changed cannot be told: fetch it whole"
        raise ConfigurationError(msg)
    own = {path: blob for path, blob in blobs.items() if not path.startswith(f"{FOLDER}/")}
    return Tree(own, lambda path: (root / path).read_bytes())


def committed_tree(root: Path, revision: str) -> Tree:
    """Return the files of the commit that *revision* names, such as `main`, `HEAD~2` or a hash."""
    commit = checkout.resolved(root, revision)
    entries = None if commit is None else checkout.entries(root, commit)
    if entries is None:
        msg = f"git knows no commit {revision!r} in {root}: give a branch, tag or hash that is there, as git log has it"
        raise ConfigurationError(msg)
    blobs = {path: each.blob for path, each in entries.items()}
    return Tree(blobs, lambda path: checkout.content(root, blobs[path]))
