"""What is a secret by its looks, whatever it is called: the formats that those who issue tokens have published.

Each begins with letters that its issuer chose so that it can be found, or has a form that nothing else has.
"""

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass

from seatrials.evidence.secret_names import REDACTED

# Where a word begins: in text that is JSON or what Python prints, after the name of a character too.
_EDGE = r"(?:\b|(?<=\\[nrtbfv])|(?<=\\u[0-9a-fA-F]{4})|(?<=%[0-9a-fA-F]{2}))"
_SPACE = r"(?:\s|%20|\+|\\+[nrt])"
_PEM = rf"(?:[A-Z]+{_SPACE})*PRIVATE{_SPACE}KEY(?:{_SPACE}BLOCK)?-----"


@dataclass(frozen=True)
class Format:
    """How a secret looks, and words one of which is in each, in lower case: looking for them is much quicker."""

    words: tuple[str, ...]
    pattern: str
    replacement: str | Callable[[re.Match[str]], str] = REDACTED


# The ids of access keys, and the other half where it stands beside one.
_AWS_KEY = (
    rf"{_EDGE}(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{{16}}(?![A-Za-z0-9])"
    r"""(?:[\s:,;/="'|\\]{1,6}[A-Za-z0-9+/]{40}(?![A-Za-z0-9+/]))?"""
)
_GITLAB = ("pat", "dt", "rt", "cbt", "ptt", "ft", "soat", "oas", "agent", "imt")
_FORMATS = (
    Format(("akia", "asia", "abia", "acca"), _AWS_KEY),
    # The session tokens of AWS's STS.
    Format(("fwogzxivyxdz", "iqojb3jpz2lu", "fqogzxivyxdz"), r"(?:F[wQ]oGZXIvYXdz|IQoJb3JpZ2lu)[\w+/=%-]*"),
    Format(("gho_", "ghp_", "ghr_", "ghs_", "ghu_", "github_pat_"), rf"{_EDGE}(?:gh[oprsu]_|github_pat_)\w{{20,}}"),
    Format(tuple(f"gl{kind}-" for kind in _GITLAB), rf"{_EDGE}gl(?:{'|'.join(_GITLAB)})-[\w.-]{{16,}}"),
    Format(("npm_",), rf"{_EDGE}npm_\w{{20,}}"),
    Format(("pypi-",), rf"{_EDGE}pypi-[\w-]{{32,}}"),
    Format(("dckr_",), rf"{_EDGE}dckr_(?:pat|oat)_[\w-]{{16,}}"),
    Format(("hf_",), rf"{_EDGE}hf_[A-Za-z0-9]{{20,}}"),
    Format(("aiza", "ya29.", "gocspx-"), rf"{_EDGE}(?:AIza[\w-]{{30,}}|ya29\.[\w-]{{10,}}|GOCSPX-[\w-]{{20,}})"),
    Format(("sg.",), rf"{_EDGE}SG\.[\w-]{{16,}}\.[\w-]{{16,}}"),
    Format(("xox", "xapp-"), rf"{_EDGE}(?:xox[abeoprs]|xapp)-[\w-]*"),
    Format(("hooks.slack.com",), r"(?<=hooks\.slack\.com/services/)[\w/-]+"),
    Format(
        ("sk-", "k_live_", "k_test_", "whsec_"), rf"{_EDGE}(?:sk-[\w-]{{16,}}|[rs]k_(?:live|test)_\w*|whsec_\w{{16,}})"
    ),
    Format(("hvs.", "dop_v1_", "shpat_"), rf"{_EDGE}(?:hvs\.[\w-]{{20,}}|dop_v1_\w{{32,}}|shpat_\w{{20,}})"),
    # Client secrets of Azure, whose fourth to sixth letters are these.
    Format(("8q~",), r"[\w.~-]{3}8Q~[\w.~-]{30,}"),
    Format(("age-secret-key-",), r"AGE-SECRET-KEY-1[A-Z0-9]{20,}"),
    # A JSON Web Token begins with `{"` in base64url; one that is not signed has an empty third part.
    Format(("eyj",), rf"{_EDGE}eyJ[\w-]{{6,4096}}+\.[\w-]{{4,}}+(?:\.[\w-]*){{1,3}}"),
    # Signatures of addresses and requests, and the cookies that servers know a session by.
    Format(("sig=",), r"(?<=[?&;]sig=)[\w%+/=-]{6,}"),
    Format(("signature=",), r"(?<=[Ss]ignature=)\w{16,}"),
    # The whole key, or what there is of one that is cut off.
    Format(("private",), rf"-----BEGIN{_SPACE}{_PEM}(?:(?s:.)*?-----END{_SPACE}{_PEM}|(?s:.)*)"),
    # Name and password in an address; a quote that ends a string of JSON ends an address too.
    Format(("://",), r"""(?<=://)[^/\s:@"']*:(?:[^/\s@"']|["'](?![\s,:}\]]))+(?=@)"""),
    Format(
        ("%3a%2f%2f",), r"(?<=%3[aA]%2[fF]%2[fF])(?:(?!%40|%2[fF]|%3[aA])[^\s@])*+%3[aA](?:(?!%40|%2[fF])\S)++(?=%40)"
    ),
)
_NEW = r"(?!\[redacted\])"
_COOKIES = (
    rf"({_EDGE}(?:JSESSIONID|PHPSESSID|ASP\.NET_SessionId|connect\.sid|AWSALB\w*|AWSELB\w*)(?:=|%3[dD]))"
    rf"{_NEW}[^\s;,&\"']+"
)
# A line of .pgpass, as PostgreSQL reads it: host:port:database:user:password.
PGPASS = re.compile(
    r"(?m)^((?:[^\w\n]*[^\w\n.*-])?[\w.*-]++:(?:\d{4,5}|\*):[\w*-]+:[\w*-]+:)(?!\[redacted\])[^\s:][^\n]*"
)
_COLONS = 4
# The scheme of an Authorization header with what it vouches by, where no header is around it.
_SCHEME_GAP = r"(?:[ \t]+|%20|\+)"
_TALK = (
    r"(?:tokens?|auth\w*|scheme|header|credentials?|is|was|are|in|and|or|of|for|the|an?|not|required|missing|none)\b"
)
_BEARER = rf"((?i:{_EDGE}bearer){_SCHEME_GAP})(?!(?i:{_TALK})|\w+=)(?:[\w.~+/-]|%2[bBfF]|%3[dD]){{6,}}=*"
_BASIC = rf"((?i:{_EDGE}basic){_SCHEME_GAP})([A-Za-z0-9+/]{{4,}}(?:=|%3[dD]){{0,2}})"


