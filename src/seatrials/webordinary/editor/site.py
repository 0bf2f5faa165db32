"""Builds the pages of a session's site from its workspace: a small stand-in for Astro.

The page `x` is `src/pages/x.md` or `.html`, or a file of that name at the root. Markdown means headings and paragraphs.
"""

import html
import posixpath
from urllib.parse import quote

from seatrials.webordinary.editor.answers import RequestError
from seatrials.webordinary.editor.instructions import INDEX_PAGE, PAGES
from seatrials.webordinary.editor.sessions import Session
from seatrials.webordinary.editor.workspace import FileEntry, Workspace, is_too_long

HTML = "text/html; charset=utf-8"
# By suffix; what is shown on the index are those of type text.
_TYPES = {
    ".html": HTML,
    ".md": "text/markdown; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
}
_SHOWN = frozenset({".html", ".md", ".txt", ".astro", ".mdx", ""})
_SHOWN_BYTES_MAX = 65_536


def index(session: Session) -> bytes:
    """Return the site's front: the index page, links to everything, and the text of every page and text file."""
    entries = session.workspace.files()
    front = _text(session.workspace, INDEX_PAGE) if any(entry.path == INDEX_PAGE for entry in entries) else ""
    rest = [entry for entry in entries if entry.path != INDEX_PAGE]
    links = "\n".join(f"<li>{_link(session, entry)}</li>" for entry in rest)
    texts = "\n".join(_article(session, entry) for entry in rest if _is_shown(entry))
    return _document(session, f"<main>\n{_rendered(front)}</main>\n<nav><ul>\n{links}\n</ul></nav>\n{texts}")


def page(session: Session, path: str) -> tuple[str, bytes]:
    """Return the content type and content of the site's *path*; 404 when the workspace has nothing for it."""
    for candidate in (
        path,
        f"{PAGES}/{path}",
        f"{PAGES}/{path}.md",
        f"{PAGES}/{path}.html",
        f"{path}.md",
        f"{path}.html",
    ):
        # What is asked for may have as long a name as there can be, with nothing to add.
        if not (candidate != path and is_too_long(candidate)) and session.workspace.exists(candidate):
            return _served(session, candidate, is_named=candidate.endswith(path))
    raise RequestError(404, "no such page")


def _served(session: Session, file: str, *, is_named: bool) -> tuple[str, bytes]:
    """Return a file as it is when its own name was asked for, and a page made of it otherwise."""
    suffix = posixpath.splitext(file)[1]
    if suffix == ".md" and not is_named:
        return HTML, _document(session, f"<main>\n{_rendered(_text(session.workspace, file))}</main>")
    return _TYPES.get(suffix, "application/octet-stream"), session.workspace.read(file)


def _link(session: Session, entry: FileEntry) -> str:
    shown = entry.path.removeprefix(f"{PAGES}/").removesuffix(".md") if entry.path.startswith(PAGES) else entry.path
    address = html.escape(f"/session/{session.session_id}/{quote(shown)}")
    return f'<a href="{address}">{html.escape(shown)}</a>'


def _article(session: Session, entry: FileEntry) -> str:
    return f"<article>\n{_rendered(_text(session.workspace, entry.path))}</article>"


def _is_shown(entry: FileEntry) -> bool:
    return posixpath.splitext(entry.path)[1] in _SHOWN and entry.size <= _SHOWN_BYTES_MAX


def _text(workspace: Workspace, path: str) -> str:
    return workspace.read(path).decode(errors="replace")


def _rendered(markdown: str) -> str:
    """Return headings and paragraphs; everything else is text, and no markup of the user's reaches the page."""
    blocks = [block.strip("\n") for block in markdown.split("\n\n")]
    return "".join(_block(block) for block in blocks if block.strip())


def _block(block: str) -> str:
    if block.startswith("# ") and "\n" not in block:
        return f"<h1>{html.escape(block[2:], quote=False)}</h1>\n"
    return f"<p>{html.escape(block, quote=False)}</p>\n"


def _document(session: Session, body: str) -> bytes:
    name = html.escape(session.session_id)
    head = f'<title>{name}</title><script type="module" src="/_astro/client.js"></script>'
    opening = f'<!doctype html>\n<html><head><meta charset="utf-8">{head}</head>\n<body data-session="{name}">'
    return f"{opening}\n{body}\n</body></html>\n".encode()
