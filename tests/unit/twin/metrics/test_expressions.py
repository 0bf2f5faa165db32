"""Tests of metric math: what is computed, and that the rest is refused in words."""

import pytest

from seatrials.twin.metrics.expressions import ExpressionError, Values, compute

SERIES: dict[str, Values] = {"a": [1.0, 2.0, None], "b": [10.0, 0.0, 5.0]}


def value(expression: str) -> Values:
    """Return what an expression of the two series gives."""
    return compute(expression, SERIES.__getitem__, list(SERIES), 3)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a + b", [11, 2, None]),
        ("b / a * 2", [20, 0, None]),
        ("a / b", [0.1, None, None]),
        ("-a", [-1, -2, None]),
        ("2 + 2 ^ 3 * a", [10, 18, None]),
        ("a >= 2", [0, 1, None]),
        ("a > 1 || b > 5", [1, 1, None]),
        ("7", [7, 7, 7]),
        ("ABS(a - b)", [9, 2, None]),
        ("CEIL(b / 4)", [3, 0, 2]),
        ("FLOOR(b / 4)", [2, 0, 1]),
        ("SUM(METRICS())", [11, 2, 5]),
        ("AVG([a, b])", [5.5, 1, 5]),
        ("MAX([a, b])", [10, 2, 5]),
        ("MIN(METRICS())", [1, 0, 5]),
        ("SUM(a)", [3, 3, 3]),
        ("FILL(a, 0)", [1, 2, 0]),
        ("FILL(a, REPEAT)", [1, 2, 2]),
        ("FILL(a, b)", [1, 2, 5]),
        ("IF(b > 1, b, 0)", [10, 0, 5]),
        ("IF(a > 1, 1, 0)", [0, 1, None]),
    ],
)
def test_expressions(expression: str, expected: Values) -> None:
    """Each means what the CloudWatch User Guide says ("Using math expressions"); no value where one is missing."""
    assert expected == value(expression)


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("ANOMALY_DETECTION_BAND(a)", "leaves out ANOMALY_DETECTION_BAND"),
        ("SELECT AVG(x) FROM y", "no metric math"),
        ("a +", "no metric math"),
        ("", "no metric math"),
        ("FILL(a, LINEAR)", "leaves out FILL"),
        ("METRICS()", "several time series"),
        ("METRICS() + 1", "one time series is wanted"),
        ("1 / 0", "no value in any period"),
        ("a.b", "leaves this part"),
        ("'text'", "leaves this part"),
        ("__import__('os')", "leaves out __import__"),
        ("-" * 2000 + "a", "nests too deeply|no metric math"),
        ("(" * 500 + "a" + ")" * 500, "no metric math|nests too deeply"),
        ("a" * 3000, "3000 characters"),
        ("9 ^ 9 ^ 9 ^ 9", "no value in any period"),
    ],
)
def test_what_is_left_out_is_told(expression: str, words: str) -> None:
    """What the twin does not compute is an error that shows the part, whatever the text."""
    with pytest.raises(ExpressionError, match=words):
        value(expression)
