"""Text of anybody, such as the subject of a commit, as one line that shows what it says and does nothing else."""

import unicodedata

# Control characters, and what changes the direction of a text or cannot be seen; lone surrogates; what has no meaning.
_DROPPED = ("Cf", "Cs", "Co", "Cn")
_SPACES = ("Cc", "Zl", "Zp", "Zs")
# A letter with more marks than any language puts on one only covers its neighbours.
_MARKS_MAX = 4


def plain(text: str, characters_max: int = 200) -> str:
    """Return *text* on one line, without control and invisible characters, and cut off where it is too long."""
    kept: list[str] = []
    marks = 0
    # Far more is never shown, and a text may be of any length.
    for character in text[: 10 * characters_max]:
        category = unicodedata.category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if category not in _DROPPED and marks <= _MARKS_MAX:
            kept.append(" " if category in _SPACES else character)
    line = " ".join("".join(kept).split())
    return line if len(line) <= characters_max else f"{line[: characters_max - 1].rstrip()}…"
