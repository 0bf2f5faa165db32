"""Text and data without secrets: what the parts of the grammar find in them, and e-mail addresses.

A value is secret for the name that it has (`secret_names.py`) wherever that stands (`carriers.py`), or for what it
looks like (`secret_formats.py`).
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from seatrials.evidence.carriers import redact_carried
from seatrials.evidence.secret_formats import FORMAT_WORDS, PGPASS, redact_formats
from seatrials.evidence.secret_names import REDACTED, SUSPECT_WORDS, is_carrier, is_harmless

# What ends a word in JSON, in headers, in paths and in prose.
_ENDS = r"\s@\"'{}<>()\[\],;:/"
_NUMBERS = r"(?:\d{1,3}\.){3}\d{1,3}(?![\w.])"
_EMAIL = re.compile(
    rf"(?:(?<![^{_ENDS}])|(?<=%2[fF]))((?:(?!%2[fF])[^{_ENDS}])*+)@((?!{_NUMBERS})[^{_ENDS}]+\.[^{_ENDS}]+)"
)
# One of them is in each text that is redacted, unless it is a line of .pgpass.
_MARKS = (*SUSPECT_WORDS, *FORMAT_WORDS, "@")
_PARAMETERS = re.compile(r"(?s)(?<=\[).*(?=\])")
# Most texts of a run are short, and many are seen again.
_TEXTS_KEPT = 4096
_SHORT_CHARACTERS = 256


def _masked(match: re.Match[str]) -> str:
    name, domain = match.groups()
    is_done = name.endswith("***") or match.string.endswith(REDACTED, 0, match.start())
    # A line of a traceback may be a decorator.
    is_word = not name and (match.start() == 0 or match.string[match.start() - 1].isspace())
    # Who speaks to git's host over SSH is no person.
    is_of_git = name == "git" and match.string.startswith(":", match.end())
    return match.group() if is_done or is_word or is_of_git else f"{name[:1]}***@{domain}"


def redact(text: str) -> str:
    """Return *text* without secrets, as it can be written; e-mail addresses keep their first letter and domain."""
    return _redact_short(text) if len(text) <= _SHORT_CHARACTERS else _redact_text(text)


def _redact_text(text: str) -> str:
    # Half a surrogate pair, as JSON may have it and as bytes are read that are no UTF-8, can be in no file.
    text = text if text.isascii() else text.encode(errors="backslashreplace").decode()
    lowered = text.lower()
    text = redact_formats(text, lowered)
    if any(map(lowered.__contains__, SUSPECT_WORDS)):
        text = redact_carried(text)
    return _EMAIL.sub(_masked, text) if "@" in text else text


_redact_short = lru_cache(_TEXTS_KEPT)(_redact_text)


def redact_nodeid(nodeid: str) -> str:
    """Return the id of a test without secrets among its parameters; its name stays, for results are found by it."""
    return _PARAMETERS.sub(lambda parameters: redact(parameters[0]), nodeid)


def redact_value(value: Any) -> Any:  # noqa: ANN401  # any JSON value
    """Return *value* redacted at any depth; whatever has the name of a secret vanishes whole."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return _redact_mapping(value)
    if isinstance(value, tuple):
        return tuple(_redact_sequence(value))
    if isinstance(value, list):
        return _redact_sequence(value)
    return value


def redact_named(name: str, value: str) -> str:
    """Return the *value* of something called *name* without secrets."""
    return REDACTED if is_carrier(name) else redact(value)


def redact_lines(lines: Iterable[str]) -> Iterator[str]:
    """Yield what `redact_line` makes of each line; what none of them has is looked for in all of them at once."""
    kept = list(lines)
    whole = "\n".join(kept)
    lowered = whole.lower()
    # Each line has the empty text.
    marks = [""] if PGPASS.search(whole) else [each for each in _MARKS if each in lowered]
    for line in kept:
        is_suspect = not line.isascii() or any(map(line.lower().__contains__, marks))
        yield redact_line(line) if is_suspect else line


def redact_line(line: str) -> str:
    """Return a line of JSON without secrets, as JSON; one that holds none stays as it is."""
    lowered = line.lower()
    if not any(map(lowered.__contains__, SUSPECT_WORDS)) and redact(line) == line:
        return line
    value = json.loads(line)
    redacted = redact_value(value)
    if redacted == value:
        return line
    return json.dumps(redacted, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _redact_mapping(value: Mapping[Any, Any]) -> dict[str, Any]:
    named = next((value[key] for key in ("name", "Name", "key", "Key") if key in value), None)
    # What is said of a field's value is said of what the field beside it names.
    names = dict.fromkeys(("value", "Value"), named) if isinstance(named, str) else {}
    return {redact(str(name)): _redact_field(names.get(name, str(name)), each) for name, each in value.items()}


def _redact_field(name: str, value: Any) -> Any:  # noqa: ANN401  # any JSON value
    if not is_carrier(name):
        return redact_value(value)
    is_none = value is None or isinstance(value, bool | int | float | str)
    return value if is_none and is_harmless(name, str(value), is_quoted=isinstance(value, str)) else REDACTED


def _redact_sequence(value: Sequence[Any]) -> list[Any]:
    if _is_pair(value):
        return [value[0], REDACTED]
    is_text = all(isinstance(each, str) and "\n" not in each for each in value)
    if not value or not is_text:
        return [redact_value(each) for each in value]
    # Lines of one text, or words of one command: what is secret may begin in one and end in another.
    return redact("\n".join(value)).split("\n")


def _is_pair(value: Sequence[Any]) -> bool:
    """Whether *value* is a name and its secret, such as a header; two names are none."""
    if len(value) != len(("name", "value")) or not isinstance(value[0], str) or not is_carrier(value[0]):
        return False
    return not (isinstance(value[1], str) and is_carrier(value[1]))
