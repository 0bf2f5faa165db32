"""The conditions of a listener's rules: their fields, and what each takes.

Source: AWS ALB User Guide, "Condition types for listener rules", and "Quotas for your Application Load Balancers" for
how many values a rule has.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_network
from typing import Any

# What holds the values of a condition, by its field.
CONFIGS = {
    "http-header": "HttpHeaderConfig",
    "http-request-method": "HttpRequestMethodConfig",
    "host-header": "HostHeaderConfig",
    "query-string": "QueryStringConfig",
    "source-ip": "SourceIpConfig",
    "path-pattern": "PathPatternConfig",
}
_ONCE = ("path-pattern", "host-header", "http-request-method", "source-ip")
_VALUES_MAX = 5
_PATTERN_LENGTH_MAX = 128
_ALLOWED = {"path-pattern": "_-.$/~\"'@:+*?&", "host-header": "-.*?"}

# A condition as the API and a template have it: the same names.
Condition = Mapping[str, Any]


def values_of(condition: Condition, name: str = "Values") -> list[Any]:
    """Return the values of a condition, which stand in its config or, in the short form, beside its field."""
    config = condition.get(CONFIGS.get(str(condition.get("Field")), ""))
    inner = config.get(name) if isinstance(config, Mapping) else None
    found = inner if inner is not None else condition.get(name)
    return found if isinstance(found, list) else []


def too_many(conditions: Sequence[Condition]) -> Iterator[str]:
    """Yield what a rule has too much of."""
    fields = Counter(str(each.get("Field")) for each in conditions)
    for field in _ONCE:
        if fields[field] > 1:
            yield f"{fields[field]} {field} conditions; a rule takes one of them"
    count = sum(len(values_of(each)) + len(values_of(each, "RegexValues")) for each in conditions)
    if count > _VALUES_MAX:
        yield f"{count} condition values (Values); a rule takes {_VALUES_MAX}"


def wrong_value(field: str, value: str) -> str | None:
    """Return what is wrong with one value of a condition, if something is."""
    if field == "source-ip":
        return None if is_block(value) else "must be an address block, such as 192.0.2.0/24"
    if field == "http-request-method":
        allowed = value.replace("-", "").replace("_", "")
        is_method = allowed.isascii() and allowed.isalpha() and allowed.isupper()
        return None if is_method else "must be upper-case letters, hyphens and underscores"
    if field not in _ALLOWED:
        return None
    if len(value) > _PATTERN_LENGTH_MAX:
        return f"is {len(value)} characters long; at most {_PATTERN_LENGTH_MAX}"
    wrong = [each for each in value if not (each.isascii() and each.isalnum()) and each not in _ALLOWED[field]]
    return f"the character {wrong[0]!r} is not allowed" if wrong else None


def is_block(text: str) -> bool:
    """Whether *text* is a block of addresses: an address, a slash, and how many bits of it count."""
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return "/" in text
