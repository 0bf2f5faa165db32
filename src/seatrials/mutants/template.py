"""What a template can say wrongly that is deployed without a word: one value of one property each."""

from typing import Any

from seatrials.mutants.mutant import Mutant, edit_template
from seatrials.mutants.template_edits import Document, Edit, add, append, put, take_away

_STEPS = "StepScalingPolicyConfiguration.StepAdjustments"
_TRACKING = "TargetTrackingScalingPolicyConfiguration"
_CONTAINER = "ContainerDefinitions.0"


def _attribute(resource: str, key: str, value: str) -> Edit:
    return append(resource, "TargetGroupAttributes", {"Key": key, "Value": value})


def _variable(task: str, name: str, value: str) -> Edit:
    return append(task, f"{_CONTAINER}.Environment", {"Name": name, "Value": value})


def _steps(*bounds: tuple[int, int | None, int]) -> list[dict[str, Any]]:
    """Return step adjustments of (lower bound, upper bound, tasks)."""
    return [
        {
            "MetricIntervalLowerBound": lower,
            **({} if upper is None else {"MetricIntervalUpperBound": upper}),
            "ScalingAdjustment": tasks,
        }
        for lower, upper, tasks in bounds
    ]


def _nfs_on_another_port(document: Document) -> None:
    document["Resources"]["FileSystemSecurityGroup"]["Properties"]["SecurityGroupIngress"][0].update(
        FromPort=2048, ToPort=2048
    )


def _mutant(name: str, row: str, sentence: str, edit: Edit) -> Mutant:
    return Mutant(name, breaks=row, sentence=sentence, changes=(edit_template(edit),))