def _basic(match: re.Match[str]) -> str:
    """Redact what is a name and a password in base64; a basic example is none."""
    text = match[2].replace("%3D", "=").replace("%3d", "=").rstrip("=")
    try:
        is_pair = b":" in base64.b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        is_pair = False
    return f"{match[1]}{REDACTED}" if is_pair else match[0]


_ALL = (
    *_FORMATS,
    Format(("jsessionid", "phpsessid", "net_sessionid", "awsalb", "awselb", "connect.sid"), _COOKIES, rf"\1{REDACTED}"),
    Format(("curl",), rf"(\s(?:-u|--user)[ =](?=[^\s:]*[A-Za-z])[^\s:]++:){_NEW}\S+", rf"\1{REDACTED}"),
    Format(("login",), rf"(\blogin\s+\S+\s+password\s+){_NEW}\S+", rf"\1{REDACTED}"),
    Format(("password '",), r"(?i)(\bpassword )'[^'\s]+'(?!\w)", rf"\1{REDACTED}"),
    Format(("bearer",), _BEARER, rf"\1{REDACTED}"),
    Format(("basic",), _BASIC, _basic),
)
_COMPILED = tuple((each.words, re.compile(each.pattern), each.replacement) for each in _ALL)
# One of them is in whatever `redact_formats` takes out, but for lines of .pgpass.
FORMAT_WORDS = tuple(word for each in _ALL for word in each.words)


def looks_secret(value: str) -> bool:
    """Whether *value* holds something that is a secret whatever it is called."""
    return any(pattern.search(value) for _, pattern, _ in _COMPILED[: len(_FORMATS)])


def redact_formats(text: str, lowered: str) -> str:
    """Return *text*, which is *lowered* in lower case, without what is a secret by its looks."""
    if lowered.count(":") >= _COLONS:
        text = PGPASS.sub(rf"\1{REDACTED}", text)
    if not any(map(lowered.__contains__, FORMAT_WORDS)):
        return text
    for words, pattern, replacement in _COMPILED:
        if any(map(lowered.__contains__, words)):
            text = pattern.sub(replacement, text)
    return text
