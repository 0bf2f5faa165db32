"""Which operations of AWS read, a list by service: whatever is not in it changes something, or gives a secret away.

A name that begins with Get says nothing: GetSecretValue, GetParameter, AssumeRole and GetFederationToken give somebody
more than a look at the stack, and none of them is here.
"""

# All that suites, rails and evidence call; of these services whatever describes and lists reads as well.
_READING = {
    "application-autoscaling": set[str](),
    "cloudformation": set[str](),
    "cloudwatch": {"GetDashboard", "GetMetricData", "GetMetricStatistics"},
    "dynamodb": {"BatchGetItem", "GetItem", "Query", "Scan"},
    "ec2": set[str](),
    "ecs": set[str](),
    "efs": set[str](),
    "elbv2": set[str](),
    "iam": {"SimulatePrincipalPolicy"},
    "logs": {"FilterLogEvents", "GetLogEvents"},
    "sts": {"GetCallerIdentity"},
}
_LOOKS = ("Describe", "List")


def is_reading(service: str, operation: str) -> bool:
    """Whether an operation of a service, such as ecs and DescribeServices, is known to change nothing."""
    named = _READING.get(service)
    return named is not None and (operation in named or operation.startswith(_LOOKS))
