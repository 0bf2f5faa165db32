"""Where the code of a run comes from: its commit, what ran of it, and the versions of what it stands on.

Of git only its objects and HEAD are believed, and they are read by libgit2 without any variable or configuration. The
command would need a variable, an option or a file for each thing that can change its answer: GIT_DIR, GIT_INDEX_FILE,
replace refs, filters, `core.worktree`, the flags of the index, whom a checkout belongs to. Files are compared byte by
byte with the blobs of the commit: what a filter or `core.autocrlf` makes of them is not what ran.
"""

import hashlib
import platform as machine
import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # libgit2 takes a process longer to load than all that workers need of this module
    from seatrials.evidence.checkout import Entry

# The files that ran, and were read as configuration or template: their blob ids by path below the top of the work
# tree, in POSIX form. What lies outside has its absolute path.
Sources = Mapping[str, str]
# Returns what keeps sources from being those of a commit, a sentence each; none when they are.
Compare = Callable[[Sources, str], list[str]]

# In place of a blob id: a file that was not the same from the beginning of a run to its end.
CHANGED = "changed during the run"

_LIBRARIES = ("seatrials", "boto3", "botocore", "moto", "httpx", "pytest", "pytest-xdist", "allure-pytest")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_HASH_CHARACTERS = 8


def blob_id(content: bytes) -> str:
    """Return the id that git gives to a file of this *content*, without filters and conversions of line ends."""
    return hashlib.sha1(b"blob %d\0%b" % (len(content), content), usedforsecurity=False).hexdigest()


def top_of(directory: Path) -> Path | None:
    """Return the top of the work tree that holds *directory*: the nearest folder with a `.git`; None outside of any."""
    absolute = directory.resolve()
    return next((each for each in (absolute, *absolute.parents) if (each / ".git").exists()), None)


def commit_of(directory: Path) -> tuple[str | None, bool | None]:
    """Return the commit checked out in *directory*, and whether any file of the work tree is not as it has them.

    A file that git does not know makes the tree dirty, unless the commit's own `.gitignore` names it: what a person
    ignores in git's configuration or in `.git/info/exclude` counts. So does a file that a sparse checkout leaves out.
    Both are None outside a repository, and where its objects cannot be read whole: then nothing is known.
    """
    top = top_of(directory)
    if top is None:
        return None, None
    from seatrials.evidence import checkout  # noqa: PLC0415  # libgit2, which no worker needs for this

    return checkout.state(top)


def comparison(directory: Path) -> Compare:
    """Return what compares sources with commits of the repository that holds *directory*, reading each commit once.

    That may be another checkout than the one where they ran: its own files, index and configuration are not looked at.
    """
    entries = cache(lambda commit: _entries(commit, directory))

    def compare(sources: Sources, commit: str) -> list[str]:
        found = entries(commit)
        if found is None:
            return [f"commit {commit[:_HASH_CHARACTERS]} cannot be read in {directory.resolve()}: fetch it there"]
        sentences = (_difference(path, blob, found, commit) for path, blob in sorted(sources.items()))
        return [each for each in sentences if each is not None]

    return compare


def versions() -> dict[str, str]:
    """Return the versions that a run depends on; of a project that is installed as a wheel, its own stands for it."""
    return {"python": machine.python_version(), **{name: version(name) for name in _LIBRARIES}}


def _entries(commit: str, directory: Path) -> "Mapping[str, Entry] | None":
    top = top_of(directory)
    if top is None or not _COMMIT.fullmatch(commit):
        return None
    from seatrials.evidence import checkout  # noqa: PLC0415  # libgit2, which no worker needs for this

    return checkout.entries(top, commit)


def _difference(path: str, blob: str, entries: "Mapping[str, Entry]", commit: str) -> str | None:
    entry = entries.get(path)
    if entry is not None and entry.blob == blob:
        return None
    if blob == CHANGED:
        return f"{path} changed while the run went on"
    short = f"commit {commit[:_HASH_CHARACTERS]}"
    did = "ran" if path.endswith((".py", ".pyc")) else "was read"
    if entry is not None:
        return f"{path} {did} with other content than {short} holds"
    return f"{path} {did} {_absent(path, entries, short)}"


def _absent(path: str, entries: "Mapping[str, Entry]", commit: str) -> str:
    if Path(path).is_absolute():
        return f"and lies outside of the tree that {commit} is of"
    if path.endswith(".pyc"):
        return f"in place of its source, which may differ, and is not in {commit}: remove it and run again"
    submodule = next((str(each) for each in Path(path).parents if str(each) in entries), None)
    if submodule is not None:
        return f"from {submodule}, of which {commit} holds a name and not the files"
    return f"and is not in {commit}"
