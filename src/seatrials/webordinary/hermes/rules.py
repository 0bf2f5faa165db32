"""What a session's listener rules look like, and how to recognise them; pure.

Three rules lead to a session's container for as long as it lives. While it moves from a task that still serves, a
fourth one, before them, lets Hermes open it on the new task first.
"""

from collections.abc import Mapping, Sequence
from typing import Any

HANDOVER = "handover"
# A session's three rules, and the rule of a move, which must come before them.
PRIORITIES = range(150, 500)
HANDOVER_PRIORITIES = range(100, 150)
SESSION_HEADER = "X-Session-ID"
HANDOVER_HEADER = "X-Handover-Task"

_PATH_PREFIX = "/session/"

Conditions = list[dict[str, Any]]
Rule = Mapping[str, Any]


def conditions_of(session_id: str) -> dict[str, Conditions]:
    """Return the conditions of a session's rules, by the kind of target group that each leads to."""
    query = {"Values": [{"Key": "sessionId", "Value": session_id}]}
    return {
        "preview": [_path(f"{_PATH_PREFIX}{session_id}", f"{_PATH_PREFIX}{session_id}/*")],
        "api": [_header(SESSION_HEADER, session_id), _path("/api/*")],
        "hmr": [_path("/ws/hmr"), {"Field": "query-string", "QueryStringConfig": query}],
    }


def handover_conditions(session_id: str, task_id: str) -> Conditions:
    """Return the conditions of the rule by which Hermes reaches the task that a session moves to."""
    return [_header(SESSION_HEADER, session_id), _header(HANDOVER_HEADER, task_id), _path("/api/init")]


def kind_of(rule: Rule) -> str:
    """Return which of a session's rules this is."""
    if _header_value(rule, HANDOVER_HEADER) is not None:
        return HANDOVER
    fields = [condition["Field"] for condition in rule["Conditions"]]
    if "http-header" in fields:
        return "api"
    return "hmr" if "query-string" in fields else "preview"


def priority_of(rule: Rule) -> int | None:
    """Return the priority of a rule; None for the default rule."""
    return int(rule["Priority"]) if rule["Priority"].isdigit() else None


def session_of(rule: Rule) -> str | None:
    """Return the session that a rule was made for; None for a rule that is not a session's."""
    priority = priority_of(rule)
    if priority not in PRIORITIES and priority not in HANDOVER_PRIORITIES:
        return None
    return _header_value(rule, SESSION_HEADER) or _query_value(rule) or _path_session(rule)


def forward(group_arn: str, standby_arn: str | None = None) -> list[dict[str, Any]]:
    """Return the action that sends requests to a group, and has a second one checked without using it."""
    if standby_arn is None:
        return [{"Type": "forward", "TargetGroupArn": group_arn}]
    # A group of weight 0 gets nothing, but is used by the load balancer, which only checks the health of such groups.
    # Source: Elastic Load Balancing User Guide, "Target groups", target status Target.NotInUse.
    groups = [{"TargetGroupArn": group_arn, "Weight": 1}, {"TargetGroupArn": standby_arn, "Weight": 0}]
    return [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]


def leads_to(rule: Rule, actions: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a rule does already what *actions* (made by `forward`) say."""
    return _weights(rule["Actions"]) == _weights(actions)


def _weights(actions: Sequence[Mapping[str, Any]]) -> list[tuple[str, int]]:
    """Return the groups that actions forward to, in order, with their weights; AWS shows one group in two ways."""
    groups = [
        group for each in actions for group in each.get("ForwardConfig", {"TargetGroups": [each]})["TargetGroups"]
    ]
    return [(group["TargetGroupArn"], int(group.get("Weight", 1))) for group in groups]


def _path(*patterns: str) -> dict[str, Any]:
    return {"Field": "path-pattern", "PathPatternConfig": {"Values": list(patterns)}}


def _header(name: str, value: str) -> dict[str, Any]:
    return {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": name, "Values": [value]}}


def _header_value(rule: Rule, name: str) -> str | None:
    for condition in rule["Conditions"]:
        if condition["Field"] == "http-header" and condition["HttpHeaderConfig"]["HttpHeaderName"] == name:
            return str(condition["HttpHeaderConfig"]["Values"][0])
    return None


def _query_value(rule: Rule) -> str | None:
    for condition in rule["Conditions"]:
        if condition["Field"] == "query-string":
            return str(condition["QueryStringConfig"]["Values"][0]["Value"])
    return None


def _path_session(rule: Rule) -> str | None:
    for condition in rule["Conditions"]:
        if condition["Field"] == "path-pattern":
            # DescribeRules gives the patterns under both names; older rules have only the second.
            patterns = condition.get("PathPatternConfig", condition)["Values"]
            if patterns[0].startswith(_PATH_PREFIX):
                return str(patterns[0].removeprefix(_PATH_PREFIX))
    return None
