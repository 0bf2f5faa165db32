"""What a Hermes does while nobody asks it for anything: its metric, and how few calls it makes."""

from tests.support.hermes import HermesWorld, Hooks


def test_the_metric_is_published_every_minute(running: HermesWorld) -> None:
    """Also when nothing changes."""
    running.clock.sleep(301)

    assert [int(each["Value"]) for each in running.cloudwatch.data] == [0] * 6


def test_the_metric_is_a_count_without_dimensions(running: HermesWorld) -> None:
    """As the alarms of the edit service expect it."""
    running.clock.sleep(1)

    assert running.cloudwatch.data[0] == {"MetricName": "ActiveSessionCount", "Value": 0, "Unit": "Count"}


def test_a_quiet_hermes_makes_few_calls(world: HermesWorld, hooks: Hooks) -> None:
    """One scan for each look every ten seconds, and one for the metric every minute; a sweep every five."""
    world.start_hermes()
    world.clock.sleep(5)
    calls: list[str] = []
    hooks.before = calls.append
    world.clock.sleep(240)

    assert calls == ["Scan"] * 28


def test_a_hermes_that_is_told_to_stop_publishes_no_further_minute(running: HermesWorld) -> None:
    """While it finishes what it is answering, another one has the minutes."""
    running.clock.sleep(59)
    before = len(running.cloudwatch.data)
    running.stopping.set()
    running.clock.sleep(2)

    assert (before, len(running.cloudwatch.data)) == (1, 1)
