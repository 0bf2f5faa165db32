"""Cuts the notes of a release out of CHANGELOG.md: `python -m releasing.notes dist` writes them beside the wheel."""

import re
import sys
from pathlib import Path

from releasing.built import Built, built_in, folder_of

NOTES_FILE = "release-notes.md"
_UNRELEASED = "[Unreleased]"


def notes_of(changelog: str, built: Built) -> str:
    """Return what the changelog says of a version; of a commit without a tag, what is not released yet.

    Raises `ValueError` when a version that is released has no heading of its own, or nothing below it.
    """
    name = f"[{built.version}]" if built.is_release else _UNRELEASED
    heading = rf"^## {re.escape(name)}" + (r" - \d{4}-\d{2}-\d{2}$" if built.is_release else "$")
    found = re.search(heading, changelog, re.MULTILINE)
    if found is None:
        msg = f"CHANGELOG.md has no heading `## {name} - YYYY-MM-DD`: give what is below {_UNRELEASED} that heading"
        raise ValueError(msg)
    notes = re.split(r"^## ", changelog[found.end() :], maxsplit=1, flags=re.MULTILINE)[0].strip()
    if not notes and built.is_release:
        msg = f"CHANGELOG.md says nothing below `## {name}`: move there what is below {_UNRELEASED}"
        raise ValueError(msg)
    return f"{notes}\n"


def main() -> None:
    """Write the notes of the wheel in the folder that is given."""
    folder = folder_of(sys.argv[1:])
    try:
        notes = notes_of(Path("CHANGELOG.md").read_text(encoding="utf-8"), built_in(folder))
    except ValueError as error:
        sys.exit(str(error))
    (folder / NOTES_FILE).write_text(notes, encoding="utf-8")


if __name__ == "__main__":
    main()
