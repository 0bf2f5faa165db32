"""Tests of how AWS's descriptions of a stack are put into words."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from seatrials.environments.environment import Environment
from seatrials.platform.infrastructure import Infrastructure
from seatrials.platform.listeners import Listeners, SessionRule
from seatrials.platform.monitoring import Monitoring
from seatrials.platform.scaling_rules import ScalingRules
from seatrials.platform.security_groups import Ingress, ingress_of
from seatrials.seams.application import AwsClient
from tests.support.aws import Json

LIVE = "session-11111111-2222-4333-8444-555555555555"
OVER = "session-99999999-2222-4333-8444-555555555555"
METRICS = "Webordinary/IntegrationTests"


class FakeClient:
    """A boto3 client that answers each operation as given: a value, or a function of the parameters."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self._answers = answers

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        """Return the call of an operation."""
        return lambda **parameters: self._answer(operation, parameters)

    def get_paginator(self, operation: str) -> AwsClient:
        """Return what answers an operation in one page."""
        return type("Pages", (), {"paginate": lambda _, **parameters: [self._answer(operation, parameters)]})()

    def _answer(self, operation: str, parameters: Mapping[str, Json]) -> Json:
        answer = self._answers[operation]
        return answer(**parameters) if callable(answer) else answer


def permission(first: int | None = None, last: int | None = None, **sources: object) -> dict[str, Any]:
    """Return a permission of a security group; without ports, one for everything."""
    if first is None:
        return {"IpProtocol": "-1", **sources}
    return {"IpProtocol": "tcp", "FromPort": first, "ToPort": last or first, **sources}


def letting_in(**source: Json) -> list[Ingress]:
    """Return what a group with one permission lets in."""
    return ingress_of([{"GroupId": "sg-1", "IpPermissions": [permission(80, **source)]}])


def test_each_source_of_a_permission_counts() -> None:
    """Addresses of both kinds, groups and prefix lists."""
    sources = {
        "IpRanges": [{"CidrIp": "10.0.0.0/16"}],
        "Ipv6Ranges": [{"CidrIpv6": "fd00::/8"}],
        "UserIdGroupPairs": [{"GroupId": "sg-2"}],
        "PrefixListIds": [{"PrefixListId": "pl-1"}],
    }

    assert [each.source for each in letting_in(**sources)] == ["10.0.0.0/16", "fd00::/8", "sg-2", "pl-1"]


@pytest.mark.parametrize("addresses", ["0.0.0.0/0", "0.0.0.0/1"])
def test_the_world_and_half_of_it_are_the_world(addresses: str) -> None:
    """Two halves are how some get past a check for 0.0.0.0/0."""
    assert [each.is_from_the_world for each in letting_in(IpRanges=[{"CidrIp": addresses}])] == [True]


def test_ipv6_has_a_world_of_its_own() -> None:
    """Written ::/0."""
    assert [each.is_from_the_world for each in letting_in(Ipv6Ranges=[{"CidrIpv6": "::/0"}])] == [True]


@pytest.mark.parametrize(
    "source",
    [{"IpRanges": [{"CidrIp": "10.0.0.0/8"}]}, {"UserIdGroupPairs": [{"GroupId": "sg-2"}]}],
)
def test_a_network_or_group_is_not_the_world(source: dict[str, Any]) -> None:
    """Whatever it holds."""
    assert [each.is_from_the_world for each in letting_in(**source)] == [False]


def test_a_permission_without_ports_is_for_all_of_them() -> None:
    """EC2 leaves the ports out when the protocol is -1."""
    pairs = [{"GroupId": "sg-2"}]
    [all_ports] = ingress_of([{"GroupId": "sg-1", "IpPermissions": [permission(UserIdGroupPairs=pairs)]}])
    [some_ports] = ingress_of([{"GroupId": "sg-1", "IpPermissions": [permission(1, 99, UserIdGroupPairs=pairs)]}])

    assert (all_ports.protocol, all_ports.ports, some_ports.ports) == ("all", "all", "1-99")
    assert [all_ports.lets_in(100, "sg-2"), some_ports.lets_in(100, "sg-2")] == [True, False]
    assert [some_ports.lets_in(99, "sg-2"), some_ports.lets_in(99, "sg-3")] == [True, False]


