"""What is a secret, and text without any: the one list of names and looks that everybody asks.

A value is secret for the name that it has (`DB_PWD=...`, `"token": "..."`, a header, an option of a command) or for
what it looks like (an access key, a private key). Text is searched as it comes: JSON, JSON within JSON, what Python
prints, headers, lines of an environment, prose. Where it is not clear how far a secret goes, more is taken, not less.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

REDACTED = "[redacted]"

# Words in the names of variables, headers and fields that hold something secret.
_NAME = (
    r"(?:passw(?:or)?d|passphrase|pwd|secret|token|credential|x-amz-signature"
    r"|(?:private|api|access|signing|encryption)[-_ ]?key)"
)
# Headers of which all is secret; variables of such names, as COOKIE_DOMAIN, are about them and hold none.
_HEADER = r"(?:cookies?|authorization)(?:[-_]?(?:header|value)s?)?"
# Where a word begins: in text that is JSON or what Python prints, after the name of a character too.
_EDGE = r"(?:\b|(?<=\\[nrtbfv])|(?<=\\u[0-9a-f]{4}))"
_PEM_END = r"-----END [A-Z ]*PRIVATE KEY-----"
# What is secret by its looks, whatever it is called.
_LOOKS = (
    rf"{_EDGE}(?:AKIA|ASIA)[A-Z0-9]{{16}}\b",
    rf"{_EDGE}(?:gh[oprsu]_\w{{20,}}|github_pat_\w{{20,}})",
    rf"{_EDGE}xox[abeoprs]-[\w-]*",
    rf"{_EDGE}(?:sk-[\w-]{{16,}}|[rs]k_live_\w*)",
    # The whole key, or what there is of one that is cut off.
    rf"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:(?s:.)*?{_PEM_END}|(?s:.)*)",
    # Name and password in an address; a quote that ends a string of JSON ends an address too.
    r"""(?<=://)[^/\s:@"']*:(?:[^/\s@"']|["'](?![\s,:}\]]))+(?=@)""",
)
_SECRET_NAME = re.compile(rf"(?i){_NAME}")
_SECRET_HEADER = re.compile(rf"(?i){_HEADER}$")
_ANY_NAME = re.compile(r"[\w.:-]+")
_SECRET_LOOKS = re.compile("|".join(_LOOKS))

# How a value is written: redacted already, in quotes (escaped at the end as at the beginning, or never closed), a list
# or table, or bare. A quote behind a backslash may belong to the value, so it is not taken for its end.
_QUOTE = r"""(?:\\*["'])"""
_QUOTED = (
    r"\[redacted\]"
    rf"|(?P<quote>{_QUOTE})(?:(?!(?<!\\)(?P=quote))(?s:.))*(?P=quote)"
    rf"|{_QUOTE}[^\n]*"
)
# What ends a bare value, rather than being part of it: punctuation that nothing follows, and the end of a string.
_END = r"""(?:[,;}\])"']{1,8}(?:\\*["']|\s|\Z)|\\+["'](?:[\s,;:}\])]|\Z))"""
_BARE = rf"(?:(?:Bearer|Basic|Digest|Token)\s+)?(?:(?!{_END})\S)+"
_VALUE = rf"(?:{_QUOTED}|\[[^\]]*\]|\{{[^}}]*\}}|{_BARE})"
_IS = rf"{_QUOTE}?\]?\s*(?::|=+>?)\s*"
_NAMED = re.compile(
    # The name of a resource has `secretsmanager:` or `:secret:` in it, and is no secret.
    r"(?i)(?P<resource>\barn:aws[\w-]*:[\w:/.*+-]++(?!=))"
    # {"name": "DB_PWD", "value": "..."}, as ECS has variables and others have tags and headers.
    rf"|(?P<prefix>\b(?:name|key){_IS}{_QUOTE}?(?:[\w.-]*{_NAME}[\w.-]*|[\w-]*{_HEADER}){_QUOTE}?\s*,?\s*"
    rf"{_QUOTE}?value{_IS}"
    # ("Authorization", "..."), as Python has headers.
    rf"|\(\s*b?{_QUOTE}(?:[\w-]*{_NAME}[\w-]*|[\w-]*{_HEADER}){_QUOTE}\s*,\s*b?(?={_QUOTE})"
    rf"|(?<!-)--(?!-)[\w-]*?{_NAME}[\w-]*\s+(?!-[a-z]\b|--)"
    rf"|{_NAME}[\w-]*{_IS})"
    rf"{_VALUE}"
)
# Bare headers, and bare lines of an environment, hold what they hold to the end of the line.
_HEADERS = re.compile(rf"(?i)({_HEADER}{_IS})(?:{_QUOTED.replace('quote', 'mark')}|[^\n]+)")
_LINES = re.compile(r"""(?m)^((?:E\s)?[^\w\n]*(?:export\s+)?[A-Z0-9_]+=)(?![=\s"'\\\[])([^\n]+)""")
# What ends a word in JSON, in headers and in prose.
_ENDS = r"\s@\"'{}<>()\[\],;:"
_EMAIL = re.compile(rf"(?<![^{_ENDS}])([^{_ENDS}]*+)@([^{_ENDS}]+\.[^{_ENDS}]+)")


