"""What can go wrong with a stack before anything runs on it: INFRA-01 to INFRA-12, but INFRA-11."""

from typing import Any

from seatrials.mutants import Mutants, replace, skip
from seatrials.mutants.mutant import Change
from seatrials.mutants.template_edits import (
    Document,
    add,
    attribute,
    forward,
    leave_out,
    let_in,
    properties,
    put,
    take_away,
    variable,
)
from seatrials.webordinary.hermes import routing
from seatrials.webordinary.hermes.access_points import AccessPoints
from seatrials.webordinary.hermes.controller import Controller
from seatrials.webordinary.hermes.table import unless

MUTANTS = Mutants()

MUTANTS.rows["INFRA-01"] = {
    "edit-service-on-ec2": ("The edit service has the launch type EC2.", put("EditService", "LaunchType", "EC2")),
    "edit-capacity-of-four": ("There may be four edit tasks: off by one.", put("EditScalableTarget", "MaxCapacity", 4)),
    "hermes-never-at-zero": ("Scaling keeps a task of Hermes for ever.", put("HermesScalableTarget", "MinCapacity", 1)),
    "breaker-without-rollback": (
        "A deployment of the edit service that fails is stopped and not rolled back.",
        put("EditService", "DeploymentConfiguration.DeploymentCircuitBreaker.Rollback", value=False),
    ),
    "edit-tasks-without-grace": (
        "An edit task that has just started is stopped for its health after 15 s.",
        put("EditService", "HealthCheckGracePeriodSeconds", 15),
    ),
    "hermes-down-while-deployed": (
        "A deployment of Hermes stops the old task before the new one is there.",
        put("HermesService", "DeploymentConfiguration.MinimumHealthyPercent", 0),
    ),
    "hermes-without-breaker": (
        "A deployment of Hermes that fails goes on for hours.",
        leave_out("HermesService", "DeploymentConfiguration"),
    ),
}


@MUTANTS.editing("hermes-starts-with-three", breaks="INFRA-01")
def _(document: Document) -> None:
    """Hermes begins with a task too many: three."""
    properties(document, "HermesService")["DesiredCount"] = 3
    # Application Auto Scaling would bring it back to the maximum at once.
    properties(document, "HermesScalableTarget")["MaxCapacity"] = 3


@MUTANTS.editing("table-paid-by-the-hour", breaks="INFRA-02")
def _(document: Document) -> None:
    """The table has a provisioned throughput, and throttles whoever needs more."""
    throughput = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    table = properties(document, "SessionTable")
    table.update(BillingMode="PROVISIONED", ProvisionedThroughput=throughput)
    for index in table["GlobalSecondaryIndexes"]:
        index["ProvisionedThroughput"] = throughput


@MUTANTS.editing("table-keyed-by-session-alone", breaks="INFRA-02")
def _(document: Document) -> None:
    """The table's key lacks the user."""
    table = properties(document, "SessionTable")
    del table["KeySchema"][1]
    table["AttributeDefinitions"] = [
        each for each in table["AttributeDefinitions"] if each["AttributeName"] != "userId"
    ]


@MUTANTS.editing("last-activity-as-text", breaks="INFRA-02")
def _(document: Document) -> None:
    """The activity index sorts lastActivity as text."""
    definitions = properties(document, "SessionTable")["AttributeDefinitions"]
    next(each for each in definitions if each["AttributeName"] == "lastActivity")["AttributeType"] = "S"


@MUTANTS.editing("index-of-keys-alone", breaks="INFRA-02")
def _(document: Document) -> None:
    """Who asks the activity index gets the keys of sessions and nothing else of them."""
    properties(document, "SessionTable")["GlobalSecondaryIndexes"][1]["Projection"] = {"ProjectionType": "KEYS_ONLY"}


