"""The policies allow every recorded call, nothing in them could be left out, and of a neighbour they allow nothing.

The twin's IAM judges, which has learned from another table what a call needs (`twin/permissions/`).
"""

import copy
import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from seatrials.environments.capabilities import Capability
from seatrials.environments.file import load_environment
from seatrials.environments.parts import ResourceNames
from seatrials.errors import ConfigurationError
from seatrials.rights.calls import Call, Purpose, needed, recorded
from seatrials.rights.policies import MANAGED_CHARACTERS_MAX, Address, characters, policy
from seatrials.rights.reference import statement_of
from tests.support.aws import Document
from tests.support.judged import HISTORY, REGION, document_of, environment, refused
from tests.support.project import PROJECT

EVERY = pytest.mark.parametrize("purpose", Purpose)
# Without it S3 says of a history that is not there yet that one may not look; the twin tells its own about objects.
NOT_SHOWN = {"s3:ListBucket"}
# Their ARNs have no region.
EVERYWHERE = {"Bucket", "History", "KeepDashboard", "LookAtDashboards", "LookAtRoles", "VersionsOfHistory"}


def sids(call: Call) -> set[str]:
    """Return the statements that a call needs."""
    return {statement_of(action).sid for action in call.actions}


def with_text(call: Call, own: str, theirs: str) -> Call:
    """Return a call with another text in its parameters."""
    return replace(call, parameters=json.loads(json.dumps(call.parameters).replace(own, theirs)))


@EVERY
def test_every_recorded_call_is_allowed(purpose: Purpose) -> None:
    """By exactly the policy of its purpose."""
    assert refused(document_of(purpose), recorded(purpose)) == []


@EVERY
def test_every_statement_is_needed(purpose: Purpose) -> None:
    """Without it some recorded call is refused."""
    document = document_of(purpose)
    without = {
        each["Sid"]: {**document, "Statement": [other for other in document["Statement"] if other is not each]}
        for each in document["Statement"]
    }
    unneeded = {sid for sid, rest in without.items() if not refused(rest, recorded(purpose))}

    assert len(without) == len(document["Statement"]), "two statements have one name"
    assert unneeded == set()


def without_one_action(document: Document) -> Iterator[tuple[str, Document]]:
    """Yield each action of a policy with the policy that lacks it."""
    for index, statement in enumerate(document["Statement"]):
        actions = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
        for action in actions:
            rest = copy.deepcopy(document)
            rest["Statement"][index]["Action"] = [each for each in actions if each != action]
            yield action, rest


@EVERY
def test_every_action_is_needed(purpose: Purpose) -> None:
    """Without it some recorded call is refused, and none of them stands for more than its own name."""
    unneeded = {
        action for action, rest in without_one_action(document_of(purpose)) if not refused(rest, recorded(purpose))
    }

    assert unneeded == needed(purpose) & NOT_SHOWN
    assert [each for each in needed(purpose) if "*" in each] == []


@pytest.mark.parametrize(
    ("own", "theirs", "but_for"),
    [
        ("webordinary-edit-cluster", "shop-cluster", {"Look", "LookAtAlarms"}),
        ("webordinary-edit-service", "shop-service", {"Look", "LookAtAlarms", "ListInCluster"}),
        ("webordinary-edit-sessions", "shop-sessions", {"LookAtAlarms"}),
        ("webordinary-edit-alb", "shop-alb", {"Look"}),
        ("targetgroup/webordinary-edit-api", "targetgroup/shop-api", {"Look"}),
        ("webordinary-runs", "shop-runs", set[str]()),
        ("webordinary-run-", "shop-run-", {"Look"}),
        ("webordinary-RunRole", "shop-RunRole", set[str]()),
        ('"/ecs/edit"', '"/ecs/shop"', {"Look"}),
        ("team-evidence", "another-bucket", set[str]()),
        ("history.jsonl", "another.jsonl", {"Bucket"}),
        ("seatrials#", "session-", {"LookAtTables", "LeaseJournalAndOwnItems", "Query"}),
    ],
)
def test_what_is_a_neighbours_is_refused(own: str, theirs: str, but_for: set[str]) -> None:
    """The same calls on another's cluster, service, table, …, or of a run on items that are no run's.

    *but_for* are the statements that AWS binds to no such name.
    """
    told = {
        (purpose, str(call)): call
        for purpose in Purpose
        for call in recorded(purpose)
        if own in json.dumps(call.parameters) and not sids(call) <= but_for
    }
    allowed = [
        call for (purpose, _), call in told.items() if not refused(document_of(purpose), [with_text(call, own, theirs)])
    ]

    assert len(told) > 0
    assert allowed == []


