"""What comes before what when a session ends: the commit, and then its rules."""

from collections.abc import Iterator

from seatrials.checkers.finding import Finding
from seatrials.checkers.story import Story


def check(story: Story) -> Iterator[Finding]:
    """Yield the sessions whose rules went while their workspace had something that was not committed."""
    for gone in story.history.rules_gone:
        if gone.uncommitted:
            left = ", ".join(gone.uncommitted[:5])
            event = f"the rules of {gone.session_id} went, and its workspace had not committed {left}"
            yield Finding("committed-first", event, gone.at)
