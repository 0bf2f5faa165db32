"""What IAM and EFS refuse of policies: a bad one, and its good neighbour.

Source: IAM User Guide, "IAM JSON policy elements reference"; AWS IAM API Reference; EFS API Reference,
PutFileSystemPolicy.
"""

import json

import pytest
from botocore.exceptions import ClientError

from tests.support.aws import Document
from tests.support.twin import Twin, Worlds

ALLOW: Document = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
TRUST: Document = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}
EVERYBODY: Document = {"Principal": "*"}
MALFORMED, INVALID = "MalformedPolicyDocument", "InvalidPolicyException"


def text(statement: object) -> str:
    """Return a policy of one statement."""
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


def code(twin: Twin, service: str, operation: str, **parameters: str) -> str:
    """Return the code with which a call is refused, empty when it is taken."""
    try:
        getattr(twin.world.bridge.client("scenario", service), operation)(**parameters)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


@pytest.mark.parametrize(
    ("document", "wanted"),
    [
        (text(TRUST), ""),
        ("no policy", MALFORMED),
        ("[]", MALFORMED),
        ("{}", MALFORMED),
        (text("Allow"), MALFORMED),
        (text({**TRUST, "Resource": "*"}), MALFORMED),
        (text({name: value for name, value in TRUST.items() if name != "Principal"}), MALFORMED),
        (text({**TRUST, "Effect": "allow"}), MALFORMED),
        (text({name: value for name, value in TRUST.items() if name != "Action"}), MALFORMED),
    ],
)
def test_trust_policies(worlds: Worlds, document: str, wanted: str) -> None:
    """A role is made with a policy that says who may assume it, and of no resource."""
    with worlds.open(alive=False) as twin:
        assert code(twin, "iam", "create_role", RoleName="new", AssumeRolePolicyDocument=document) == wanted


@pytest.mark.parametrize(
    ("statement", "wanted"), [(ALLOW, ""), ({**ALLOW, **EVERYBODY}, MALFORMED), ([ALLOW, "x"], MALFORMED)]
)
def test_policies_of_roles(worlds: Worlds, statement: object, wanted: str) -> None:
    """A role's policy names nobody."""
    with worlds.open(alive=False) as twin:
        role = twin.world.stack.physical_ids["EditTaskRole"]
        document = {"PolicyName": "new", "PolicyDocument": text(statement)}

        assert code(twin, "iam", "put_role_policy", RoleName=role, **document) == wanted
        assert code(twin, "iam", "create_policy", **document) == wanted


@pytest.mark.parametrize(("statement", "wanted"), [({**ALLOW, **EVERYBODY}, ""), (ALLOW, INVALID), ({}, INVALID)])
def test_policies_of_file_systems(worlds: Worlds, statement: object, wanted: str) -> None:
    """A file system's policy says whom it is about."""
    with worlds.open(alive=False) as twin:
        files = twin.world.stack.physical_ids["FileSystem"]

        assert code(twin, "efs", "put_file_system_policy", FileSystemId=files, Policy=text(statement)) == wanted


def test_boundaries(worlds: Worlds) -> None:
    """A boundary is a policy that is there, and stays while it bounds a role."""
    with worlds.open(alive=False) as twin:
        role = twin.world.stack.physical_ids["EditTaskRole"]
        iam = twin.world.bridge.client("scenario", "iam")
        arn = iam.create_policy(PolicyName="bound", PolicyDocument=text(ALLOW))["Policy"]["Arn"]
        missing = code(
            twin, "iam", "put_role_permissions_boundary", RoleName=role, PermissionsBoundary=f"{arn}-of-nobody"
        )
        iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=arn)
        in_use = code(twin, "iam", "delete_policy", PolicyArn=arn)
        iam.delete_role_permissions_boundary(RoleName=role)

        assert (missing, in_use) == ("NoSuchEntity", "DeleteConflict")
        assert code(twin, "iam", "delete_policy", PolicyArn=arn) == ""
