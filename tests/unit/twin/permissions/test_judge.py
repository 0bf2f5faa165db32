"""Tests of verdicts.

Source: IAM User Guide, "Policy evaluation logic" and "Troubleshoot access denied error messages".
"""

import json
from dataclasses import dataclass, field

import pytest

from seatrials.twin.permissions import Need, Permissions, Place, Principal, Role, rights_of
from seatrials.twin.permissions.verdicts import reason_against_role
from tests.support.aws import Document, Json

ROLE = "arn:aws:iam::123456789012:role/team/shop"
TABLE = "arn:aws:dynamodb:us-west-2:123456789012:table/shop"
FILES = "arn:aws:elasticfilesystem:us-west-2:123456789012:file-system/fs-1"
POINT = "arn:aws:elasticfilesystem:us-west-2:123456789012:access-point/fsap-1"
ROOT = "arn:aws:iam::123456789012:root"
SESSION = "arn:aws:sts::123456789012:assumed-role/shop/task1"
SHOP = Principal(ROLE, "task1")
PUT = Need("dynamodb:PutItem", TABLE)


def policy(*statements: Document) -> str:
    """Return a policy of statements that allow everything but for what they say."""
    allowed: Document = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [{**allowed, **each} for each in statements]})


TRUST = policy({"Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"})


