"""Tests of CloudFormation's API for the stack of a served platform."""

from xml.etree import ElementTree as ET

import pytest

from seatrials.seams.http1 import Request, Response
from seatrials.twin.cloudformation.deployer import DeployedStack
from seatrials.twin_server.stack_api import StackApi

_STACK = DeployedStack(
    physical_ids={"Vpc": "vpc-1", "Logs": "/a&b"},
    outputs={"Url": "https://x/?a=1&b=2"},
    name="sea",
    stack_id="arn:aws:cloudformation:us-west-2:123456789012:stack/sea/1",
    types={"Vpc": "AWS::EC2::VPC", "Logs": "AWS::Logs::LogGroup"},
    parameters={"Size": "m"},
    exports={"url": "https://x/?a=1&b=2"},
)


def answer(body: str, service: str = "cloudformation") -> Response:
    """Return the answer to a call of *service*."""
    scope = f"AWS4-HMAC-SHA256 Credential=testing/20261127/us-west-2/{service}/aws4_request, Signature=0"
    api = StackApi(_STACK, 0.0, lambda _request: Response(200, b"another service"))
    return api.handle(Request("POST", "/", [("authorization", scope)], body.encode()))


def texts(response: Response, name: str) -> list[str | None]:
    """Return the texts of the elements *name* of an answer."""
    assert isinstance(response.body, bytes)
    document = ET.fromstring(response.body)  # noqa: S314  # our own answer
    return [each.text for each in document.iter() if each.tag.rpartition("}")[2] == name]


@pytest.mark.parametrize("name", ["", "&StackName=sea", f"&StackName={_STACK.stack_id}"], ids=["all", "name", "id"])
def test_the_stack_is_described(name: str) -> None:
    """DescribeStacks tells state, outputs and parameters, whether the stack is asked for by name, by id or not."""
    described = answer(f"Action=DescribeStacks{name}")

    assert texts(described, "StackStatus") == ["CREATE_COMPLETE"]
    assert (texts(described, "OutputKey"), texts(described, "OutputValue")) == (["Url"], ["https://x/?a=1&b=2"])
    assert (texts(described, "ParameterKey"), texts(described, "ParameterValue")) == (["Size"], ["m"])


def test_its_resources_are_listed() -> None:
    """DescribeStackResources tells logical id, physical id and type, of all or of one."""
    listed = answer("Action=DescribeStackResources&StackName=sea")
    one = answer("Action=DescribeStackResources&StackName=sea&LogicalResourceId=Logs")

    assert texts(listed, "PhysicalResourceId") == ["vpc-1", "/a&b"]
    assert texts(one, "ResourceType") == ["AWS::Logs::LogGroup"]


def test_exports_are_listed() -> None:
    """ListExports tells what another stack may import."""
    assert texts(answer("Action=ListExports"), "Name") == ["url"]


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        ("Action=DescribeStacks&StackName=nix", "ValidationError", "Stack with id nix does not exist"),
        ("Action=CreateStack&StackName=nix", "InvalidAction", "'CreateStack'"),
    ],
)
def test_anything_else_is_refused(body: str, code: str, said: str) -> None:
    """Another stack does not exist, and another action is refused in words."""
    refused = answer(body)

    assert refused.status == 400
    assert texts(refused, "Code") == [code]
    assert said in str(texts(refused, "Message")[0])


def test_other_services_are_answered_by_others() -> None:
    """A call that is signed for another service is handed on."""
    assert answer("Action=DescribeStacks", "ec2").body == b"another service"
