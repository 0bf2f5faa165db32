"""Lists that come in pages where moto gives all at once."""

from typing import TypeVar

from seatrials.twin.moto_bridge.hooks import current

T = TypeVar("T")


def page_of(elements: list[T], wanted: int | None, token: str | None, most: int) -> tuple[list[T], str | None]:
    """Return a page, and the token of the next one: how many are left, so that new ones, which come first, add none.

    A world may have smaller pages than the service's *most*.
    """
    hooks = current()
    limit = most if hooks is None or hooks.page_max is None else min(most, hooks.page_max)
    left = len(elements) if token is None else int(token)
    size = min(int(wanted or limit), limit)
    first = max(0, len(elements) - left)
    return elements[first : first + size], str(left - size) if left > size else None
