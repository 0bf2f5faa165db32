"""No single call ends a world: what AWS refuses is refused in its words, what AWS takes is taken, and time goes on.

Each case has once ended a world. Sources of the right values: the API Reference of each service.
"""

import copy
from typing import Any

import pytest
from botocore.exceptions import ClientError

from seatrials.seams.application import AwsClient
from seatrials.twin.cloudformation.template import load_template, parse_template
from seatrials.twin.control_plane import ControlPlane
from tests.support.project import TEMPLATE
from tests.support.twin import Twin, Worlds

CLUSTER = "webordinary-edit-cluster"
EDIT = "webordinary-edit-service"
TABLE = "webordinary-edit-sessions"
RESOURCE = f"service/{CLUSTER}/{EDIT}"
METRIC = {"Namespace": "Webordinary/EditSessions", "MetricName": "ActiveSessionCount"}
CONTAINER = {"name": "edit", "image": "image", "memory": 128, "essential": True}
STEP = {"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}
DIMENSION = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount", "ResourceId": RESOURCE}
# Long enough for every actor to have had its turn.
A_WHILE_SECONDS = 400.0

Document = dict[str, Any]


def client(twin: Twin, service: str) -> AwsClient:
    """Return a client from outside AWS, as a scenario has it."""
    return twin.world.bridge.client("scenario", service)


def refused(twin: Twin, service: str, operation: str, parameters: Document) -> str:
    """Return the code with which AWS refuses a call, and let time pass after it."""
    with pytest.raises(ClientError) as caught:
        getattr(client(twin, service), operation)(**parameters)
    twin.sleep(A_WHILE_SECONDS)
    return str(caught.value.response["Error"]["Code"])


def resolved(twin: Twin, parameters: Document) -> Document:
    """Return *parameters* with the ARNs and ids of this world in place of the words that stand for them."""
    elbv2 = twin.world.aws("elbv2")
    balancer = elbv2.describe_load_balancers()["LoadBalancers"][0]
    words = {
        "BALANCER": balancer["LoadBalancerArn"],
        "LISTENER": elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"][0][
            "ListenerArn"
        ],
        "TARGETS": elbv2.describe_target_groups()["TargetGroups"][0]["TargetGroupArn"],
        "GROUP": balancer["SecurityGroups"][0],
        "SUBNET": balancer["AvailabilityZones"][1]["SubnetId"],
        "MAIN_TABLE": twin.world.aws("ec2").describe_route_tables()["RouteTables"][0]["RouteTableId"],
        "FILES": twin.world.aws("efs").describe_file_systems()["FileSystems"][0]["FileSystemId"],
        "DEFINITION": twin.service()["taskDefinition"],
    }
    return {name: words.get(value, value) if isinstance(value, str) else value for name, value in parameters.items()}


def attribute(key: str, value: str) -> list[Document]:
    """Return a list of one attribute."""
    return [{"Key": key, "Value": value}]


def redirect(**parts: str) -> list[Document]:
    """Return the actions of a rule that redirects."""
    return [{"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_302", **parts}}]


def root(path: str) -> Document:
    """Return the root directory of an access point."""
    return {"Path": path, "CreationInfo": {"OwnerUid": 1, "OwnerGid": 1, "Permissions": "0755"}}


SERVICE = {"cluster": CLUSTER, "service": EDIT}
NEW_SERVICE = {"cluster": CLUSTER, "serviceName": "other", "taskDefinition": "DEFINITION", "desiredCount": 1}
POLICY = {"PolicyName": "bad", "PolicyType": "StepScaling", **DIMENSION}
RULE = {"ListenerArn": "LISTENER", "Priority": 7, "Conditions": [{"Field": "path-pattern", "Values": ["/a"]}]}
POINT = {"ClientToken": "t", "FileSystemId": "FILES"}
MOUNT = [{"sourceVolume": "nowhere", "containerPath": "/data"}]

