"""What the credentials of a run may do, by IAM's own simulation of their policies."""

import re
from collections.abc import Callable, Sequence

from seatrials.seams.application import AwsClient

# An assumed role speaks as a session of itself, which has no policies of its own.
_ASSUMED = re.compile(r"arn:(?P<partition>[\w-]+):sts::(?P<account>\d+):assumed-role/(?P<role>[^/]+)/.+")

# What docs/live.md asks for; a run calls nothing else.
NEEDED_ACTIONS = (
    "application-autoscaling:DescribeScalableTargets",
    "application-autoscaling:DescribeScalingActivities",
    "application-autoscaling:DescribeScalingPolicies",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:GetMetricStatistics",
    "dynamodb:DeleteItem",
    "dynamodb:DescribeTable",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:Scan",
    "dynamodb:UpdateItem",
    "ecs:DescribeServices",
    "ecs:DescribeTasks",
    "ecs:ListTasks",
    "elasticfilesystem:DescribeFileSystems",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeTargetHealth",
    "logs:GetLogEvents",
)
# What only an administrator may do, each in another corner of the account.
ADMINISTRATORS_ACTIONS = (
    "dynamodb:DeleteTable",
    "ec2:DeleteVpc",
    "ecs:DeleteCluster",
    "elasticfilesystem:DeleteFileSystem",
    "elasticloadbalancing:DeleteLoadBalancer",
    "iam:AttachRolePolicy",
    "iam:CreateUser",
    "kms:ScheduleKeyDeletion",
)


class Credentials:
    """The credentials that a run's calls are made with."""

    def __init__(self, aws: Callable[[str], AwsClient]) -> None:
        self._aws = aws

    def allowed(self, actions: Sequence[str]) -> set[str]:
        """Return those of *actions* that are allowed, on any resource.

        Source: IAM API Reference, SimulatePrincipalPolicy, which wants the ARN of a user or role.
        """
        pages = (
            self._aws("iam")
            .get_paginator("simulate_principal_policy")
            .paginate(PolicySourceArn=self._principal(), ActionNames=list(actions))
        )
        results = [result for page in pages for result in page["EvaluationResults"]]
        return {result["EvalActionName"] for result in results if result["EvalDecision"] == "allowed"}

    def _principal(self) -> str:
        arn = str(self._aws("sts").get_caller_identity()["Arn"])
        return _ASSUMED.sub(r"arn:\g<partition>:iam::\g<account>:role/\g<role>", arn)
