"""Tests of what goes into the Allure report and of what must not stay in it; `nox -s browser` opens a real one."""

import json
from pathlib import Path
from typing import Any

import pytest

from seatrials.errors import EvidenceError, ReportError
from seatrials.report import (
    Build,
    external_loads,
    forget,
    make_self_contained,
    missing_results,
    newest_runs,
    remember,
    write_input,
)

TESTS = ("test_one", "test_two")
PROGRAM = '<script   src="data:text/javascript;base64,QUJD"></script>'
DATA = "<script defer>data()</script>"
ANALYTICS = """<script async src="https://www.googletagmanager.com/gtag/js?id=G-1"></script>
    <script>
        window.dataLayer = [];
        function gtag(){dataLayer.push(arguments);}
        gtag('js', new Date());
    </script>
"""


def page(*parts: str) -> str:
    """Return a page with *parts* in its body."""
    return f"<html><body><div id='app'></div>{''.join(parts)}</body></html>\n"


def write_run(evidence: Path, environment: str, results: tuple[str, ...] = TESTS, **changes: Any) -> Path:
    """Write a run of two rows that has *results*, and let `latest` lead to it."""
    folder = evidence / environment / f"{environment}-run"
    (folder / "allure-results").mkdir(parents=True)
    nodes = [f"tests/integration/test_routing.py::{name}" for name in TESTS]
    record = {
        "commit": "0123456789abcdef",
        "dirty": False,
        "ended": "2026-11-22T10:01:00+00:00",
        "expected": nodes,
        "rows": {f"ROUTE-0{count}": node for count, node in enumerate(nodes, 1)},
        "seed": 7,
    }
    (folder / "run.json").write_text(json.dumps({**record, **changes}))
    for name in results:
        result = {"fullName": f"tests.integration.test_routing#{name}", "status": "passed"}
        (folder / f"allure-results/{name}-result.json").write_text(json.dumps(result))
    (evidence / environment / "latest").symlink_to(folder.name)
    return folder


def read(path: Path) -> Any:  # any JSON value
    """Return what a JSON file holds."""
    return json.loads(path.read_text())


def test_every_environment_has_one_run(tmp_path: Path) -> None:
    """The report is over the newest run of each environment; the gate and the mutants are no environments."""
    for name in ("staging", "mock", "mutants", "gate", "report"):
        write_run(tmp_path, name)

    assert [run.environment for run in newest_runs(tmp_path)] == ["mock", "staging"]


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    """Where nothing ran there is nothing to report, and the error says what to run."""
    with pytest.raises(EvidenceError, match="nox -s mock"):
        newest_runs(tmp_path)


def test_the_report_is_told_its_environments(tmp_path: Path) -> None:
    """Each environment brings its commit, seed and account; the executor has the build."""
    write_run(tmp_path / "evidence", "mock", dirty=True)
    write_run(tmp_path / "evidence", "staging", account="123456789012")

    write_input(newest_runs(tmp_path / "evidence"), tmp_path, Build(name="job 7", url="https://ci.example/7"))

    environments = read(tmp_path / "report.json")["environments"]
    assert environments["mock"]["commit"] == "0123456789abcdef with uncommitted changes"
    assert environments["mock"]["seed"] == "7"
    assert environments["staging"]["account"] == "123456789012"
    executor = read(tmp_path / "added/executor.json")
    assert executor == {
        "name": "seatrials",
        "type": "seatrials",
        "buildName": "job 7",
        "buildUrl": "https://ci.example/7",
    }
    properties = (tmp_path / "added/environment.properties").read_text().splitlines()
    assert "mock.seed=7" in properties
    assert "staging.account=123456789012" in properties


def test_a_row_without_a_result_is_broken(tmp_path: Path) -> None:
    """A row that a run set out to examine cannot vanish from the report."""
    write_run(tmp_path, "mock", results=("test_one",))

    missing = list(missing_results(newest_runs(tmp_path)[0]))

    assert [each["fullName"] for each in missing] == ["tests.integration.test_routing#test_two"]
    assert missing[0]["status"] == "broken"
    assert {"name": "env", "value": "mock"} in missing[0]["labels"]
    assert {"name": "as_id", "value": "ROUTE-02"} in missing[0]["labels"]