REFUSED = [
    ("ecs", "update_service", {**SERVICE, "desiredCount": -1}, "InvalidParameterException"),
    (
        "ecs",
        "update_service",
        {**SERVICE, "networkConfiguration": {"awsvpcConfiguration": {"subnets": []}}},
        "InvalidParameterException",
    ),
    ("ecs", "create_service", {**NEW_SERVICE, "launchType": "FARGATE"}, "InvalidParameterException"),
    (
        "ecs",
        "create_service",
        {
            **NEW_SERVICE,
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-0"]}},
            "loadBalancers": [{"loadBalancerName": "classic", "containerName": "edit", "containerPort": 8080}],
        },
        "InvalidParameterException",
    ),
    ("ecs", "run_task", {"cluster": CLUSTER, "taskDefinition": "DEFINITION"}, "UnsupportedFeatureException"),
    ("ecs", "delete_cluster", {"cluster": CLUSTER}, "ClusterContainsServicesException"),
    ("ecs", "create_task_set", {**SERVICE, "taskDefinition": "DEFINITION"}, "InvalidParameterException"),
    ("ecs", "register_task_definition", {"family": "f", "containerDefinitions": []}, "ClientException"),
    (
        "ecs",
        "register_task_definition",
        {"family": "f", "containerDefinitions": [{**CONTAINER, "mountPoints": MOUNT}]},
        "ClientException",
    ),
    ("application-autoscaling", "put_scaling_policy", POLICY, "ValidationException"),
    (
        "application-autoscaling",
        "put_scaling_policy",
        {**POLICY, "StepScalingPolicyConfiguration": {"StepAdjustments": [STEP]}},
        "ValidationException",
    ),
    (
        "application-autoscaling",
        "put_scaling_policy",
        {**POLICY, "StepScalingPolicyConfiguration": {"AdjustmentType": "ChangeInCapacity"}},
        "ValidationException",
    ),
    *(
        (
            "elbv2",
            "modify_load_balancer_attributes",
            {"LoadBalancerArn": "BALANCER", "Attributes": attribute(key, value)},
            "ValidationError",
        )
        for key, value in (
            ("idle_timeout.timeout_seconds", "soon"),
            ("idle_timeout.timeout_seconds", "4001"),
            ("client_keep_alive.seconds", "59"),
            ("routing.http.xff_header_processing.mode", "both"),
            ("routing.http.desync_mitigation_mode", "none"),
            ("idle_timeout.seconds", "60"),
        )
    ),
    *(
        (
            "elbv2",
            "modify_target_group_attributes",
            {"TargetGroupArn": "TARGETS", "Attributes": attribute(key, value)},
            "ValidationError",
        )
        for key, value in (
            ("stickiness.enabled", "yes"),
            ("stickiness.lb_cookie.duration_seconds", "long"),
            ("deregistration_delay.timeout_seconds", "3601"),
            ("slow_start.duration_seconds", "29"),
        )
    ),
    ("elbv2", "create_rule", {**RULE, "Actions": redirect(Port="abc")}, "ValidationError"),
    ("elbv2", "create_rule", {**RULE, "Actions": redirect(Path="/\u2603")}, "ValidationError"),
    ("elbv2", "create_rule", {**RULE, "Actions": []}, "ValidationError"),
    ("ec2", "delete_security_group", {"GroupId": "GROUP"}, "DependencyViolation"),
    ("ec2", "delete_subnet", {"SubnetId": "SUBNET"}, "DependencyViolation"),
    ("ec2", "delete_route_table", {"RouteTableId": "MAIN_TABLE"}, "DependencyViolation"),
    ("efs", "create_access_point", {**POINT, "RootDirectory": root("/..")}, "BadRequest"),
    ("efs", "create_access_point", {**POINT, "RootDirectory": root("/a\x00b")}, "BadRequest"),
    ("efs", "create_access_point", {**POINT, "RootDirectory": root("/" + "a" * 5_000)}, "BadRequest"),
]


@pytest.mark.parametrize(("service", "operation", "parameters", "code"), REFUSED)
def test_what_aws_refuses_is_refused(twin: Twin, service: str, operation: str, parameters: Document, code: str) -> None:
    """The call fails with AWS's code, and the world lives on as if it had not been made."""
    assert refused(twin, service, operation, resolved(twin, parameters)) == code


def put_alarm(twin: Twin, name: str, **changes: Any) -> None:  # noqa: ANN401  # parameters of PutMetricAlarm
    """Put an alarm on the sessions' count that is over its threshold from five on."""
    alarm = {"ComparisonOperator": "GreaterThanOrEqualToThreshold", "EvaluationPeriods": 1, "Threshold": 5.0}
    client(twin, "cloudwatch").put_metric_alarm(AlarmName=name, **{**alarm, **changes})


