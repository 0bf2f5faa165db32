"""How long AWS takes: the numbers of a world, each with where it comes from.

`DEFAULT` is a platform that keeps Webordinary's promise of a cold start below 60 s: it starts tasks about twice as
fast as the public Fargate samples and evaluates alarms every 10 s, as high-resolution alarms are. `SLOW` has the
measured and documented values, with which that promise cannot be kept. `HARD` keeps the promise too, and shows all else
that AWS leaves open: what is told late, which of two documented answers comes, whose clock is wrong, what was before.
"""

from dataclasses import dataclass, replace
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
    """Durations and intervals of one world, in seconds; of those that may be None, None stands for at once."""

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
    # A task whose targets serve counts as RUNNING: targets are registered in ACTIVATING, a state before.
    # Source: Amazon ECS Developer Guide, "Task lifecycle explanation".
    counting: Spread | None = None
    # DescribeTargetHealth tells what a health check has found; nodes of a load balancer check, its API tells.
    # Source: AWS ALB User Guide, "Target group health checks"; aws-load-balancer-controller, issue 1719.
    health_view_lag: Spread | None = None
    # Whether each node of a load balancer acts by itself; else one of them stands for all.
    # Source: Elastic Load Balancing User Guide, "How Elastic Load Balancing works", Availability Zones and nodes.
    has_nodes: bool = False
    # A node of a load balancer acts on a change of rules, targets or attributes. Source: as of health_view_lag.
    node_lag: Spread | None = None
    # It acts on a rule that is new; nobody has measured that.
    new_rule_lag: Spread | None = None
    # GetMetricStatistics and GetMetricData show a point. Source: CloudWatch User Guide, "Publish custom metrics".
    statistics_lag: Spread | None = None
    # A container's clock is ahead of AWS's, or behind it, by as much at most. Source: of Fargate's clocks, the Amazon
    # ECS Developer Guide says that they are synchronised, and not how well; laptops and CI are apart by 10 to 500 ms.
    clock_error_seconds_max: float = 0.0
    # Whether chance picks where AWS's pages name two answers to one request; else the first comes.
    answers_vary: bool = False
    # Of GETs on a connection that was idle, the share that meets a reset: `twin/balancer/resets.py`.
    reset_share: float = 0.0
    # Whether the account has been in use for weeks: scaling activities, events and stopped tasks from before.
    has_past: bool = False
    # Whether others have stacks in the same account and network.
    has_neighbours: bool = False
    # How many elements of a list an answer has at most, where its service would give more; None: as many as that.
    # Source: of all such calls botocore's models have tokens for the rest, which an answer may have at any length.
    page_max: int | None = None

    @property
    def clock_error_bounds(self) -> tuple[float, float]:
        """By how many seconds a container's clock is ahead, at least and at most; below 0 it is behind."""
        return -self.clock_error_seconds_max, self.clock_error_seconds_max


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

# As hard to examine as AWS and within the contract. With a minute between looks at an alarm, which `SLOW` has, no start
# is sure to take less than the promised minute: these are as seldom as the rest of a start leaves room for.
HARD = Calibration(
    scheduler_interval=Spread(0.5, 2.0, 4.0),
    provisioning=Spread(2.0, 4.0, 7.0),
    pull=Spread(1.0, 4.0, 8.0),
    activating=Spread(1.0, 2.0, 4.0),
    deprovisioning=Spread(8.0, 23.0, 33.0),
    alarm_interval_seconds=12.0,
    scaling_action=Spread(0.5, 1.0, 3.0),
    counting=Spread(1.0, 3.0, 8.0),
    health_view_lag=Spread(1.0, 2.0, 5.0),
    has_nodes=True,
    node_lag=Spread(0.2, 1.5, 10.0),
    new_rule_lag=Spread(0.1, 0.5, 2.0),
    statistics_lag=Spread(0.5, 5.0, 60.0),
    clock_error_seconds_max=0.7,
    answers_vary=True,
    reset_share=0.005,
    has_past=True,
    has_neighbours=True,
    page_max=20,
)

# As hard, with nodes of load balancers that are as far apart as they may be: each answers for itself for seconds.
APART = replace(HARD, node_lag=Spread(0.2, 8.0, 10.0), new_rule_lag=Spread(0.1, 6.0, 10.0))

WORLDS = {"default": DEFAULT, "slow": SLOW, "hard": HARD, "apart": APART}
