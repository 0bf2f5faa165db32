"""What each resource type becomes on AWS; most are seen in the Webordinary stack itself."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from cryptography import x509

from seatrials.errors import TemplateError
from seatrials.twin.cloudformation.deployer import DeployedStack, deploy
from seatrials.twin.cloudformation.inputs import Inputs
from seatrials.twin.cloudformation.resources import RESOURCE_TYPES
from seatrials.twin.cloudformation.resources.certificates import self_signed
from seatrials.twin.cloudformation.shapes import Conversion
from seatrials.twin.cloudformation.template import load_template, parse_template
from tests.support.account import mock_account
from tests.support.aws import Clients
from tests.support.project import TEMPLATE

REGION = "us-west-2"
ACCOUNT = "123456789012"


@pytest.fixture(scope="module")
def aws() -> Iterator[Clients]:
    """One mock account for all tests of this file: they look, or make things of their own."""
    with pytest.MonkeyPatch.context() as patch:
        # moto would load a thousand machine images that no test asks for.
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        with mock_account(REGION) as clients:
            yield clients


@pytest.fixture(scope="module")
def stack(aws: Clients) -> DeployedStack:
    """The Webordinary stack."""
    return deploy(load_template(TEMPLATE), aws, stack_name="webordinary", region=REGION, account=ACCOUNT)


def deployed(aws: Clients, **resources: Mapping[str, Any]) -> DeployedStack:
    """Deploy a template of *resources* into the account."""
    return deploy(parse_template({"Resources": resources}), aws, stack_name="sea", region=REGION, account=ACCOUNT)


def service(aws: Clients, name: str) -> dict[str, Any]:
    """Return a service of the stack as ECS describes it."""
    answer = aws("ecs").describe_services(cluster="webordinary-edit-cluster", services=[name])
    return dict(answer["services"][0])


def test_everything_is_called_as_the_platform_says(stack: DeployedStack) -> None:
    """The stack's outputs carry the names that are the platform's defaults."""
    names = {name: stack.outputs[name] for name in ("ClusterName", "EditServiceName", "HermesServiceName", "TableName")}

    expected = {
        "ClusterName": "webordinary-edit-cluster",
        "EditServiceName": "webordinary-edit-service",
        "HermesServiceName": "webordinary-hermes-service",
        "TableName": "webordinary-edit-sessions",
    }
    assert expected == names


def test_the_rules_leave_sessions_their_priorities(aws: Clients, stack: DeployedStack) -> None:
    """The HTTPS listener has the platform's static rules and no other, so an unknown session gets the default 404."""
    rules = aws("elbv2").describe_rules(ListenerArn=stack.outputs["HttpsListenerArn"])["Rules"]

    paths = {
        rule["Priority"]: [path for field in rule["Conditions"] for path in field["PathPatternConfig"]["Values"]]
        for rule in rules
    }
    assert paths == {
        "1": ["/health"],
        "5": ["/hermes/*"],
        "610": ["/api/*"],
        "620": ["/preview/*", "/_astro/*"],
        "default": [],
    }


def test_plain_http_is_redirected(aws: Clients, stack: DeployedStack) -> None:
    """The HTTP listener answers everything with a permanent redirect to HTTPS."""
    listeners = aws("elbv2").describe_listeners(LoadBalancerArn=stack.physical_ids["LoadBalancer"])["Listeners"]

    action = next(listener for listener in listeners if listener["Port"] == 80)["DefaultActions"][0]
    redirect = {name: action["RedirectConfig"][name] for name in ("Protocol", "Port", "StatusCode")}
    assert action["Type"] == "redirect"
    assert redirect == {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}


def test_the_listener_has_a_certificate_of_the_manager(aws: Clients, stack: DeployedStack) -> None:
    """A requested certificate is issued when the stack is there, as CloudFormation waits for it.

    Source: AWS CloudFormation template reference, AWS::CertificateManager::Certificate.
    """
    arn = stack.outputs["CertificateArn"]
    listener = aws("elbv2").describe_listeners(ListenerArns=[stack.outputs["HttpsListenerArn"]])["Listeners"][0]
    certificate = aws("acm").describe_certificate(CertificateArn=arn)["Certificate"]

    assert [{"CertificateArn": arn}] == listener["Certificates"]
    assert (certificate["DomainName"], certificate["Status"]) == ("edit.webordinary.example", "ISSUED")