MUTANTS.rows["INFRA-03"] = {
    "session-groups-drain-for-five-minutes": (
        "The target groups that Hermes makes keep AWS's deregistration delay.",
        replace(routing, "DEREGISTRATION_DELAY_SECONDS", 300),
    ),
    "groups-drain-for-five-minutes": (
        "The preview's target group has the deregistration delay that AWS gives by default.",
        leave_out("EditPreviewTargetGroup", "TargetGroupAttributes"),
    ),
    "health-checked-at-the-root": (
        "The health check of the edit API asks for /, which AWS does by default.",
        put("EditApiTargetGroup", "HealthCheckPath", "/"),
    ),
    "unhealthy-after-five": (
        "Hermes gets requests until five health checks have failed.",
        put("HermesTargetGroup", "UnhealthyThresholdCount", 5),
    ),
    "any-answer-is-healthy": (
        "A health check passes with any status up to 499.",
        put("EditPreviewTargetGroup", "Matcher.HttpCode", "200-499"),
    ),
    "browsers-stay-with-a-task": (
        "A browser stays with one edit task of the shared API for a day.",
        attribute("EditApiTargetGroup", "stickiness.enabled", "true"),
    ),
    "preview-is-spoken-to-in-http2": (
        "The preview is spoken to in HTTP/2, which it does not know.",
        put("EditPreviewTargetGroup", "ProtocolVersion", "HTTP2"),
    ),
}


@MUTANTS.editing("groups-of-api-and-preview-swapped", breaks="INFRA-03")
def _(document: Document) -> None:
    """The API's port registers in the preview's target group, and the preview's in the API's."""
    api, preview = properties(document, "EditService")["LoadBalancers"]
    api["TargetGroupArn"], preview["TargetGroupArn"] = preview["TargetGroupArn"], api["TargetGroupArn"]


def _one_more_rule(priority: int, path: str) -> Change:
    return add(
        "OneRuleMore",
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        ListenerArn={"Ref": "HttpsListener"},
        Priority=priority,
        Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": [path]}}],
        Actions=forward("EditPreviewTargetGroup"),
    )


MUTANTS.rows["INFRA-04"] = {
    "rule-of-a-forgotten-session": (
        "A rule leads to a container for a session that the table does not know, and is never swept away.",
        _one_more_rule(150, "/session/session-11111111-2222-4333-8444-555555555555"),
        skip(Controller._sweep),
    ),
    "rule-for-every-websocket": ("A rule among the sessions' catches every /ws/*.", _one_more_rule(499, "/ws/*")),
    "api-before-the-sessions": (
        "The rule of the edit API has the priority of an older release, before those of the sessions.",
        put("EditApiRule", "Priority", 10),
    ),
    "preview-rule-to-the-api": (
        "The rule of the preview leads to the API's target group.",
        put("EditPreviewRule", "Actions.0.TargetGroupArn", {"Ref": "EditApiTargetGroup"}),
    ),
    "listener-left-from-debugging": (
        "A third listener leads to the edit API past all rules.",
        add(
            "DebugListener",
            "AWS::ElasticLoadBalancingV2::Listener",
            LoadBalancerArn={"Ref": "LoadBalancer"},
            Port=8081,
            Protocol="HTTP",
            DefaultActions=forward("EditApiTargetGroup"),
        ),
    ),
}


_STEPS = "StepScalingPolicyConfiguration.StepAdjustments"
_MEMORY = {"PredefinedMetricType": "ECSServiceAverageMemoryUtilization"}
_MORNING = {
    "ScheduledActionName": "morning",
    "Schedule": "cron(0 9 * * ? *)",
    "ScalableTargetAction": {"MinCapacity": 1, "MaxCapacity": 3},
}


def _steps(*bounds: tuple[int | None, int | None, int]) -> list[Document]:
    """Return step adjustments of (lower bound, upper bound, tasks)."""
    names = ("MetricIntervalLowerBound", "MetricIntervalUpperBound", "ScalingAdjustment")
    return [{name: value for name, value in zip(names, step, strict=True) if value is not None} for step in bounds]


