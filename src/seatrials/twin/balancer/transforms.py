"""What a rule rewrites in a request before a target gets it.

Source: AWS ALB User Guide, "Transforms for listener rules". Rewriting changes nothing about which rule is met. The
guide does not say how much of a URL is matched, nor how often; here it is path and query as they were sent, and the
first match. Its regular expressions know less than Python's, so what AWS takes is taken here.
"""

import re
from dataclasses import dataclass

_GROUP = re.compile(r"\$(\d)")
_REWRITTEN_TARGET = re.compile(r"/[\x21-\x7e\x80-\xff]*")
_REWRITTEN_HOST = re.compile(r"[A-Za-z0-9._~%!$&'()*+,;=\[\]:-]+")


class TransformError(Exception):
    """A rewrite that matched and leads to no request, which the balancer answers 500; never leaves the balancer."""


@dataclass(frozen=True)
class Rewrite:
    """A regular expression and what stands in place of its match, where `$1` is its first group."""

    pattern: re.Pattern[str]
    replacement: str

    def apply(self, text: str) -> str:
        """Return *text* rewritten, or as it is without a match; raises `TransformError` for a group there is not."""
        return self.pattern.sub(self._fill, text, count=1)

    def _fill(self, found: re.Match[str]) -> str:
        try:
            return _GROUP.sub(lambda group: found[int(group[1])] or "", self.replacement)
        except IndexError as error:
            msg = f"{self.replacement!r} names a group that {self.pattern.pattern!r} has not"
            raise TransformError(msg) from error


@dataclass(frozen=True)
class Transforms:
    """The rewrites of one rule; None where it has none."""

    host: Rewrite | None = None
    url: Rewrite | None = None

    def host_of(self, host: str) -> str:
        """Return the host header that a target gets; raises `TransformError`."""
        return _checked(self.host.apply(host), _REWRITTEN_HOST, host) if self.host else host

    def target_of(self, target: str) -> str:
        """Return the request's target, path and query, as a target gets it; raises `TransformError`."""
        return _checked(self.url.apply(target), _REWRITTEN_TARGET, target) if self.url else target


NO_TRANSFORMS = Transforms()


def _checked(rewritten: str, form: re.Pattern[str], before: str) -> str:
    if rewritten != before and not form.fullmatch(rewritten):
        msg = f"a transform makes {rewritten[:100]!r} of {before[:100]!r}"
        raise TransformError(msg)
    return rewritten
