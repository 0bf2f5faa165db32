"""What can go wrong with a stack before anything runs on it."""

from seatrials.mutants.mutant import Mutant, edit_template, replace
from seatrials.mutants.template_edits import Document, Edit, add, append, put, take_away
from seatrials.webordinary.hermes.access_points import AccessPoints
from seatrials.webordinary.hermes.controller import Controller

_WORLD = "0.0.0.0/0"
# A session of which the table knows nothing.
_FORGOTTEN = "/session/session-11111111-2222-4333-8444-555555555555"


def _leave_out(resource: str, name: str) -> Edit:
    return lambda document: document["Resources"][resource]["Properties"].pop(name)


def _add_rule(priority: int, path: str, group: str) -> Edit:
    return add(
        "OneRuleMore",
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        ListenerArn={"Ref": "HttpsListener"},
        Priority=priority,
        Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": [path]}}],
        Actions=[{"Type": "forward", "TargetGroupArn": {"Ref": group}}],
    )


def _let_in(group: str, port: int, **source: object) -> Edit:
    return append(group, "SecurityGroupIngress", {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **source})


def _variable(task: str, name: str, value: str) -> Edit:
    return append(task, "ContainerDefinitions.0.Environment", {"Name": name, "Value": value})


def _provisioned(document: Document) -> None:
    throughput = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    table = document["Resources"]["SessionTable"]["Properties"]
    table.update(BillingMode="PROVISIONED", ProvisionedThroughput=throughput)
    for index in table["GlobalSecondaryIndexes"]:
        index["ProvisionedThroughput"] = throughput


def _keyed_by_session_alone(document: Document) -> None:
    table = document["Resources"]["SessionTable"]["Properties"]
    del table["KeySchema"][1]
    table["AttributeDefinitions"] = [
        each for each in table["AttributeDefinitions"] if each["AttributeName"] != "userId"
    ]


def _activity_as_text(document: Document) -> None:
    definitions = document["Resources"]["SessionTable"]["Properties"]["AttributeDefinitions"]
    next(each for each in definitions if each["AttributeName"] == "lastActivity")["AttributeType"] = "S"


def _groups_swapped(document: Document) -> None:
    api, preview = document["Resources"]["EditService"]["Properties"]["LoadBalancers"]
    api["TargetGroupArn"], preview["TargetGroupArn"] = preview["TargetGroupArn"], api["TargetGroupArn"]


def _mount_target_missing(document: Document) -> None:
    del document["Resources"]["MountTargetB"]
    document["Resources"]["EditService"]["DependsOn"].remove("MountTargetB")


def _without_hmr_port(document: Document) -> None:
    rules = document["Resources"]["TaskSecurityGroup"]["Properties"]["SecurityGroupIngress"]
    rules[:] = [rule for rule in rules if rule["ToPort"] != 4322]  # noqa: PLR2004  # HMR's port


def _root_shared_by_all(points: AccessPoints, client_id: str) -> None:
    points._efs.create_access_point(
        ClientToken=client_id,
        FileSystemId=points._file_system_id,
        PosixUser={"Uid": 1000, "Gid": 1000},
        RootDirectory={"Path": "/workspace"},
    )
    points._known.add(client_id)


def _dashboard_elsewhere(document: Document) -> None:
    body = document["Resources"]["RunDashboard"]["Properties"]["DashboardBody"]
    body["Fn::Sub"] = body["Fn::Sub"].replace("${AWS::Region}", "us-east-1")