MUTANTS.rows["INFRA-05"] = {
    "policy-adds-tasks": (
        "The scale-out policy adds its numbers to the tasks that run.",
        put("ScaleOutPolicy", "StepScalingPolicyConfiguration.AdjustmentType", "ChangeInCapacity"),
    ),
    "last-session-loses-its-task": (
        "The scale-in policy goes to 0 with one session left: the bound is off by one.",
        put("ScaleInPolicy", _STEPS, _steps((None, -1, 0), (-1, 0, 1))),
    ),
    "alarm-sums-the-counts-up": (
        "The alarm adds up the counts of a minute, so that one session published thrice is three.",
        put("SessionsHighAlarm", "Statistic", "Sum"),
    ),
    "scale-in-alarm-over-five-minutes": (
        "The alarm for few sessions has a period of five minutes.",
        put("SessionsLowAlarm", "Period", 300),
    ),
    "scaling-left-suspended": (
        "Scaling out was suspended for maintenance and not resumed.",
        put(
            "EditScalableTarget",
            "SuspendedState",
            {"DynamicScalingOutSuspended": True, "DynamicScalingInSuspended": False},
        ),
    ),
    "alarm-actions-disabled": (
        "The alarm for many sessions changes its state and does nothing.",
        put("SessionsHighAlarm", "ActionsEnabled", value=False),
    ),
    "no-step-for-seven-sessions": (
        "No step says what seven to nine sessions need.",
        put("ScaleOutPolicy", _STEPS, _steps((0, 2, 1), (2, 6, 3), (9, None, 3))),
    ),
    "two-tasks-for-seven-sessions": (
        "Seven to eleven sessions get two tasks.",
        put("ScaleOutPolicy", _STEPS, _steps((0, 2, 1), (2, 6, 3), (6, 11, 2), (11, None, 3))),
    ),
    "alarm-in-percent": (
        "The alarm for many sessions looks for values in percent, and there are none.",
        put("SessionsHighAlarm", "Unit", "Percent"),
    ),
    "silence-means-few": ("Without values the alarm fires.", put("SessionsLowAlarm", "TreatMissingData", "breaching")),
    "scales-in-without-data": (
        "The alarm for few sessions scales in where it has no data.",
        put("SessionsLowAlarm", "InsufficientDataActions", [{"Ref": "ScaleInPolicy"}]),
    ),
    "scales-out-when-it-is-over": (
        "The alarm for few sessions scales out when it is over.",
        put("SessionsLowAlarm", "OKActions", [{"Ref": "ScaleOutPolicy"}]),
    ),
    "cpu-at-four-percent": (
        "The edit service scales out from 4 % CPU.",
        put("CpuPolicy", "TargetTrackingScalingPolicyConfiguration.TargetValue", 4),
    ),
    "idle-processor-takes-tasks": (
        "The policy on CPU takes tasks away too, for a session that is idle needs no processor.",
        put("CpuPolicy", "TargetTrackingScalingPolicyConfiguration.DisableScaleIn", value=False),
    ),
    "memory-for-cpu": (
        "The secondary policy tracks memory.",
        put("CpuPolicy", "TargetTrackingScalingPolicyConfiguration.PredefinedMetricSpecification", _MEMORY),
    ),
    "one-more-tracking": (
        "One more policy scales the edit service, by its memory.",
        add(
            "MemoryPolicy",
            "AWS::ApplicationAutoScaling::ScalingPolicy",
            PolicyName="edit-memory",
            PolicyType="TargetTrackingScaling",
            ScalingTargetId={"Ref": "EditScalableTarget"},
            TargetTrackingScalingPolicyConfiguration={"TargetValue": 10, "PredefinedMetricSpecification": _MEMORY},
        ),
    ),
    "office-hours": (
        "A schedule keeps a task running from the morning on.",
        put("EditScalableTarget", "ScheduledActions", [_MORNING]),
    ),
}

MUTANTS.rows["INFRA-06"] = {
    "file-system-in-the-clear": ("The file system is not encrypted.", put("FileSystem", "Encrypted", value=False)),
    "clients-without-access-points": ("No client gets an access point of its own.", skip(AccessPoints.ensure)),
    "access-point-to-everything": (
        "The service's access point shows the whole file system.",
        put("WorkspaceAccessPoint", "RootDirectory.Path", "/"),
    ),
    "nfs-on-another-port": (
        "The file system lets nobody in on the port of NFS.",
        put("FileSystemSecurityGroup", "SecurityGroupIngress.0.FromPort", 2048),
        put("FileSystemSecurityGroup", "SecurityGroupIngress.0.ToPort", 2048),
    ),
    "nfs-from-the-balancer": (
        "The file system lets in the load balancer instead of the tasks.",
        put(
            "FileSystemSecurityGroup",
            "SecurityGroupIngress.0.SourceSecurityGroupId",
            {"Ref": "LoadBalancerSecurityGroup"},
        ),
    ),
    "nfs-from-the-network": (
        "Every host of the network may mount the file system.",
        let_in("FileSystemSecurityGroup", 2049, CidrIp="10.0.0.0/16"),
    ),
    "one-mount-target-in-another-group": (
        "In one zone the file system is in the group of the tasks, which lets no NFS in.",
        put("MountTargetB", "SecurityGroups", [{"Ref": "TaskSecurityGroup"}]),
    ),
    "workspaces-as-root": (
        "Whoever comes through the access point works as root.",
        put("WorkspaceAccessPoint", "PosixUser", {"Uid": "0", "Gid": "0"}),
    ),
    "workspaces-of-another-user": (
        "The workspaces belong to another user than the one who works there.",
        put("WorkspaceAccessPoint", "RootDirectory.CreationInfo.OwnerUid", "1001"),
    ),
}


