"""What a run used, at list prices."""

from pathlib import Path

import pytest

from seatrials.cost import charges, load_prices, run_dollars, session_dollars
from seatrials.errors import ConfigurationError

HOUR = 3600.0
# What a task of the edit service (2 vCPU, 4 GB) uses in an hour, and what else a run tells of.
USAGE = {
    "fargate_vcpu_seconds": 2 * HOUR,
    "fargate_memory_gb_seconds": 4 * HOUR,
    "dynamodb_write_units": 1_000_000.0,
    "dynamodb_read_units": 1_000_000.0,
    "http_requests": 90_000.0,
    "cloudwatch_requests": 1000.0,
    "log_bytes": 2.0**30,
    "sessions": 10.0,
}


@pytest.mark.parametrize(
    ("item", "dollars"),
    [
        ("Fargate vCPU", 2 * 0.04048),
        ("Fargate memory", 4 * 0.004445),
        ("DynamoDB writes", 0.625),
        ("DynamoDB reads", 0.125),
        ("load balancer capacity", 0.008),
        ("CloudWatch requests", 0.01),
        ("CloudWatch Logs", 0.5),
    ],
)
def test_each_item_has_the_price_of_us_west_2(item: str, dollars: float) -> None:
    """The shipped table is AWS's list price, by its own units."""
    found = {charge.item: charge.dollars for charge in charges(USAGE, load_prices())}

    assert found[item] == pytest.approx(dollars)


def test_a_run_costs_the_sum_of_its_items() -> None:
    """What a run costs is shared by its sessions."""
    prices = load_prices()
    total = sum(charge.dollars for charge in charges(USAGE, prices))

    assert run_dollars(USAGE, prices) == pytest.approx(total)
    assert session_dollars(USAGE, prices) == pytest.approx(total / 10)


@pytest.mark.parametrize("missing", [name for name in USAGE if name != "sessions"])
def test_a_run_that_does_not_tell_everything_has_no_cost(missing: str) -> None:
    """A quantity that was not counted is not 0."""
    usage = {name: quantity for name, quantity in USAGE.items() if name != missing}

    assert run_dollars(usage, load_prices()) is None


def test_without_sessions_there_is_no_cost_of_one() -> None:
    """Nothing is divided by nothing."""
    assert session_dollars({**USAGE, "sessions": 0.0}, load_prices()) is None


def test_the_prices_can_be_replaced(tmp_path: Path) -> None:
    """A team with other prices, or another region, has its own table."""
    path = tmp_path / "prices.toml"
    path.write_text(
        'region = "eu-central-1"\ndate = 2027-01-01\nsource = "our contract"\n'
        '[[prices]]\nitem = "tasks"\nusage = "tasks"\nper = 1\nunit = "tasks"\ndollars = 0.5\n'
    )

    assert run_dollars({"tasks": 3.0}, load_prices(path)) == 1.5


def test_a_wrong_table_lists_all_its_problems(tmp_path: Path) -> None:
    """Prices that cannot be are told together."""
    path = tmp_path / "prices.toml"
    path.write_text(
        'date = 2027-01-01\nsource = "s"\n[[prices]]\nitem = "x"\nusage = "y"\nper = 0\nunit = "u"\ndolars = 1\n'
    )

    with pytest.raises(ConfigurationError) as raised:
        load_prices(path)

    assert [line.removeprefix(f"{path}: ") for line in str(raised.value).splitlines()] == [
        "region: is missing",
        "prices.0.per: must be greater than 0, not 0",
        "prices.0.dollars: is missing",
        "prices.0.dolars: is not a key; did you mean 'dollars'?",
    ]


@pytest.mark.parametrize("name", ["none.toml", "wrong.toml"])
def test_a_table_that_cannot_be_read_is_refused(tmp_path: Path, name: str) -> None:
    """The error names the file."""
    (tmp_path / "wrong.toml").write_text("prices = [")

    with pytest.raises(ConfigurationError, match=name):
        load_prices(tmp_path / name)
