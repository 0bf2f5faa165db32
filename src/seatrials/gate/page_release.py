"""What a release manager asks first: which release, what has changed, what failed, whose it is, what to do."""

from collections.abc import Iterable, Mapping, Sequence

from seatrials.evidence.commit import Commit
from seatrials.evidence.job import is_link
from seatrials.gate.decision import Decision
from seatrials.gate.markup import Html, element, joined
from seatrials.gate.page_parts import badge, code, columns, note, passage, section, table
from seatrials.gate.release import Changes, Failure, LastGo, Release
from seatrials.gate.wording import commit_in_words, count_of, place_of, services_in_words, since_in_words

# So many that the first screen has room for them; the section has all.
_FIRST_MAX = 4
# A longer list scrolls in its own box.
_LIST_ITEMS_MAX = 12
_REASON_FIRST_CHARACTERS = 130


def facts(decision: Decision) -> Mapping[str, str]:
    """Return what identifies the release, by name, for the head of the page."""
    dirty = " with uncommitted changes" if decision.dirty else ""
    release = decision.release
    if release is None:
        return {"Commit": joined([code(decision.commit or "none"), dirty])}
    told: dict[str, str] = {"Commit": joined([*_commit(decision, release), dirty])}
    ran = services_in_words(release.services)
    told["Ran"] = joined(ran, between=element("br")) if ran else "nothing that is deployed"
    told["Since the last GO"] = element("a", since_in_words(release), href="#since")
    return told


def waivers(decision: Decision) -> Mapping[str, str]:
    """Return how many waivers there are, for the head of the page; nothing without any."""
    if not decision.waivers:
        return {}
    expired = sum(each.expired for each in decision.waivers)
    told = [f"{len(decision.waivers) - expired} in force", *([f"{expired} expired"] if expired else [])]
    return {"Waivers": element("a", ", ".join(told), href="#waivers")}


def first(decision: Decision) -> list[Html]:
    """Return what failed and what to do, for the first screen."""
    release = decision.release
    if release is None:
        return []
    panels = [_panel("What to do", element("ol", *(element("li", each) for each in release.steps)))]
    counted = [each for each in release.failures if each.not_counted is None]
    if release.failures:
        shown = (counted or list(release.failures))[:_FIRST_MAX]
        said = f"All {len(release.failures)} that failed" if len(shown) < len(release.failures) else "The whole reasons"
        more = element("p", element("a", said, href="#failures"), class_="more")
        failed = element("ul", *(_first_failure(each) for each in shown))
        panels.insert(0, _panel("What failed", failed, more))
    return [element("div", *panels, class_="panels")]


def failures(decision: Decision) -> Html:
    """Return everything that was seen to fail, each with its own assertion, its owners and where to look."""
    found = decision.release.failures if decision.release is not None else ()
    if not found:
        return section("failures", "What failed", note("Nothing was seen to fail."))
    head = columns("outcome", "what must hold", "where", "what was seen", "whose", "look at", header="what must hold")
    rows = [_failure_row(each) for each in found]
    caption = f"{count_of(len(found), 'failure')}, those that count first"
    unknown = decision.release.owners_unknown if decision.release is not None else ""
    why = [note(f"Owners come from the criteria alone: {unknown}.")] if unknown else []
    return section("failures", "What failed", table("failures-table", caption, head, rows), *why)


def since(decision: Decision) -> Html:
    """Return what has changed since the last GO, and the verdicts so far."""
    release, title = decision.release, "Since the last GO"
    if release is None or release.last_go is None or release.changes is None:
        nothing = note("There is no earlier GO by these criteria, so there is nothing to compare with.")
        return section("since", title, nothing, *(_images(release) if release else ()), *_verdicts(release))
    changes = release.changes
    lists = {
        f"{count_of(changes.commits_total, 'commit')}": [_commit_item(each) for each in changes.commits],
        "Rows added": changes.rows_added,
        "Rows removed": changes.rows_removed,
        "Rows changed": changes.rows_changed,
        "Criteria": changes.criteria,
        "Template": changes.template,
    }
    shown = [_list(name, items) for name, items in lists.items() if items]
    return section(
        "since",
        title,
        _last_go(release.last_go),
        *(note(f"{each[:1].upper()}{each[1:]}.") for each in _doubts(changes)),
        *_images(release),
        element("div", *shown, class_="lists") if shown else note("Nothing that can be told has changed."),
        *_verdicts(release),
    )