def alarm_state(twin: Twin, name: str) -> str:
    """Return the state of an alarm."""
    [alarm] = twin.world.aws("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return str(alarm["StateValue"])


@pytest.mark.parametrize("statistic", ["p90", "p99", "p99.9"])
def test_an_alarm_on_a_percentile_is_evaluated(twin: Twin, statistic: str) -> None:
    """PutMetricAlarm with ExtendedStatistic is taken, and the alarm follows its metric."""
    put_alarm(twin, "high", **METRIC, Period=60, ExtendedStatistic=statistic)
    client(twin, "cloudwatch").put_metric_data(
        Namespace=METRIC["Namespace"], MetricData=[{"MetricName": METRIC["MetricName"], "Value": 9.0}]
    )
    twin.until(lambda: alarm_state(twin, "high") == "ALARM")


def query(expression: str | None = None) -> Document:
    """Return a metric query: of the metric, or of an expression of it."""
    if expression is not None:
        return {"Id": "e1", "Expression": expression, "ReturnData": True}
    stat = {"Metric": METRIC, "Period": 60, "Stat": "Average"}
    return {"Id": "m1", "MetricStat": stat, "ReturnData": False}


@pytest.mark.parametrize(
    ("changes", "left_out"),
    [
        ({"Metrics": [query(), query("m1 * 2")], "Threshold": 5.0}, []),
        (
            {
                "Metrics": [{**query(), "ReturnData": True}, query("ANOMALY_DETECTION_BAND(m1, 2)")],
                "ThresholdMetricId": "e1",
                "ComparisonOperator": "GreaterThanUpperThreshold",
            },
            ["alarm math has a band of anomaly detection as its threshold, which the twin leaves out"],
        ),
    ],
    ids=["math", "band"],
)
def test_an_alarm_on_an_expression_is_taken(twin: Twin, changes: Document, left_out: list[str]) -> None:
    """Metric math is evaluated, without data here; an anomaly band is stored, and the trace says what is left out."""
    alarm = {"ComparisonOperator": "GreaterThanOrEqualToThreshold", "EvaluationPeriods": 1, **changes}
    client(twin, "cloudwatch").put_metric_alarm(AlarmName="math", **alarm)
    twin.sleep(A_WHILE_SECONDS)

    assert alarm_state(twin, "math") == "INSUFFICIENT_DATA"
    assert [details["what"] for _, details in twin.happened("left_out", "math")] == left_out


@pytest.mark.parametrize("protocol", ["HTTPS", "TCP"])
def test_a_group_is_checked_over_other_protocols(twin: Twin, protocol: str) -> None:
    """A target that takes connections is well over TCP, and over HTTPS it is not when it speaks plain HTTP."""
    [run] = twin.scale(1)
    elbv2 = client(twin, "elbv2")
    vpc = twin.world.aws("ec2").describe_vpcs()["Vpcs"][-1]["VpcId"]
    created = elbv2.create_target_group(
        Name="other", Protocol="HTTP", Port=8080, VpcId=vpc, TargetType="ip", HealthCheckProtocol=protocol
    )
    group = created["TargetGroups"][0]["TargetGroupArn"]
    actions = [{"Type": "forward", "TargetGroupArn": group}]
    elbv2.create_rule(**resolved(twin, {**RULE, "Actions": actions}))
    elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": run.address, "Port": 8080}])
    twin.sleep(A_WHILE_SECONDS)

    [target] = elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    assert target["TargetHealth"]["State"] == {"TCP": "healthy", "HTTPS": "unhealthy"}[protocol]


def test_the_session_table_can_be_deleted(twin: Twin) -> None:
    """DeleteTable is taken, and time to live goes on without it."""
    client(twin, "dynamodb").delete_table(TableName=TABLE)
    twin.sleep(A_WHILE_SECONDS)

    assert twin.world.aws("dynamodb").list_tables()["TableNames"] == []


def test_the_load_balancer_can_be_deleted(twin: Twin) -> None:
    """DeleteLoadBalancer is taken; its ports close, and the targets of its groups are unused."""
    twin.scale(1)
    elbv2 = client(twin, "elbv2")
    arn = elbv2.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    group = elbv2.describe_target_groups(LoadBalancerArn=arn)["TargetGroups"][0]["TargetGroupArn"]
    elbv2.delete_load_balancer(LoadBalancerArn=arn)
    twin.sleep(A_WHILE_SECONDS)

    targets = elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    assert {each["TargetHealth"]["State"] for each in targets} <= {"unused"}
    with pytest.raises(ConnectionError):
        twin.world.client_host.connect(twin.world.balancers[0].hosts[0].address, 443, 1.0)


def test_policies_go_with_their_scalable_target(twin: Twin) -> None:
    """DeregisterScalableTarget takes the policies along; the alarm fires, and nothing is scaled."""
    autoscaling = client(twin, "application-autoscaling")
    autoscaling.deregister_scalable_target(**DIMENSION)
    client(twin, "cloudwatch").put_metric_data(
        Namespace=METRIC["Namespace"], MetricData=[{"MetricName": METRIC["MetricName"], "Value": 9.0}]
    )
    twin.sleep(A_WHILE_SECONDS)

    policies = autoscaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    assert [each for each in policies if each["ResourceId"] == RESOURCE] == []
    assert twin.service()["desiredCount"] == 0


def described(twin: Twin, name: str) -> Document:
    """Return a service as DescribeServices gives it."""
    [service] = twin.ecs.describe_services(cluster=CLUSTER, services=[name])["services"]
    return dict(service)


def test_a_service_on_instances_finds_no_place(twin: Twin) -> None:
    """CreateService with launch type EC2 is taken; there are no instances, and the service says so."""
    ecs = client(twin, "ecs")
    ecs.register_task_definition(family="bridged", containerDefinitions=[CONTAINER])
    ecs.create_service(cluster=CLUSTER, serviceName="other", taskDefinition="bridged", desiredCount=1, launchType="EC2")
    twin.sleep(A_WHILE_SECONDS)

    service = described(twin, "other")
    assert service["runningCount"] == 0
    assert ["no container instance met all of its requirements" in each["message"] for each in service["events"]] == [
        True
    ]


@pytest.mark.parametrize("provider", ["FARGATE", "FARGATE_SPOT"])
def test_a_capacity_provider_of_fargate_runs_tasks(twin: Twin, provider: str) -> None:
    """A strategy takes the place of the launch type (botocore: ecs.Service, capacityProviderStrategy)."""
    ecs = client(twin, "ecs")
    ecs.create_service(
        cluster=CLUSTER,
        serviceName="other",
        taskDefinition=twin.service()["taskDefinition"],
        desiredCount=1,
        capacityProviderStrategy=[{"capacityProvider": provider}],
        networkConfiguration=twin.service()["networkConfiguration"],
    )
    twin.sleep(A_WHILE_SECONDS)

    assert described(twin, "other")["runningCount"] == 1


def test_a_service_of_an_external_controller_runs_nothing(twin: Twin) -> None:
    """CreateService with the controller EXTERNAL is taken; its tasks would come from task sets."""
    client(twin, "ecs").create_service(
        cluster=CLUSTER, serviceName="other", desiredCount=1, deploymentController={"type": "EXTERNAL"}
    )
    twin.sleep(A_WHILE_SECONDS)

    assert described(twin, "other")["runningCount"] == 0


def test_a_volume_without_a_file_system_is_the_tasks_own(twin: Twin) -> None:
    """A task with a bind mount runs, its volume is a directory, and it goes with the task."""
    current = twin.ecs.describe_task_definition(taskDefinition=twin.service()["taskDefinition"])["taskDefinition"]
    mount = {"sourceVolume": "scratch", "containerPath": "/scratch"}
    containers = [{**each, "mountPoints": [mount]} for each in current["containerDefinitions"]]
    names = ("family", "networkMode", "cpu", "memory", "requiresCompatibilities", "executionRoleArn")
    kept = {name: current[name] for name in names}
    answer = client(twin, "ecs").register_task_definition(
        **kept, containerDefinitions=containers, volumes=[{"name": "scratch"}]
    )
    twin.update(taskDefinition=answer["taskDefinition"]["taskDefinitionArn"])
    [run] = twin.scale(1)
    scratch = run.containers[0].root / "scratch"
    (scratch / "file").write_text("here")
    directory = scratch.resolve()
    assert directory.is_relative_to(twin.world.directory)

    twin.scale(0)
    twin.sleep(A_WHILE_SECONDS)

    assert not directory.exists()


def test_a_queue_without_messages_is_waited_for_on_the_clock(twin: Twin) -> None:
    """ReceiveMessage answers empty once WaitTimeSeconds of platform time are over."""
    sqs = client(twin, "sqs")
    queue = sqs.create_queue(QueueName="q")["QueueUrl"]
    began = twin.now
    answer = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20)

    assert answer.get("Messages", []) == []
    assert twin.now - began == pytest.approx(20, abs=1)


