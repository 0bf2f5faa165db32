"""What comes before what: its way before a session is active, a commit before its rules go, they before it is over."""

from collections.abc import Iterator

from seatrials.checkers.contract import session_life
from seatrials.checkers.finding import Finding
from seatrials.checkers.story import Story


def check(story: Story) -> Iterator[Finding]:
    """Yield the sessions of which something was done too early."""
    yield from _committed(story)
    yield from _written(story)


def _committed(story: Story) -> Iterator[Finding]:
    """Yield the sessions whose rules went while their workspace had something that was not committed."""
    for gone in story.history.rules_gone:
        if gone.uncommitted:
            left = ", ".join(gone.uncommitted[:5])
            event = f"the rules of {gone.session_id} went, and its workspace had not committed {left}"
            yield Finding("committed-first", event, gone.at)


def _written(story: Story) -> Iterator[Finding]:
    """Yield what the platform wrote of a session before it was so."""
    life = session_life()
    for write in story.history.writes:
        status = (write.fields or {}).get("status")
        event = f"{write.by} wrote {write.session_id} as {status}"
        if write.by and life.is_final(status) and write.rules:
            yield Finding("released-first", f"{event}, which had {write.rules} listener rules still", write.at)
        if write.by and write.unserved_by:
            nodes = ", ".join(write.unserved_by)
            yield Finding("served-first", f"{event}, and the load balancer had no target for it on {nodes}", write.at)
