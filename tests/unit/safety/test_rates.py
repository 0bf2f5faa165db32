"""Tests of the token buckets: bursts pass, and the rest waits for its turn."""

from seatrials.safety.rates import Bucket, Rate, Rates
from seatrials.seams.clock import Clock, in_parallel


def test_a_burst_passes_at_once(clock: Clock) -> None:
    """As many calls as the burst allows wait for nothing."""
    bucket = Bucket(clock, Rate(burst=3, per_second=1))

    assert [bucket.take() for _ in range(3)] == [0, 0, 0]


def test_what_exceeds_the_burst_waits(clock: Clock) -> None:
    """Calls beyond the burst come at the rate, whether they follow one another or come together."""
    bucket = Bucket(clock, Rate(burst=1, per_second=2))
    began = clock.now()
    in_parallel(clock, [bucket.take] * 5)

    assert clock.now() - began == 2


def test_tokens_come_back(clock: Clock) -> None:
    """After a while without calls there is a burst again, and no more than one."""
    bucket = Bucket(clock, Rate(burst=2, per_second=1))
    for _ in range(2):
        bucket.take()
    clock.sleep(100)

    assert [bucket.take() for _ in range(3)] == [0, 0, 1]


def test_workers_share_a_rate(clock: Clock) -> None:
    """One of two workers has half of each service's rate."""
    began = clock.now()
    rates = Rates(clock, share=0.5)
    for _ in range(10 + 8):
        rates.take("ecs")

    assert clock.now() - began == 8 / (8 * 0.5)


def test_services_wait_for_themselves(clock: Clock) -> None:
    """Many calls to one service keep no other one waiting."""
    rates = Rates(clock)
    for _ in range(20):
        rates.take("efs")

    assert rates.take("dynamodb") == 0