@MUTANTS.editing("subnet-without-mount-target", breaks="INFRA-06")
def _(document: Document) -> None:
    """The file system cannot be mounted in one of the two subnets that tasks start in."""
    del document["Resources"]["MountTargetB"]
    document["Resources"]["EditService"]["DependsOn"].remove("MountTargetB")


@MUTANTS.replacing(AccessPoints.ensure, "clients-rooted-together", breaks="INFRA-06")
def _(original: Any, points: AccessPoints, client_id: str) -> None:
    """The access points of all clients have one root."""
    with unless("AccessPointAlreadyExists"):
        points._efs.create_access_point(
            ClientToken=client_id,
            FileSystemId=points._file_system_id,
            PosixUser={"Uid": 1000, "Gid": 1000},
            RootDirectory={"Path": "/workspace"},
        )


MUTANTS.rows["INFRA-07"] = {
    "api-open-to-the-world": (
        "The tasks let anybody in on the API's port, as somebody needed it for debugging.",
        let_in("TaskSecurityGroup", 8080, CidrIp="0.0.0.0/0"),
    ),
    "nfs-open-to-ipv6": (
        "NFS is open to every IPv6 address.",
        let_in("FileSystemSecurityGroup", 2049, CidrIpv6="::/0"),
    ),
    "balancer-with-ssh": (
        "The load balancer's group lets the world in on port 22.",
        let_in("LoadBalancerSecurityGroup", 22, CidrIp="0.0.0.0/0"),
    ),
    "tasks-open-to-the-network": (
        "The tasks let in every host of the network, past the load balancer.",
        let_in("TaskSecurityGroup", 8080, CidrIp="10.0.0.0/16"),
    ),
}


@MUTANTS.editing("hmr-port-closed", breaks="INFRA-07")
def _(document: Document) -> None:
    """The tasks do not let the load balancer in on the port of HMR."""
    rules = properties(document, "TaskSecurityGroup")["SecurityGroupIngress"]
    rules[:] = [rule for rule in rules if rule["ToPort"] != 4322]


MUTANTS.rows["INFRA-08"] = {
    "nfs-without-encryption": (
        "The workspace is mounted without transit encryption.",
        put("EditTaskDefinition", "Volumes.0.EFSVolumeConfiguration.TransitEncryption", "DISABLED"),
    ),
    "editor-as-root": (
        "The editor runs as root.",
        put("EditTaskDefinition", "ContainerDefinitions.0.User", "0:0"),
    ),
    "editor-killed-after-ten-seconds": (
        "The editor has ten seconds to finish what it is answering.",
        put("EditTaskDefinition", "ContainerDefinitions.0.StopTimeout", 10),
    ),
    "workspace-read-only": (
        "The workspace is mounted read-only.",
        put("EditTaskDefinition", "ContainerDefinitions.0.MountPoints.0.ReadOnly", value=True),
    ),
    "api-key-in-the-environment": (
        "The AI's key stands in the task definition for everybody to read.",
        variable("EditTaskDefinition", "ANTHROPIC_API_KEY", "not-a-real-one"),
    ),
    "password-in-an-address": (
        "The address of a repository has a password in it.",
        variable("HermesTaskDefinition", "TEMPLATES", "https://bot:pass@git.example/t.git"),
    ),
    "edit-task-of-half-the-size": (
        "The edit task has 1 vCPU and 2 GB.",
        put("EditTaskDefinition", "Cpu", "1024"),
        put("EditTaskDefinition", "Memory", "2048"),
        put("EditTaskDefinition", "ContainerDefinitions.0.Memory", 2048),
    ),
    "logs-of-hermes-among-the-editors": (
        "Hermes logs to the log group of the edit containers.",
        put(
            "HermesTaskDefinition",
            "ContainerDefinitions.0.LogConfiguration.Options.awslogs-group",
            {"Ref": "EditLogGroup"},
        ),
    ),
    "password-without-a-user": (
        "An address in the environment has a password and no user.",
        variable("EditTaskDefinition", "CACHE_URL", "redis://:hunter2hunter2@cache.example:6379/0"),
    ),
    "key-of-a-payment-service": (
        "The live key of a payment service stands in the environment.",
        variable("HermesTaskDefinition", "STRIPE", f"sk_live_{'0' * 24}"),
    ),
    "key-that-signs-cookies": (
        "The key that signs cookies stands in the environment.",
        variable("HermesTaskDefinition", "COOKIE_SIGNING_KEY", "9f86d081884c7d659a2feaa0c55ad015"),
    ),
    "abbreviated-password": (
        "A password stands in the environment under an abbreviation.",
        variable("EditTaskDefinition", "DB_PWD", "correct-horse-battery"),
    ),
    "a-thirtieth-of-the-memory": (
        "The edit container may use 128 MB of its task's 4 GB.",
        put("EditTaskDefinition", "ContainerDefinitions.0.Memory", 128),
    ),
    "logs-in-another-region": (
        "Edit containers log to a region that has no such group.",
        put("EditTaskDefinition", "ContainerDefinitions.0.LogConfiguration.Options.awslogs-region", "us-east-1"),
    ),
}

