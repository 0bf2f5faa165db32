"""A git repository that a test makes."""

from pathlib import Path

import pygit2

_AUTHOR = pygit2.Signature("ann", "ann@example.com", 1_700_000_000, 0)


def commit_all(folder: Path) -> str:
    """Commit everything below *folder*, which becomes a repository if it is none; return the commit."""
    repository = pygit2.init_repository(str(folder))
    repository.index.add_all()
    repository.index.write()
    tree = repository.index.write_tree()
    parents = [] if repository.head_is_unborn else [repository.head.target]
    return str(repository.create_commit("HEAD", _AUTHOR, _AUTHOR, "made by a test", tree, parents))