MUTANTS = (
    Mutant(
        "edit-service-on-ec2",
        breaks="INFRA-01",
        sentence="the edit service has the launch type EC2",
        changes=(edit_template(put("EditService", "LaunchType", "EC2")),),
    ),
    Mutant(
        "edit-capacity-of-four",
        breaks="INFRA-01",
        sentence="scaling may go to four edit tasks: the maximum is off by one",
        changes=(edit_template(put("EditScalableTarget", "MaxCapacity", 4)),),
    ),
    Mutant(
        "hermes-never-at-zero",
        breaks="INFRA-01",
        sentence="scaling keeps a task of Hermes for ever",
        changes=(edit_template(put("HermesScalableTarget", "MinCapacity", 1)),),
    ),
    Mutant(
        "breaker-without-rollback",
        breaks="INFRA-01",
        sentence="a deployment of the edit service that fails is stopped and not rolled back",
        changes=(
            edit_template(put("EditService", "DeploymentConfiguration.DeploymentCircuitBreaker.Rollback", value=False)),
        ),
    ),
    Mutant(
        "hermes-without-breaker",
        breaks="INFRA-01",
        sentence="a deployment of Hermes that fails goes on for hours",
        changes=(edit_template(_leave_out("HermesService", "DeploymentConfiguration")),),
    ),
    Mutant(
        "table-paid-by-the-hour",
        breaks="INFRA-02",
        sentence="the table has a provisioned throughput, and throttles whoever needs more",
        changes=(edit_template(_provisioned),),
    ),
    Mutant(
        "table-keyed-by-session-alone",
        breaks="INFRA-02",
        sentence="the table's key lacks the user",
        changes=(edit_template(_keyed_by_session_alone),),
    ),
    Mutant(
        "last-activity-as-text",
        breaks="INFRA-02",
        sentence="the activity index sorts lastActivity as text",
        changes=(edit_template(_activity_as_text),),
    ),
    Mutant(
        "groups-drain-for-five-minutes",
        breaks="INFRA-03",
        sentence="the preview's target group has the deregistration delay that AWS gives by default",
        changes=(edit_template(_leave_out("EditPreviewTargetGroup", "TargetGroupAttributes")),),
    ),
    Mutant(
        "health-checked-at-the-root",
        breaks="INFRA-03",
        sentence="the health check of the edit API asks for /, which AWS does by default",
        changes=(edit_template(put("EditApiTargetGroup", "HealthCheckPath", "/")),),
    ),
    Mutant(
        "unhealthy-after-five",
        breaks="INFRA-03",
        sentence="Hermes gets requests until five health checks have failed",
        changes=(edit_template(put("HermesTargetGroup", "UnhealthyThresholdCount", 5)),),
    ),
    Mutant(
        "any-answer-is-healthy",
        breaks="INFRA-03",
        sentence="a health check passes with any status up to 499",
        changes=(edit_template(put("EditPreviewTargetGroup", "Matcher.HttpCode", "200-499")),),
    ),
    Mutant(
        "groups-of-api-and-preview-swapped",
        breaks="INFRA-03",
        sentence="the API's port registers in the preview's target group, and the preview's in the API's",
        changes=(edit_template(_groups_swapped),),
    ),
    Mutant(
        "rule-of-a-forgotten-session",
        breaks="INFRA-04",
        sentence="a rule leads to a container for a session that the table does not know, and is never swept away",
        changes=(
            edit_template(_add_rule(150, _FORGOTTEN, "EditPreviewTargetGroup")),
            replace(Controller, "_sweep_if_due", lambda _controller, _sessions: None),
        ),
    ),
    Mutant(
        "rule-for-every-websocket",
        breaks="INFRA-04",
        sentence="a rule among those of the sessions catches /ws/*, and names no session",
        changes=(edit_template(_add_rule(499, "/ws/*", "EditPreviewTargetGroup")),),
    ),
    Mutant(
        "api-before-the-sessions",
        breaks="INFRA-04",
        sentence="the rule of the edit API has the priority of an older release, before those of the sessions",
        changes=(edit_template(put("EditApiRule", "Priority", 10)),),
    ),
    Mutant(
        "preview-rule-to-the-api",
        breaks="INFRA-04",
        sentence="the rule of the preview leads to the API's target group",
        changes=(edit_template(put("EditPreviewRule", "Actions.0.TargetGroupArn", {"Ref": "EditApiTargetGroup"})),),
    ),
    Mutant(
        "listener-left-from-debugging",
        breaks="INFRA-04",
        sentence="a third listener leads to the edit API past all rules",
        changes=(
            edit_template(
                add(
                    "DebugListener",
                    "AWS::ElasticLoadBalancingV2::Listener",
                    LoadBalancerArn={"Ref": "LoadBalancer"},
                    Port=8081,
                    Protocol="HTTP",
                    DefaultActions=[{"Type": "forward", "TargetGroupArn": {"Ref": "EditApiTargetGroup"}}],
                )
            ),
        ),
    ),
    Mutant(
        "policy-adds-tasks",
        breaks="INFRA-05",
        sentence="the scale-out policy adds its numbers to the tasks that run",
        changes=(
            edit_template(put("ScaleOutPolicy", "StepScalingPolicyConfiguration.AdjustmentType", "ChangeInCapacity")),
        ),
    ),
    Mutant(
        "last-session-loses-its-task",
        breaks="INFRA-05",
        sentence="the scale-in policy goes to 0 with one session left: the bound is off by one",
        changes=(
            edit_template(
                put(
                    "ScaleInPolicy",
                    "StepScalingPolicyConfiguration.StepAdjustments",
                    [
                        {"MetricIntervalUpperBound": -1, "ScalingAdjustment": 0},
                        {"MetricIntervalLowerBound": -1, "MetricIntervalUpperBound": 0, "ScalingAdjustment": 1},
                    ],
                )
            ),
        ),
    ),
    Mutant(
        "alarm-sums-the-counts-up",
        breaks="INFRA-05",
        sentence="the alarm adds up the counts of a minute, so that one session published thrice is three",
        changes=(edit_template(put("SessionsHighAlarm", "Statistic", "Sum")),),
    ),
    Mutant(
        "scale-in-alarm-over-five-minutes",
        breaks="INFRA-05",
        sentence="the alarm for few sessions has a period of five minutes",
        changes=(edit_template(put("SessionsLowAlarm", "Period", 300)),),
    ),
    Mutant(
        "scaling-left-suspended",
        breaks="INFRA-05",
        sentence="scaling out was suspended for maintenance and not resumed",
        changes=(
            edit_template(
                put(
                    "EditScalableTarget",
                    "SuspendedState",
                    {"DynamicScalingOutSuspended": True, "DynamicScalingInSuspended": False},
                )
            ),
        ),
    ),
    Mutant(
        "alarm-actions-disabled",
        breaks="INFRA-05",
        sentence="the alarm for many sessions changes its state and does nothing",
        changes=(edit_template(put("SessionsHighAlarm", "ActionsEnabled", value=False)),),
    ),
    Mutant(
        "file-system-in-the-clear",
        breaks="INFRA-06",
        sentence="the file system is not encrypted",
        changes=(edit_template(put("FileSystem", "Encrypted", value=False)),),
    ),
    Mutant(
        "subnet-without-mount-target",
        breaks="INFRA-06",
        sentence="the file system cannot be mounted in one of the two subnets that tasks start in",
        changes=(edit_template(_mount_target_missing),),
    ),
    Mutant(
        "clients-without-access-points",
        breaks="INFRA-06",
        sentence="no client gets an access point of its own",
        changes=(replace(AccessPoints, "ensure", lambda _points, _client_id: None),),
    ),
    Mutant(
        "clients-rooted-together",
        breaks="INFRA-06",
        sentence="the access points of all clients have one root",
        changes=(replace(AccessPoints, "ensure", _root_shared_by_all),),
    ),
    Mutant(
        "access-point-to-everything",
        breaks="INFRA-06",
        sentence="the service's access point shows the whole file system",
        changes=(edit_template(put("WorkspaceAccessPoint", "RootDirectory.Path", "/")),),
    ),
    Mutant(
        "api-open-to-the-world",
        breaks="INFRA-07",
        sentence="the tasks let anybody in on the API's port, as somebody needed it for debugging",
        changes=(edit_template(_let_in("TaskSecurityGroup", 8080, CidrIp=_WORLD)),),
    ),
    Mutant(
        "nfs-open-to-ipv6",
        breaks="INFRA-07",
        sentence="the file system lets in every IPv6 address",
        changes=(edit_template(_let_in("FileSystemSecurityGroup", 2049, CidrIpv6="::/0")),),
    ),
    Mutant(
        "balancer-with-ssh",
        breaks="INFRA-07",
        sentence="the load balancer's group lets the world in on port 22",
        changes=(edit_template(_let_in("LoadBalancerSecurityGroup", 22, CidrIp=_WORLD)),),
    ),
    Mutant(
        "tasks-open-to-the-network",
        breaks="INFRA-07",
        sentence="the tasks let in every host of the network, past the load balancer",
        changes=(edit_template(_let_in("TaskSecurityGroup", 8080, CidrIp="10.0.0.0/16")),),
    ),
    Mutant(
        "hmr-port-closed",
        breaks="INFRA-07",
        sentence="the tasks do not let the load balancer in on the port of HMR",
        changes=(edit_template(_without_hmr_port),),
    ),
    Mutant(
        "nfs-without-encryption",
        breaks="INFRA-08",
        sentence="the workspace is mounted without transit encryption",
        changes=(
            edit_template(put("EditTaskDefinition", "Volumes.0.EFSVolumeConfiguration.TransitEncryption", "DISABLED")),
        ),
    ),
    Mutant(
        "workspace-read-only",
        breaks="INFRA-08",
        sentence="the workspace is mounted read-only",
        changes=(
            edit_template(put("EditTaskDefinition", "ContainerDefinitions.0.MountPoints.0.ReadOnly", value=True)),
        ),
    ),
    Mutant(
        "api-key-in-the-environment",
        breaks="INFRA-08",
        sentence="the AI's key stands in the task definition for everybody to read",
        changes=(edit_template(_variable("EditTaskDefinition", "ANTHROPIC_API_KEY", "not-a-real-one")),),
    ),
    Mutant(
        "password-in-an-address",
        breaks="INFRA-08",
        sentence="the address of a repository has a password in it",
        changes=(edit_template(_variable("HermesTaskDefinition", "TEMPLATES", "https://bot:pass@git.example/t.git")),),
    ),
    Mutant(
        "edit-task-of-half-the-size",
        breaks="INFRA-08",
        sentence="the edit task has 1 vCPU and 2 GB",
        changes=(
            edit_template(put("EditTaskDefinition", "Cpu", "1024")),
            edit_template(put("EditTaskDefinition", "Memory", "2048")),
            edit_template(put("EditTaskDefinition", "ContainerDefinitions.0.Memory", 2048)),
        ),
    ),
    Mutant(
        "logs-of-hermes-among-the-editors",
        breaks="INFRA-08",
        sentence="Hermes logs to the log group of the edit containers",
        changes=(
            edit_template(
                put(
                    "HermesTaskDefinition",
                    "ContainerDefinitions.0.LogConfiguration.Options.awslogs-group",
                    {"Ref": "EditLogGroup"},
                )
            ),
        ),
    ),
    Mutant(
        "tls-policy-left-out",
        breaks="INFRA-09",
        sentence="the HTTPS listener has the policy that AWS gives by default, which agrees to TLS 1.0",
        changes=(edit_template(_leave_out("HttpsListener", "SslPolicy")),),
    ),
    Mutant(
        "tls-1-1-by-a-new-policy",
        breaks="INFRA-09",
        sentence="the policy is a new one with TLS 1.3, and with TLS 1.1",
        changes=(edit_template(put("HttpsListener", "SslPolicy", "ELBSecurityPolicy-TLS13-1-1-2021-06")),),
    ),
    Mutant(
        "no-dashboard",
        breaks="INFRA-10",
        sentence="there is no dashboard of the runs' metrics",
        changes=(edit_template(take_away("RunDashboard")),),
    ),
    Mutant(
        "no-alarms-of-runs",
        breaks="INFRA-10",
        sentence="no alarm looks at the runs' metrics",
        changes=(edit_template(take_away("RunSuccessRateAlarm", "RunColdStartAlarm")),),
    ),
    Mutant(
        "alarm-on-a-metric-of-an-older-name",
        breaks="INFRA-10",
        sentence="an alarm looks at a metric that no run publishes any more",
        changes=(edit_template(put("RunColdStartAlarm", "MetricName", "ColdStartTime")),),
    ),
    Mutant(
        "alarm-for-one-environment",
        breaks="INFRA-10",
        sentence="an alarm looks at a metric with a dimension, and runs publish it without",
        changes=(
            edit_template(put("RunSuccessRateAlarm", "Dimensions", [{"Name": "Environment", "Value": "staging"}])),
        ),
    ),
    Mutant(
        "dashboard-of-another-region",
        breaks="INFRA-10",
        sentence="the dashboard shows the metrics of a region where no run publishes any",
        changes=(edit_template(_dashboard_elsewhere),),
    ),
    Mutant(
        "hermes-of-the-last-release",
        breaks="INFRA-12",
        sentence="a new editor goes out with the Hermes of the release before it",
        changes=(edit_template(put("HermesTaskDefinition", "ContainerDefinitions.0.Environment.0.Value", "0.9.9")),),
    ),
    Mutant(
        "editor-without-a-version",
        breaks="INFRA-12",
        sentence="the editor's image was built without its version",
        changes=(edit_template(put("EditTaskDefinition", "ContainerDefinitions.0.Environment.0.Value", "")),),
    ),
)