@pytest.mark.parametrize(
    ("output", "port"),
    [("HermesTargetGroupArn", 3000), ("EditApiTargetGroupArn", 8080), ("EditPreviewTargetGroupArn", 4321)],
)
def test_target_groups_check_health_as_the_platform_says(
    aws: Clients, stack: DeployedStack, output: str, port: int
) -> None:
    """Every target group asks /health each 30 s and lets its targets drain for 30 s."""
    arn = stack.outputs[output]
    group = aws("elbv2").describe_target_groups(TargetGroupArns=[arn])["TargetGroups"][0]
    attributes = aws("elbv2").describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]

    seen = {name: group[name] for name in ("Port", "TargetType", "HealthCheckPath", "HealthCheckIntervalSeconds")}
    assert {
        "Port": port,
        "TargetType": "ip",
        "HealthCheckPath": "/health",
        "HealthCheckIntervalSeconds": 30,
    } == seen
    assert {"Key": "deregistration_delay.timeout_seconds", "Value": "30"} in attributes


def test_load_balancer_attributes_are_set(aws: Clients, stack: DeployedStack) -> None:
    """What CloudFormation sets by a second call is set."""
    arn = stack.physical_ids["LoadBalancer"]

    attributes = aws("elbv2").describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]

    assert {"Key": "idle_timeout.timeout_seconds", "Value": "60"} in attributes


def test_the_edit_service_starts_empty_behind_two_target_groups(aws: Clients, stack: DeployedStack) -> None:
    """The edit service has no task until somebody needs one, and serves API and preview."""
    edit = service(aws, stack.outputs["EditServiceName"])

    assert (edit["desiredCount"], edit["launchType"]) == (0, "FARGATE")
    assert [
        {"targetGroupArn": stack.outputs["EditApiTargetGroupArn"], "containerName": "edit", "containerPort": 8080},
        {"targetGroupArn": stack.outputs["EditPreviewTargetGroupArn"], "containerName": "edit", "containerPort": 4321},
    ] == edit["loadBalancers"]


def test_the_edit_task_mounts_the_workspace(aws: Clients, stack: DeployedStack) -> None:
    """The edit task has 2 vCPU and 4 GB, and the file system's access point at /workspace."""
    arn = stack.physical_ids["EditTaskDefinition"]
    definition = aws("ecs").describe_task_definition(taskDefinition=arn)["taskDefinition"]
    container, volume = definition["containerDefinitions"][0], definition["volumes"][0]["efsVolumeConfiguration"]

    shown = {name: definition[name] for name in ("cpu", "memory", "networkMode")}
    assert shown == {"cpu": "2048", "memory": "4096", "networkMode": "awsvpc"}
    assert [mapping["containerPort"] for mapping in container["portMappings"]] == [8080, 4321, 4322]
    assert tuple(container["mountPoints"][0][n] for n in ("sourceVolume", "containerPath")) == (
        "workspace",
        "/workspace",
    )
    assert (stack.outputs["FileSystemId"], "ENABLED") == (volume["fileSystemId"], volume["transitEncryption"])
    assert stack.physical_ids["WorkspaceAccessPoint"] == volume["authorizationConfig"]["accessPointId"]


def test_hermes_is_told_where_everything_is(aws: Clients, stack: DeployedStack) -> None:
    """Hermes finds the stack's resources in its environment."""
    arn = stack.physical_ids["HermesTaskDefinition"]
    container = aws("ecs").describe_task_definition(taskDefinition=arn)["taskDefinition"]["containerDefinitions"][0]

    variables = {variable["name"]: variable["value"] for variable in container["environment"]}
    assert {
        "SERVICE_VERSION": "1.0.0",
        "AWS_REGION": REGION,
        "SESSIONS_TABLE": "webordinary-edit-sessions",
        "CLUSTER": "webordinary-edit-cluster",
        "EDIT_SERVICE": "webordinary-edit-service",
        "LISTENER_ARN": stack.outputs["HttpsListenerArn"],
        "VPC_ID": stack.physical_ids["Vpc"],
        "ALB_URL": stack.outputs["AlbUrl"],
        "METRIC_NAMESPACE": "Webordinary/EditSessions",
        "FILE_SYSTEM_ID": stack.outputs["FileSystemId"],
    } == variables


