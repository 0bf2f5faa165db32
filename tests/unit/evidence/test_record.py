"""The files of the evidence hold what their fields say, of the types that they say, or it is told."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from seatrials.evidence.record import (
    ChainLink,
    MatrixRecord,
    PartRecord,
    RunRecord,
    ServiceRecord,
    ShardRecord,
    SkewRecord,
)

WHOLE = RunRecord(
    environment="staging",
    chain=ChainLink(
        chain="0123456789abcdef",
        number=1,
        environment="staging",
        run="20261125T080000Z-7",
        started="2026-11-25T08:00:00.000+00:00",
    ),
    kind="live",
    account="123456789012",
    commit="c" * 40,
    dirty=False,
    sources={"stack/webordinary.yaml": "a" * 40},
    command="python -m pytest",
    partial="since main",
    shard=ShardRecord(number=2, of=4, options={"world": "default"}),
    parts=(PartRecord(shard="2/4", run="20261125T080000Z-7", seal_sha256="b" * 64, signature="unsigned"),),
    seed=1,
    workers=2,
    versions={"python": "3.11.7"},
    stack="",
    started="2026-11-25T08:00:00.000+00:00",
    ended="2026-11-25T09:00:00.000+00:00",
    exit_status=0,
    expected=("test_x.py::test_x",),
    rows={"COLD-01": "test_x.py::test_x"},
    scopes={"COLD-01": "staging"},
    not_run={},
    not_asked={},
    scenarios={"COLD-01": "passed"},
    trace_sha256={},
    crashed=(),
    leftovers=(),
    usage={"http_requests": 3.0},
    late_seconds=2.5,
    skew={"beginning": SkewRecord(seconds=-0.5, uncertainty_seconds=0.6)},
    wall_seconds=3600.5,
    platform_seconds=3599.0,
    services={"hermes": ServiceRecord(versions=("1.4.2",), images=("hermes:1.4.2",))},
    job_url="https://ci.example/run/1",
)


def test_a_record_is_read_as_it_was_written() -> None:
    """Every field comes back, and each has a value here."""
    assert RunRecord.model_validate_json(WHOLE.model_dump_json()) == WHOLE
    assert None not in WHOLE.model_dump().values()


@given(st.sets(st.sampled_from(sorted(RunRecord.model_fields))))
def test_what_an_old_record_lacks_is_not_told(lacking: set[str]) -> None:
    """A record may lack any field, for it is older than the field, or its run was killed."""
    written = {name: value for name, value in json.loads(WHOLE.model_dump_json()).items() if name not in lacking}

    read = RunRecord.model_validate_json(json.dumps(written))
    assert {name: None if name in lacking else value for name, value in WHOLE} == dict(read)


def test_a_field_of_a_later_version_is_passed_over() -> None:
    """An older gate reads the evidence of a newer run."""
    assert RunRecord(seed=1) == RunRecord.model_validate_json('{"seed": 1, "weather": "fine"}')


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dirty", '"false"'),
        ("dirty", "0"),
        ("seed", "true"),
        ("exit_status", '"0"'),
        ("exit_status", "0.0"),
        ("wall_seconds", "NaN"),
        ("platform_seconds", "Infinity"),
        ("wall_seconds", "1e999"),
        ("usage", '{"http_requests": -Infinity}'),
        ("usage", '{"http_requests": "3"}'),
        ("leftovers", '"session a"'),
        ("rows", '["COLD-01"]'),
        ("commit", "7"),
    ],
)
def test_a_value_of_another_type_is_none(name: str, value: str) -> None:
    """Nothing is made to fit: a text is no number, 0 is not false, and what is not a number is none."""
    with pytest.raises(ValidationError, match=name):
        RunRecord.model_validate_json(f'{{"{name}": {value}}}')


@pytest.mark.parametrize(
    "told", [{}, {"mutants": []}, {"mutants": {"a": {}}}, {"mutants": {}, "run": {"is_partial": 0}}]
)
def test_a_matrix_without_killers_is_none(told: dict[str, Any]) -> None:
    """Whom a mutant was killed by must be told, and whether all ran must be told as such."""
    with pytest.raises(ValidationError):
        MatrixRecord.model_validate_json(json.dumps(told))
