"""The pictures of the documentation: each is shown, described, of one size, and small; not what is to be seen on it."""

import re
import struct
from pathlib import Path

from tests.support.documents import DOCUMENTS
from tests.support.pictures import HEIGHT_PIXELS, PAGES, PICTURES, WIDTH_PIXELS

SHOWN = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)")
BYTES_MAX = 150_000
# A description says more than a name.
WORDS_MIN = 8


def shown() -> list[tuple[Path, str]]:
    """Return the file of each picture that a document shows, and its description."""
    found = [(page, *match) for page in DOCUMENTS for match in SHOWN.findall(page.read_text(encoding="utf-8"))]
    return [((page.parent / place).resolve(), words) for page, words, place in found]


def test_what_is_made_is_shown_and_what_is_shown_is_made() -> None:
    """The pictures of the pages, those in the folder and those that the script makes are the same ones."""
    made = {PICTURES / name for name in PAGES}

    assert {path for path, _ in shown()} == made
    assert {*PICTURES.iterdir()} == made


def test_who_sees_no_picture_is_told_what_it_shows() -> None:
    """Each picture has a description of some words."""
    assert [(path.name, words) for path, words in shown() if len(words.split()) < WORDS_MIN] == []


def test_the_pictures_are_small_and_of_one_size() -> None:
    """Each is a PNG of the size that the script takes, and below 150 KB."""
    contents = {path.name: path.read_bytes() for path in PICTURES.iterdir()}
    # A PNG begins with eight bytes of its own, and the header's length and name; then come width and height.
    sizes = {name: struct.unpack(">II", content[16:24]) for name, content in contents.items()}

    assert sizes == dict.fromkeys(contents, (WIDTH_PIXELS, HEIGHT_PIXELS))
    assert [name for name, content in contents.items() if len(content) >= BYTES_MAX] == []