def test_a_message_ends_the_wait(twin: Twin) -> None:
    """ReceiveMessage answers as soon as there is a message, which another actor sends meanwhile."""
    sqs = client(twin, "sqs")
    queue = sqs.create_queue(QueueName="q")["QueueUrl"]
    twin.world.clock.call_later(5, lambda: twin.world.aws("sqs").send_message(QueueUrl=queue, MessageBody="here"))
    began = twin.now
    [message] = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20)["Messages"]

    assert message["Body"] == "here"
    assert twin.now - began == pytest.approx(5, abs=1)


def test_update_service_without_a_cluster_means_the_default_one(twin: Twin) -> None:
    """Without a cluster of that name AWS says that it is not found."""
    assert refused(twin, "ecs", "update_service", {"service": EDIT, "desiredCount": 1}) == "ClusterNotFoundException"


def test_a_task_that_is_not_there_is_missing(twin: Twin) -> None:
    """DescribeTasks tells of what it was asked for and does not know, with the reason MISSING."""
    [run] = twin.scale(1)
    answer = client(twin, "ecs").describe_tasks(cluster=CLUSTER, tasks=[run.record.task_arn, "0" * 32])

    assert [each["taskArn"] for each in answer["tasks"]] == [run.record.task_arn]
    assert [each["reason"] for each in answer["failures"]] == ["MISSING"]
    assert answer["failures"][0]["arn"].endswith(f"task/{CLUSTER}/{'0' * 32}")


