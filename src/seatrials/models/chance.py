"""Where hypothesis has its chance from: the seed alone, every value as likely as the next.

Its own draws depend on the constants in every module that is imported, and prefer small numbers.
Source: Hypothesis's documentation, "Alternative backends for Hypothesis".
"""

from collections.abc import Mapping
from typing import Any, NoReturn

from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS, PrimitiveProvider

BACKEND = "seatrials"
AVAILABLE_PROVIDERS[BACKEND] = f"{__name__}.Even"


class Even(PrimitiveProvider):
    """Draws booleans and bounded integers, which is all that walks are made of."""

    lifetime = "test_case"

    def draw_boolean(self, p: float = 0.5) -> bool:
        """Return True with probability *p*."""
        return self._cd._random.random() < p  # type: ignore[union-attr]  # noqa: SLF001  # where the seed is

    def draw_integer(
        self,
        min_value: int | None = None,
        max_value: int | None = None,
        *,
        weights: Mapping[int, float] | None = None,
        shrink_towards: int = 0,
    ) -> int:
        """Return any integer between two bounds."""
        del weights, shrink_towards
        assert min_value is not None, "walks are made of choices"
        assert max_value is not None, "of which there are so many"
        return self._cd._random.randint(min_value, max_value)  # type: ignore[union-attr]  # noqa: SLF001

    def draw_float(self, **_: Any) -> NoReturn:  # noqa: ANN401  # whatever it is asked with
        """Refuse: no walk has any."""
        raise NotImplementedError

    draw_string = draw_bytes = draw_float  # type: ignore[assignment]  # none of them either