def test_the_vpc_can_hold_fargate_tasks(aws: Clients, stack: DeployedStack) -> None:
    """The VPC gives host names, and its subnets public addresses."""
    vpc, subnet = stack.physical_ids["Vpc"], stack.physical_ids["SubnetA"]
    names = aws("ec2").describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsHostnames")["EnableDnsHostnames"]

    assert names == {"Value": True}
    assert aws("ec2").describe_subnets(SubnetIds=[subnet])["Subnets"][0]["MapPublicIpOnLaunch"]


def test_tasks_take_traffic_from_the_load_balancer_only(aws: Clients, stack: DeployedStack) -> None:
    """Every rule of the tasks' security group names the load balancer's group and nobody else."""
    group = stack.physical_ids["TaskSecurityGroup"]
    permissions = aws("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"]

    assert [permission["FromPort"] for permission in permissions] == [3000, 8080, 4321, 4322]
    sources = [[pair["GroupId"] for pair in permission["UserIdGroupPairs"]] for permission in permissions]
    assert [[stack.physical_ids["LoadBalancerSecurityGroup"]]] * 4 == sources
    assert [permission["IpRanges"] for permission in permissions] == [[]] * 4


def test_the_table_expires_and_can_be_restored(aws: Clients, stack: DeployedStack) -> None:
    """TTL, point-in-time recovery and both indexes, which moto's own CloudFormation drops, are there."""
    name = stack.outputs["TableName"]
    table = aws("dynamodb").describe_table(TableName=name)["Table"]
    expiry = aws("dynamodb").describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    backups = aws("dynamodb").describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]

    assert [index["IndexName"] for index in table["GlobalSecondaryIndexes"]] == [
        "clientId-status-index",
        "status-lastActivity-index",
    ]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert expiry == {"AttributeName": "ttl", "TimeToLiveStatus": "ENABLED"}
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


def test_the_alarms_drive_the_step_policies(aws: Clients, stack: DeployedStack) -> None:
    """Each alarm on the sessions calls its policy, whose steps are exact capacities."""
    scaling, namespace = aws("application-autoscaling"), "ecs"
    policies = {
        p["PolicyName"]: p for p in scaling.describe_scaling_policies(ServiceNamespace=namespace)["ScalingPolicies"]
    }
    names = ["webordinary-edit-sessions-high", "webordinary-edit-sessions-low"]
    alarms = aws("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"]

    out, inward = (policies[f"webordinary-edit-scale-{way}"] for way in ("out", "in"))
    assert {
        names[0]: (1.0, "GreaterThanOrEqualToThreshold", [out["PolicyARN"]]),
        names[1]: (2.0, "LessThanOrEqualToThreshold", [inward["PolicyARN"]]),
    } == {a["AlarmName"]: (a["Threshold"], a["ComparisonOperator"], a["AlarmActions"]) for a in alarms}
    assert out["StepScalingPolicyConfiguration"]["StepAdjustments"] == [
        {"MetricIntervalLowerBound": 0.0, "MetricIntervalUpperBound": 2.0, "ScalingAdjustment": 1},
        {"MetricIntervalLowerBound": 2.0, "ScalingAdjustment": 3},
    ]
    assert stack.physical_ids["EditScalableTarget"].endswith("/webordinary-edit-service|ecs:service:DesiredCount|ecs")


def test_cpu_tracking_can_be_left_out(aws: Clients) -> None:
    """The secondary policy is behind a parameter, whose value must be one that is allowed."""
    with pytest.raises(TemplateError, match="CpuTargetTracking is 'maybe', which is none of true, false"):
        deploy(
            load_template(TEMPLATE),
            aws,
            stack_name="other",
            region=REGION,
            account=ACCOUNT,
            inputs=Inputs(parameters={"CpuTargetTracking": "maybe"}),
        )


