"""A pure model of a workspace: a dict of files, what of it is committed, the log, and what its WebSocket is told."""

import hashlib
from dataclasses import dataclass, field
from posixpath import dirname, join, normpath

PAGES = "src/pages/"
INDEX_PAGE = f"{PAGES}index.md"
_PLAIN, _EXECUTABLE, _LINK = "100644", "100755", "120000"


@dataclass(frozen=True)
class Entry:
    """A file, or a link to one, as git has it: its mode, and its content or where it leads."""

    content: bytes
    mode: str = _PLAIN

    @property
    def is_link(self) -> bool:
        """Whether it leads to another."""
        return self.mode == _LINK

    @property
    def is_executable(self) -> bool:
        """Whether it may be run."""
        return self.mode == _EXECUTABLE

    @property
    def in_git(self) -> str:
        """Its line in a tree of git, without the name."""
        blob = hashlib.sha1(b"blob %d\x00" % len(self.content) + self.content, usedforsecurity=False)
        return f"{self.mode} blob {blob.hexdigest()}"


@dataclass
class Files:
    """A session's workspace. Every change returns nothing; what it leads to is asked afterwards."""

    thread: str
    entries: dict[str, Entry] = field(default_factory=dict)
    committed: dict[str, Entry] = field(default_factory=dict)
    # Messages, newest first.
    log: list[str] = field(default_factory=list)
    # Paths, in order.
    told: list[str] = field(default_factory=list)
    # How many pings of its WebSocket were answered.
    pongs: int = 0

    def resolved(self, path: str) -> str:
        """Return where a path leads at its end."""
        entry = self.entries.get(path)
        if entry is None or not entry.is_link:
            return path
        return self.resolved(normpath(join(dirname(path), entry.content.decode())))

    def content(self, path: str) -> bytes | None:
        """Return what is read of a path; None where there is no file."""
        entry = self.entries.get(self.resolved(path))
        return None if entry is None else entry.content

    def listed(self) -> dict[str, int]:
        """Return the size of every file, links by where they lead."""
        sizes = {path: self.content(path) for path in self.entries}
        return {path: len(content) for path, content in sizes.items() if content is not None}

    def pages(self) -> list[str]:
        """Return by which names the site's front leads to its pages and files, the front's own page excepted."""
        paths = [path for path in self.listed() if path != INDEX_PAGE]
        return sorted(map(page_name, paths))

    def changed(self) -> list[str]:
        """Return the paths that differ from the last commit."""
        paths = {**self.entries, **self.committed}
        return sorted(path for path in paths if self.entries.get(path) != self.committed.get(path))

    def write(self, path: str, content: bytes) -> None:
        """Write a file by the API, or where the link of that name leads."""
        self.entries[self.resolved(path)] = Entry(content)
        self.told.append(path)

    def commit(self, message: str) -> list[str]:
        """Commit everything, and return what has changed; nothing is committed where nothing has."""
        changed = self.changed()
        if changed:
            self.log.insert(0, message)
            self.committed = dict(self.entries)
        return changed

    def execute(self, instruction: str, path: str, content: bytes) -> list[str]:
        """Carry out an instruction that writes a file."""
        self.write(path, content)
        return self.commit(f"Thread {self.thread}: {instruction[:50]}")

    def by_shell(self, changes: dict[str, Entry | None]) -> None:
        """Let a command change entries, or take them away (None); what it leads to is told by name, in order."""
        before = {path: self.content(path) for path in {**self.entries, **changes}}
        for path, entry in changes.items():
            if entry is None:
                self.entries.pop(path, None)
            else:
                self.entries[path] = entry
        written = {path for path, entry in changes.items() if entry is not None and not entry.is_link}
        self.told += sorted(
            path
            for path in before
            if (self.content(path) is not None and self.resolved(path) in written) or self.content(path) != before[path]
        )

    def toggle_mode(self, path: str) -> None:
        """Make a file executable, or no longer; nobody is told, for its content is the same."""
        entry = self.entries[path]
        self.entries[path] = Entry(entry.content, _PLAIN if entry.is_executable else _EXECUTABLE)


def link_to(path: str) -> Entry:
    """Return a link that leads to *path*."""
    return Entry(path.encode(), _LINK)


def page_name(path: str) -> str:
    """Return by which name the site leads to a file: a page's own, which has neither its folder nor its kind."""
    return path.removeprefix(PAGES).removesuffix(".md") if path.startswith(PAGES) else path


def shown_of(page: str) -> list[str]:
    """Return what is shown of a page's finished paragraphs: of a heading the text alone."""
    blocks = [each.strip("\n") for each in page.split("\n\n")[:-1]]
    return [each.removeprefix("# ") for each in blocks if each.strip()]
