"""What is a secret, and text without any."""

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

# What ends a word in JSON, in headers and in prose.
_ENDS = r"\s@\"'{}<>()\[\],;:"
_EMAIL = re.compile(rf"([^{_ENDS}]*)@([^{_ENDS}]+\.[^{_ENDS}]+)")
_ACCESS_KEY = re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")
_SECRET_NAME = re.compile(r"(?i)authorization|cookie|password|secret|token|api[-_]?key")
_QUOTED = r"\"[^\"]*\"|'[^']*'"
_COOKIES = re.compile(rf"(?i)((?:set-)?cookie[\"']?\s*[:=]\s*)({_QUOTED}|[^\n]+)")
_SECRET = re.compile(
    rf"(?i)([\w-]*(?:authorization|password|secret|token|api[-_]?key)[\w-]*[\"']?\s*[:=]\s*)"
    rf"({_QUOTED}|[^\s,;}}\]]+(?: [^\s,;}}\]]+)?)"
)
# What text has where a pattern may find something; telling so is much quicker than the pattern.
_SECRET_WORDS = ("authorization", "password", "secret", "token", "key")
_SUSPECT = ("@", "cookie", "akia", "asia", *_SECRET_WORDS)


def redact(text: str) -> str:
    """Return *text* without secrets and tokens; e-mail addresses keep their first letter and domain."""
    lowered = text.lower()
    if "cookie" in lowered:
        text = _COOKIES.sub(r"\1[redacted]", text)
    if any(word in lowered for word in _SECRET_WORDS):
        text = _SECRET.sub(r"\1[redacted]", text)
    text = _ACCESS_KEY.sub("[redacted]", text) if "akia" in lowered or "asia" in lowered else text
    return _EMAIL.sub(_masked, text) if "@" in text else text


def _masked(match: re.Match[str]) -> str:
    name, domain = match.groups()
    return match.group() if name.endswith("***") else f"{name[:1]}***@{domain}"


def redact_value(value: Any) -> Any:  # noqa: ANN401  # any JSON value
    """Return *value* redacted at any depth; whatever has the name of a secret vanishes whole."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {
            str(name): "[redacted]" if _is_secret(str(name)) else redact_value(each) for name, each in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [redact_value(each) for each in value]
    return value


def redact_line(line: str) -> str:
    if not _is_suspect(line):
        return line
    return json.dumps(redact_value(json.loads(line)), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@cache
def _is_secret(name: str) -> bool:
    return _SECRET_NAME.search(name) is not None


def _is_suspect(text: str) -> bool:
    lowered = text.lower()
    return any(word in lowered for word in _SUSPECT)
