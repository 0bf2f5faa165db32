"""Who answers for a row or another criterion: the criteria's table `[owners]`, then the repository's CODEOWNERS."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from codeowners import CodeOwners

from seatrials.evidence.plain import plain

# Where GitHub looks, in its order, and GitLab: "About code owners" in GitHub's docs, "Code Owners" in GitLab's.
_PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
_NAME_CHARACTERS_MAX = 80
_STARS_MAX = 8


@dataclass(frozen=True, kw_only=True)
class Owners:
    """Who answers for what."""

    # By row, suite or criterion.
    named: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # By file, where nobody is named.
    files: CodeOwners | None = None
    # Why there are no owners of files.
    why_none: str = "no repository was looked at"

    def of_row(self, row: str, suite: str, test: str | None) -> tuple[str, ...]:
        """Return the owners of a row of a suite, which *test*, as pytest names it, examines; none when unknown."""
        return self.named.get(row) or self.named.get(suite) or self._of_file((test or "").partition("::")[0])

    def of_criterion(self, identifier: str) -> tuple[str, ...]:
        """Return the owners of a criterion such as `cold-start.staging`; none when unknown."""
        return self.named.get(identifier) or self.named.get(identifier.partition(".")[0], ())

    def _of_file(self, path: str) -> tuple[str, ...]:
        if self.files is None or not path:
            return ()
        return tuple(plain(name, _NAME_CHARACTERS_MAX) for _, name in self.files.of(path))


def read_owners(top: Path | None, named: Mapping[str, tuple[str, ...]]) -> Owners:
    """Return who is *named* by the criteria, and the code owners of the work tree at *top*."""
    path = None if top is None else next((top / each for each in _PLACES if (top / each).is_file()), None)
    if top is None or path is None:
        return Owners(named=named, why_none="there is no CODEOWNERS")
    try:
        return Owners(named=named, files=_parsed(path.read_text(encoding="utf-8")), why_none="")
    except (OSError, ValueError, re.error) as error:
        return Owners(named=named, why_none=f"{path.relative_to(top)} cannot be read: {plain(str(error))}")


def _parsed(text: str) -> CodeOwners:
    """Return the owners in *text*; raises `ValueError` for a pattern that would take for ever to look for."""
    for line in text.splitlines():
        pattern = line.strip().partition(" ")[0]
        if not pattern.startswith("#") and pattern.count("*") > _STARS_MAX:
            msg = f"a pattern has more than {_STARS_MAX} stars: {plain(pattern, _NAME_CHARACTERS_MAX)}"
            raise ValueError(msg)
    return CodeOwners(text)
