"""HTML in which a text can only be a text.

A page is put together of `Html`, which `element` alone makes; every other string that it is given is escaped. What
evidence says can so never become part of the page's structure, whoever wrote it.
"""

from collections.abc import Iterable
from html import escape

# Elements that hold nothing, and are not closed.
_VOID = frozenset({"br", "link", "meta"})


class Html(str):
    """What is markup already, and is not escaped again."""

    __slots__ = ()


def element(tag: str, /, *children: str, **attributes: str | float | None) -> Html:
    """Return an element.

    An underscore at the end of an attribute's name is dropped (`class_`), any other one becomes a hyphen. An attribute
    that is None is left out.
    """
    written = "".join(f' {_attribute(key)}="{text(value)}"' for key, value in attributes.items() if value is not None)
    inside = joined(children)
    return Html(f"<{tag}{written}>" if tag in _VOID else f"<{tag}{written}>{inside}</{tag}>")


def joined(parts: Iterable[str], between: str = "") -> Html:
    """Return *parts* one after the other."""
    return Html(text(between).join(text(part) for part in parts))


def text(value: str | float) -> Html:
    """Return *value* as it reads, with nothing in it that a browser would take for markup."""
    if isinstance(value, Html):
        return value
    if isinstance(value, str):
        # A lone surrogate, as in the output of a program that wrote no UTF-8, cannot be written to a file.
        return Html(escape(value.encode("utf-8", "replace").decode("utf-8")))
    return Html(f"{value:.6g}")


def raw(markup: str) -> Html:
    """Return *markup*, which is the project's own, as it is."""
    return Html(markup)


def _attribute(key: str) -> str:
    return key.rstrip("_").replace("_", "-")
