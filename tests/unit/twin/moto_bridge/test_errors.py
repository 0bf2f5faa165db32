"""Tests of errors in the protocols of AWS: boto3 must read code and message, whatever it speaks."""

import json

import pytest
from botocore.exceptions import ClientError

from seatrials.seams.http1 import Request
from seatrials.twin.moto_bridge.endpoints import host_of
from seatrials.twin.moto_bridge.errors import told
from seatrials.twin.moto_bridge.http_api import AwsApi
from tests.support.outside import Outside
from tests.support.twin import Twin


@pytest.fixture
def outside(twin: Twin) -> Outside:
    """Give a client outside the world that sends whatever it is asked for."""
    api = AwsApi(twin.world.bridge, lambda _call: None, lambda _call, _reason: None)
    return Outside(api, parameter_validation=False)


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "code"),
    [
        ("elbv2", "delete_rule", {}, "ValidationError"),
        ("ec2", "delete_vpc", {}, "MissingParameter"),
        ("iam", "create_user", {"UserName": "a b"}, "ValidationError"),
        ("sts", "assume_role", {"RoleArn": "short", "RoleSessionName": "s"}, "ValidationError"),
        ("ecs", "create_service", {}, "InvalidParameterException"),
        ("cloudwatch", "put_metric_alarm", {"AlarmName": ""}, "ValidationError"),
        ("efs", "create_access_point", {"FileSystemId": "a", "ClientToken": ""}, "BadRequest"),
    ],
)
def test_a_refusal_is_read_by_its_client(
    outside: Outside, service: str, operation: str, parameters: dict[str, str], code: str
) -> None:
    """XML where the service speaks XML, JSON where it speaks JSON, with status 400."""
    with pytest.raises(ClientError) as caught:
        getattr(outside.client(service), operation)(**parameters)

    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.mark.parametrize(("service", "operation"), [("lightsail", "get_instances"), ("cloudformation", "list_types")])
def test_a_service_that_is_not_there_is_refused_in_words(outside: Outside, service: str, operation: str) -> None:
    """The client reads that it is the twin which cannot answer, and why; the status is never 500."""
    with pytest.raises(ClientError, match="the twin") as caught:
        getattr(outside.client(service), operation)()

    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("dynamodbstreams", "list_streams"),
        ("memorydb", "describe_clusters"),
        ("sagemaker", "list_endpoints"),
        ("timestream-write", "list_databases"),
        ("sesv2", "list_email_identities"),
        ("pinpoint", "get_apps"),
        ("payment-cryptography", "list_keys"),
        ("mediastore-data", "list_items"),
        ("bedrock-agent", "list_agents"),
        ("servicecatalog-appregistry", "list_applications"),
    ],
)
def test_services_are_found_by_the_name_that_signs(outside: Outside, service: str, operation: str) -> None:
    """A service whose host is not called as its signature says is answered."""
    answer = getattr(outside.client(service), operation)()

    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_an_operation_that_nobody_has_is_unknown(outside: Outside) -> None:
    """AWS answers 400 to a target that it does not know, and so does the twin."""
    scope = "AWS4-HMAC-SHA256 Credential=a/20260302/us-west-2/ecs/aws4_request"
    target = "AmazonEC2ContainerServiceV20141113.../.."
    headers = [("authorization", scope), ("x-amz-target", target), ("content-type", "application/x-amz-json-1.1")]
    answer = outside.api.handle(Request("POST", "/", headers, b"{}"))

    assert answer.status == 400
    assert isinstance(answer.body, bytes)
    assert json.loads(answer.body)["__type"] == "UnknownOperationException"


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff\xfe", b'"text"'])
def test_a_body_that_cannot_be_read_is_refused(outside: Outside, body: bytes) -> None:
    """What is no JSON, or no object, is the client's mistake."""
    scope = "AWS4-HMAC-SHA256 Credential=a/20260302/us-west-2/ecs/aws4_request"
    target = "AmazonEC2ContainerServiceV20141113.CreateService"
    headers = [("authorization", scope), ("x-amz-target", target), ("content-type", "application/x-amz-json-1.1")]
    answer = outside.api.handle(Request("POST", "/", headers, body))

    assert answer.status == 400
    assert isinstance(answer.body, bytes)
    assert json.loads(answer.body)["__type"] == "SerializationException"


def test_cbor_is_answered_with_cbor() -> None:
    """A client of Smithy's RPC in CBOR finds type and message in a map of two texts (RFC 8949)."""
    request = Request("POST", "/service/x/operation/Y", [("smithy-protocol", "rpc-v2-cbor")])
    answer = told("monitoring", request, 400, "Code", "text")

    assert answer.body == (
        b"\xa2" + b"\x7a\x00\x00\x00\x06__type" + b"\x7a\x00\x00\x00\x04Code"
        b"\x7a\x00\x00\x00\x07message" + b"\x7a\x00\x00\x00\x04text"
    )
    assert ("smithy-protocol", "rpc-v2-cbor") in answer.headers


def test_an_ordinary_service_is_at_the_host_of_its_name() -> None:
    """Most services sign with the name that their hosts have."""
    assert host_of("ecs", "us-west-2", Request("POST", "/", [])) == "ecs.us-west-2.amazonaws.com"