def test_the_dashboard_is_json(aws: Clients, stack: DeployedStack) -> None:
    """The run dashboard's body parses and shows the run metrics of this region."""
    body = aws("cloudwatch").get_dashboard(DashboardName=stack.physical_ids["RunDashboard"])["DashboardBody"]

    widgets = json.loads(body)["widgets"]
    assert {REGION} == {widget["properties"]["region"] for widget in widgets}
    assert widgets[0]["properties"]["metrics"][0] == ["Webordinary/IntegrationTests", "ColdStartLatency"]


def test_a_role_holds_its_policies(aws: Clients, stack: DeployedStack) -> None:
    """Inline policies reach the role, with the references in them resolved."""
    role = stack.physical_ids["HermesTaskRole"]

    document = aws("iam").get_role_policy(RoleName=role, PolicyName="sessions")["PolicyDocument"]

    table = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/webordinary-edit-sessions"
    assert table == document["Statement"][0]["Resource"]


def test_every_type_knows_its_operations(aws: Clients) -> None:
    """Each operation in the table exists in the service's model."""
    for resource_type in RESOURCE_TYPES.values():
        own = [resource_type.operation] if resource_type.operation else []
        for operation in (*own, *(extra.operation for extra in resource_type.extras)):
            Conversion(aws(resource_type.service), operation, "somewhere")


def test_own_egress_rules_replace_the_default(aws: Clients) -> None:
    """A group that lists egress rules has those only.

    Source: AWS CloudFormation template reference, AWS::EC2::SecurityGroup, default egress rule.
    """
    rule = {"IpProtocol": "tcp", "FromPort": "443", "ToPort": 443, "CidrIp": "10.0.0.0/8", "Description": "inside"}
    made = deployed(
        aws,
        Vpc={"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.1.0.0/16"}},
        Group={
            "Type": "AWS::EC2::SecurityGroup",
            "Properties": {"GroupDescription": "g", "VpcId": {"Ref": "Vpc"}, "SecurityGroupEgress": [rule]},
        },
        Knock={
            "Type": "AWS::EC2::SecurityGroupIngress",
            "Properties": {
                "GroupId": {"Fn::GetAtt": ["Group", "GroupId"]},
                "IpProtocol": "tcp",
                "FromPort": 80,
                "ToPort": 80,
                "SourceSecurityGroupId": {"Ref": "Group"},
            },
        },
    )
    group = made.physical_ids["Group"]

    described = aws("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    assert [(permission["FromPort"], permission["IpRanges"]) for permission in described["IpPermissionsEgress"]] == [
        (443, [{"Description": "inside", "CidrIp": "10.0.0.0/8"}])
    ]
    assert [(80, group)] == [(p["FromPort"], p["UserIdGroupPairs"][0]["GroupId"]) for p in described["IpPermissions"]]
    assert made.physical_ids["Knock"].startswith("sgr-")


def test_a_private_subnet_gets_out_through_a_nat_gateway(aws: Clients, stack: DeployedStack) -> None:
    """A NAT gateway takes the allocation of an address, whose Ref is the address itself.

    Source: AWS CloudFormation template reference, AWS::EC2::EIP, return values.
    """
    made = deployed(
        aws,
        Address={"Type": "AWS::EC2::EIP", "Properties": {"Domain": "vpc", "Tags": [{"Key": "Name", "Value": "nat"}]}},
        Nat={
            "Type": "AWS::EC2::NatGateway",
            "Properties": {
                "AllocationId": {"Fn::GetAtt": ["Address", "AllocationId"]},
                "SubnetId": stack.physical_ids["SubnetA"],
            },
        },
    )

    address = aws("ec2").describe_addresses(PublicIps=[made.physical_ids["Address"]])["Addresses"][0]
    assert address["Tags"] == [{"Key": "Name", "Value": "nat"}]
    assert made.physical_ids["Nat"].startswith("nat-")


