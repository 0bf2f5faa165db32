"""Who may carry a secret, by the conventions that names follow, and which values are none whoever carries them.

A name is read as words, whether it is written in snake, kebab or camel case, so `secretsmanager` and `tokenizer` are
other words than `secret` and `token`. What only counts or dates a secret (`token_expiry`) is none.
"""

import re
from functools import lru_cache

REDACTED = "[redacted]"

# Fields have few names, and each of them many fields.
_NAMES_KEPT = 1024
# What a key is for, or whose it is, where the key is a secret: a key of a table is none.
_KEYED = (
    "private",
    "api",
    "access",
    "signing",
    "encryption",
    "secret",
    "shared",
    "account",
    "master",
    "storage",
    "auth",
    "ssh",
)
_KEY_OF = rf"(?:{'|'.join(_KEYED)})"
_SERVER = r"(?:db|database|smtp|mail|mysql|pg|postgres|redis|ftp|ldap|proxy|user|admin|root)"
_BOUNDARY = re.compile(r"(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[\W_]+")
# A word may have another before it without a boundary, as in PGPASSWORD.
_SECRET_WORDS = re.compile(
    r"(?:passw(?:or)?d|passphrase|passcode|pwd|secret|token|credential|jwt"
    rf"|{_KEY_OF}_?key|connection_?string|(?:amz|goog|hub)_?signature"
    rf"|(?:\b|_){_SERVER}_?pass|(?:\b|_)(?:x|basic|proxy)_auth\b|\b_auth\b)s?\d*(?:_|$)"
)
_ABOUT_WORDS = re.compile(
    r"_(?:counts?|expiry|expires|expired|expiration|expires_(?:in|at)|ttl|length|size|age|type|arn|seconds|enabled"
    r"|required|valid|usage|used|limit)$"
    # Where a list goes on, and how much text a model of language reads.
    r"|(?:^|_)(?:next|continuation|pagination|page|starting)_?token$"
    r"|(?:^|_)(?:max|min|total|input|output|prompt|completion)_?tokens$"
)
# Headers of which all is secret; variables of such names, as COOKIE_DOMAIN, are about them and hold none.
_HEADER = re.compile(r"(?i)(?:^|.*[-_])(?:cookies?|authorization)(?:[-_]?(?:header|value)s?)?$")
_ANY_NAME = re.compile(r"[\w.:-]+")

# What may be a secret's name, wherever in a text; `is_secret_name` has the last word.
SUSPECT = (
    r"(?:passw(?:or)?d|passphrase|passcode|pwd|secret|token|credential|jwt|cookie|authorization"
    rf"|{_KEY_OF}[-_. ]?key|connection[-_. ]?string|(?:amz|goog|hub)[-_]?signature|{_SERVER}[-_]?pass"
    r"|(?:x|basic|proxy)[-_]auth|\b_auth)"
)
# Those of them that may be two words.
SUSPECT_PAIR = rf"(?:{_KEY_OF}[. ]key|connection[. ]string)"
# One of them is in every name that is suspect: looking for them is much quicker.
SUSPECT_WORDS = ("pass", "pwd", "secret", "token", "credential", "jwt", "key", "cookie", "auth", "string", "signature")

_PASSWORD = re.compile(r"(?i)passw|passphrase|passcode|pwd|pass$")
_NO_VALUE = re.compile(
    r"(?i)(?:null|none|nil|undefined|nan|true|false|yes|no|passed|failed|skipped"
    # What code says of a parameter,
    r"|(?:str|bytes|int|bool|any|object|string)(?:\s*\|\s*none)?"
    # and what stands for a secret that is elsewhere.
    r"|\*{3,}|\$\{[\w.-]+\}?|\{\{resolve:[\w:./-]+\}{0,2}|arn:aws[\w-]*:[\w:/.*+-]+)?"
)
_SMALL_NUMBER = re.compile(r"[-+]?\d{1,5}(?:\.\d{1,6})?")


@lru_cache(_NAMES_KEPT)
def is_secret_name(name: str) -> bool:
    """Whether a variable of this name holds a secret."""
    # In capitals with an `s` behind them the last two letters look like a word of their own.
    snake = _BOUNDARY.sub("_", name).lower(), re.sub(r"[\W_]+", "_", name).lower()
    return any(map(_SECRET_WORDS.search, snake)) and not any(map(_ABOUT_WORDS.search, snake))


@lru_cache(_NAMES_KEPT)
def is_header_name(name: str) -> bool:
    """Whether a header of this name is secret as a whole, whatever it says."""
    return _HEADER.match(name) is not None


@lru_cache(_NAMES_KEPT)
def is_carrier(name: str) -> bool:
    """Whether a field, header or variable of this name holds a secret; a sentence is no name."""
    return _ANY_NAME.fullmatch(name) is not None and (is_secret_name(name) or is_header_name(name))


def is_harmless(name: str, value: str, *, is_quoted: bool = False) -> bool:
    """Whether *value*, without its quotes, is no secret though something of a secret's *name* has it."""
    if _NO_VALUE.fullmatch(value):
        return True
    if is_quoted:
        return value == REDACTED
    # `token=token` hands on what a variable holds, and a password may be a short number.
    return value == name or (_SMALL_NUMBER.fullmatch(value) is not None and not _PASSWORD.search(name))
