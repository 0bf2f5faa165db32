"""Webordinary's edit container: the API, the preview and the hot reload of the sessions it hosts."""

from seatrials.webordinary.editor.main import Editor, main

__all__ = ["Editor", "main"]
