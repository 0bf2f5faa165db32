"""From what a run used to what it costs: an estimate, from a dated table of prices that can be replaced.

The quantities of a run stand in its `run.json` under `usage`: `fargate_vcpu_seconds`, `fargate_memory_gb_seconds`,
`dynamodb_write_units`, `dynamodb_read_units`, `http_requests`, `cloudwatch_requests`, `log_bytes`. Others, such as
`sessions` and `task_seconds`, are for people and have no price.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from seatrials.configuration import describe_problems, not_empty, read_toml
from seatrials.errors import ConfigurationError

SHIPPED_PRICES = Path(__file__).with_name("prices.toml")
NOTE = (
    "An estimate, from task seconds, request units, requests and log bytes, at list prices. "
    "Left out: tax, free tiers, data transfer, and what stands whether a run takes place or not."
)


class Price(BaseModel):
    """What one unit of something costs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    item: Annotated[str, Field(min_length=1)]
    usage: Annotated[str, Field(min_length=1)]
    per: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    unit: Annotated[str, Field(min_length=1)]
    dollars: Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Prices(BaseModel):
    """A table of prices, of one region and one day."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    region: str
    date: date
    source: str
    prices: Annotated[tuple[Price, ...], AfterValidator(not_empty)]


@dataclass(frozen=True, kw_only=True)
class Charge:
    """What a quantity costs."""

    item: str
    quantity: float
    unit: str
    price_dollars: float

    @property
    def dollars(self) -> float:
        """The amount."""
        return self.quantity * self.price_dollars


def load_prices(path: Path = SHIPPED_PRICES) -> Prices:
    """Return the table in *path*; raises `ConfigurationError` that lists every problem of it."""
    document = read_toml(path, "give a table of prices with --prices FILE")
    try:
        return Prices.model_validate(document)
    except ValidationError as error:
        raise ConfigurationError("\n".join(describe_problems(error, Prices, str(path), ""))) from error


def charges(usage: Mapping[str, float], prices: Prices) -> list[Charge]:
    """Return what *usage* costs, a charge for each priced quantity that it tells of."""
    return [
        Charge(item=each.item, quantity=usage[each.usage] / each.per, unit=each.unit, price_dollars=each.dollars)
        for each in prices.prices
        if each.usage in usage
    ]


def run_dollars(usage: Mapping[str, float], prices: Prices) -> float | None:
    """Return what a run costs; None when it does not tell of every quantity that has a price."""
    if any(each.usage not in usage for each in prices.prices):
        return None
    return sum(each.dollars for each in charges(usage, prices))


def session_dollars(usage: Mapping[str, float], prices: Prices) -> float | None:
    """Return what one session of a run costs; None without sessions or without a cost."""
    dollars, sessions = run_dollars(usage, prices), usage.get("sessions", 0)
    return dollars / sessions if dollars is not None and sessions else None
