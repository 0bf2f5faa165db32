"""A project with a history of its own, as the gate finds it: a criteria file, scenarios, a template, code owners."""

from pathlib import Path

import pygit2

from seatrials.evidence.commits import Commits

AUTHOR = "Maria Example"
_BEGAN_SECONDS = 1_795_000_000


class GitProject:
    """A git repository in *top*, to which a test commits."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.repository = pygit2.init_repository(str(top), initial_head="main")
        self._count = 0

    def commit(self, subject: str, author: str = AUTHOR, **files: str) -> str:
        """Commit *files*, named with `__` in place of a slash and `_dot_` of a dot; return the commit's id."""
        for name, text in files.items():
            path = self.top / name.replace("__", "/").replace("_dot_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.repository.index.add_all()
        self._count += 1
        who = pygit2.Signature(author, "who@example.com", _BEGAN_SECONDS + 3600 * self._count, 0)
        parents = [] if self.repository.head_is_unborn else [self.repository.head.target]
        tree = self.repository.index.write_tree()
        self.repository.index.write()
        return str(self.repository.create_commit("HEAD", who, who, subject, tree, parents))

    def tag(self, name: str, commit: str) -> None:
        """Let a lightweight tag lead to *commit*."""
        self.repository.references.create(f"refs/tags/{name}", commit)

    @property
    def commits(self) -> Commits:
        """The repository as the gate reads it."""
        found = Commits.of(self.top)
        assert found is not None
        return found
