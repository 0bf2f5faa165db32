"""The grammar of the mock editor, which stands in for the AI.

- `Create a file named X with content: Y` writes Y, to the letter, to the file X.
- `Add a new page called X with content: Y` (or `with: Y`, or neither) writes a page X with the text Y.
- `Update X with: Y` replaces the text of X: a file, if X looks like the name of one; else a page.
- Anything else adds the instruction itself to the index page, so that the preview shows what was asked for.

Case and line breaks do not matter; X may be in quotes. The page "About us" is `src/pages/about-us.md`.
"""

import re
from dataclasses import dataclass

PAGES = "src/pages"
INDEX_PAGE = f"{PAGES}/index.md"

_FLAGS = re.IGNORECASE | re.DOTALL
_CREATE_FILE = re.compile(
    r"\s*create (?:a )?(?:new )?file (?:named|called) (?P<name>.+?) with(?: the)?(?: content)?:[ \t]?(?P<text>.*)",
    _FLAGS,
)
_ADD_PAGE = re.compile(
    r"\s*add (?:a )?(?:new )?page (?:named|called) (?P<name>.+?)(?: with(?: the)?(?: content)?:[ \t]?(?P<text>.*))?",
    _FLAGS,
)
_UPDATE = re.compile(r"\s*update (?P<name>.+?) with:[ \t]?(?P<text>.*)", _FLAGS)
_QUOTED = re.compile(r"\A([\"'`])(.*)\1\Z", re.DOTALL)
_FILE_NAME = re.compile(r".*(/|\.[A-Za-z0-9]{1,8}$)", re.DOTALL)


@dataclass(frozen=True)
class Edit:
    """What an instruction does to one file: *text* replaces its content, or is added at its end."""

    path: str
    text: str
    adds: bool = False


def edit_of(instruction: str) -> Edit:
    """Return what to do."""
    if match := _CREATE_FILE.fullmatch(instruction):
        return Edit(_unquoted(match["name"]), match["text"])
    if match := _ADD_PAGE.fullmatch(instruction):
        return _page_edit(_unquoted(match["name"]), match["text"] or "")
    if match := _UPDATE.fullmatch(instruction):
        return _update(_unquoted(match["name"]), match["text"])
    return Edit(INDEX_PAGE, f"{instruction.strip()}\n\n", adds=True)


def page_path(name: str) -> str:
    """Return the file of a page by its name."""
    slug = re.sub(r"\W+", "-", name.lower()).strip("-")
    # A file name holds 255 bytes, and a letter of any script takes at most four of them.
    return f"{PAGES}/{slug[:60] or 'page'}.md"


def _update(name: str, text: str) -> Edit:
    if _FILE_NAME.fullmatch(name):
        return Edit(name, text)
    return _page_edit(name, text)


def _page_edit(name: str, text: str) -> Edit:
    return Edit(page_path(name), f"# {name}\n\n{text}\n")


def _unquoted(name: str) -> str:
    return _QUOTED.sub(r"\2", name.strip())
