"""Deploying templates: the order, the faults, and what is handed back."""

from collections.abc import Mapping
from typing import Any

import pytest

from seatrials.errors import TemplateError
from seatrials.twin.cloudformation.deployer import DeployedStack, deploy
from seatrials.twin.cloudformation.inputs import Inputs
from seatrials.twin.cloudformation.template import parse_template
from tests.support.aws import Clients

REGION = "us-west-2"
ACCOUNT = "123456789012"


def deployed(aws: Clients, resources: Mapping[str, Any], **sections: object) -> DeployedStack:
    """Deploy a template with *resources* and other *sections*."""
    template = parse_template({"Resources": resources, **sections})
    return deploy(template, aws, stack_name="sea", region=REGION, account=ACCOUNT)


def refusal(aws: Clients, resources: Mapping[str, Any], **sections: object) -> list[str]:
    """Return the lines of the error that deploying *resources* raises."""
    with pytest.raises(TemplateError) as raised:
        deployed(aws, resources, **sections)
    return str(raised.value).splitlines()


def log_group(name: object, **fields: object) -> dict[str, Any]:
    """Return a log group, the cheapest resource there is."""
    return {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": name}, **fields}


def log_groups(aws: Clients) -> list[str]:
    """Return the names of the log groups there are, in the order of their making."""
    groups = aws("logs").describe_log_groups()["logGroups"]
    return [group["logGroupName"] for group in sorted(groups, key=lambda group: group["creationTime"])]


def test_what_is_needed_is_made_first(aws: Clients) -> None:
    """A resource comes after what it refers to and what it depends on, else in the order of the template."""
    resources = {
        "C": log_group({"Fn::Sub": "${B}-c"}, DependsOn="A"),
        "A": log_group("a"),
        "B": log_group({"Fn::Join": ["-", [{"Ref": "D"}, "b"]]}, DependsOn=["A"]),
        "D": log_group("d"),
    }

    stack = deployed(aws, resources)

    assert stack.physical_ids == {"A": "a", "D": "d", "B": "d-b", "C": "d-b-c"}
    assert list(stack.physical_ids) == ["A", "D", "B", "C"]


def test_a_circle_is_named_in_its_order(aws: Clients) -> None:
    """Resources that need one another are an error that names them in order."""
    resources = {
        "Outside": log_group({"Ref": "First"}),
        "First": log_group({"Ref": "Second"}),
        "Second": log_group("x", DependsOn="Third"),
        "Third": log_group({"Fn::GetAtt": ["First", "Arn"]}),
    }

    assert "First -> Second -> Third -> First" in refusal(aws, resources)[0]


def test_every_fault_is_reported_before_anything_is_made(aws: Clients) -> None:
    """One error lists the faults of all resources and outputs, and nothing was sent to AWS."""
    resources = {
        "Good": log_group("good"),
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Topic": {"Type": "AWS::SNS::Topic"},
        "Misspelt": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupNam": "x"}},
        "Dangling": log_group({"Ref": "Nowhere"}),
        "Bare": {"Type": "AWS::EC2::RouteTable"},
        "Wrong": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": "a week"}},
        "Late": log_group("late", DependsOn="Nobody"),
    }

    lines = refusal(aws, resources, Outputs={"Odd": {"Value": {"Fn::GetAtt": ["Good", "Size"]}}})

    assert lines[0] == "the template cannot be deployed:"
    assert lines[1:3] == [
        "- Late: DependsOn names no resource: 'Nobody'",
        "- Queue: the resource type AWS::SQS::Queue is not supported",
    ]
    assert lines[3].startswith("- the supported resource types are AWS::EC2::VPC, ")
    assert lines[4] == "- Topic: the resource type AWS::SNS::Topic is not supported"
    assert lines[5].startswith(
        "- Misspelt (AWS::Logs::LogGroup).LogGroupNam: is not a known property, perhaps LogGroupName is meant; "
    )
    assert lines[6].startswith("- Dangling (AWS::Logs::LogGroup).LogGroupName: Ref Nowhere names no resource")
    assert "- Bare (AWS::EC2::RouteTable): lacks VpcId" in lines
    assert "- Wrong (AWS::Logs::LogGroup).RetentionInDays: must be of type integer, not 'a week'" in lines
    assert lines[-1] == "- output Odd: GetAtt Good.Size: AWS::Logs::LogGroup has no attribute 'Size' here; it has: Arn"
    assert log_groups(aws) == []


def test_a_misspelt_reference_is_told_what_it_may_mean(aws: Clients) -> None:
    """A reference that nearly is the name of a resource or parameter is an error with that name."""
    lines = refusal(aws, {"Group": log_group({"Ref": "AWS::StackNam"})})

    told = "Ref AWS::StackNam names no resource, parameter or pseudo parameter, perhaps AWS::StackName is meant"
    assert lines[1] == f"- Group (AWS::Logs::LogGroup).LogGroupName: {told}"


def test_what_aws_refuses_is_named(aws: Clients) -> None:
    """An error of AWS says which resource it refused, and why."""
    aws("logs").create_log_group(logGroupName="taken")

    lines = refusal(aws, {"Twice": log_group("taken")})

    assert lines[0].startswith(
        "Twice (AWS::Logs::LogGroup): AWS refused logs create_log_group with LogGroupName taken: "
    )
    assert "ResourceAlreadyExistsException" in lines[0]


def test_a_value_that_botocore_refuses_is_named_too(aws: Clients) -> None:
    """A value outside the bounds of the service's model is an error that says which resource it belongs to."""
    group = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": ""}}

    assert refusal(aws, {"Nameless": group})[0].startswith("Nameless (AWS::Logs::LogGroup): AWS refused logs ")


def test_conditions_leave_resources_and_outputs_out(aws: Clients) -> None:
    """A resource or output whose condition is false is not there, and a DependsOn on it says nothing."""
    never = {"Fn::Equals": ["a", "b"]}
    resources = {"Kept": log_group("kept", DependsOn="Dropped"), "Dropped": log_group("dropped", Condition="Never")}
    outputs = {"Here": {"Value": {"Ref": "Kept"}}, "Gone": {"Condition": "Never", "Value": {"Ref": "Dropped"}}}

    stack = deployed(aws, resources, Conditions={"Never": never}, Outputs=outputs)

    assert log_groups(aws) == ["kept"]
    assert stack.outputs == {"Here": "kept"}


def test_parameters_and_imports_reach_the_resources(aws: Clients) -> None:
    """Given parameters and exports of other stacks stand in the properties."""
    name = {"Fn::Join": ["-", [{"Ref": "Prefix"}, {"Fn::ImportValue": "shared"}]]}
    template = parse_template(
        {"Parameters": {"Prefix": {"Type": "String", "Default": "old"}}, "Resources": {"Group": log_group(name)}}
    )

    deploy(
        template,
        aws,
        stack_name="sea",
        region=REGION,
        account=ACCOUNT,
        inputs=Inputs(parameters={"Prefix": "new"}, imports={"shared": "logs"}),
    )

    assert log_groups(aws) == ["new-logs"]


def test_a_resource_without_a_name_gets_the_same_one_each_time(aws: Clients) -> None:
    """A generated name carries stack and logical id and does not change, so that a seed replays."""
    first = deployed(aws, {"Group": {"Type": "AWS::Logs::LogGroup"}}).physical_ids["Group"]
    aws("logs").delete_log_group(logGroupName=first)

    second = deployed(aws, {"Group": {"Type": "AWS::Logs::LogGroup"}}).physical_ids["Group"]

    assert first.startswith("sea-Group-")
    assert first == second


def test_a_fault_in_a_further_call_is_reported_with_the_others(aws: Clients) -> None:
    """Properties that a second call sets are checked before anything is made, like the others."""
    table = {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "TimeToLiveSpecification": {"AttributeNam": "ttl", "Enabled": "perhaps"},
        },
    }

    lines = refusal(aws, {"Table": table})

    path = "- Table (AWS::DynamoDB::Table).TimeToLiveSpecification"
    assert lines[1].startswith(f"{path}.AttributeNam: is not a known property, perhaps AttributeName is meant; ")
    assert f"{path}.Enabled: must be of type boolean, not 'perhaps'" == lines[2]
    assert f"{path}: lacks AttributeName" == lines[3]
