"""Rules that ELBv2 keeps whole: transforms and regular expressions, which moto leaves out."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from seatrials.seams.http_client import http_client
from tests.support.twin import Twin

TRANSFORM = {"Type": "url-rewrite", "UrlRewriteConfig": {"Rewrites": [{"Regex": "^/a/(.*)$", "Replace": "/$1"}]}}
CONDITIONS = [
    {"Field": "path-pattern", "PathPatternConfig": {"RegexValues": ["^/a/[0-9]+$"]}},
    {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-A", "RegexValues": ["^b$"]}},
]


def create(twin: Twin, **changes: Any) -> dict[str, Any]:  # noqa: ANN401  # parameters of CreateRule
    """Return a new rule of the HTTP listener."""
    fixed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "204"}}
    listener = twin.world.stack.physical_ids["HttpListener"]
    parameters = {"ListenerArn": listener, "Conditions": CONDITIONS, "Actions": [fixed], "Priority": 77, **changes}
    [created] = twin.world.aws("elbv2").create_rule(**parameters)["Rules"]
    return dict(created)


def described(twin: Twin, arn: str) -> dict[str, Any]:
    """Return a rule as DescribeRules gives it."""
    [found] = twin.world.aws("elbv2").describe_rules(RuleArns=[arn])["Rules"]
    return dict(found)


def test_a_rule_keeps_its_regular_expressions_and_transforms(twin: Twin) -> None:
    """As botocore's model of CreateRule has them."""
    rule = create(twin, Transforms=[TRANSFORM])
    found = described(twin, rule["RuleArn"])

    assert found["Transforms"] == [TRANSFORM] == rule["Transforms"]
    assert found["Conditions"] == CONDITIONS


def test_transforms_are_modified_and_reset(twin: Twin) -> None:
    """ModifyRule replaces them, keeps them when it does not name them, and takes them away when asked to."""
    arn = create(twin, Transforms=[TRANSFORM])["RuleArn"]
    other = {"Type": "host-header-rewrite", "HostHeaderRewriteConfig": {"Rewrites": [{"Regex": "a", "Replace": "b"}]}}
    elbv2 = twin.world.aws("elbv2")
    elbv2.modify_rule(RuleArn=arn, Conditions=CONDITIONS[:1])
    kept = described(twin, arn)
    elbv2.modify_rule(RuleArn=arn, Transforms=[other])
    replaced = described(twin, arn)
    elbv2.modify_rule(RuleArn=arn, ResetTransforms=True)
    reset = described(twin, arn)

    assert (kept["Transforms"], kept["Conditions"]) == ([TRANSFORM], CONDITIONS[:1])
    assert replaced["Transforms"] == [other]
    assert not reset.get("Transforms")


def test_what_elbv2_keeps_is_obeyed_at_once(twin: Twin) -> None:
    """A rule with a regular expression, and a header of the listener's, count for the next request of a world."""
    world = twin.world
    create(twin, Conditions=CONDITIONS[:1], ListenerArn=world.stack.physical_ids["HttpsListener"], Priority=2)
    client = http_client(
        world.client_host, world.authority.trust, f"https://{world.address_of('webordinary-edit-alb')}"
    )
    before = client.get("/a/1")
    world.aws("elbv2").modify_listener_attributes(
        ListenerArn=world.stack.physical_ids["HttpsListener"],
        Attributes=[{"Key": "routing.http.response.x_frame_options.header_value", "Value": "DENY"}],
    )
    after = client.get("/a/1")

    assert (before.status_code, before.headers.get("x-frame-options")) == (204, None)
    assert (after.status_code, after.headers.get("x-frame-options")) == (204, "DENY")


def test_transforms_cannot_be_given_and_reset_at_once(twin: Twin) -> None:
    """Source: ELBv2 API, ModifyRule."""
    arn = create(twin)["RuleArn"]

    with pytest.raises(ClientError):
        twin.world.aws("elbv2").modify_rule(RuleArn=arn, Transforms=[TRANSFORM], ResetTransforms=True)


def test_a_condition_of_values_is_still_looked_at(twin: Twin) -> None:
    """A value of more than 128 characters is refused."""
    with pytest.raises(ClientError, match="too long"):
        create(twin, Conditions=[*CONDITIONS, {"Field": "path-pattern", "Values": ["/" + "a" * 128]}])


def test_a_rule_that_is_deleted_between_two_pages_hides_no_other(twin: Twin) -> None:
    """Not even the last one of a page: every rule that stays is given once, by priority, and the default one last."""
    elbv2, listener = twin.world.aws("elbv2"), twin.world.stack.physical_ids["HttpListener"]
    [default] = [each["RuleArn"] for each in elbv2.describe_rules(ListenerArn=listener)["Rules"] if each["IsDefault"]]
    arns = {priority: create(twin, Priority=priority)["RuleArn"] for priority in (9, 100, 12, 2000, 11)}
    first = elbv2.describe_rules(ListenerArn=listener, PageSize=2)
    elbv2.delete_rule(RuleArn=arns[9])
    elbv2.delete_rule(RuleArn=arns[11])
    rest = elbv2.describe_rules(ListenerArn=listener, PageSize=4, Marker=first["NextMarker"])

    assert [each["RuleArn"] for each in first["Rules"]] == [arns[9], arns[11]]
    assert [each["RuleArn"] for each in rest["Rules"]] == [arns[12], arns[100], arns[2000], default]
    assert "NextMarker" not in rest