@dataclass
class Iam:
    """The roles there are, a judge over them, and what the judge tells."""

    roles: dict[str, Role] = field(default_factory=dict)
    told: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Make the judge."""
        self.judge = Permissions(Place("us-west-2", "123456789012"), self.roles.get, self._tell)

    def _tell(self, kind: str, subject: str, **details: str) -> None:
        self.told.append((kind, subject, details))

    def give(self, *policies: str, trust: str = TRUST, boundary: str | None = None) -> None:
        """Let the role have these policies and no other."""
        self.roles[ROLE] = Role(ROLE, trust, policies, boundary)
        self.judge.forget()

    def reason(self, need: Need = PUT) -> str:
        """Return why the role may not, empty when it may."""
        denial = self.judge.denial(SHOP, [need])
        return denial.reason if denial else ""


@pytest.fixture
def iam() -> Iam:
    """Give an IAM without roles."""
    return Iam()


IMPLICIT = "because no identity-based policy allows the dynamodb:PutItem action"
EXPLICIT = "with an explicit deny in an identity-based policy"


@pytest.mark.parametrize(
    ("policies", "reason"),
    [
        ([], IMPLICIT),
        ([policy({"Action": "dynamodb:Put*"})], ""),
        ([policy({"Action": "dynamodb:GetItem"}), policy({"Action": "dynamodb:PutItem"})], ""),
        ([policy({"Resource": f"{TABLE}s"})], IMPLICIT),
        ([policy({"Effect": "Deny"}), policy({})], EXPLICIT),
        ([policy({}, {"Effect": "Deny", "Action": "dynamodb:PutItem"})], EXPLICIT),
        ([policy({}, {"Effect": "Deny", "NotAction": "dynamodb:*"})], ""),
        ([policy({"Effect": "Deny", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}, {})], ""),
        ([policy({"Condition": {"StringEquals": {"aws:RequestedRegion": "us-west-2"}}})], ""),
        ([policy({"Condition": {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}})], IMPLICIT),
        ([policy({"Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/team/*"}}})], ""),
        ([policy({"Condition": {"StringEquals": {"aws:ResourceAccount": "123456789012"}}})], ""),
        ([policy({"Condition": {"StringEquals": {"aws:PrincipalType": "AssumedRole"}}})], ""),
        ([policy({"Condition": {"Bool": {"aws:PrincipalIsAWSService": "true"}}})], IMPLICIT),
        ([policy({"Resource": "arn:aws:dynamodb:*:${aws:PrincipalAccount}:table/shop"})], ""),
        ([policy({}, {"Effect": "Deny", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}}})], ""),
        (
            [policy({}, {"Effect": "Deny", "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}})],
            EXPLICIT,
        ),
        ([policy({}, {"Effect": "Deny", "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}})], EXPLICIT),
    ],
)
def test_a_denial_counts_before_an_allowance(iam: Iam, policies: list[str], reason: str) -> None:
    """What no statement allows is not allowed; a statement that denies, of any policy, counts before all others."""
    iam.give(*policies)

    assert iam.reason() == reason


def test_a_boundary_is_the_most_that_a_role_may(iam: Iam) -> None:
    """What its boundary does not allow a role may not, whatever its policies say."""
    iam.give(policy({}), boundary=policy({"Action": "ecs:*"}))

    assert iam.reason() == "because no permissions boundary allows the dynamodb:PutItem action"
    assert iam.reason(Need("ecs:ListTasks", "*")) == ""


def test_a_role_that_does_not_exist_may_nothing(iam: Iam) -> None:
    """Its denial is as that of a role without policies."""
    assert iam.reason() == IMPLICIT


def test_a_denial_is_told_in_the_words_of_aws(iam: Iam) -> None:
    """The sentence names the session, the action and the resource; the event the role."""
    denial = iam.judge.denial(SHOP, [PUT])

    assert denial is not None
    assert denial.sentence == (
        "User: arn:aws:sts::123456789012:assumed-role/shop/task1 is not authorized to perform: dynamodb:PutItem on "
        f"resource: {TABLE} because no identity-based policy allows the dynamodb:PutItem action"
    )
    details = {"action": "dynamodb:PutItem", "resource": TABLE, "reason": IMPLICIT}
    assert iam.told == [("access_denied", "shop", details)]


def test_a_verdict_is_kept_until_iam_changes(iam: Iam) -> None:
    """The same question has the same answer until something of IAM has changed."""
    iam.give(policy({}))
    assert iam.reason() == ""

    del iam.roles[ROLE]

    assert iam.reason() == ""
    iam.judge.forget()
    assert iam.reason() == IMPLICIT


def test_a_policy_that_changes_acts_at_once(iam: Iam) -> None:
    """Whatever of a role changes, its next verdict is by what it has now, were it what it had before."""
    allowed, denied = policy({}), policy({"Effect": "Deny"})
    may_be_assumed = []
    reasons = []
    for given, trust, boundary in (
        ([allowed], TRUST, None),
        ([allowed, denied], policy({"Principal": {"Service": "ec2.amazonaws.com"}}), None),
        ([allowed], TRUST, allowed),
        ([allowed], TRUST, denied),
        ([], TRUST, None),
        ([allowed], TRUST, None),
    ):
        iam.give(*given, trust=trust, boundary=boundary)
        reasons.append(iam.reason())
        may_be_assumed.append(iam.judge.can_be_assumed(ROLE))

    of_boundary = "with an explicit deny in a permissions boundary"
    assert reasons == ["", EXPLICIT, "", of_boundary, IMPLICIT, ""]
    assert may_be_assumed == [True, False, True, True, True, True]


def test_a_verdict_is_of_the_place_and_the_role_that_ask() -> None:
    """Worlds share verdicts, and none of another region, account, role or need."""
    conditions = {"aws:RequestedRegion": "us-west-2", "aws:PrincipalArn": ROLE, "aws:PrincipalAccount": "123456789012"}
    role = Role(ROLE, TRUST, (policy({"Action": PUT.action, "Condition": {"StringEquals": conditions}}),))
    here = Place("us-west-2", "123456789012")

    assert reason_against_role(here, ROLE, role, PUT) is None
    for others in (
        (Place("us-east-1", "123456789012"), ROLE, role, PUT),
        (Place("us-west-2", "210987654321"), ROLE, role, PUT),
        (here, f"{ROLE}2", role, PUT),
        (here, ROLE, None, PUT),
        (here, ROLE, role, Need("dynamodb:GetItem", TABLE)),
    ):
        assert reason_against_role(*others) is not None


def test_what_is_left_out_is_told_in_each_world(iam: Iam) -> None:
    """Also in one that begins with the policies of another, whose verdicts are known."""
    another = Iam()
    for each in (iam, another):
        each.give(policy({"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}))
        each.reason()

    assert [kind for kind, _, _ in another.told] == ["left_out", "access_denied"]


def test_what_is_left_out_of_conditions_is_told_once(iam: Iam) -> None:
    """A key or an operator that the twin does not know is told, by its name."""
    iam.give(policy({"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}))
    iam.reason()
    iam.reason(Need("dynamodb:GetItem", TABLE))

    [told] = [each for each in iam.told if each[0] == "left_out"]
    assert told[1] == "the condition IpAddress of aws:SourceIp"


def test_what_is_left_out_of_variables_is_told_once(iam: Iam) -> None:
    """A text with a variable that the twin does not know stands for nothing, and that is told."""
    iam.give(policy({"Resource": "arn:aws:dynamodb:*:*:table/${aws:PrincipalTag/team}"}))
    reasons = [iam.reason(), iam.reason(Need("dynamodb:GetItem", TABLE))]

    assert reasons[0] == IMPLICIT
    assert [each[1] for each in iam.told if each[0] == "left_out"] == ["the variable ${aws:PrincipalTag/team}"]


@pytest.mark.parametrize(("action", "told"), [("kms:Decrypt", ["the resource of kms:Decrypt"]), ("kms:Sign", [])])
def test_a_guess_that_denies_is_told(iam: Iam, action: str, told: list[str]) -> None:
    """A call that no table has is about everything here; who is denied what a policy allows of something, hears it."""
    iam.give(policy({"Action": action, "Resource": "arn:aws:kms:us-west-2:123456789012:key/1"}))
    [need] = iam.judge.needs_of("kms", "kms", "Decrypt", {"KeyId": "1"})

    assert iam.reason(need) == "because no identity-based policy allows the kms:Decrypt action"
    assert [each[1] for each in iam.told if each[0] == "left_out"] == told


@pytest.mark.parametrize(
    ("trust", "may"),
    [
        (TRUST, True),
        (policy({"Principal": {"Service": ["ec2.amazonaws.com", "ecs-tasks.amazonaws.com"]}, "Action": "sts:*"}), True),
        (policy({"Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}), False),
        (policy({"Principal": {"AWS": ROLE}, "Action": "sts:AssumeRole"}), False),
        (policy({"Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:TagSession"}), False),
        (
            policy(
                {
                    "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                    "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}},
                }
            ),
            True,
        ),
        (
            policy(
                {
                    "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                    "Condition": {"StringEquals": {"aws:SourceAccount": "210987654321"}},
                }
            ),
            False,
        ),
    ],
)
def test_ecs_takes_a_role_that_trusts_it(iam: Iam, trust: str, may: bool) -> None:  # noqa: FBT001  # a row of the table
    """The trust policy names the service of ECS's tasks (Amazon ECS Developer Guide, "Amazon ECS task IAM role")."""
    iam.give(trust=trust)

    assert iam.judge.can_be_assumed(ROLE) is may


