"""What README and the tutorial show of a run on the mock is of one run, and of as many scenarios as there are."""

import re

import pytest

from tests.support.project import PROJECT

ROW = re.compile(r"^\| [A-Z]+-\d+ (?:\* )?\|(?:[^|]*\|){2} (?P<environments>[^|]*) \|", re.MULTILINE)
COUNTED = (
    re.compile(r"^(\d+) of (\d+) scenarios passed on mock$", re.MULTILINE),
    re.compile(r"^(\d+) passed in [\d.]+s$", re.MULTILINE),
)


def scenarios_on_mock() -> int:
    """Return how many rows of the catalogue run on the mock."""
    catalogue = (PROJECT / "docs" / "scenarios.md").read_text(encoding="utf-8")
    return sum("mock" in found["environments"] for found in ROW.finditer(catalogue))


@pytest.mark.parametrize("page", ["README.md", "docs/tutorial.md"])
def test_a_run_is_shown_with_all_scenarios_that_there_are(page: str) -> None:
    """Each count of passed scenarios on a page is that of the catalogue, and its folder of evidence one run's."""
    text = (PROJECT / page).read_text(encoding="utf-8")
    # The first run of a page is of the whole suite; a later one may be of a part.
    first = [found.groups() for pattern in COUNTED if (found := pattern.search(text))]

    assert {int(count) for counts in first for count in counts} == {scenarios_on_mock()}


def test_the_block_of_readme_is_of_one_run() -> None:
    """The folder of evidence is named twice in it, alike."""
    block = (PROJECT / "README.md").read_text(encoding="utf-8").partition("```text\n")[2].partition("```")[0]

    assert len(set(re.findall(r"evidence/mock/(\w+-\d+)", block))) == 1
