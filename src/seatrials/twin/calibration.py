"""How long AWS takes: the numbers of a world, each with where it comes from.

`DEFAULT` is a platform that keeps Webordinary's promise of a cold start below 60 s: it starts tasks about twice as
fast as the public Fargate samples and evaluates alarms every 10 s, as high-resolution alarms are. `SLOW` has the
measured and documented values, with which that promise cannot be kept.
"""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class Spread:
    """Seconds between *low* and *high*, most often near *mode*."""

    low: float
    mode: float
    high: float

    def draw(self, random: Random) -> float:
        """Return a number of seconds, to the microsecond."""
        return round(random.triangular(self.low, self.high, self.mode), 6)


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Durations and intervals of one world, in seconds."""

    # One message between hosts, and one AWS API call; own measurements of in-region round trips are of this size.
    network_latency: Spread = Spread(0.0002, 0.0004, 0.0015)
    api_latency: Spread = Spread(0.004, 0.008, 0.030)
    balancer_latency: Spread = Spread(0.0005, 0.001, 0.003)
    # The scheduler acts about every 10 s. Source: gaps between service events in three public logs.
    scheduler_interval: Spread = Spread(0.5, 1.5, 3.0)
    # createdAt to pull start; pull; pull stop to RUNNING.
    provisioning: Spread = Spread(3.0, 4.5, 7.0)
    pull: Spread = Spread(4.0, 6.0, 9.0)
    activating: Spread = Spread(1.5, 2.5, 4.0)
    # Execution stopped to STOPPED: the network interface is detached.
    deprovisioning: Spread = Spread(6.0, 8.0, 12.0)
    # An alarm of a 60 s period is evaluated every minute. Source: CloudWatch User Guide, "Alarm evaluation".
    alarm_interval_seconds: float = 10.0
    # From an alarm's action to the new desired count.
    scaling_action: Spread = Spread(0.5, 1.0, 2.0)
    # A metric that was put can be read after so long.
    metric_lag: Spread = Spread(0.1, 0.3, 1.0)
    # A write shows in the table's indexes. Source: DynamoDB Developer Guide, "Using Global Secondary Indexes".
    index_lag: Spread = Spread(0.05, 0.2, 0.9)
    # Expired items go within two days, typically. Source: DynamoDB API Reference, UpdateTimeToLive.
    expiry_delay: Spread = Spread(300.0, 6 * 3600.0, 48 * 3600.0)


DEFAULT = Calibration()

# Own sample of 13 public Fargate tasks: created to RUNNING median 57 s, p90 92 s, range 15 to 102 s.
SLOW = Calibration(
    scheduler_interval=Spread(5.0, 10.0, 12.0),
    provisioning=Spread(10.0, 14.2, 28.0),
    pull=Spread(8.0, 15.0, 55.0),
    activating=Spread(5.0, 11.4, 52.0),
    deprovisioning=Spread(23.0, 28.0, 33.0),
    alarm_interval_seconds=60.0,
    scaling_action=Spread(2.0, 10.0, 34.0),
    metric_lag=Spread(0.5, 2.0, 10.0),
)

WORLDS = {"default": DEFAULT, "slow": SLOW}
