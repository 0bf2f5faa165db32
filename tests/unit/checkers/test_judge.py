"""All checkers over one history."""

from seatrials.checkers.judge import judge
from tests.support.story import ONE, OTHER, Happened, status_path


def test_findings_of_one_cause_are_told_once() -> None:
    """Too much that is told alike of two sessions is one finding, with its invariant, its event and its promise."""
    happened = Happened()
    for session_id in (ONE, OTHER):
        happened.asked(f"GET {status_path(session_id)}", 404, {"error": "no", "live": [session_id]})
    judgement = judge(happened.history)

    assert (len(judgement.findings), judgement.further) == (1, 1)
    event, promise, more = judgement.in_words().splitlines()
    assert event.startswith(f"the contract does not hold (body-closed): GET {status_path(ONE)} → 404 data must not")
    assert promise.startswith("  A body has the fields that the contract declares, of their types, and no other.")
    assert promise.endswith("Contract: Said once more, Bodies.")
    assert more == "  and 1 more findings"


def test_what_cannot_be_seen_is_not_asked() -> None:
    """A stack that shows requests alone is asked nothing about its table, its metric and its git."""
    blind, seeing = Happened(), Happened().wrote(at=0.0, status="initializing").published(at=0.0, Value=1).rules_went()
    read = Happened().read_metric(0.0, 1, 1)

    published = ("metric-in-time", "served-first", "released-first", "committed-first")
    whole = ("headers-declared", "metric-plain")
    assert judge(blind.history).not_asked == (*whole, "metric-true", "metric-silent", *published)
    assert judge(read.history).not_asked == (*whole, "metric-silent", *published)
    assert judge(seeing.history).not_asked == ()
    assert judge(blind.history).in_words() == ""
