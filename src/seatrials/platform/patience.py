"""How long a scenario waits for what AWS does late, beyond what the platform's contract promises.

No sentence of the catalogue names these: they are reserves, all of them here. One that is too long costs time when a
row fails, and nothing when it passes; one that is too short fails a platform that keeps its promises.
"""

from seatrials.platform import contract

# What may be added to any promise before a wait is given up: a look that comes late, a count that lags, a busy minute.
RESERVE_SECONDS = 60.0
# A session becomes ready; Hermes itself gives up at the contract's bound, and has to be heard saying so.
READY_SECONDS = contract.START_SECONDS + RESERVE_SECONDS
# An alarm sees a metric and its policy acts: two periods of the alarm, which is evaluated once in each, and a cooldown.
# Source: Amazon CloudWatch User Guide, "Alarm evaluation".
SCALING_SECONDS = 2 * contract.ALARM_PERIOD_SECONDS + contract.COOLDOWN_SECONDS + RESERVE_SECONDS
# An alarm has seen the minute before now, and its policy has acted: a period, and as much until it is evaluated.
SCALED_IN_SECONDS = 2.0 * contract.ALARM_PERIOD_SECONDS
# The edit service has no task any more, after the last session has expired.
EMPTY_SECONDS = contract.EXPIRED_TO_ZERO_SECONDS + RESERVE_SECONDS
# A task that is to stop has stopped: its stop timeout of 30 s, and its network interface, 23 to 33 s in public logs.
STOPPED_SECONDS = 2 * RESERVE_SECONDS
# DescribeTargetHealth says what requests have met: its view is that of another system than the one that serves.
HEALTH_TOLD_SECONDS = 10.0
# Statistics of a metric show a value: a whole minute has to begin, to get its publication, and to become readable.
METRIC_TOLD_SECONDS = 60.0 + 2 * contract.PUBLISH_SECONDS + RESERVE_SECONDS
# A change of rules or targets reaches every node of the load balancer, which has checked a new target: users have
# measured 10 s, and a first check comes 1 to 3 s after.
# Source: kubernetes-sigs/aws-load-balancer-controller, issue 1719.
ROUTED_SECONDS = 15.0
# Each node of the load balancer has found what one of them has: they check at times of their own, once an interval.
# Source: AWS ALB User Guide, "Target group health checks".
CHECKED_SECONDS = 60.0
# An index of the session table has what was written before: within a fraction of a second, says the guide, normally.
# Source: DynamoDB Developer Guide, "Using Global Secondary Indexes".
INDEX_SECONDS = 3.0
# Two clocks that are kept by NTP may differ by so much, on top of what was measured.
CLOCK_SECONDS = 2.0
# The start times of scaling activities tell when an action began, which is not quite when its alarm was due.
ACTIVITY_SECONDS = 5.0
# So many connections may be reset under a scenario before that is the platform's fault; ours.
RESETS_MAX = 5
