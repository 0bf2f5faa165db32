"""Names and texts as users have them: of one to four bytes a character, with blanks at their ends, at every limit."""

from hypothesis import strategies as st

from seatrials.platform import contract

# One to four bytes a character in UTF-8; what differs by case, or by its form alone; blanks, and ends of lines.
_CHARACTERS = (
    "a",
    "Q",
    "ß",
    "é",
    "e\u0301",
    "€",
    "漢",
    "😀",
    "𝄞",
    " ",
    "\t",
    "\n",
    "\r\n",
    "'",
    '"',
    "<",
    "&",
    "%",
    "\\",
)
# What each character begins at that clients have different ones for; of two code points the second one.
_LETTERS = dict(zip("aQßé\u0301€漢😀𝄞", map(ord, "aAБÀ\u0300₠漢😀𝄞"), strict=True))
_ALPHABETS = 26
_LENGTHS = (1, 2, 49, 50, 51, 255, 257)
_LONGEST = contract.TEXT_CHARACTERS_MAX
# Of files: on both sides of what a buffer, a page or a limit of somebody else's would be.
SIZES = (0, 1, 4_095, 4_097, 65_537, 524_289, 1_048_575, 1_048_577, 6_291_457, 8_388_609)
# Of lists: few, and more than a page of ten, twenty, fifty, a hundred and two hundred.
COUNTS = (11, 251)
# Of files, none of them a folder of another: case, composed and decomposed, four bytes, blanks, what shells, addresses
# and git read something into, as long as a name may be, and deep.
NAMES = (
    "note.md",
    "Note.md",
    "caf\u00e9.txt",
    "cafe\u0301.txt",
    "src/pages/first.md",
    "src/pages/\U0001f600.md",
    "src/pages/blog/second.md",
    "src/pages/blog.md",
    ".github/first.md",
    "a b/ c.txt",
    "100%25?#.txt",
    "*.md",
    "-dash.txt",
    'it\'s "so".txt',
    ".hidden",
    f"{'漢' * 84}.md",
    f"{'/'.join('abcdefghijklmnopqrst')}/deep.txt",
)


def texts(lengths: tuple[int, ...] = _LENGTHS) -> st.SearchStrategy[str]:
    """Return texts of such lengths in code points: of one character throughout, or of all of them in turn."""
    return st.builds(_text, st.sampled_from(_CHARACTERS), st.sampled_from(lengths), st.booleans())


def instructions() -> st.SearchStrategy[str]:
    """Return instructions, which say something: up to what is taken, and one character more."""
    lengths = (1, 50, 51, _LONGEST - 1, _LONGEST, _LONGEST + 1)
    return texts(lengths).map(_with_blanks)


def own(text: str, letters: int) -> str:
    """Return *text* in a client's own letters, of as many bytes: what two had alike nobody could tell apart."""
    return text.translate({ord(each): chr(first + letters % _ALPHABETS) for each, first in _LETTERS.items()})


def content(size: int, letters: int) -> bytes:
    """Return the content of a client's file of that many bytes: no two stretches alike, and not all of it text."""
    end = own("\u00e9\n\x00\r\n", letters).encode()
    return b"".join(number.to_bytes(4, "big") + end for number in range(1 + size // 10))[:size]


def _with_blanks(text: str) -> str:
    """Return as long a text that says something, with blanks at both ends where it has room."""
    said = text if text.strip() else f"x{text[1:]}"
    return said if len(said) < 3 else f" {said[:-2]}\t"  # noqa: PLR2004  # both ends, and something between them


def _text(character: str, length: int, mixed: bool) -> str:  # noqa: FBT001  # hypothesis gives it by position
    source = "".join(_CHARACTERS) if mixed else character
    return (character + source * (1 + length // len(source)))[:length]
