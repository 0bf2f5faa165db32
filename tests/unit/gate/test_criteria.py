"""A criteria file is right or wrong whole, and a wrong one lists everything that is wrong with it."""

from pathlib import Path

import pytest

from seatrials.errors import ConfigurationError
from seatrials.gate.criteria import load_criteria
from tests.support.project import PROJECT

ROWS = ["COLD-07", "COLD-08"]
WRONG = """
[environments.staging]
rows = "stging"
age_hours_max = 0
leftover_max = 3

[[statistics]]
id = "cold-start"
sentence = "It is quick."
environments = ["staging", "stagging"]
metric = "cold_start_seconds"
statistic = "p98"
below = 60

[[statistics]]
id = "cold-start"
sentence = "It is quick."
environments = ["staging"]
metric = "cold_start_seconds"
statistic = "p99"
below = 60
above = 3

[[regressions]]
id = "slower"
sentence = "It is not slower."
environments = ["staging"]
metric = "cold_start_seconds"

[[waivers]]
subject = "COLD-0"
owner = "maria"
last_day = "some day"
"""


@pytest.mark.parametrize("name", ["gate.toml", "gate-rehearsal.toml"])
def test_the_shipped_criteria_can_be_read(name: str) -> None:
    """Both shipped files are right, and require something."""
    criteria = load_criteria(PROJECT / name, ROWS)

    assert criteria.environments
    assert criteria.statistics
    assert criteria.mutants.required


def test_the_shipped_criteria_want_measurements_where_it_counts() -> None:
    """What is decided about staging and production rests on measured values alone."""
    criteria = load_criteria(PROJECT / "gate.toml", ROWS)

    assert {("measured",)} == {criteria.environments[name].kinds for name in ("staging", "production")}
    assert {("measured",)} == {rule.kinds for rule in criteria.statistics}
    assert {"unknown"} == {rule.without_baseline for rule in criteria.regressions}


def test_a_wrong_file_lists_all_its_problems(tmp_path: Path) -> None:
    """Wrong values, unknown keys, missing keys, and what does not fit together are told in one error."""
    path = tmp_path / "gate.toml"
    path.write_text(WRONG)

    with pytest.raises(ConfigurationError) as raised:
        load_criteria(path, ROWS)

    told = [line.removeprefix(f"{path}: ") for line in str(raised.value).splitlines()]
    assert told == [
        "environments.staging.rows: must be 'mock', 'staging', 'production' or 'load', not 'stging'",
        "environments.staging.age_hours_max: must be greater than 0, not 0",
        "environments.staging.leftover_max: is not a key; did you mean 'leftovers_max'?",
        "statistics.0.statistic: must be 'count', 'mean', 'minimum', 'p50', 'p95', 'p99' or 'maximum', not 'p98'",
        "statistics.1: cold-start must have one of below, at_most, at_least and above; it has below, above",
        "regressions.0: slower must have one of rises_by and falls_by",
        "waivers.0.reason: is missing",
        "waivers.0.approved_by: is missing",
        "waivers.0.last_day: must be a valid date or datetime, input is too short, not 'some day'",
        "cold-start names the environment 'stagging', which has no table; did you mean 'staging'?",
        "two criteria have the id cold-start",
        "waivers.0.subject: no row or criterion is called 'COLD-0'; did you mean 'COLD-08'?",
    ]


@pytest.mark.parametrize("subject", ["COLD-07", "COLD-07.staging", "rows.staging", "cold-start.staging", "mutants"])
def test_a_waiver_names_a_row_or_a_criterion(tmp_path: Path, subject: str) -> None:
    """Rows are waived everywhere or in one environment, criteria by their id in the decision."""
    path = tmp_path / "gate.toml"
    waiver = (
        f'\n[[waivers]]\nsubject = "{subject}"\nreason = "r"\nowner = "o"\napproved_by = "a"\nlast_day = 2027-01-01\n'
    )
    path.write_text((PROJECT / "gate.toml").read_text() + waiver)

    assert [subject] == [each.subject for each in load_criteria(path, ROWS).waivers]


@pytest.mark.parametrize("text", ["environments = [", 'environments = "x"', ""])
def test_a_file_that_is_no_criteria_is_refused(tmp_path: Path, text: str) -> None:
    """No TOML, no tables, or nothing at all: the error names the file."""
    path = tmp_path / "gate.toml"
    path.write_text(text)

    with pytest.raises(ConfigurationError, match=r"gate\.toml: "):
        load_criteria(path, ROWS)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """The error says with which option the file is named."""
    with pytest.raises(ConfigurationError, match="--criteria"):
        load_criteria(tmp_path / "none.toml", ROWS)
