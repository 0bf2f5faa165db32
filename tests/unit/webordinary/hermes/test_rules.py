"""What listener rules look like, and how they are recognised."""

from typing import Any

import pytest

from seatrials.webordinary.hermes import rules


def rule(priority: str, conditions: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a rule as DescribeRules shows it."""
    return {"Priority": priority, "Conditions": conditions, "Actions": rules.forward("arn:group")}


@pytest.mark.parametrize("kind", ["preview", "api", "hmr"])
def test_a_sessions_rule_is_recognised(kind: str) -> None:
    """By what it matches, whoever made it."""
    made = rule("150", rules.conditions_of("session-1")[kind])

    assert (kind, "session-1") == (rules.kind_of(made), rules.session_of(made))


def test_a_handover_rule_is_recognised() -> None:
    """It has the session's header as well as its own."""
    made = rule("100", rules.handover_conditions("session-1", "abc"))

    assert (rules.kind_of(made), rules.session_of(made)) == ("handover", "session-1")


def test_a_handover_rule_comes_before_all_session_rules() -> None:
    """Or the session's own rule would take its requests."""
    assert max(rules.HANDOVER_PRIORITIES) < min(rules.PRIORITIES)


@pytest.mark.parametrize("priority", ["default", "5", "99", "500", "610"])
def test_a_rule_of_another_priority_is_nobodys(priority: str) -> None:
    """Hermes touches 100-499 only, whatever the others match."""
    assert rules.session_of(rule(priority, rules.conditions_of("session-1")["preview"])) is None


def test_a_path_rule_matches_the_session_itself_and_what_is_below() -> None:
    """And not another session whose id begins the same."""
    (condition,) = rules.conditions_of("session-1")["preview"]

    assert condition["PathPatternConfig"]["Values"] == ["/session/session-1", "/session/session-1/*"]


@pytest.mark.parametrize(
    "shown",
    [
        [{"Type": "forward", "TargetGroupArn": "a"}],
        [
            {
                "Type": "forward",
                "TargetGroupArn": "a",
                "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "a", "Weight": 1}]},
            }
        ],
    ],
)
def test_a_forward_to_one_group_is_recognised_however_it_is_shown(shown: list[dict[str, Any]]) -> None:
    """DescribeRules shows it in both ways at once. Source: ELBv2 API Reference, Action."""
    made = {"Priority": "150", "Conditions": [], "Actions": shown}

    assert [
        rules.leads_to(made, rules.forward("a")),
        rules.leads_to(made, rules.forward("b")),
        rules.leads_to(made, rules.forward("a", "b")),
    ] == [True, False, False]