def scaling(threshold: int, comparison: str, *steps: dict[str, float]) -> ScalingRules:
    """Return the rules of one policy with one alarm, and of an alarm that has nothing to do with it."""
    alarm = {"AlarmActions": ["arn:policy"], "ComparisonOperator": comparison, "Threshold": threshold}
    policy = {
        "PolicyType": "StepScaling",
        "PolicyARN": "arn:policy",
        "StepScalingPolicyConfiguration": {"StepAdjustments": steps},
    }
    autoscaling = FakeClient({"describe_scaling_policies": {"ScalingPolicies": [policy]}})
    cloudwatch = FakeClient({"describe_alarms": {"MetricAlarms": [alarm, {**alarm, "AlarmActions": ["arn:other"]}]}})
    return ScalingRules(autoscaling, cloudwatch, "service/cluster/edit")


def test_a_step_above_the_threshold_has_its_lower_bound() -> None:
    """And not its upper one. Source: Application Auto Scaling User Guide, "Step scaling policies"."""
    rules = scaling(
        1,
        "GreaterThanOrEqualToThreshold",
        {"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 2, "ScalingAdjustment": 1},
        {"MetricIntervalLowerBound": 2, "ScalingAdjustment": 3},
    )

    assert [rules.capacities(value) for value in (0, 1, 2, 3)] == [[], [1], [1], [3]]


def test_a_step_below_the_threshold_has_its_upper_bound() -> None:
    """And not its lower one (same page)."""
    rules = scaling(
        2,
        "LessThanOrEqualToThreshold",
        {"MetricIntervalUpperBound": -2, "ScalingAdjustment": 0},
        {"MetricIntervalLowerBound": -2, "MetricIntervalUpperBound": 0, "ScalingAdjustment": 1},
    )

    assert [rules.capacities(value) for value in (0, 1, 2, 3)] == [[0], [1], [1], []]


@pytest.mark.parametrize(
    ("actions", "otherwise"),
    [
        ({"OKActions": ["arn:aws:sns:us-west-2:1:people"], "InsufficientDataActions": []}, False),
        ({"OKActions": ["arn:aws:autoscaling:us-west-2:1:scalingPolicy:x"], "InsufficientDataActions": []}, True),
        ({"OKActions": [], "InsufficientDataActions": ["arn:aws:autoscaling:us-west-2:1:scalingPolicy:x"]}, True),
    ],
)
def test_an_alarm_that_scales_when_it_is_over_is_told_from_one_that_tells_people(
    actions: dict[str, list[str]],
    otherwise: bool,  # noqa: FBT001  # a parametrized value
) -> None:
    """Whoever is told of a recovery scales nothing."""
    alarm = {
        "AlarmName": "high",
        "Namespace": "N",
        "MetricName": "M",
        "Period": 60,
        "EvaluationPeriods": 1,
        "ActionsEnabled": True,
        "AlarmActions": ["arn:policy"],
        **actions,
    }
    policy = {"PolicyName": "out", "PolicyARN": "arn:policy", "PolicyType": "StepScaling"}
    unused = {"PolicyName": "in", "PolicyARN": "arn:unused", "PolicyType": "StepScaling"}
    autoscaling = FakeClient({"describe_scaling_policies": {"ScalingPolicies": [policy, unused]}})
    cloudwatch = FakeClient({"describe_alarms": {"MetricAlarms": [alarm]}})

    by_policy = ScalingRules(autoscaling, cloudwatch, "service/cluster/edit").alarms()

    assert by_policy["in"] == {}
    facts = by_policy["out"]["high"]
    assert (facts.unit_fits, facts.silence_breaches, facts.acts_otherwise) == (True, False, otherwise)


def test_trackings_are_told_by_metric_target_and_way() -> None:
    """A metric of the team's own has no name here."""
    policies = [
        {
            "PolicyType": "TargetTrackingScaling",
            "TargetTrackingScalingPolicyConfiguration": {
                "TargetValue": 40.0,
                "DisableScaleIn": True,
                "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
            },
        },
        {"PolicyType": "TargetTrackingScaling", "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 2.5}},
        {"PolicyType": "StepScaling"},
    ]
    autoscaling = FakeClient({"describe_scaling_policies": {"ScalingPolicies": policies}})

    found = ScalingRules(autoscaling, FakeClient({}), "service/cluster/edit").trackings()

    assert found == ["ECSServiceAverageCPUUtilization at 40, adding only", "a metric of its own at 2.5, either way"]


def test_a_service_that_nothing_scales_has_no_target() -> None:
    """It is not an error: the scenario says what is missing."""
    autoscaling = FakeClient({"describe_scalable_targets": {"ScalableTargets": []}})

    assert ScalingRules(autoscaling, FakeClient({}), "service/cluster/edit").target() is None


def rule(priority: str, *conditions: dict[str, Any], action: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return a listener rule as ELBv2 describes it."""
    forward = {"Type": "forward", "TargetGroupArn": "arn:edit"}
    return {"Priority": priority, "Conditions": list(conditions), "Actions": [action or forward]}


def path(*values: str) -> dict[str, Any]:
    """Return the condition on a path."""
    return {"Field": "path-pattern", "Values": list(values), "PathPatternConfig": {"Values": list(values)}}


def listeners(environment: Environment, *rules: dict[str, Any], now: tuple[dict[str, Any], ...] = ()) -> Listeners:
    """Return a listener with *rules*, of which only *now* are left at the second look."""
    looks = iter([rules, now or rules])
    elbv2 = FakeClient(
        {
            "describe_load_balancers": {"LoadBalancers": [{"LoadBalancerArn": "arn:alb"}]},
            "describe_listeners": {"Listeners": [{"ListenerArn": "arn:https", "Port": 443, "Protocol": "HTTPS"}]},
            "describe_rules": lambda **_: {"Rules": list(next(looks))},
        }
    )
    items = [
        {"sessionId": {"S": LIVE}, "status": {"S": "draining"}},
        {"sessionId": {"S": OVER}, "status": {"S": "expired"}},
        # The lease of a run, which has no status.
        {"sessionId": {"S": "seatrials#lease"}, "userId": {"S": "stack"}},
    ]

    def of_id(**asked: Json) -> dict[str, Any]:
        wanted = asked["ExpressionAttributeValues"][":id"]
        return {"Items": [item for item in items if item["sessionId"] == wanted]}

    dynamodb, backends = FakeClient({"query": of_id}), {"arn:edit": ("edit", 8080)}
    return Listeners(elbv2, dynamodb, environment.names, environment.ports, backends)


def test_rules_are_worded_in_the_order_in_which_they_apply(environment: Environment) -> None:
    """By number and not by letter, the default last, and whatever they lead to."""
    fixed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404", "MessageBody": '{"a": 1}'}}
    header = {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-A", "Values": ["b"]}}
    query = {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "k", "Value": "v"}]}}
    redirect = {"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301", "Protocol": "HTTPS", "Port": "443"}}
    weighted = {
        "Type": "forward",
        "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "arn:edit"}, {"TargetGroupArn": "arn:x"}]},
    }
    found = listeners(
        environment,
        rule("600", path("/b", "/a"), header),
        rule("default", action=fixed),
        rule("20", query, action=redirect),
        rule("30", path("/w"), action=weighted),
    ).static_rules(443)

    assert found == [
        '20: query-string {"Key": "k", "Value": "v"} → HTTP_301 to HTTPS:443',
        "30: path-pattern /w → edit:8080 or arn:x, where no service registers",
        "600: X-A b and path-pattern /a /b → edit:8080",
        'default: all → 404 None {"a":1}',
    ]


def test_a_rule_of_a_session_that_is_over_is_a_stray(environment: Environment) -> None:
    """As is one that names none; a draining session still has its rules."""
    found = listeners(
        environment,
        rule("100", path(f"/session/{LIVE}")),
        rule("101", path(f"/session/{OVER}")),
        rule("499", path("/session/*")),
        rule("500", path("/session/*")),
    ).stray_session_rules()

    assert found == [SessionRule(101, OVER), SessionRule(499, None)]


def test_a_rule_that_goes_while_we_look_is_no_stray(environment: Environment) -> None:
    """Its session ended after the rules were read first."""
    rules = (rule("100", path(f"/session/{LIVE}")), rule("101", path(f"/session/{OVER}")))

    assert listeners(environment, *rules, now=rules[:1]).stray_session_rules() == []


def monitoring(body: str, *alarms: dict[str, Any]) -> Monitoring:
    """Return the monitoring of one dashboard and some alarms."""
    cloudwatch = FakeClient(
        {
            "list_dashboards": {"DashboardEntries": [{"DashboardName": "runs"}]},
            "get_dashboard": {"DashboardBody": body},
            "describe_alarms": {"MetricAlarms": list(alarms)},
        }
    )
    return Monitoring(cloudwatch, METRICS, "webordinary-run", "us-west-2")


def test_a_dashboards_metrics_are_spelled_out() -> None:
    """A point stands for what the row before has, and an expression is no metric."""
    body = (
        '{"widgets": [{"type": "text"}, {"properties": {"region": "us-east-1", "metrics": ['
        f'["{METRICS}", "TestCost", "Env", "a"], [".", "TestDuration", ".", "b", {{"stat": "p99"}}],'
        '[{"expression": "m1*2"}]]}}]}'
    )

    assert monitoring(body).on_dashboards() == {
        f"us-east-1 {METRICS} TestCost Env a",
        f"us-east-1 {METRICS} TestDuration Env b",
    }


def test_dots_stand_for_all_but_the_last_of_the_row_before() -> None:
    """As many as are missing. Source: CloudWatch API Reference, "Dashboard body structure and syntax"."""
    rows = f'["{METRICS}", "TestCost", "Env", "a"], ["...", "b"], ["...", {{"stat": "p99"}}], [".", "TestDuration"]'
    body = f'{{"widgets": [{{"properties": {{"metrics": [{rows}]}}}}]}}'
    dimensions = ["TestCost Env a", "TestCost Env b", "TestDuration"]

    assert monitoring(body).on_dashboards() == {f"us-west-2 {METRICS} {each}" for each in dimensions}


def test_what_else_a_dashboard_shows_is_no_matter() -> None:
    """A metric of runs may stand among those of a team."""
    rows = f'["AWS/EC2", "CPUUtilization"], ["{METRICS}", "TestCost"]'
    body = f'{{"widgets": [{{"properties": {{"metrics": [{rows}]}}}}]}}'

    assert monitoring(body).on_dashboards() == {f"us-west-2 {METRICS} TestCost"}


def test_an_alarm_with_dimensions_looks_at_another_metric() -> None:
    """Runs publish without any; alarms on other namespaces are not ours."""
    alarm = {"Namespace": METRICS, "MetricName": "TestCost"}
    found = monitoring("{}", alarm, {**alarm, "Dimensions": [{"Name": "Env", "Value": "a"}]}, {"Namespace": "AWS/EC2"})

    assert found.in_alarms() - found.published() == {f"us-west-2 {METRICS} TestCost Env a"}
    assert f"us-west-2 {METRICS} TestCost" in found.in_alarms()


def test_an_alarms_condition_is_what_it_compares() -> None:
    """In one line; an alarm on a percentile has no statistic, and is none of those that are asked for."""
    compared = {"ComparisonOperator": "LessThanThreshold", "Threshold": 95.0}
    rate = {"Namespace": METRICS, "MetricName": "TestSuccessRate", "Statistic": "Average", **compared}
    percentile = {"Namespace": METRICS, "MetricName": "TestCost", "ExtendedStatistic": "p99", **compared}

    assert monitoring("{}", rate, percentile).alarm_conditions() == {"Average TestSuccessRate LessThanThreshold 95"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", "x"),
        ("GITHUB_TOKEN", "x"),
        ("apiKey", "x"),
        ("HARMLESS", "AKIAABCDEFGHIJKLMNOP"),
        ("HARMLESS", "https://bot:pass@git.example/t.git"),
        ("HARMLESS", "-----BEGIN RSA PRIVATE KEY-----"),
        ("HARMLESS", "redis://:pass@cache.example:6379"),
        ("HARMLESS", f"sk_live_{'0' * 24}"),
        ("COOKIE_SIGNING_KEY", "x"),
        ("DB_PWD", "x"),
    ],
)
def test_a_secret_is_known_by_its_name_or_its_looks(environment: Environment, name: str, value: str) -> None:
    """Whichever container of the task it is given to."""
    assert variables(environment, {"name": name, "value": value}) == [name]


@pytest.mark.parametrize(
    ("name", "value"),
    [("ALB_URL", "https://alb.example:443/a@b"), ("LISTENER_ARN", "arn:aws:elasticloadbalancing:us-west-2:1:listener")],
)
def test_an_address_or_arn_is_no_secret(environment: Environment, name: str, value: str) -> None:
    """A check that cries wolf is switched off."""
    assert variables(environment, {"name": name, "value": value}) == []


def variables(environment: Environment, variable: dict[str, str]) -> list[str]:
    """Return the secrets of a task whose second container has a variable."""
    definition = {"containerDefinitions": [{"name": "edit"}, {"name": "sidecar", "environment": [variable]}]}
    ecs = FakeClient(
        {
            "describe_services": {"services": [{"taskDefinition": "edit:1"}]},
            "describe_task_definition": {"taskDefinition": definition},
        }
    )
    return Infrastructure(lambda _service: ecs, environment).plaintext_secrets("edit")
