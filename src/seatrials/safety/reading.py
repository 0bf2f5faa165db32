"""Which operations of AWS read, a list by service: whatever is not in it changes something, or gives a secret away.

A name that begins with Get says nothing: GetSecretValue, GetParameter, AssumeRole and GetFederationToken give somebody
more than a look at the stack, and none of them is here. Scan and FilterLogEvents are not either: they read all that
others have written, and a table or a log of production is large.
"""

from collections.abc import Mapping
from fnmatch import fnmatchcase

# All that suites, rails and evidence call, with `*` for whatever follows, as in a policy of IAM.
READING: Mapping[str, tuple[str, ...]] = {
    "application-autoscaling": ("Describe*",),
    "cloudformation": ("Describe*",),
    "cloudwatch": ("Describe*", "GetDashboard", "GetMetricData", "GetMetricStatistics", "List*"),
    "dynamodb": ("Describe*", "GetItem", "Query"),
    "ec2": ("Describe*",),
    "ecs": ("Describe*", "List*"),
    "efs": ("Describe*",),
    "elbv2": ("Describe*",),
    "iam": ("GetRole", "SimulatePrincipalPolicy"),
    "logs": ("Describe*", "GetLogEvents"),
    "sts": ("GetCallerIdentity",),
}


def is_reading(service: str, operation: str) -> bool:
    """Whether an operation of a service, such as ecs and DescribeServices, is known to change nothing."""
    return any(fnmatchcase(operation, known) for known in READING.get(service, ()))
