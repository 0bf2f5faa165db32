"""The page says what the decision says, the verdict first, and holds nothing that a browser would run or fetch."""

import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from seatrials.evidence.outcome import CellOutcome
from seatrials.gate.decision import Decision, Verdict
from seatrials.gate.page import render

VOID = {"br", "link", "meta"}
HOSTILE = """<script>alert(1)</script><img src=http://example.com onerror="x">'"&\ud800"""
SECTIONS = [
    *(
        "failures",
        "since",
        "criteria",
        "unproven",
        "runs",
        "latencies",
        "changes",
        "cost",
        "mutants",
        "waivers",
        "rows",
    ),
]


class Page(HTMLParser):
    """A page as a browser takes it: its elements with their attributes, and the text of each section."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self._open: list[tuple[str, str]] = []
        self.feed(markup)
        self.close()

        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element, and that what follows stands in it."""
        attributes = dict(attrs)
        self.elements.append((tag, attributes))
        if tag not in VOID:
            self._open.append((tag, attributes.get("id") or "" if tag == "section" else tag))

    def handle_endtag(self, tag: str) -> None:
        """Close the element that is open, which must be this one."""
        assert tag == self._open.pop()[0]

    def handle_data(self, data: str) -> None:
        """Add a text to everything that it stands in."""
        for _, name in self._open:
            self.texts[name] = self.texts.get(name, "") + data

    def all(self, tag: str) -> Iterator[dict[str, str | None]]:
        """Yield the attributes of every element of a kind."""
        return (attributes for name, attributes in self.elements if name == tag)


@pytest.fixture
def decision() -> Decision:
    """Return the sample."""
    return Decision.read(Path(__file__).with_name("decision.json"))


@pytest.fixture
def bare(decision: Decision) -> Decision:
    """Return the decision on nothing."""
    cost = replace(decision.cost, lines=(), run_dollars={}, session_dollars={})
    nothing = replace(decision, commit=None, age_seconds=None, environments=(), runs=(), criteria=(), matrix=())
    empty = replace(nothing, series=(), cost=cost, regressions=(), waivers=(), unproven=(), mutants=None)
    return replace(empty, verdict=Verdict.CANNOT_TELL, allure_report=None)


@pytest.mark.parametrize("verdict", Verdict)
def test_the_verdict_comes_first(decision: Decision, verdict: Verdict) -> None:
    """Verdict, reason, commit and age stand in the head of the page, before everything else."""
    page = Page(render(replace(decision, verdict=verdict)))

    assert page.texts["h1"].endswith(verdict)
    assert page.texts["title"].startswith(verdict)
    assert all(each in page.texts["header"] for each in (decision.summary, str(decision.commit), "1.5 hours"))
    tags = [tag for tag, _ in page.elements]
    assert tags.index("h1") < tags.index("nav") < tags.index("main") < tags.index("section")


def test_every_section_is_there_and_linked(decision: Decision) -> None:
    """The navigation has every part of the page, in its order, and the Allure report."""
    page = Page(render(decision))

    assert [each["id"] for each in page.all("section")] == SECTIONS
    links = [each["href"] for each in page.all("a")]
    navigation = links[links.index("#failures") :]
    assert [*(f"#{each}" for each in SECTIONS), "../../report/latest/index.html"] == navigation[: len(SECTIONS) + 1]


def test_every_criterion_has_its_value_bound_and_reason(decision: Decision) -> None:
    """What was asked, what was seen and why it is so stand beside one another."""
    text = Page(render(decision)).texts["criteria"]

    missing = [
        each.id
        for each in decision.criteria
        if not all(part in text for part in (each.id, each.sentence, each.reason, each.waiver or ""))
    ]
    assert missing == []
    assert "57.9 secondsbelow 55 seconds2.9 seconds beyond10measured" in text


def test_what_does_not_hold_comes_first(decision: Decision) -> None:
    """The criteria are in the order fail, unknown, waived, pass."""
    outcomes = re.findall(r"badge is-(fail|unknown|waived|pass)\b", render(decision).partition('id="unproven"')[0])

    assert outcomes == sorted(outcomes, key=["fail", "unknown", "waived", "pass"].index)
    assert len(decision.criteria) == len(outcomes)


def test_the_matrix_tells_each_outcome_in_words(decision: Decision) -> None:
    """Colour says nothing alone, and what did not simply pass has its reason."""
    text = Page(render(decision)).texts["rows"]
    cells = [cell for row in decision.matrix for cell in row.cells]
    absent = {"production"}

    assert [row.id for row in decision.matrix if row.id not in text or row.sentence not in text] == []
    assert [each.outcome for each in cells if each.outcome not in text] == []
    assert [each.reason for each in cells if each.environment not in absent and each.reason not in text] == []
    assert text.count("nothing ran here") == len(absent)


def test_a_row_says_what_its_evidence_is(decision: Decision) -> None:
    """Modelled is not taken for measured."""
    row = decision.matrix[0]
    cells = tuple(replace(row.cells[0], outcome=CellOutcome.PASSED, kind=kind) for kind in ("modelled", "measured"))
    page = Page(render(replace(decision, matrix=(replace(row, cells=cells),), environments=("mock", "mock"))))

    assert "✓passed modelled✓passed measured" in page.texts["rows"]


