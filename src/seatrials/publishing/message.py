"""A decision as a message to people: the verdict, the reason, whose it is, and where to look."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from seatrials.evidence.job import is_link
from seatrials.evidence.plain import plain
from seatrials.gate.decision import Decision
from seatrials.gate.release import Failure
from seatrials.gate.wording import place_of

_TITLE_CHARACTERS_MAX = 100
_LINE_CHARACTERS_MAX = 300
_NOT_KNOWN = "no link is known: give --link, or set SEATRIALS_JOB_URL where the gate runs"


@dataclass(frozen=True, kw_only=True)
class Message:
    """What a channel sends; its texts are plain, whoever wrote them."""

    verdict: str
    # The verdict and the release.
    title: str
    reason: str
    # What failed and counts, each with its owners and its own assertion.
    failures: Sequence[str]
    owners: Sequence[str]
    steps: Sequence[str]
    # The failures that are regressions, as `failures` has them.
    regressions: Sequence[str]
    link: str | None
    # Of the decision's file: one decision, one message.
    digest: str

    def text(self, characters_max: int) -> str:
        """Return it as lines, the link last; where they are too long the last failures are left out, and it says so."""
        head = [self.title, self.reason]
        tail = [*self.steps, f"owners: {', '.join(self.owners) or 'nobody is named'}", self.link or _NOT_KNOWN]
        shown = list(self.failures)
        while shown and len("\n".join([*head, *shown, *tail])) > characters_max - _LINE_CHARACTERS_MAX:
            shown.pop()
        left = len(self.failures) - len(shown)
        more = [f"{left} more failed than there is room for: the decision has all of them"] if left else []
        # What is still too long has a reason, steps or a link of no sensible length.
        return "\n".join([*head, *shown, *more, *tail])[:characters_max]


def message_of(decision: Decision, path: Path, digest: str, link: str) -> Message:
    """Return the message about *decision* at *path*; *link* is where it can be seen, the job that judged if empty."""
    release = decision.release
    found = [each for each in release.failures if each.not_counted is None] if release is not None else []
    commit = release.commit if release is not None else None
    tag = f"{commit.tag} " if commit is not None and commit.tag else ""
    subject = f" {commit.subject}" if commit is not None else ""
    job = release.job_url if release is not None and is_link(release.job_url or "") else None
    return Message(
        verdict=str(decision.verdict),
        title=plain(
            f"{decision.verdict}: {tag}{(decision.commit or path.parent.name)[:8]}{subject}", _TITLE_CHARACTERS_MAX
        ),
        reason=plain(decision.summary, 2 * _LINE_CHARACTERS_MAX),
        failures=[_told(each) for each in found],
        owners=list(dict.fromkeys(owner for each in found for owner in each.owners)),
        steps=[plain(each, _LINE_CHARACTERS_MAX) for each in (release.steps if release is not None else ())],
        regressions=[_told(each) for each in found if each.is_regression],
        link=link or job,
        digest=digest,
    )


def _told(failure: Failure) -> str:
    owners = f" (owner: {', '.join(failure.owners)})" if failure.owners else ""
    return plain(f"{place_of(failure)}: {failure.sentence} {failure.reason}", _LINE_CHARACTERS_MAX) + plain(owners)
