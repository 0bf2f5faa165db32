"""What measurements can be at all: a number beyond it was not measured, whatever statistic it would better."""

from collections.abc import Iterable, Mapping

# No time, sum of money or count is negative, and none that a run can reach has as many digits.
_MAXIMUM = 1e15
_PERCENT_MAXIMUM = 100.0


def problems_of_value(name: str, value: float, unit: str) -> Iterable[str]:
    """Yield a sentence when *value* is nothing that *unit* can be."""
    maximum = _PERCENT_MAXIMUM if unit == "percent" else _MAXIMUM
    if not 0 <= value <= maximum:
        yield f"{name} is {value:g} {unit}, and nothing below 0 or above {maximum:g} can be measured"


def problems_of_usage(usage: Mapping[str, float]) -> Iterable[str]:
    """Yield a sentence for each quantity that nothing can use."""
    for name, quantity in usage.items():
        yield from problems_of_value(f"usage of {name}", quantity, name.rpartition("_")[2])
