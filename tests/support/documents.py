"""The documents as tests read them: their fenced blocks, and the commands in these and in their sentences."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.project import PROJECT

DOCUMENTS = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *sorted((PROJECT / "docs").rglob("*.md"))]
# Languages in which a block is typed, or shows what is typed.
_SHELLS = ("console", "sh", "bash", "shell")
_PROMPT = "$ "
# A fence may be indented, within a list.
_FENCE = re.compile(r"^( *)```(\S*)[^\n]*\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
# What of a sentence is a command: what the project itself is started by.
_STARTERS = (
    "nox",
    "./run",
    "seatrials",
    "python -m seatrials.cli",
    "python -m pytest",
    "uv run noxfile.py",
    "pipx run nox",
)
_OPERATORS = {";", "||", "&&", "|"}
_KEYWORDS = {"do", "then", "else", "done", "fi"}


@dataclass(frozen=True)
class Block:
    """A fenced block of a page, with what stands right above it."""

    page: Path
    language: str
    text: str
    above: str

    @property
    def lines(self) -> list[str]:
        """The lines that are typed, each whole; what a program answers is left out."""
        typed = re.sub(r"\\\n\s*", " ", self.text).splitlines()
        return [line.removeprefix(_PROMPT) for line in typed if line.startswith(_PROMPT) or self.language != "console"]


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of *page* in their order."""
    text, found = page.read_text(encoding="utf-8"), []
    for match in _FENCE.finditer(text):
        indent, language, content = match.groups()
        plain = "".join(line.removeprefix(indent) for line in content.splitlines(keepends=True))
        found.append(Block(page, language, plain, text[: match.start()].rstrip().rpartition("\n")[2]))
    return found


def typed_lines(page: Path) -> list[str]:
    """Return the lines of *page* that stand in blocks of a shell."""
    return [line for block in blocks(page) if block.language in _SHELLS for line in block.lines]


def said_commands(page: Path) -> list[str]:
    """Return the commands of the project that *page* names between backticks in its sentences and tables."""
    prose = _FENCE.sub("", page.read_text(encoding="utf-8"))
    named = [each.replace(r"\|", "|") for each in re.findall(r"`([^`\n]+)`", prose)]
    return [each for each in named if each.startswith(tuple(f"{starter} " for starter in _STARTERS))]


def commands(line: str) -> Iterator[list[str]]:
    """Yield the words of each command of a line of shell; what stands behind two blanks or a # is a remark."""
    lexer = shlex.shlex(re.split(r"\s{2,}", line.strip())[0], posix=True, punctuation_chars=";|&")
    lexer.whitespace_split = True
    lexer.commenters = "#"
    words: list[str] = []
    for word in [*lexer, ";"]:
        if word in _OPERATORS:
            if words:
                yield words
            words = []
        elif words or word not in _KEYWORDS:
            words.append(word)
