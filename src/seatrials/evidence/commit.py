"""A commit as people know it."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Commit:
    """A commit; its texts are plain, whoever wrote them."""

    id: str
    subject: str
    author: str
    # When it was written, ISO 8601 in UTC; None when its time is none.
    date: str | None
    # The nearest tag at or before it, with the number of commits since (`v1.4-3-gc0ffee00`); None without tags.
    tag: str | None = None
