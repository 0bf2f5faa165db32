"""The decision as a page: one HTML file that a release manager reads in a minute.

It needs no other file, no script and no network, and its policy forbids the browser to load any.
"""

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from seatrials.gate import page_release
from seatrials.gate import page_sections as sections
from seatrials.gate.decision import Decision, Verdict
from seatrials.gate.markup import Html, element, raw
from seatrials.gate.page_matrix import matrix, report_link
from seatrials.gate.wording import OUTCOMES, age, caution

_STYLE = Path(__file__).with_name("page.css")
_MEANINGS = {
    Verdict.GO: "The release may go out.",
    Verdict.NO_GO: "The release must not go out.",
    Verdict.CANNOT_TELL: "Nobody can tell yet whether the release may go out.",
}
_SIGNS = {Verdict.GO: "✓", Verdict.NO_GO: "✗", Verdict.CANNOT_TELL: "?"}
_LINKS = {
    "failures": "What failed",
    "since": "Since the last GO",
    "criteria": "Criteria",
    "unproven": "Not proven",
    "runs": "Runs",
    "latencies": "Measurements",
    "changes": "Baseline",
    "cost": "Cost",
    "mutants": "Mutants",
    "waivers": "Waivers",
    "rows": "Rows",
}


def render(decision: Decision) -> str:
    """Return *decision* as one HTML file that needs no other."""
    parts = (
        page_release.failures,
        page_release.since,
        sections.criteria,
        sections.unproven,
        sections.runs,
        sections.latencies,
        sections.changes,
        sections.cost,
        sections.mutants,
        sections.waivers,
        matrix,
    )
    body = element(
        "body",
        element("a", "Skip to the criteria", href="#criteria", class_="skip"),
        _header(decision),
        _navigation(decision),
        element("main", *(part(decision) for part in parts)),
        _footer(decision),
    )
    return f"<!doctype html>\n{element('html', _head(decision), body, lang='en')}\n"


def _head(decision: Decision) -> Html:
    style = _STYLE.read_text(encoding="utf-8")
    # The style sheet is named by its hash, so that not even a style of someone else's would be applied.
    allowed = b64encode(sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{allowed}'; img-src data:; base-uri 'none'; form-action 'none'"
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", f"{decision.verdict}: {_name(decision)}"),
        # Without an icon of its own a page from a server would ask for one.
        element("link", rel="icon", href="data:,"),
        element("style", raw(style)),
    )


def _header(decision: Decision) -> Html:
    sign = element("span", _SIGNS[decision.verdict], class_="sign", aria_hidden="true")
    verdict = element("h1", sign, str(decision.verdict))
    # A rehearsal's GO lets nothing out.
    warning = caution(decision)
    meaning = "Every criterion holds." if decision.verdict is Verdict.GO and warning else _MEANINGS[decision.verdict]
    reason = [
        element("p", decision.summary, class_="summary"),
        *([element("p", warning, class_="caution")] if warning else []),
        *(element("p", notice, class_="caution") for notice in decision.notices),
    ]
    name = decision.verdict.lower().replace(" ", "-")
    return element(
        "header",
        element("div", verdict, element("p", meaning), class_="verdict"),
        element("div", *reason, _facts(_about(decision)), class_="why"),
        *page_release.first(decision),
        _facts(_judged(decision)),
        class_=f"is-{name}",
    )


def _name(decision: Decision) -> str:
    """Return the release in short: its tag and its commit."""
    commit = decision.release.commit if decision.release is not None else None
    tag = f"{commit.tag} " if commit is not None and commit.tag else ""
    return f"{tag}{(decision.commit or 'no commit')[:8]}"


def _about(decision: Decision) -> dict[str, str]:
    """Return what is judged, and what came of it."""
    counts = {each: sum(criterion.outcome is each for criterion in decision.criteria) for each in OUTCOMES}
    return {
        **page_release.facts(decision),
        "Oldest evidence": age(decision.age_seconds),
        "Criteria": ", ".join(f"{count} {each}" for each, count in counts.items() if count) or "none",
        **page_release.waivers(decision),
    }


def _judged(decision: Decision) -> dict[str, str]:
    """Return how it was judged."""
    found = decision.mutants
    return {
        "Judged": f"{decision.judged_at[:16].replace('T', ' ')} UTC, by {decision.criteria_file}",
        "Mutants killed": f"{found.killed} of {found.total}" if found is not None else "none ran",
    }


def _facts(facts: Mapping[str, str]) -> Html:
    return element("dl", *(element("div", element("dt", name), element("dd", said)) for name, said in facts.items()))


def _navigation(decision: Decision) -> Html:
    links = [element("a", title, href=f"#{identifier}") for identifier, title in _LINKS.items()]
    report = [report_link(decision.allure_report)] if decision.allure_report is not None else []
    return element("nav", element("ul", *(element("li", link) for link in [*links, *report])), aria_label="Sections")


def _footer(decision: Decision) -> Html:
    return element(
        "footer",
        element(
            "p",
            "The same for programs: ",
            element("a", "decision.json", href="decision.json"),
            "; as Markdown: ",
            element("a", "summary.md", href="summary.md"),
            f". Judged at {decision.judged_at}.",
        ),
    )