@dataclass(frozen=True)
class _Rule:
    """A pattern, and words one of which is in all that it finds: looking for them is much quicker."""

    words: tuple[str, ...]
    pattern: re.Pattern[str]
    replacement: str | Callable[[re.Match[str]], str]


def _named(match: re.Match[str]) -> str:
    return match.group() if match["prefix"] is None else f"{match['prefix']}{REDACTED}"


def _line(match: re.Match[str]) -> str:
    return f"{match[1]}{REDACTED}" if is_secret_name(match[1]) else match.group()


def _masked(match: re.Match[str]) -> str:
    name, domain = match.groups()
    is_done = name.endswith("***") or match.string.endswith(REDACTED, 0, match.start())
    # A line of a traceback may be a decorator.
    is_word = not name and (match.start() == 0 or match.string[match.start() - 1].isspace())
    return match.group() if is_done or is_word else f"{name[:1]}***@{domain}"


# Fields have few names, and each of them many fields.
_NAMES_KEPT = 1024
_NAME_WORDS = ("x-amz-signature", "passw", "passphrase", "pwd", "secret", "token", "credential", "key")
_LOOK_WORDS = ("akia", "asia", "gho_", "ghp_", "ghr_", "ghs_", "ghu_", "github_pat_", "xox", "sk-", "k_live_")
_RULES = (
    _Rule((*_LOOK_WORDS, "private key-----", "://"), _SECRET_LOOKS, REDACTED),
    _Rule(("cookie", "authorization"), _HEADERS, rf"\1{REDACTED}"),
    _Rule(_NAME_WORDS, _LINES, _line),
    _Rule((*_NAME_WORDS, "cookie", "authorization"), _NAMED, _named),
    _Rule(("@",), _EMAIL, _masked),
)


def is_secret_name(name: str) -> bool:
    """Whether a variable of this name holds a secret."""
    return _SECRET_NAME.search(name) is not None


def looks_secret(value: str) -> bool:
    """Whether *value* holds something that is a secret whatever it is called."""
    return _SECRET_LOOKS.search(value) is not None


def redact(text: str) -> str:
    """Return *text* without secrets; e-mail addresses keep their first letter and domain."""
    lowered = text.lower()
    for rule in _RULES:
        if any(word in lowered for word in rule.words):
            text = rule.pattern.sub(rule.replacement, text)
    return text


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
    return REDACTED if _is_secret(name) else redact(value)


def redact_line(line: str) -> str:
    """Return a line of JSON without secrets, as JSON; one that holds none stays as it is."""
    if _SECRET_NAME.search(line) is None and redact(line) == line:
        return line
    return json.dumps(redact_value(json.loads(line)), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _redact_mapping(value: Mapping[Any, Any]) -> dict[str, Any]:
    named = next((value[key] for key in ("name", "Name", "key", "Key") if key in value), None)
    secret_fields = ("value", "Value") if isinstance(named, str) and _is_secret(named) else ()
    return {
        _redact_name(str(name)): REDACTED if _is_secret(str(name)) or name in secret_fields else redact_value(each)
        for name, each in value.items()
    }


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
    if len(value) != len(("name", "value")) or not isinstance(value[0], str) or not _is_secret(value[0]):
        return False
    return not (isinstance(value[1], str) and _is_secret(value[1]))


@lru_cache(_NAMES_KEPT)
def _is_secret(name: str) -> bool:
    is_secret = is_secret_name(name) or _SECRET_HEADER.search(name) is not None
    return is_secret and _ANY_NAME.fullmatch(name) is not None


@lru_cache(_NAMES_KEPT)
def _redact_name(name: str) -> str:
    return redact(name)