@EVERY
def test_another_region_is_refused(purpose: Purpose) -> None:
    """Calls that can be bound to nothing are bound to the region of the stack, as all others are by their ARNs."""
    calls = [call for call in recorded(purpose) if call.actions and sids(call).isdisjoint(EVERYWHERE)]
    there = [with_text(call, REGION, "eu-west-1") for call in calls]

    assert [call for call in there if not refused(document_of(purpose), [call], region="eu-west-1")] == []


def test_without_the_capability_no_service_is_changed() -> None:
    """Where rows may not change the services, as on production, neither a run nor a sweep may."""
    found = environment()
    capabilities = tuple(each for each in found.capabilities if each != Capability.CONTROL)
    document = policy(Purpose.RUN, found.model_copy(update={"capabilities": capabilities}))
    named = {each["Sid"] for each in document["Statement"]}

    assert named.isdisjoint({"ChangeServices", "ChangeTargets", "StopTasks"})
    assert {"DeleteRules", "LeaseJournalAndOwnItems"} <= named


def test_a_lease_table_of_its_own_is_named() -> None:
    """Lease and journal are written there, and there alone."""
    own = environment().model_copy(update={"names": ResourceNames(lease_table="leases")})
    [kept] = [each for each in policy(Purpose.RUN, own)["Statement"] if each["Sid"] == "LeaseAndJournal"]

    assert kept["Resource"] == "arn:aws:dynamodb:us-west-2:123456789012:table/leases"


def test_of_a_role_that_is_named_no_other_is_asked() -> None:
    """IAM is asked about the stack's own roles, and about that of the run, whatever it is called."""
    role = "arn:aws:iam::123456789012:role/examiner"
    document = policy(Purpose.RUN, environment().model_copy(update={"role_arn": role}))
    [looks] = [each for each in document["Statement"] if each["Sid"] == "LookAtRoles"]

    assert looks["Resource"] == ["arn:aws:iam::123456789012:role/webordinary-*", role]


@pytest.mark.parametrize(("stack", "named"), [("s" * 24, "s" * 24 + "-*"), ("s" * 25, "s" * 24 + "*")])
def test_a_long_stack_has_roles_of_shorter_names(stack: str, named: str) -> None:
    """CloudFormation shortens the stack's part where a role's name would have more than 64 characters."""
    document = policy(Purpose.RUN, environment().model_copy(update={"outputs_stack": stack}))
    [looks] = [each for each in document["Statement"] if each["Sid"] == "LookAtRoles"]

    assert looks["Resource"] == [f"arn:aws:iam::123456789012:role/{path}{named}" for path in ("", "seatrials/")]


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("eusc-de-east-1", "aws-eusc"),
        ("us-isob-east-1", "aws-iso-b"),
    ],
)
def test_a_partition_has_arns_of_its_own(region: str, partition: str) -> None:
    """Those of China begin otherwise, and so do those of other partitions."""
    text = json.dumps(policy(Purpose.RUN, environment().model_copy(update={"region": region})))

    assert text.count(f"arn:{partition}:") == text.count("arn:aws")


def test_a_region_of_no_partition_is_told() -> None:
    """Its ARNs would be of nothing."""
    with pytest.raises(ConfigurationError, match="region xx-nowhere-1: AWS has none of such a name"):
        policy(Purpose.RUN, environment().model_copy(update={"region": "xx-nowhere-1"}))


@EVERY
def test_it_is_short_enough_for_a_managed_policy(purpose: Purpose) -> None:
    """IAM takes 6,144 characters, white space aside. Source: IAM User Guide, "IAM and AWS STS quotas"."""
    document = policy(purpose, environment(), HISTORY)

    assert characters(document) <= MANAGED_CHARACTERS_MAX


def test_an_account_must_be_named() -> None:
    """Without it a policy would be for any."""
    anywhere = load_environment("staging", PROJECT / "environments.toml", {}, is_reached=False)

    with pytest.raises(ConfigurationError, match=r"staging: account_id is missing, .* SEATRIALS_ACCOUNT_ID"):
        policy(Purpose.RUN, anywhere)


@pytest.mark.parametrize(
    "address", ["history.jsonl", "s3://bucket", "s3:///key", "s3://bucket/*", "s3://bucket/${aws:username}"]
)
def test_what_is_no_one_address_is_refused(address: str) -> None:
    """A history has a bucket and a key, and a policy for it none of IAM's wildcards and variables."""
    with pytest.raises(ConfigurationError, match="give s3://BUCKET/KEY"):
        Address.parse(address)