MUTANTS.rows["INFRA-09"] = {
    "tls-policy-left-out": (
        "The HTTPS listener has the policy that AWS gives by default, which agrees to TLS 1.0.",
        leave_out("HttpsListener", "SslPolicy"),
    ),
    "tls-1-1-by-a-new-policy": (
        "The policy is a new one with TLS 1.3, and with TLS 1.1.",
        put("HttpsListener", "SslPolicy", "ELBSecurityPolicy-TLS13-1-1-2021-06"),
    ),
}

MUTANTS.rows["INFRA-10"] = {
    "no-dashboard": ("There is no dashboard of the runs' metrics.", take_away("RunDashboard")),
    "no-alarms-of-runs": (
        "No alarm looks at the runs' metrics.",
        take_away("RunSuccessRateAlarm", "RunColdStartAlarm", "RunCostAlarm"),
    ),
    "alarm-on-a-metric-of-an-older-name": (
        "An alarm looks at a metric that no run publishes any more.",
        put("RunColdStartAlarm", "MetricName", "ColdStartTime"),
    ),
    "alarm-for-one-environment": (
        "An alarm looks at a metric with a dimension, and runs publish it without.",
        put("RunSuccessRateAlarm", "Dimensions", [{"Name": "Environment", "Value": "staging"}]),
    ),
    "success-rate-unwatched": ("No alarm looks at the success rate.", take_away("RunSuccessRateAlarm")),
    "cold-starts-of-ten-minutes": ("Cold starts alarm from ten minutes.", put("RunColdStartAlarm", "Threshold", 600)),
    "alarmed-by-quick-starts": (
        "The alarm on cold starts fires for quick ones.",
        put("RunColdStartAlarm", "ComparisonOperator", "LessThanThreshold"),
    ),
    "cost-unwatched": ("No alarm looks at what a run costs.", take_away("RunCostAlarm")),
    "alarm-that-waits-for-a-second-run": (
        "The alarm on the success rate needs values of two periods, and a run has one.",
        put("RunSuccessRateAlarm", "EvaluationPeriods", 2),
    ),
    "alarm-in-another-unit": (
        "The alarm on cold starts looks at values in milliseconds, and runs publish seconds.",
        put("RunColdStartAlarm", "Unit", "Milliseconds"),
    ),
    "success-counted-in-samples": (
        "The alarm on the success rate compares the number of its values.",
        put("RunSuccessRateAlarm", "Statistic", "SampleCount"),
    ),
}


@MUTANTS.editing("dashboard-of-another-region", breaks="INFRA-10")
def _(document: Document) -> None:
    """The dashboard shows the metrics of a region where no run publishes any."""
    body = properties(document, "RunDashboard")["DashboardBody"]
    body["Fn::Sub"] = body["Fn::Sub"].replace("${AWS::Region}", "us-east-1")


MUTANTS.rows["INFRA-12"] = {
    "hermes-of-the-last-release": (
        "A new editor goes out with the Hermes of the release before it.",
        put("HermesTaskDefinition", "ContainerDefinitions.0.Environment.0.Value", "0.9.9"),
    ),
    "editor-without-a-version": (
        "The editor's image was built without its version.",
        put("EditTaskDefinition", "ContainerDefinitions.0.Environment.0.Value", ""),
    ),
}
