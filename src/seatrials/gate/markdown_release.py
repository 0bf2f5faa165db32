"""What failed, what to do and what has changed, as Markdown."""

from collections.abc import Callable, Iterable

from seatrials.evidence.job import is_link
from seatrials.gate.decision import Decision
from seatrials.gate.release import Failure, Release
from seatrials.gate.wording import commit_in_words, count_of, place_of, services_in_words, since_in_words

Text = Callable[[str], str]


def release_lines(decision: Decision, text: Text) -> Iterable[str]:
    """Yield the lines about the release of *decision*; *text* makes of anybody's words what Markdown leaves alone."""
    release = decision.release
    if release is None:
        return
    yield from (*_facts(release, text), "")
    if release.failures:
        yield from ("## What failed", "", *(_failure(each, text) for each in release.failures), "")
    yield from ("## What to do", "", *(f"{number}. {text(each)}" for number, each in enumerate(release.steps, 1)), "")
    yield from _since(release, text)


def _facts(release: Release, text: Text) -> Iterable[str]:
    if release.commit is None:
        yield f"- release: {text(release.commit_unknown)}"
    else:
        yield f"- release: **{text(release.commit.subject)}**, {text(commit_in_words(release.commit))}"
    yield from (f"- ran: {text(each)}" for each in services_in_words(release.services))
    yield f"- since the last GO: {text(since_in_words(release))}"


def _failure(failure: Failure, text: Text) -> str:
    owners = text(", ".join(failure.owners)) if failure.owners else "nobody is named"
    job = f"; [job](<{failure.job_url}>)" if is_link(failure.job_url or "") else ""
    waived = f"; does not count: {text(failure.not_counted)}" if failure.not_counted else ""
    said = f"**{text(place_of(failure))}**: {text(failure.sentence)} {text(failure.reason)}"
    return f"- {said} (owner: {owners}{waived}{job})"


def _since(release: Release, text: Text) -> Iterable[str]:
    changes = release.changes
    if changes is None:
        return
    commits = [f"{each.id[:8]} {each.subject} ({each.author})" for each in changes.commits]
    parts = {
        count_of(changes.commits_total, "commit"): commits,
        "rows added": changes.rows_added,
        "rows removed": changes.rows_removed,
        "rows changed": changes.rows_changed,
        "criteria": changes.criteria,
        "template": changes.template,
        "not known": changes.unknown,
    }
    yield from ("## Since the last GO", "")
    for name, items in parts.items():
        if items:
            yield from (f"- {name}", *(f"  - {text(each)}" for each in items))
    yield ""