def test_policies_of_their_own_are_attached(aws: Clients) -> None:
    """Inline and managed policies reach the role they name, and so do those that AWS keeps."""
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ecs:*", "Resource": "*"}]}
    made = deployed(
        aws,
        Role={
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": document,
                "ManagedPolicyArns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
            },
        },
        Inline={
            "Type": "AWS::IAM::Policy",
            "Properties": {"PolicyName": "in", "PolicyDocument": document, "Roles": [{"Ref": "Role"}]},
        },
        Managed={
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {"PolicyDocument": document, "Roles": [{"Ref": "Role"}]},
        },
    )
    role = made.physical_ids["Role"]

    assert aws("iam").list_role_policies(RoleName=role)["PolicyNames"] == ["in"]
    attached = aws("iam").list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    kept_by_aws = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    assert {policy["PolicyArn"] for policy in attached} == {made.physical_ids["Managed"], kept_by_aws}


def test_an_unknown_property_of_an_inline_policy_is_named(aws: Clients) -> None:
    """A type without a call of its own still knows its properties."""
    policy = {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "p", "PolicyDocumnt": {}, "Roles": ["r"]}}

    with pytest.raises(TemplateError) as raised:
        deployed(aws, Inline=policy)

    assert "Inline (AWS::IAM::Policy).PolicyDocumnt: is not a known property, perhaps PolicyDocument is meant" in str(
        raised.value
    )
    assert "Inline (AWS::IAM::Policy): lacks PolicyDocument" in str(raised.value)


def test_the_table_wording_of_encryption_and_streams_is_understood(aws: Clients) -> None:
    """SSEEnabled and a bare StreamViewType mean what they mean in CloudFormation."""
    made = deployed(
        aws,
        Table={
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "BillingMode": "PAY_PER_REQUEST",
                "SSESpecification": {"SSEEnabled": "true"},
                "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
            },
        },
    )

    table = aws("dynamodb").describe_table(TableName=made.physical_ids["Table"])["Table"]
    assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    assert table["SSEDescription"]["Status"] == "ENABLED"


def test_tags_take_the_form_each_service_wants(aws: Clients) -> None:
    """Tags are a list in a log group's template and a map in its call; for a parameter it is the other way round."""
    made = deployed(
        aws,
        Group={
            "Type": "AWS::Logs::LogGroup",
            "Properties": {"RetentionInDays": "7", "Tags": [{"Key": "team", "Value": "sea"}]},
        },
        Setting={
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Type": "String", "Value": {"Ref": "Group"}, "Tags": {"team": "sea"}},
        },
    )
    group, setting = made.physical_ids["Group"], made.physical_ids["Setting"]

    assert aws("logs").list_tags_log_group(logGroupName=group)["tags"] == {"team": "sea"}
    assert aws("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["retentionInDays"] == 7
    assert group == aws("ssm").get_parameter(Name=setting)["Parameter"]["Value"]


def test_a_generated_name_fits_the_service(aws: Clients, stack: DeployedStack) -> None:
    """A target group without a name gets one of at most 32 characters.

    Source: Elastic Load Balancing API Reference, CreateTargetGroup, Name.
    """
    made = deployed(
        aws,
        QuiteALongLogicalIdOfATargetGroup={
            "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
            "Properties": {
                "Port": "8080",
                "Protocol": "HTTP",
                "TargetType": "ip",
                "VpcId": stack.physical_ids["Vpc"],
                "Targets": [{"Id": "10.0.1.7", "Port": 8080}],
            },
        },
    )
    (arn,) = made.physical_ids.values()

    assert len(arn.split("/")[1]) == 32
    health = aws("elbv2").describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    assert [description["Target"]["Id"] for description in health] == ["10.0.1.7"]


def test_a_scaling_policy_must_name_a_scalable_target(aws: Clients) -> None:
    """A policy whose target id is no scalable target's is an error that says so."""
    policy = {
        "Type": "AWS::ApplicationAutoScaling::ScalingPolicy",
        "Properties": {"PolicyName": "p", "PolicyType": "StepScaling", "ScalingTargetId": "service/a/b"},
    }

    with pytest.raises(TemplateError, match=r"ScalingTargetId: must be a Ref to a scalable target, not 'service/a/b'"):
        deployed(aws, Policy=policy)


def test_certificates_are_for_the_names_asked_for() -> None:
    """A self-signed certificate lists every name and has the same key each time."""
    first, again = self_signed(("a.example", "b.example")), self_signed(("a.example", "b.example"))

    certificate = x509.load_pem_x509_certificate(first.certificate_pem.encode())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["a.example", "b.example"]
    assert first.key_pem == again.key_pem
