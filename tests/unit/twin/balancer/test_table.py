"""What is made of the answers of ELBv2's describe calls."""

from ipaddress import ip_network

import pytest

from seatrials.errors import ConfigurationError
from seatrials.twin.balancer.authentication import Authenticate
from seatrials.twin.balancer.groups import parse_matcher
from seatrials.twin.balancer.rules import (
    FixedResponse,
    Forward,
    HttpHeader,
    PathPattern,
    QueryString,
    Redirect,
    RuleList,
    SourceIp,
)
from seatrials.twin.balancer.table import LoadBalancerSettings, read_listeners, read_rules, read_settings
from tests.support.balancer import FakeListeners, forward, rule

POOL = {"UserPoolArn": "pool", "UserPoolClientId": "client", "UserPoolDomain": "shop"}


def test_rules_are_read_over_all_pages_and_sorted(elbv2: FakeListeners) -> None:
    """Pages are followed, and creation order does not count."""
    elbv2.rules = [rule(each, "/x", forward("g")) for each in (30, 5, "default", 10, 20)]
    elbv2.page_size = 2

    found = RuleList.of(list(read_rules(elbv2, "l").values()))

    assert [each.label for each in found.rules] == ["5", "10", "20", "30", "default"]


def test_conditions_are_read_from_values_and_from_configs(elbv2: FakeListeners) -> None:
    """Old and new spellings of the API both count."""
    document = rule(1, None, forward("g"))
    document["Conditions"] = [
        {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a"]}},
        {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-A", "Values": ["b"]}},
        {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "k", "Value": "v"}, {"Value": "w"}]}},
        {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}},
    ]
    elbv2.rules = [document]

    [found] = read_rules(elbv2, "l").values()

    assert found.conditions == (
        PathPattern(("/a",)),
        HttpHeader("X-A", ("b",)),
        QueryString((("k", "v"), ("", "w"))),
        SourceIp((ip_network("10.0.0.0/8"),)),
    )


def test_actions_are_read(elbv2: FakeListeners) -> None:
    """Forward, fixed response and redirect."""
    groups = {"TargetGroups": [{"TargetGroupArn": "g", "Weight": 3}]}
    sticky = {"TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 60}}
    elbv2.rules = [
        rule(1, "/a", {"Type": "forward", "ForwardConfig": {**groups, **sticky}}),
        rule(2, "/b", {"Type": "forward", "TargetGroupArn": "g"}),
        rule(3, "/c", {"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301", "Protocol": "HTTPS"}}),
        rule("default", None, {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}),
    ]

    found = [each.action for each in read_rules(elbv2, "l").values()]

    assert found == [
        Forward((("g", 3),), 60),
        Forward((("g", 1),)),
        Redirect(status=301, protocol="HTTPS"),
        FixedResponse(404, "text/plain", ""),
    ]


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ({"Field": "moon-phase", "Values": ["full"]}, "moon-phase"),
        ({"Field": "path-pattern"}, "without Values"),
        ({"Field": "path-pattern", "RegexValues": ["^/a("]}, "regular expression"),
    ],
    ids=["unknown-field", "no-values", "no-regular-expression"],
)
def test_what_cannot_be_evaluated_is_refused(elbv2: FakeListeners, condition: dict[str, object], words: str) -> None:
    """A condition is never skipped in silence."""
    elbv2.rules = [{**rule(1, None, forward("g")), "Conditions": [condition]}]

    with pytest.raises(ConfigurationError, match=words):
        read_rules(elbv2, "l")


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ({"Type": "authenticate-oidc"}, "AuthorizationEndpoint, ClientId"),
        ({"Type": "authenticate-cognito", "AuthenticateCognitoConfig": {"UserPoolArn": "a"}}, "UserPoolClientId"),
        ({"Type": "authenticate-cognito", "AuthenticateCognitoConfig": POOL}, "no region in the UserPoolArn 'pool'"),
        ({"Type": "moon-phase"}, "moon-phase"),
    ],
    ids=["oidc", "cognito", "no-arn", "unknown"],
)
def test_an_authentication_that_lacks_something_is_refused(
    elbv2: FakeListeners, before: dict[str, object], words: str
) -> None:
    """Whoever is to log in is never let pass in silence, and all that is missing is named."""
    elbv2.rules = [{**rule(1, "/a", forward("g")), "Actions": [{**before, "Order": 1}, {**forward("g"), "Order": 2}]}]

    with pytest.raises(ConfigurationError, match=words):
        read_rules(elbv2, "l")


def test_a_token_that_nobody_can_look_at_is_refused(elbv2: FakeListeners) -> None:
    """The keys of jwt-validation cannot be fetched from here, so every token counts as none."""
    before = {"Type": "jwt-validation", "Order": 1}
    elbv2.rules = [{**rule(1, "/a", forward("g")), "Actions": [before, {**forward("g"), "Order": 2}]}]
    [found] = read_rules(elbv2, "l").values()

    assert found.authentication == Authenticate(on_unauthenticated="deny")


def test_an_unknown_action_is_refused(elbv2: FakeListeners) -> None:
    """An action is never replaced by another."""
    elbv2.rules = [rule(1, "/a", {"Type": "authenticate-oidc"})]

    with pytest.raises(ConfigurationError, match="authenticate-oidc"):
        read_rules(elbv2, "l")


def test_attributes_that_are_not_set_have_their_defaults(elbv2: FakeListeners) -> None:
    """Idle timeout 60 s, keepalive 3600 s, append, defensive. Source: AWS ALB User Guide, edit attributes."""
    expected = LoadBalancerSettings(
        idle_timeout_seconds=60,
        client_keep_alive_seconds=3600,
        forwarded_for_mode="append",
        preserve_host_header=False,
        desync_mode="defensive",
    )

    assert expected == read_settings(elbv2, "lb")


def test_listeners_are_sorted_by_port(elbv2: FakeListeners) -> None:
    """An HTTPS listener comes with its default certificate."""
    secure = {"ListenerArn": "s", "Port": 443, "Protocol": "HTTPS", "Certificates": [{"CertificateArn": "c"}]}
    elbv2.listeners = [secure, {"ListenerArn": "p", "Port": 80, "Protocol": "HTTP"}]

    found = [(each.port, each.protocol, each.certificate_arn) for each in read_listeners(elbv2, "lb")]

    assert found == [(80, "HTTP", None), (443, "HTTPS", "c")]


def test_a_matcher_is_values_and_ranges() -> None:
    """As in `200,301-302`. Source: AWS ALB User Guide, target group health checks."""
    assert parse_matcher("200,301-302") == ((200, 200), (301, 302))
