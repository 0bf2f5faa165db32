"""The rows of the catalogue by environment, as a table."""

from collections.abc import Iterable
from itertools import groupby
from urllib.parse import quote

from seatrials.evidence.outcome import CellOutcome
from seatrials.gate.decision import Cell, Decision, MatrixRow
from seatrials.gate.markup import Html, element, joined
from seatrials.gate.page_parts import badge, code, note, passage, scrolled, section


def matrix(decision: Decision) -> Html:
    """Return every row in every environment, suite by suite."""
    if not decision.matrix:
        return section("rows", "Rows", note("The catalogue has no rows."))
    suites = groupby(decision.matrix, key=lambda row: row.suite)
    absent = set(decision.environments) - {run.environment for run in decision.runs}
    shown = element(
        "table",
        element("caption", f"{len(decision.matrix)} rows of the catalogue by environment", id="matrix-caption"),
        element("thead", element("tr", *_heads(decision, absent))),
        *(_suite(suite, list(rows), absent) for suite, rows in suites),
        class_="matrix",
    )
    return section("rows", "Rows", *_report(decision), scrolled("matrix", shown))


def _report(decision: Decision) -> Iterable[Html]:
    if decision.allure_report is not None:
        yield note("Steps, timelines and logs of each row stand in the ", report_link(decision.allure_report), ".")


def report_link(report: str) -> Html:
    """Return a link to the Allure report."""
    # Without a colon that counts, it can only be a path.
    return element("a", "Allure report", href=quote(report))


def _heads(decision: Decision, absent: set[str]) -> Iterable[Html]:
    yield element("th", "row", scope="col")
    for name in decision.environments:
        said = [element("small", "nothing ran here")] if name in absent else []
        yield element("th", joined([name, *said], between=" "), scope="col")


def _suite(suite: str, rows: list[MatrixRow], absent: set[str]) -> Html:
    columns = len(rows[0].cells) + 1
    head = element("tr", element("th", suite.replace("_", " "), scope="rowgroup", colspan=columns), class_="suite")
    return element("tbody", head, *(_row(each, absent) for each in rows))


def _row(row: MatrixRow, absent: set[str]) -> Html:
    name = element("th", code(row.id), " ", element("span", row.sentence, class_="sentence"), scope="row")
    return element("tr", name, *(element("td", _cell(row.id, each, absent)) for each in row.cells))


def _cell(row: str, cell: Cell, absent: set[str]) -> Html:
    detail = cell.kind or ""
    if cell.outcome not in (CellOutcome.NOT_RUN, CellOutcome.NOT_REQUIRED) and not cell.required:
        detail = f"{detail}, not required".removeprefix(", ")
    parts = [badge(cell.outcome, detail)]
    if cell.waived:
        parts.append(element("small", "waived"))
    # Where nothing ran the head of the column says so, once.
    if cell.reason and cell.environment not in absent:
        parts.append(passage(cell.reason, f"{row} on {cell.environment}"))
    return joined(parts, between=" ")