def _panel(title: str, *parts: Html) -> Html:
    return element("div", element("h2", title), *parts, class_="panel")


def _commit(decision: Decision, release: Release) -> Iterable[str]:
    if release.commit is None:
        yield from (code(decision.commit or "none"), f" ({release.commit_unknown})")
        return
    yield element("strong", release.commit.subject)
    yield joined([" ", code(release.commit.id[:12]), f", {commit_in_words(release.commit)}"])


def _first_failure(failure: Failure) -> Html:
    reason = failure.reason
    short = f"{reason[: _REASON_FIRST_CHARACTERS - 1]}…" if len(reason) > _REASON_FIRST_CHARACTERS else reason
    owners = f"Owner: {', '.join(failure.owners)}" if failure.owners else "Nobody is named as its owner"
    waived = f" It does not count: {failure.not_counted}." if failure.not_counted else ""
    return element(
        "li",
        joined([element("strong", f"{place_of(failure)}:"), failure.sentence], between=" "),
        element("span", short, class_="seen"),
        element("small", joined([f"{owners}.{waived}", *_links(failure)], between=" ")),
    )


def _failure_row(failure: Failure) -> list[str]:
    not_counted = [element("small", f"does not count: {failure.not_counted}")] if failure.not_counted else []
    return [
        joined([badge(failure.outcome), *not_counted], between=" "),
        joined([failure.sentence, element("small", code(failure.subject))], between=" "),
        failure.environment or "everywhere",
        passage(failure.reason or "it says nothing", failure.subject),
        ", ".join(failure.owners) or "nobody is named",
        joined(_links(failure), between=" "),
    ]


def _links(failure: Failure) -> list[Html]:
    # A decision may have been written by somebody else than the gate.
    job = failure.job_url if is_link(failure.job_url or "") else None
    found = {"Allure": failure.allure, "timeline": failure.timeline, "job": job}
    where = place_of(failure)
    return [element("a", name, href=way, aria_label=f"{name} of {where}") for name, way in found.items() if way]


def _last_go(last_go: LastGo) -> Html:
    described = last_go.described
    words = f" “{described.subject}”, {commit_in_words(described)}" if described is not None else ""
    ran = f" It ran {' and '.join(last_go.services)}." if last_go.services else ""
    day = last_go.judged_at[:10]
    return element("p", "The last GO, of ", day, ", was commit ", code(last_go.commit[:12]), f"{words}.", ran)


def _images(release: Release) -> Iterable[Html]:
    """Yield what the services' tasks ran, an image each."""
    images = dict.fromkeys(image for each in release.services for image in each.images)
    if images:
        yield note("These images ran: ", joined([code(each) for each in images], between=", "), ".")


def _doubts(changes: Changes) -> Iterable[str]:
    yield from changes.unknown
    if changes.commits_lost:
        count = count_of(changes.commits_lost, "commit")
        yield f"{count} of the last GO {'is' if changes.commits_lost == 1 else 'are'} not in this release"
    if len(changes.commits) < changes.commits_total:
        yield f"the newest {len(changes.commits)} of {changes.commits_total} commits are shown"


def _commit_item(commit: Commit) -> Html:
    return joined([code(commit.id[:8]), commit.subject, element("small", commit.author)], between=" ")


def _list(name: str, items: Sequence[str]) -> Html:
    shown = element("ul", *(element("li", each) for each in items))
    if len(items) > _LIST_ITEMS_MAX:
        shown = element("div", shown, class_="scroll", role="group", aria_label=name, tabindex="0")
    return element("div", element("h3", name), shown)


def _verdicts(release: Release | None) -> Iterable[Html]:
    if release is None or not release.verdicts:
        return
    yield element("h3", "Verdicts so far")
    items = (
        element(
            "li", badge(each.verdict), element("small", f"{each.judged_at[:10]} {(each.commit or 'no commit')[:8]}")
        )
        for each in release.verdicts
    )
    yield element("ol", *items, class_="verdicts")