MUTANTS = (
    _mutant(
        "hermes-starts-with-three",
        "INFRA-01",
        "Hermes begins with three tasks, one more than it may have",
        put("HermesService", "DesiredCount", 3),
    ),
    _mutant(
        "browsers-stay-with-a-task",
        "INFRA-03",
        "a browser stays with one edit task of the shared API for a day",
        _attribute("EditApiTargetGroup", "stickiness.enabled", "true"),
    ),
    _mutant(
        "preview-is-spoken-to-in-http2",
        "INFRA-03",
        "the preview is spoken to in HTTP/2, which it does not know",
        put("EditPreviewTargetGroup", "ProtocolVersion", "HTTP2"),
    ),
    _mutant(
        "no-step-for-seven-sessions",
        "INFRA-05",
        "no step says what seven to nine sessions need",
        put("ScaleOutPolicy", _STEPS, _steps((0, 2, 1), (2, 6, 3), (9, None, 3))),
    ),
    _mutant(
        "two-tasks-for-seven-sessions",
        "INFRA-05",
        "seven to eleven sessions get two tasks",
        put("ScaleOutPolicy", _STEPS, _steps((0, 2, 1), (2, 6, 3), (6, 11, 2), (11, None, 3))),
    ),
    _mutant(
        "alarm-in-percent",
        "INFRA-05",
        "the alarm for many sessions looks for values in percent, and there are none",
        put("SessionsHighAlarm", "Unit", "Percent"),
    ),
    _mutant(
        "silence-means-few",
        "INFRA-05",
        "without values the alarm for few sessions fires",
        put("SessionsLowAlarm", "TreatMissingData", "breaching"),
    ),
    _mutant(
        "scales-in-without-data",
        "INFRA-05",
        "the alarm for few sessions scales in where it has no data",
        put("SessionsLowAlarm", "InsufficientDataActions", [{"Ref": "ScaleInPolicy"}]),
    ),
    _mutant(
        "scales-out-when-it-is-over",
        "INFRA-05",
        "the alarm for few sessions scales out when it is over",
        put("SessionsLowAlarm", "OKActions", [{"Ref": "ScaleOutPolicy"}]),
    ),
    _mutant(
        "cpu-at-four-percent",
        "INFRA-05",
        "the edit service scales out from 4 % CPU",
        put("CpuPolicy", f"{_TRACKING}.TargetValue", 4),
    ),
    _mutant(
        "memory-for-cpu",
        "INFRA-05",
        "the secondary policy tracks memory",
        put(
            "CpuPolicy",
            f"{_TRACKING}.PredefinedMetricSpecification",
            {"PredefinedMetricType": "ECSServiceAverageMemoryUtilization"},
        ),
    ),
    _mutant(
        "one-more-tracking",
        "INFRA-05",
        "one more policy scales the edit service, by its memory",
        add(
            "MemoryPolicy",
            "AWS::ApplicationAutoScaling::ScalingPolicy",
            PolicyName="edit-memory",
            PolicyType="TargetTrackingScaling",
            ScalingTargetId={"Ref": "EditScalableTarget"},
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": 10,
                "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageMemoryUtilization"},
            },
        ),
    ),
    _mutant(
        "office-hours",
        "INFRA-05",
        "a schedule keeps a task running from the morning on",
        put(
            "EditScalableTarget",
            "ScheduledActions",
            [
                {
                    "ScheduledActionName": "morning",
                    "Schedule": "cron(0 9 * * ? *)",
                    "ScalableTargetAction": {"MinCapacity": 1, "MaxCapacity": 3},
                }
            ],
        ),
    ),
    _mutant(
        "nfs-on-another-port",
        "INFRA-06",
        "the file system lets nobody in on the port of NFS",
        _nfs_on_another_port,
    ),
    _mutant(
        "nfs-from-the-balancer",
        "INFRA-06",
        "the file system lets in the load balancer instead of the tasks",
        put(
            "FileSystemSecurityGroup",
            "SecurityGroupIngress.0.SourceSecurityGroupId",
            {"Ref": "LoadBalancerSecurityGroup"},
        ),
    ),
    _mutant(
        "nfs-from-the-network",
        "INFRA-06",
        "every host of the network may mount the file system",
        append(
            "FileSystemSecurityGroup",
            "SecurityGroupIngress",
            {"IpProtocol": "tcp", "FromPort": 2049, "ToPort": 2049, "CidrIp": "10.0.0.0/16"},
        ),
    ),
    _mutant(
        "one-mount-target-in-another-group",
        "INFRA-06",
        "in one zone the file system is in the group of the tasks, which lets no NFS in",
        put("MountTargetB", "SecurityGroups", [{"Ref": "TaskSecurityGroup"}]),
    ),
    _mutant(
        "workspaces-as-root",
        "INFRA-06",
        "whoever comes through the access point works as root",
        put("WorkspaceAccessPoint", "PosixUser", {"Uid": "0", "Gid": "0"}),
    ),
    _mutant(
        "workspaces-of-another-user",
        "INFRA-06",
        "the workspaces belong to another user than the one who works there",
        put("WorkspaceAccessPoint", "RootDirectory.CreationInfo.OwnerUid", "1001"),
    ),
    _mutant(
        "password-without-a-user",
        "INFRA-08",
        "an address in the environment has a password and no user",
        _variable("EditTaskDefinition", "CACHE_URL", "redis://:hunter2hunter2@cache.example:6379/0"),
    ),
    _mutant(
        "key-of-a-payment-service",
        "INFRA-08",
        "the live key of a payment service stands in the environment",
        _variable("HermesTaskDefinition", "STRIPE", f"sk_live_{'0' * 24}"),
    ),
    _mutant(
        "key-that-signs-cookies",
        "INFRA-08",
        "the key that signs cookies stands in the environment",
        _variable("HermesTaskDefinition", "COOKIE_SIGNING_KEY", "9f86d081884c7d659a2feaa0c55ad015"),
    ),
    _mutant(
        "abbreviated-password",
        "INFRA-08",
        "a password stands in the environment under an abbreviation",
        _variable("EditTaskDefinition", "DB_PWD", "correct-horse-battery"),
    ),
    _mutant(
        "a-thirtieth-of-the-memory",
        "INFRA-08",
        "the edit container may use 128 MB of its task's 4 GB",
        put("EditTaskDefinition", f"{_CONTAINER}.Memory", 128),
    ),
    _mutant(
        "logs-in-another-region",
        "INFRA-08",
        "edit containers log to a region that has no such group",
        put("EditTaskDefinition", f"{_CONTAINER}.LogConfiguration.Options.awslogs-region", "us-east-1"),
    ),
    _mutant(
        "success-rate-unwatched",
        "INFRA-10",
        "no alarm looks at the success rate",
        take_away("RunSuccessRateAlarm"),
    ),
    _mutant(
        "cold-starts-of-ten-minutes",
        "INFRA-10",
        "the alarm on cold starts fires from ten minutes",
        put("RunColdStartAlarm", "Threshold", 600),
    ),
    _mutant(
        "alarmed-by-quick-starts",
        "INFRA-10",
        "the alarm on cold starts fires for quick ones",
        put("RunColdStartAlarm", "ComparisonOperator", "LessThanThreshold"),
    ),
    _mutant(
        "success-counted-in-samples",
        "INFRA-10",
        "the alarm on the success rate compares the number of its values",
        put("RunSuccessRateAlarm", "Statistic", "SampleCount"),
    ),
)
