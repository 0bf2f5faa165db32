"""What a run on mutants says while it goes on."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from seatrials.run.matrix_reporter import MatrixReporter


@pytest.mark.parametrize(
    ("ids", "sentence"),
    [
        (["test_x.py::test_x"], "1 run on 1 platform\n"),
        (["test_x.py::test_x[deaf]", "test_x.py::test_y[deaf]"], "2 runs on 1 platform\n"),
        (["test_x.py::test_x", "test_x.py::test_x[deaf]"], "2 runs on 2 platforms\n"),
    ],
)
def test_what_will_run_is_counted(tmp_path: Path, ids: list[str], sentence: str) -> None:
    """In words that fit the numbers."""
    shown = io.StringIO()
    MatrixReporter([], tmp_path, Console(file=shown)).pytest_xdist_node_collection_finished(ids)

    assert shown.getvalue() == sentence
