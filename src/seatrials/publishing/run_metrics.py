"""The metrics that a run on a real stack publishes about itself, each without dimensions: name and unit."""

from collections.abc import Mapping

# Units in the words of CloudWatch; it has none for money.
RUN_METRICS: Mapping[str, str] = {
    "ColdStartLatency": "Seconds",
    "ContainerStartupTime": "Seconds",
    "SessionCreationTime": "Seconds",
    "TestSuccessRate": "Percent",
    "TestDuration": "Seconds",
    "TestCost": "None",
}