def test_ecs_takes_no_role_that_does_not_exist(iam: Iam) -> None:
    """It is told with the role's name."""
    assert not iam.judge.can_be_assumed(ROLE)
    assert iam.told[0][1] == "shop"


CLIENT = {"Effect": "Allow", "Action": ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]}
ENCRYPTED: Document = {
    "Effect": "Deny",
    "Principal": {"AWS": "*"},
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


@pytest.mark.parametrize(
    ("own", "of_files", "role", "rights"),
    [
        (policy(), None, None, (True, True, True)),
        (policy(), policy(ENCRYPTED), ROLE, (False, False, False)),
        (policy(CLIENT), policy(ENCRYPTED), ROLE, (True, True, False)),
        (policy(CLIENT), policy(ENCRYPTED), None, (False, False, False)),
        (policy({"Action": "elasticfilesystem:ClientMount"}), policy(ENCRYPTED), ROLE, (True, False, False)),
        (policy({**CLIENT, "Resource": f"{FILES}0"}), policy(ENCRYPTED), ROLE, (False, False, False)),
        (policy(), policy({**CLIENT, "Principal": {"AWS": ROLE}}), ROLE, (True, True, False)),
        (policy(), policy({"Principal": {"AWS": "*"}}), None, (True, True, True)),
        (policy(), policy({"Principal": {"AWS": SESSION}}), ROLE, (True, True, True)),
        (policy(), policy({"Principal": {"AWS": f"{SESSION}0"}}), ROLE, (False, False, False)),
        (policy(), policy({"Principal": {"AWS": "123456789012"}}), ROLE, (False, False, False)),
        (policy(CLIENT), policy({"Principal": {"AWS": ROOT}}), ROLE, (True, True, False)),
        (policy({}), policy({"Principal": "*"}, {"Effect": "Deny", "Principal": {"AWS": ROOT}}), ROLE, (False,) * 3),
        (policy(), policy({"NotPrincipal": {"AWS": ROLE}}), ROLE, (False, False, False)),
        (policy(), policy({"NotPrincipal": {"AWS": f"{ROLE}0"}}), ROLE, (True, True, True)),
    ],
)
def test_a_mount_is_judged_by_both_policies(
    iam: Iam, own: str, of_files: str | None, role: str | None, rights: tuple[bool, bool, bool]
) -> None:
    """One that allows is enough; without a policy of its own a file system lets everybody do everything.

    What the account is allowed, the account's own policies must give. Source: Amazon EFS User Guide, "Using IAM to
    control access to file systems"; IAM User Guide, "AWS JSON policy elements: Principal", AWS account principals.
    """
    iam.give(own)
    client = Principal(role, "task1")
    found = rights_of(iam.judge, client, FILES, of_files, access_point=None, is_encrypted=True)

    assert (found.refused is None, found.may_write, found.is_root) == rights


@pytest.mark.parametrize(("principal", "may"), [("role", False), ("session", True)])
def test_a_boundary_bounds_what_a_resource_allows_a_role(iam: Iam, principal: str, may: bool) -> None:  # noqa: FBT001  # a row of the table
    """It does not bound what a policy of a resource allows one session (IAM User Guide, "Permissions boundaries")."""
    iam.give(policy(), boundary=policy({"Action": "s3:*"}))
    named = {"role": ROLE, "session": SESSION}[principal]
    found = rights_of(
        iam.judge, SHOP, FILES, policy({"Principal": {"AWS": named}}), access_point=None, is_encrypted=True
    )

    assert (found.refused is None) is may


@pytest.mark.parametrize(
    ("key", "value", "may"),
    [
        ("elasticfilesystem:AccessPointArn", POINT, True),
        ("elasticfilesystem:AccessPointArn", f"{POINT}0", False),
        ("elasticfilesystem:AccessedViaMountTarget", "true", True),
        ("aws:SecureTransport", "true", False),
    ],
)
def test_a_mount_has_keys(iam: Iam, key: str, value: Json, may: bool) -> None:  # noqa: FBT001  # a row of the table
    """The access point, the mount target and the encryption of a mount are keys that conditions may ask for."""
    iam.give(policy({"Condition": {"StringEquals": {key: value}}}))
    found = rights_of(iam.judge, SHOP, FILES, policy(), access_point=POINT, is_encrypted=False)

    assert (found.refused is None) is may


def test_without_encryption_a_mount_may_be_denied(iam: Iam) -> None:
    """A file system that denies what is not encrypted lets in nobody without."""
    iam.give(policy(CLIENT))
    found = rights_of(iam.judge, SHOP, FILES, policy(ENCRYPTED), access_point=None, is_encrypted=False)

    assert found.refused is not None
    assert found.refused.reason == "with an explicit deny in a resource-based policy"