def test_each_plot_has_its_sentence(decision: Decision) -> None:
    """Who cannot see a plot hears what it shows, its budget and baseline included."""
    said = [each["aria-label"] or "" for each in Page(render(decision)).all("svg")]

    assert len(decision.series) <= len(said)
    cold = next(each for each in said if each.startswith("cold start on staging: 10 measured"))
    assert "budget 60 for p99; baseline 44.95" in cold


def test_measurements_that_are_all_equal_have_a_plot(decision: Decision) -> None:
    """A plot of one value, be it 0, divides by nothing."""
    first = replace(decision.series[0], samples=(0.0,), budget=None, baseline=None)
    series = replace(first, mean=0.0, minimum=0.0, p50=0.0, p95=0.0, p99=0.0, maximum=0.0)

    assert Page(render(replace(decision, series=(series,)))).texts["latencies"]


def test_the_cost_is_an_estimate_and_says_of_what(decision: Decision) -> None:
    """Nobody takes it for a bill."""
    text = Page(render(decision)).texts["cost"]

    assert text.startswith("Cost, an estimate")
    assert decision.cost.note in text
    assert all(each in text for each in (decision.cost.prices_date, decision.cost.region, "$1.12"))


def test_what_is_not_proven_waived_or_alive_is_told(decision: Decision) -> None:
    """What speaks against the verdict has a place of its own."""
    texts = Page(render(decision)).texts

    assert [each.subject for each in decision.unproven if each.reason not in texts["unproven"]] == []
    assert [each.subject for each in decision.waivers if each.owner not in texts["waivers"]] == []
    assert decision.mutants is not None
    assert [each for each in decision.mutants.survivors if each not in texts["mutants"]] == []
    assert "129 of 131" in texts["mutants"]


@pytest.mark.parametrize("section", SECTIONS)
def test_an_empty_section_says_so(bare: Decision, section: str) -> None:
    """Where there is nothing to show there is a sentence, and no empty table."""
    page = Page(render(bare))

    assert page.texts[section].endswith(".")
    assert list(page.all("table")) == []


def test_evidence_from_elsewhere_than_aws_is_called_so(decision: Decision) -> None:
    """The GO of a rehearsal does not read like that of a release."""
    go = replace(decision, verdict=Verdict.GO)
    rehearsed = Page(render(replace(go, runs=tuple(replace(run, kind="rehearsal") for run in go.runs))))

    assert "No evidence here is from AWS" in rehearsed.texts["header"]
    assert "may go out" not in rehearsed.texts["header"]
    assert "The release may go out." in Page(render(go)).texts["header"]


def test_nothing_in_the_evidence_becomes_markup(decision: Decision) -> None:
    """A text with HTML, a quote or a broken character stays a text, wherever it stands."""
    rows = tuple(
        replace(
            row,
            id=HOSTILE,
            suite=HOSTILE,
            sentence=HOSTILE,
            cells=tuple(replace(each, reason=HOSTILE) for each in row.cells),
        )
        for row in decision.matrix
    )
    hostile = replace(
        decision,
        summary=HOSTILE,
        commit=HOSTILE,
        criteria_file=HOSTILE,
        criteria=tuple(
            replace(
                each, id=HOSTILE, sentence=HOSTILE, reason=20 * HOSTILE, value=HOSTILE, kind=HOSTILE, sources=(HOSTILE,)
            )
            for each in decision.criteria
        ),
        runs=tuple(replace(each, id=HOSTILE, environment=HOSTILE, problems=(HOSTILE,)) for each in decision.runs),
        series=tuple(replace(each, metric=HOSTILE, environment=HOSTILE) for each in decision.series),
        regressions=tuple(replace(each, metric=HOSTILE, reason=HOSTILE) for each in decision.regressions),
        unproven=tuple(replace(each, subject=HOSTILE, reason=HOSTILE) for each in decision.unproven),
        matrix=rows,
        allure_report="javascript:alert(1)",
    )
    markup = render(hostile)
    page = Page(markup)

    assert {"script", "img"}.isdisjoint(tag for tag, _ in page.elements)
    assert [name for _, attributes in page.elements for name in attributes if name.startswith("on")] == []
    assert [each["href"] for each in page.all("a") if (each["href"] or "").startswith("javascript:")] == []
    assert markup.encode("utf-8")


def test_the_page_needs_no_other_file(decision: Decision) -> None:
    """Nothing is loaded from anywhere: no script, no style sheet, no picture, and the policy allows none."""
    markup = render(decision)
    page = Page(markup)

    assert [each["href"] for each in page.all("link")] == ["data:,"]
    assert [attributes for _, attributes in page.elements if "src" in attributes or "style" in attributes] == []
    assert re.search(r"url\(|@import|https?://", markup) is None
    policy = next(each["content"] for each in page.all("meta") if "http-equiv" in each)
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")


def test_tables_name_their_rows_and_columns(decision: Decision) -> None:
    """Every table has a caption, and every head of a row or column says of which it is."""
    page = Page(render(decision))

    assert len(list(page.all("table"))) == len(list(page.all("caption")))
    assert {"col", "row", "rowgroup"} == {each.get("scope") for each in page.all("th")}


def test_headings_leave_no_step_out(decision: Decision) -> None:
    """One h1, then h2, and h3 only below an h2."""
    levels = [int(tag[1]) for tag, _ in Page(render(decision)).elements if re.fullmatch("h[1-6]", tag)]

    assert levels.count(1) == 1
    assert [(a, b) for a, b in pairwise(levels) if b > a + 1] == []
