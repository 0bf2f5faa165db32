"""The evidence of a run against its schemas: each file of JSON has one, and is as that says."""

import json
import re
from collections.abc import Callable

import pytest
from jsonschema import Draft202012Validator

from seatrials.schemas.documents import DOCUMENTS
from tests.support.scenario_run import SCENARIO

pytest_plugins = ["pytester"]

# By the path of a file below the folder of the evidence.
SCHEMAS = {
    re.sub(r"<\w+>", "[^/]+", re.escape(each.files).replace(r"\<", "<").replace(r"\>", ">")): each.schema()
    for each in DOCUMENTS.values()
}


def test_every_file_of_a_run_has_its_schema(run: Callable[..., pytest.RunResult], pytester: pytest.Pytester) -> None:
    """Whatever a run writes as JSON, but for what Allure reads, is described, and is as it is described."""
    run(SCENARIO).assert_outcomes(passed=1)
    evidence = pytester.path / "evidence"
    found = sorted(path for path in evidence.rglob("*.json") if "allure-results" not in path.parts)

    assert {"run.json", "rows.json", "seal.json", "COLD-01.steps.json", "COLD-01.usage.json"} <= {
        path.name for path in found
    }
    for path in found:
        name = path.relative_to(evidence).as_posix()
        schemas = [schema for pattern, schema in SCHEMAS.items() if re.fullmatch(pattern, name)]
        assert len(schemas) == 1, name
        Draft202012Validator(schemas[0]).validate(json.loads(path.read_text()))
