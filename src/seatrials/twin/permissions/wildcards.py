"""The wildcards of policies: `*` for any text, `?` for any character.

A literal one, which a policy writes `${*}` or `${?}`, is a character of its own until it is compared. Source: IAM User
Guide, "IAM JSON policy elements: Resource", wildcards, and "IAM policy elements: Variables and tags", special
characters.
"""

import re
from functools import lru_cache

# Characters for private use, which no policy has of itself.
LITERAL_STAR, LITERAL_MARK = "\ue000", "\ue001"
# ARNs have six parts, the last of which may have colons of its own.
_ARN_PARTS = 6


def literal(text: str) -> str:
    """Return a text that is to stand in a pattern as it is."""
    return text.replace("*", LITERAL_STAR).replace("?", LITERAL_MARK)


def plain(text: str) -> str:
    """Return a text as one that is compared without wildcards."""
    return text.replace(LITERAL_STAR, "*").replace(LITERAL_MARK, "?")


def covers_text(pattern: str, text: str) -> bool:
    """Whether a pattern stands for *text*."""
    return bool(_compiled(_regex(pattern)).fullmatch(text))


def covers_arn(pattern: str, arn: str) -> bool:
    """Whether *arn* is one that *pattern* names; a `*` at the end of a part goes on beyond the colon."""
    *parts, last = pattern.split(":", _ARN_PARTS - 1)
    return bool(_compiled(":".join([*map(_regex_of_part, parts), _regex(last)])).fullmatch(arn))


@lru_cache(maxsize=4096)
def _compiled(regex: str) -> re.Pattern[str]:
    return re.compile(regex, re.DOTALL)


@lru_cache(maxsize=4096)
def _regex(pattern: str, star: str = ".*") -> str:
    escaped = re.escape(pattern).replace(r"\*", star).replace(r"\?", ".")
    return plain(escaped.replace(LITERAL_STAR, rf"\{LITERAL_STAR}").replace(LITERAL_MARK, rf"\{LITERAL_MARK}"))


def _regex_of_part(part: str) -> str:
    body = part.removesuffix("*")
    return _regex(body, "[^:]*") + ("" if body == part else ".*")
