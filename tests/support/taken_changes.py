"""Changes of the shipped template that AWS takes, written down from AWS's documents."""

from typing import Any

from tests.support.template_changes import LEFT_OUT, Change

_HERMES = "HermesTaskDefinition.ContainerDefinitions.0"
_RULE = "HermesRule.Conditions"
_ALARM = "SessionsHighAlarm"
_STEPS = "ScaleOutPolicy.StepScalingPolicyConfiguration"
_GROUPS = "HermesTargetGroup.TargetGroupAttributes"
_BALANCER = "LoadBalancer.LoadBalancerAttributes"
_CAPACITY = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
_TAGS = [{"Key": "team", "Value": "sea"}]
_SIDECAR: dict[str, Any] = {
    "Name": "proxy",
    "Image": "proxy:1",
    "Essential": False,
    "Cpu": 128,
    "MemoryReservation": 64,
}

# Changes that do not touch one another, so that one template shows them all.
TAKEN_TOGETHER: tuple[tuple[Change, ...], ...] = (
    (
        Change("HermesTaskRole.Policies.0.PolicyDocument.Version", LEFT_OUT),
        Change("HermesService.DesiredCount", LEFT_OUT),
        Change(f"{_HERMES}.Essential", LEFT_OUT),
        Change(f"{_HERMES}.Memory", LEFT_OUT),
        Change(f"{_HERMES}.StopTimeout", 120),
        Change(f"{_HERMES}.PortMappings.0.Protocol", LEFT_OUT),
        Change(f"{_HERMES}.PortMappings.0.HostPort", 3000),
        Change("HermesRule.Priority", 50000),
        Change(f"{_RULE}.0.PathPatternConfig.Values", [f"/{n}/*" for n in range(5)]),
        Change("HealthRule.Actions.0.FixedResponseConfig.MessageBody", "a" * 1024),
        Change("HttpListener.DefaultActions.0.RedirectConfig.Path", "/new/#{path}"),
        Change(f"{_GROUPS}.1", {"Key": "stickiness.enabled", "Value": "true"}),
        Change(f"{_BALANCER}.1", {"Key": "routing.http2.enabled", "Value": "false"}),
        Change("HermesTargetGroup.Matcher.HttpCode", "200-299"),
        Change("EditApiTargetGroup.HealthyThresholdCount", 10),
        Change("EditPreviewTargetGroup.HealthCheckTimeoutSeconds", 29),
        Change(f"{_STEPS}.MetricAggregationType", LEFT_OUT),
        Change(f"{_ALARM}.Statistic", LEFT_OUT, also={f"{_ALARM}.ExtendedStatistic": "p99"}),
        Change("SessionsLowAlarm.TreatMissingData", LEFT_OUT),
        Change("RunColdStartAlarm.Period", 10),
        Change("RunSuccessRateAlarm.EvaluationPeriods", 3, also={"RunSuccessRateAlarm.DatapointsToAlarm": 2}),
        Change("EditLogGroup.RetentionInDays", LEFT_OUT),
        Change("SessionTable.TimeToLiveSpecification", LEFT_OUT),
        Change("WorkspaceAccessPoint.RootDirectory", LEFT_OUT),
        Change("Vpc.Tags", _TAGS),
        Change("EditScalableTarget.MinCapacity", 3),
    ),
    (
        Change(
            "HermesService.DeploymentConfiguration.MinimumHealthyPercent",
            0,
            also={
                "HermesService.DeploymentConfiguration.MaximumPercent": 100,
            },
        ),
        Change("EditService.NetworkConfiguration.AwsvpcConfiguration.SecurityGroups", LEFT_OUT),
        Change(
            "HermesTaskDefinition.Cpu",
            "256",
            also={
                "HermesTaskDefinition.Memory": "512",
                f"{_HERMES}.Memory": 512,
            },
        ),
        Change(f"{_HERMES}.HealthCheck", {"Command": ["CMD-SHELL", "curl -f http://localhost/"], "Interval": 5}),
        Change(f"{_HERMES}.ReadonlyRootFilesystem", value=True),
        Change("HermesTaskDefinition.RuntimePlatform", {"CpuArchitecture": "ARM64", "OperatingSystemFamily": "LINUX"}),
        Change("HermesTaskDefinition.EphemeralStorage", {"SizeInGiB": 21}),
        Change("EditTaskDefinition.Volumes.1", {"Name": "scratch"}),
        Change("EditTaskDefinition.ContainerDefinitions.1", _SIDECAR),
        Change(f"{_RULE}.1", {"Field": "host-header", "HostHeaderConfig": {"Values": ["*.example.com"]}}),
        Change("EditApiRule.Conditions.0", {"Field": "path-pattern", "Values": ["/api/*"]}),
        Change("EditPreviewRule.Conditions.1", {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}}),
        Change(
            "HermesRule.Actions.0",
            {
                "Type": "forward",
                "ForwardConfig": {
                    "TargetGroups": [{"TargetGroupArn": {"Ref": "HermesTargetGroup"}, "Weight": 999}],
                },
            },
        ),
        Change("HttpListener.DefaultActions.0.RedirectConfig", {"StatusCode": "HTTP_302", "Protocol": "HTTPS"}),
        Change("LoadBalancer.Type", LEFT_OUT),
        Change("LoadBalancer.Scheme", LEFT_OUT),
        Change(f"{_BALANCER}.1", {"Key": "routing.http.drop_invalid_header_fields.enabled", "Value": "true"}),
        Change(f"{_GROUPS}.1", {"Key": "load_balancing.algorithm.type", "Value": "least_outstanding_requests"}),
        Change("HermesTargetGroup.HealthCheckPath", LEFT_OUT),
        Change("EditApiTargetGroup.HealthCheckPort", "8080"),
        Change(f"{_STEPS}.AdjustmentType", "PercentChangeInCapacity", also={f"{_STEPS}.MinAdjustmentMagnitude": 1}),
        Change("SessionsLowAlarm.TreatMissingData", "ignore"),
        Change(
            "SessionTable.BillingMode",
            "PROVISIONED",
            also={
                "SessionTable.ProvisionedThroughput": _CAPACITY,
                "SessionTable.GlobalSecondaryIndexes.0.ProvisionedThroughput": _CAPACITY,
                "SessionTable.GlobalSecondaryIndexes.1.ProvisionedThroughput": _CAPACITY,
            },
        ),
        Change("FileSystem.ThroughputMode", "bursting"),
        Change("TaskSecurityGroup.SecurityGroupEgress", [{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}]),
        Change("Parameters.Size", {"Type": "Number", "Default": 3, "MinValue": 1, "MaxValue": 5}),
        Change("Parameters.Zones", {"Type": "List<String>", "Default": "a,b"}),
        Change(
            "Rules.Fits", {"Assertions": [{"Assert": {"Fn::Contains": [["a", "1.0.0"], {"Ref": "ServiceVersion"}]}}]}
        ),
        Change("Outputs.AlbUrl.Export", {"Name": "url"}),
    ),
)
TAKEN = tuple(change for together in TAKEN_TOGETHER for change in together)