def test_a_task_names_its_network_interface(twin: Twin) -> None:
    """DescribeTasks gives the id of the interface beside its subnet and its address."""
    [run] = twin.scale(1)
    [attachment] = twin.task(run.record.task_arn)["attachments"]
    details = {each["name"]: each["value"] for each in attachment["details"]}

    assert details["networkInterfaceId"].startswith("eni-")
    assert details["privateIPv4Address"] == run.address


def test_a_percentile_has_a_value(twin: Twin) -> None:
    """GetMetricStatistics with p99 gives each point its percentile."""
    cloudwatch = client(twin, "cloudwatch")
    data = [{"MetricName": "latency", "Value": float(each)} for each in range(1, 102)]
    cloudwatch.put_metric_data(Namespace="own", MetricData=data)
    twin.sleep(1)
    now = twin.world.clock.now()
    [point] = cloudwatch.get_metric_statistics(
        Namespace="own",
        MetricName="latency",
        StartTime=now - 300,
        EndTime=now + 300,
        Period=300,
        ExtendedStatistics=["p50", "p99"],
    )["Datapoints"]

    assert point["ExtendedStatistics"] == {"p50": 51.0, "p99": 100.0}


def test_a_parameter_of_systems_manager_can_be_in_a_template(worlds: Worlds) -> None:
    """`AWS::SSM::Parameter` is deployed, and each world that begins with it has its value."""
    document = copy.deepcopy(dict(load_template(TEMPLATE).document))
    properties = {"Name": "/edit/limit", "Type": "String", "Value": "5"}
    document["Resources"]["Limit"] = {"Type": "AWS::SSM::Parameter", "Properties": properties}
    plane = ControlPlane(parse_template(document), "us-west-2", "webordinary")
    with Worlds([plane], worlds.authority).open() as twin:
        ssm = client(twin, "ssm")
        assert ssm.get_parameter(Name="/edit/limit")["Parameter"]["Value"] == "5"
        ssm.add_tags_to_resource(ResourceType="Parameter", ResourceId="/edit/limit", Tags=[{"Key": "a", "Value": "b"}])
        twin.sleep(A_WHILE_SECONDS)


def test_a_network_load_balancer_only_stands_there(worlds: Worlds) -> None:
    """A load balancer of type network is deployed beside the other, and the trace says that it does not act."""
    document = copy.deepcopy(dict(load_template(TEMPLATE).document))
    resources = document["Resources"]
    [application] = [each for each in resources.values() if each["Type"].endswith("V2::LoadBalancer")]
    properties = {"Name": "beside", "Type": "network", "Subnets": application["Properties"]["Subnets"]}
    resources["Beside"] = {"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer", "Properties": properties}
    plane = ControlPlane(parse_template(document), "us-west-2", "webordinary")
    with Worlds([plane], worlds.authority).open() as twin:
        twin.scale(1)

        assert len(twin.world.balancers) == 1
        assert [details["what"] for _, details in twin.happened("left_out", "beside")] == [
            "load balancers of type network"
        ]