def test_a_result_that_was_half_written_is_missing(tmp_path: Path) -> None:
    """A file that ends in the middle is no result."""
    folder = write_run(tmp_path, "mock")
    (folder / "allure-results/test_two-result.json").write_text('{"fullName": "tests.integ')

    assert [each["name"] for each in missing_results(newest_runs(tmp_path)[0])] == ["test_two"]


def test_a_whole_run_misses_nothing(tmp_path: Path) -> None:
    """Nothing is added to a run that has a result of every row."""
    write_run(tmp_path, "mock")

    assert list(missing_results(newest_runs(tmp_path)[0])) == []


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        pytest.param('{"commit": "0123", "ended": null}', "it was killed", id="no-end"),
        pytest.param('{"commit": "01', "cannot be read", id="truncated"),
    ],
)
def test_a_damaged_run_is_an_error_of_the_report(tmp_path: Path, damage: str, expected: str) -> None:
    """A run that was killed or whose record is broken is shown as such, under its environment."""
    folder = write_run(tmp_path / "evidence", "mock")
    (folder / "run.json").write_text(damage)

    write_input(newest_runs(tmp_path / "evidence"), tmp_path, Build())

    errors = read(tmp_path / "added/runs-globals.json")["errors"]
    assert [error["environment"] for error in errors] == ["mock"]
    assert expected in errors[0]["message"]


def test_history_has_each_set_of_runs_once(tmp_path: Path) -> None:
    """A report that is made again is not compared with itself, and other reports stay in its history."""
    write_run(tmp_path, "mock")
    runs = newest_runs(tmp_path)
    history, copy = tmp_path / "history.jsonl", tmp_path / "copy.jsonl"
    history.write_text('{"uuid":"other"}\n{"uuid":"same"}\n')
    remember(history, runs)

    forget(history, copy, runs)

    assert [read_line["uuid"] for read_line in map(json.loads, copy.read_text().splitlines())] == ["other"]


def test_the_first_report_has_no_history(tmp_path: Path) -> None:
    """A history that does not exist yet is empty."""
    forget(tmp_path / "history.jsonl", tmp_path / "copy.jsonl", [])

    assert (tmp_path / "copy.jsonl").read_text() == ""


def test_analytics_are_taken_out() -> None:
    """Nothing of the analytics stays in the page."""
    stripped = make_self_contained(page(PROGRAM, ANALYTICS, DATA))

    assert "googletagmanager" not in stripped
    assert "gtag" not in stripped


def test_the_program_starts_behind_its_data() -> None:
    """Allure's program is the last thing in the body, so that it finds its data."""
    stripped = make_self_contained(page(PROGRAM, DATA))

    assert stripped.index(DATA) < stripped.index(PROGRAM) < stripped.index("</body>")


def test_analytics_in_another_form_are_noticed() -> None:
    """A page that would still load something is not handed out."""
    with pytest.raises(ReportError, match=r"https://stats\.example/a\.js"):
        make_self_contained(page(PROGRAM, '<script src="https://stats.example/a.js"></script>'))


def test_a_page_without_its_program_is_refused() -> None:
    """Another version of Allure, whose page is built differently, is told instead of broken."""
    with pytest.raises(ReportError, match="pin the version"):
        make_self_contained(page(DATA))


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        pytest.param('<img src="//cdn.example/a.png">', ["//cdn.example/a.png"], id="image"),
        pytest.param("<link rel=stylesheet href=http://cdn.example/a.css>", ["http://cdn.example/a.css"], id="link"),
        pytest.param("<style>@import 'https://cdn.example/b.css'</style>", ["https://cdn.example/b.css"], id="import"),
        pytest.param("<p style='background: url(https://cdn.example/c)'>", ["https://cdn.example/c"], id="style"),
        pytest.param('<a href="https://example.com/">a link is followed by its reader</a>', [], id="link-to-follow"),
        pytest.param('<img src="data:image/png;base64,//AA">', [], id="data"),
        pytest.param('<p>src="https://example.com/"</p>', [], id="text"),
    ],
)
def test_what_a_browser_would_load_is_found(part: str, expected: list[str]) -> None:
    """Addresses in attributes and styles that are loaded without a reader's wish are told."""
    assert expected == external_loads(page(part))
